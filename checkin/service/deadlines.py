"""How long staff have for what stands on their list.

Knows kinds of tasks. Must not know who has them.
"""

from __future__ import annotations

from datetime import timedelta

URGENT = frozenset(
    {"alert_unanswered", "nobody_came", "check_taken", "crisis", "request_stuck", "stopped_in_request"}
)
"""Kinds that can't wait for the next working day."""

TOLD_BY_OTHERS = frozenset({"request_stuck"})
"""Kinds of which staff are told again by whoever found them: the auditor texts each hour."""

FINISH_WITHIN = timedelta(hours=48)
"""How long somebody who has taken a task has to finish it."""


def take_within(kind: str) -> timedelta:
    """Return how soon somebody should take a task of this kind: a person reads by the next working day."""
    return timedelta(hours=1) if kind in URGENT else timedelta(hours=24)
