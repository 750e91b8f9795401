"""The use cases: one function each, one transaction each. The only caller of the core.

Knows the way of every event from the carrier, the clock or staff to the rows that it writes. Must not know
HTTP, nor which queue wakes the workers.
"""
