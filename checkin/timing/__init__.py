"""Time as members live it: schedules, allowed hours, and how times are said, on each person's own clock.

Pure: the moment comes in as an argument. Must not know members, messages or the store.
"""
