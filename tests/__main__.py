"""`python3 -m tests`: install what the test lock names on the first run, then run every check.

The checks are in `tests.checks`. Like `checkin.bootstrap` it parses on Python 3.6.
"""

import sys

from checkin.bootstrap import enter

if __name__ == "__main__":
    enter("tests", ["python", "-m", "tests.checks", *sys.argv[1:]], dev=True)
