"""Quiet hours of a trusted contact, on their own clock, and how wishes are kept."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.people.wishes import DAY_MINUTES, QuietHours, Says, Wishes

NEW_YORK = ZoneInfo("America/New_York")
MINUTES = st.integers(0, DAY_MINUTES - 1)


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=NEW_YORK)


def test_quiet_hours_over_midnight() -> None:
    night = QuietHours(22 * 60, 7 * 60)
    assert all(night.cover(at(hour)) for hour in (22, 0, 6))
    assert not any(night.cover(at(hour)) for hour in (21, 7, 12))
    assert night.over_at(at(23)) == at(7, day=24)
    assert night.over_at(at(3)) == at(7)


def test_quiet_hours_within_a_day() -> None:
    work = QuietHours(9 * 60, 17 * 60 + 30)
    assert [work.cover(at(8, 59)), work.cover(at(9)), work.cover(at(17, 29)), work.cover(at(17, 30))] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("start", "end"), [(60, 60), (-1, 5), (0, DAY_MINUTES)])
def test_hours_that_are_none_are_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="two different minutes"):
        QuietHours(start, end)


@given(MINUTES, MINUTES, MINUTES)
def test_a_quiet_moment_has_an_end_that_is_not_quiet(start: int, end: int, now: int) -> None:
    if start == end:
        return
    quiet, moment = QuietHours(start, end), at(now // 60, now % 60)
    if quiet.cover(moment):
        over = quiet.over_at(moment)
        assert moment < over
        assert not quiet.cover(over)


def test_wishes_are_kept_as_they_are() -> None:
    for wishes in (Wishes(), Wishes(Says.OPEN, QuietHours(1, 2), "contact")):
        assert Wishes.from_json(wishes.to_json()) == wishes
