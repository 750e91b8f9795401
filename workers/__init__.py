"""Background work: the broker that wakes it, the actors that do it, the clock that finds what is due.

Knows how work is woken and by which threads it is done. Must not know what a message says: everything is in
the database, a broker that forgets everything costs at most one sweep of the clock, and one that is gone at
most a worker's own look.
"""
