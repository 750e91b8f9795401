"""Who is on duty when, from calendars as calendar programs export them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.timing.rota import Override, Rota, shifts_of_calendar
from tests.timing.test_holiday_calendars import calendar_of

NEW_YORK = ZoneInfo("America/New_York")
DAYS = (
    "SUMMARY:Dana|DTSTART;TZID=America/New_York:20261101T080000|DTEND;TZID=America/New_York:20261101T200000"
)
NIGHTS = (
    "SUMMARY:Erin|DTSTART;TZID=America/New_York:20261101T200000|DTEND;TZID=America/New_York:20261102T080000"
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def rota(*events: str, overrides: tuple[Override, ...] = ()) -> Rota:
    return Rota(shifts_of_calendar(calendar_of(*events), NEW_YORK), overrides)


def test_days_and_nights_take_turns_also_when_the_clocks_change() -> None:
    both = rota(f"{DAYS}|RRULE:FREQ=DAILY", f"{NIGHTS}|RRULE:FREQ=DAILY")
    assert both.on_duty(at("2026-11-24 10:00")) == ("Dana",)
    assert both.on_duty(at("2026-11-24 03:00")) == ("Erin",)
    assert both.on_duty(at("2026-11-24 08:00")) == ("Dana",)
    assert both.holes(at("2026-11-02 00:00"), at("2027-12-01 00:00")) == []
    assert both.on_duty(at("2027-03-14 07:30")) == ("Erin",), "an hour was left out of this night"


@pytest.mark.parametrize(
    ("event", "moment", "who"),
    [
        ("SUMMARY:Dana\\, Erin|DTSTART:20261124T100000|DURATION:PT2H", "2026-11-24 11:00", ("Dana", "Erin")),
        ("SUMMARY:Dana|DTSTART:20261124T150000Z|DURATION:PT2H", "2026-11-24 11:59", ("Dana",)),
        ("SUMMARY:Dana|DTSTART:20261124T150000Z|DURATION:PT2H", "2026-11-24 12:00", ()),
        ("SUMMARY:Dana|DTSTART;VALUE=DATE:20261124", "2026-11-24 23:59", ("Dana",)),
        ("SUMMARY:Dana|DTSTART;VALUE=DATE:20261124", "2026-11-25 00:00", ()),
        (f"{DAYS}|RRULE:FREQ=DAILY;UNTIL=20261110T010000Z", "2026-11-09 09:00", ("Dana",)),
        (f"{DAYS}|RRULE:FREQ=DAILY;UNTIL=20261109T120000Z", "2026-11-09 09:00", ()),
        (f"{DAYS}|RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261124", "2026-11-24 09:00", ("Dana",)),
        (f"{DAYS}|RRULE:FREQ=DAILY|EXDATE;TZID=America/New_York:20261109T080000", "2026-11-09 09:00", ()),
        (f"{DAYS}|RDATE;TZID=America/New_York:20261109T080000", "2026-11-09 09:00", ("Dana",)),
        (f"{DAYS}|RRULE:FREQ=DAILY|STATUS:CANCELLED", "2026-11-09 09:00", ()),
    ],
)  # fmt: skip
def test_events_as_calendars_write_them(event: str, moment: str, who: tuple[str, ...]) -> None:
    assert rota(event).on_duty(at(moment)) == who


def test_a_single_shift_that_was_swapped_or_cancelled_counts_as_it_stands() -> None:
    series = f"UID:days|{DAYS}|RRULE:FREQ=DAILY"
    swapped = DAYS.replace("20261101", "20261109").replace("Dana", "Frank")
    gone = DAYS.replace("20261101", "20261110") + "|STATUS:CANCELLED"
    here = rota(
        series,
        f"UID:days|RECURRENCE-ID;TZID=America/New_York:20261109T080000|{swapped}",
        f"UID:days|RECURRENCE-ID:20261110T130000Z|{gone}",
    )
    assert [here.on_duty(at(f"2026-11-{day:02} 12:00")) for day in (8, 9, 10, 11)] == [
        ("Dana",), ("Frank",), (), ("Dana",)
    ]  # fmt: skip


def test_overrides_go_before_the_calendar_and_the_last_one_counts() -> None:
    ill = Override(("Erin",), at("2026-11-24 00:00"), at("2026-11-26 00:00"))
    swap = Override(("Frank",), at("2026-11-25 00:00"), at("2026-11-25 12:00"))
    here = rota(f"{DAYS}|RRULE:FREQ=DAILY", overrides=(ill, swap))
    assert here.on_duty(at("2026-11-24 09:00")) == ("Erin",)
    assert here.on_duty(at("2026-11-25 09:00")) == ("Frank",)
    assert here.on_duty(at("2026-11-26 09:00")) == ("Dana",)


def test_holes_are_told_from_when_to_when() -> None:
    here = rota(f"{DAYS}|RRULE:FREQ=DAILY")
    assert here.holes(at("2026-11-24 09:00"), at("2026-11-25 09:00")) == [
        (at("2026-11-24 20:00"), at("2026-11-25 08:00"))
    ]
    assert rota().holes(at("2026-11-24 09:00"), at("2026-11-25 09:00")) == [
        (at("2026-11-24 09:00"), at("2026-11-25 09:00"))
    ]


@given(
    minutes=st.integers(0, 60 * 24 * 40),
    rule=st.sampled_from(["DAILY", "DAILY;INTERVAL=2", "WEEKLY;BYDAY=MO,WE,SU", "DAILY;COUNT=9"]),
    nights=st.booleans(),
)  # fmt: skip
def test_somebody_is_on_duty_exactly_outside_the_holes(minutes: int, rule: str, nights: bool) -> None:
    events = [f"{DAYS}|RRULE:FREQ={rule}"] + ([f"{NIGHTS}|RRULE:FREQ=DAILY"] if nights else [])
    here = rota(*events)
    begin = datetime(2026, 10, 25, tzinfo=UTC)
    moment = begin + timedelta(minutes=minutes)
    holes = here.holes(begin, begin + timedelta(days=41))
    assert bool(here.on_duty(moment)) != any(start <= moment < end for start, end in holes)


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"])
def test_what_is_no_calendar_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no calendar"):
        shifts_of_calendar(data, NEW_YORK)
