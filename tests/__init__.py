"""The checks of this project; `python3 -m tests` runs all of them.

A package, so that no other package of this name on the machine is run in its place.
"""
