"""The commands. Knows arguments, exit statuses and what is printed; every decision is made further down.

Exit status: 0 good, 1 problems were found, 2 could not run.
"""

from checkin.cli.main import main

__all__ = ["main"]
