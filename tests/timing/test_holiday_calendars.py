"""Holidays, as calendar programs export them."""

from __future__ import annotations

from datetime import date

import pytest

from checkin.timing.holidays import days_of_calendar


def calendar_of(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    for number, event in enumerate(events):
        own = [] if event.startswith("UID:") else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *own, *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261227", {date(2026, 12, 25), date(2026, 12, 26)}),
        ("DTSTART;VALUE=DATE:20261225", {date(2026, 12, 25)}),
        ("DTSTART:20261231T180000Z|DTEND:20270101T030000Z", {date(2026, 12, 31), date(2027, 1, 1)}),
        (
            "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY;UNTIL=20280101|EXDATE;VALUE=DATE:20270101",
            {date(2026, 1, 1), date(2028, 1, 1)},
        ),
        (
            "DTSTART;VALUE=DATE:20261126|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2",
            {date(2026, 11, 26), date(2027, 11, 25)},
        ),
        ("DTSTART:20261225T000000|DTEND:20261226T000000", {date(2026, 12, 25)}),
        (
            "DTSTART;VALUE=DATE:20261225|RDATE;VALUE=DATE:20270105,20270110",
            {date(2026, 12, 25), date(2027, 1, 5), date(2027, 1, 10)},
        ),
        ("DTSTART;VALUE=DATE:20261225|STATUS:CANCELLED", set()),
        ("DTSTART:20260704T000000Z|RRULE:FREQ=YEARLY;UNTIL=20260704T235959Z", {date(2026, 7, 4)}),
    ],
)
def test_the_days_of_an_event(event: str, days: set[date]) -> None:
    assert days_of_calendar(calendar_of(event)) == days


def test_a_day_of_a_series_that_was_moved_lies_where_it_was_moved_to() -> None:
    series = "UID:new-year|DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY;COUNT=3"
    monday = "UID:new-year|RECURRENCE-ID;VALUE=DATE:20270101|DTSTART;VALUE=DATE:20270104"
    cancelled = "UID:new-year|RECURRENCE-ID;VALUE=DATE:20280101|DTSTART;VALUE=DATE:20280101|STATUS:CANCELLED"
    assert days_of_calendar(calendar_of(series, monday, cancelled)) == {date(2026, 1, 1), date(2027, 1, 4)}


def test_a_mark_of_the_encoding_does_no_harm() -> None:
    christmas = b"\xef\xbb\xbf" + calendar_of("DTSTART;VALUE=DATE:20261225")
    assert days_of_calendar(christmas) == {date(2026, 12, 25)}


def test_an_event_without_an_end_recurs_for_years() -> None:
    days = days_of_calendar(calendar_of("DTSTART;VALUE=DATE:20201225|RRULE:FREQ=YEARLY"))
    assert {date(year, 12, 25) for year in range(2024, 2040)} <= days


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"])
def test_what_is_no_calendar_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no calendar"):
        days_of_calendar(data)
