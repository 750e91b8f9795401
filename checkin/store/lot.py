"""Random bytes of the operating system's, drawn for many at once.

Asking the system costs more than sealing a text. What is drawn is kept until it is needed; each piece is
given out once, whichever thread asks, and a process that forks does not share what its parent has drawn.
"""

from __future__ import annotations

import os
from collections import deque

AT_ONCE = 256


class Lot:
    """Pieces of so many random bytes, good for keys and nonces."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._drawn: deque[bytes] = deque()
        os.register_at_fork(after_in_child=self._drawn.clear)

    def draw(self) -> bytes:
        """Return a piece that nobody was given before."""
        try:
            return self._drawn.popleft()
        except IndexError:
            size, whole = self._size, os.urandom(self._size * AT_ONCE)
            self._drawn.extend(whole[first : first + size] for first in range(size, len(whole), size))
            return whole[:size]
