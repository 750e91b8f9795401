"""What a trusted contact and their member have settled: for what, what is said, and when not.

Knows the wishes and how they are kept. Must not know whose they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

DAY_MINUTES = 24 * 60


class Says(StrEnum):
    """What a trusted contact reads when a member asks for support.

    discreet  only that the member would like to hear from them
    open      that the member has asked for support
    """

    DISCREET = "discreet"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes of the day from `start` up to `end`, on the contact's own clock; they may pass midnight."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < DAY_MINUTES and 0 <= self.end < DAY_MINUTES and self.start != self.end):
            raise ValueError("Quiet hours begin and end at two different minutes of a day.")

    def cover(self, local: datetime) -> bool:
        """Whether this moment of the contact's own clock is one of them."""
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def over_at(self, local: datetime) -> datetime:
        """Return when they are over that cover this moment, on the same clock."""
        ends = local.replace(hour=self.end // 60, minute=self.end % 60, second=0, microsecond=0)
        return ends if ends > local else ends + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was settled for one trusted contact.

    Quiet hours that the contact has set themselves (`quiet_by`) are not the member's to change.
    """

    says: Says = Says.DISCREET
    quiet: QuietHours | None = None
    quiet_by: Literal["member", "contact"] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the wishes as plain JSON values."""
        quiet = None if self.quiet is None else [self.quiet.start, self.quiet.end]
        return {"says": self.says.value, "quiet": quiet, "quiet_by": self.quiet_by}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Wishes:
        """Return the wishes that `to_json` wrote."""
        quiet = None if data["quiet"] is None else QuietHours(*data["quiet"])
        return cls(Says(data["says"]), quiet, data["quiet_by"])
