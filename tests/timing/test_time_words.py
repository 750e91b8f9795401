"""Times and lengths as members read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.timing.words import clock_words, day_words, length_words, moment_words

# The basic GSM 7-bit alphabet, letters and marks that can occur here (3GPP TS 23.038, table 6.2.1).
GSM_7 = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 :.,ñéÑÉ")
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("length", "english", "spanish"),
    [
        (timedelta(seconds=1), "1 minute", "1 minuto"),
        (timedelta(minutes=30), "30 minutes", "30 minutos"),
        (timedelta(hours=1), "1 hour", "1 hora"),
        (timedelta(minutes=90), "1 hour and 30 minutes", "1 hora y 30 minutos"),
        (timedelta(hours=3), "3 hours", "3 horas"),
        (timedelta(days=1), "1 day", "1 día"),
        (timedelta(days=3), "3 days", "3 días"),
        (timedelta(days=7), "1 week", "1 semana"),
        (timedelta(days=10), "10 days", "10 días"),
        (timedelta(days=3, hours=1, minutes=1), "3 days and 1 hour", "3 días y 1 hora"),
    ],
)
def test_a_length_in_words(length: timedelta, english: str, spanish: str) -> None:
    assert length_words(length, "en") == english
    assert length_words(length, "es") == spanish


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "4:12 PM"), ("en_US", "4:12 PM"), ("es", "16:12"), ("es-MX", "4:12 p.m."), ("de", "16:12")],
)
def test_a_time_of_day_in_words(language: str, words: str) -> None:
    assert clock_words(time(16, 12), language) == words


def test_a_moment_is_read_on_the_clock_that_it_came_with() -> None:
    local = datetime(2026, 11, 23, 21, 12, tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    assert clock_words(local, "en") == "4:12 PM"


@pytest.mark.parametrize(
    ("days", "english", "spanish"),
    [
        (-1, "yesterday", "ayer"),
        (0, "today", "hoy"),
        (1, "tomorrow", "mañana"),
        (2, "Wednesday", "el miércoles"),
        (6, "Sunday", "el domingo"),
        (7, "November 30", "el 30 de noviembre"),
        (-2, "November 21", "el 21 de noviembre"),
        (60, "January 22, 2027", "el 22 de enero de 2027"),
    ],
)
def test_a_day_in_words(days: int, english: str, spanish: str) -> None:
    assert day_words(TODAY + timedelta(days=days), TODAY, "en") == english
    assert day_words(TODAY + timedelta(days=days), TODAY, "es") == spanish


def test_a_day_is_counted_by_dates_and_not_by_hours() -> None:
    late = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    assert day_words(late + timedelta(hours=4), late, "en") == "tomorrow"
    assert day_words(late + timedelta(hours=1), late, "en") == "today"


def test_a_moment_in_words() -> None:
    zone = ZoneInfo("America/New_York")
    now = datetime(2026, 11, 23, 20, 0, tzinfo=zone)
    morning = datetime(2026, 11, 24, 9, 0, tzinfo=zone)
    assert moment_words(morning, now, "en") == "tomorrow at 9:00 AM"
    assert moment_words(morning, now, "es") == "mañana a las 9:00"
    assert moment_words(morning.replace(hour=1, minute=5), now, "es") == "mañana a la 1:05"
    assert moment_words(morning.replace(hour=13, minute=5), now, "es") == "mañana a las 13:05"
    assert moment_words(morning, now, "fr") == "mardi, 09:00"


@given(st.times(), st.sampled_from(["en", "es", "es_MX", "es_US", "en_GB"]))
def test_a_time_never_makes_a_text_dearer(clock: time, language: str) -> None:
    assert set(clock_words(clock, language)) <= GSM_7


@given(st.timedeltas(timedelta(0), timedelta(days=400)), st.sampled_from(["en", "es"]))
def test_a_length_has_at_most_two_parts_and_plain_spaces(length: timedelta, language: str) -> None:
    words = length_words(length, language)
    assert len(words.split(" ")) in (2, 5)
    assert not {"\u202f", "\u00a0"} & set(words)
