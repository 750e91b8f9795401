"""How fast texts may leave, so that the carrier's own queue stays empty for alerts.

A sender moves so many segments a second; what comes faster waits at the carrier, and an alert from the same
sender would wait behind it. So check-ins and other routine texts are booked at a share of that rate, one
batch after the other; alerts are never made to wait, but what they use is booked too, and routine texts make
up for it.

Pure: moments are seconds since 1970, and the one number that is kept is when the sender is free again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SEGMENTS_A_SECOND: Mapping[str, float] = {
    "long-code": 1,
    "toll-free": 3,
    "international": 10,
    "short-code": 100,
}
"""Rates of the kinds of senders (https://help.twilio.com/articles/115002943027). A US long code that is
registered (10DLC) has the rate of its campaign: write the number."""

SLOWEST = SEGMENTS_A_SECOND["long-code"]
"""What is assumed of a sender whose rate nobody has told us."""

ROUTINE_SHARE = 0.8
"""What of the rate routine texts may use; the rest is the alerts' own."""

MOST_AHEAD = 0.5
"""Seconds of the carrier's work that one booking may hand it at once."""

SLACK = 0.25
"""Seconds that a worker may come late for its booking without the sender losing them."""


@dataclass(frozen=True, slots=True)
class Pace:
    """One sender's pace, in segments a second. Shared by all workers of a deployment."""

    segments_a_second: float

    @property
    def segment_seconds(self) -> float:
        """How long one segment of a routine text occupies the sender."""
        return 1 / (self.segments_a_second * ROUTINE_SHARE)

    def at_once(self, limit: int) -> int:
        """Return how many texts may be booked together: at least one, at most `limit`."""
        return max(1, min(limit, int(MOST_AHEAD * self.segments_a_second)))


@dataclass(frozen=True, slots=True)
class CallPace:
    """How many calls a carrier begins a second, and how many there may be at one time."""

    a_second: float
    at_once: int

    @property
    def routine_at_once(self) -> int:
        """How many calls there may be before a routine one has to wait: some lines stay free for alerts."""
        return max(1, int(self.at_once * ROUTINE_SHARE))


def read_rate(text: str) -> float:
    """Return the segments a second that a kind of sender, or a number, stands for. Raises ValueError."""
    rate = SEGMENTS_A_SECOND.get(text.strip().lower())
    rate = float(text) if rate is None else rate
    if not 0 < rate <= 10_000:
        raise ValueError("a rate is between 0 and 10,000 segments a second")
    return rate
