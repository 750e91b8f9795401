"""The counts of the storm say what is wrong, and nothing where nothing is."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.acceptance.chaos_counts import Counts


def counted() -> Counts:
    """Return a day that went well: a check-in for one member, whose request somebody took."""
    counts = Counts(check_ins=Counter(once=1), requests=Counter(once=1), states=Counter(acknowledged=1))
    counts.texts = {
        ("check_in", "sent"): Counter(once=1),
        ("notification", "sent"): Counter(once=1, again=1),
        ("notification", "cancelled"): Counter(never=1),
    }
    return counts


def test_nothing_is_wrong_with_a_day_that_went_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert counted().report() == 0
    assert "as it should be" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "state", "how"),
    [
        ("check_in", "sent", "again"),
        ("check_in", "sent", "never"),
        ("check_in", "lost", "never"),
        ("check_in", "cancelled", "again"),
        ("notification", "delivered", "never"),
        ("notification", "failed", "once"),
        ("notice", "queued", "never"),
    ],
)
def test_a_text_that_went_wrong_is_told(kind: str, state: str, how: str) -> None:
    counts = counted()
    counts.texts[kind, state] = Counter({how: 1})
    assert len(counts.faults()) == 1


@pytest.mark.parametrize(
    "more",
    [
        Counts(check_ins=Counter(never=1)),
        Counts(check_ins=Counter(again=1)),
        Counts(requests=Counter(never=1), states=Counter(resolved=1)),
        Counts(requests=Counter(once=1)),
        Counts(requests=Counter(once=1), states=Counter(with_staff=1)),
    ],
)
def test_what_people_miss_or_get_twice_is_told(more: Counts) -> None:
    counts = counted()
    counts.check_ins += more.check_ins
    counts.requests += more.requests
    counts.states += more.states
    assert len(counts.faults()) == 1
