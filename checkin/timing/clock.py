"""The one way to ask what time it is.

Must not know any clock: the wiring brings the real one, tests their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Somebody who knows what time it is."""

    def now(self) -> datetime:
        """Return this moment, aware and in UTC."""
        ...
