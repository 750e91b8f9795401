"""Random pieces: each is given out once, to whichever thread, and never to a parent and its child."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from checkin.store.lot import AT_ONCE, Lot


def test_each_piece_is_given_out_once() -> None:
    lot = Lot(12)
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: lot.draw(), range(AT_ONCE * 8 + 5)))
    assert {len(piece) for piece in drawn} == {12}
    assert len(set(drawn)) == len(drawn)


FORKS = """
import os
from checkin.store.lot import AT_ONCE, Lot
lot = Lot(16)
lot.draw()
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, b"".join(lot.draw() for _ in range(AT_ONCE - 1)))
    os._exit(0)
os.close(writing)
theirs = os.fdopen(reading, "rb").read()
os.wait()
assert len(theirs) == 16 * (AT_ONCE - 1)
assert lot.draw() not in [theirs[first : first + 16] for first in range(0, len(theirs), 16)]
"""


def test_a_process_that_forks_draws_anew() -> None:
    subprocess.run([sys.executable, "-c", FORKS], check=True, timeout=60)
