"""`python3 -m checkin`: install what the lock names on the first run, then be the `checkin` command.

Without arguments it starts `checkin dev`. Like `checkin.bootstrap` it parses on Python 3.6.
"""

import sys

from checkin.bootstrap import enter

if __name__ == "__main__":
    enter("checkin", ["checkin", *(sys.argv[1:] or ["dev"])])
