"""Rehearsals: playing flows with pretend people over the real service, on a database that is thrown away.

`stage` is the service with its people and a clock that can be moved; `play` plays a test conversation on it
and compares; `coverage` says which steps and branches were met; `rewrite` writes a file of test conversations
anew as they went. Nothing here reaches a real phone or the program's own database.
"""
