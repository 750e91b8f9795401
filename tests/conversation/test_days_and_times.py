"""Days and times of day as people write them."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.conversation.moments import read_date, read_time
from checkin.conversation.normal import normal
from checkin.conversation.read import default_reader
from checkin.conversation.understanding import Category, Question
from checkin.flow import model
from checkin.flow.forms import form_of
from checkin.flow.kinds import DATE
from checkin.flow.model import Answer, Template, Text
from tests.conversation.talk import Talk, flow, go, text

TODAY = date(2026, 11, 24)
"""A Tuesday."""

DAYS = [
    ("March 4", "en", "2027-03-04"),
    ("on the 4th of march 1990", "en", "1990-03-04"),
    ("el 4 de marzo de 1990", "es", "1990-03-04"),
    ("Dec. 24, 2026", "en", "2026-12-24"),
    ("2026-12-24", "en", "2026-12-24"),
    ("4/3", "en", "2027-04-03"),
    ("4/3", "es", "2027-03-04"),
    ("25/12", "en", "2026-12-25"),
    ("12/25/26", "en", "2026-12-25"),
    ("3/4/85", "en", "1985-03-04"),
    ("today", "en", "2026-11-24"),
    ("tomorrow please", "en", "2026-11-25"),
    ("mañana", "es", "2026-11-25"),
    ("pasado mañana", "es", "2026-11-26"),
    ("the day after tomorrow", "en", "2026-11-26"),
    ("Friday works", "en", "2026-11-27"),
    ("el próximo miércoles", "es", "2026-11-25"),
    ("on Tuesday", "en", "2026-12-01"),
    ("Fri, Dec 4", "en", "2026-12-04"),
    ("in two weeks", "en", "2026-12-08"),
    ("en 3 días", "es", "2026-11-27"),
    ("three days from now", "en", "2026-11-27"),
    ("feb 29", "en", "2028-02-29"),
    ("tomorrow or Friday", "en", None),
    ("not Friday", "en", None),
    ("31/31", "en", None),
    ("next month", "en", None),
    ("I don't know", "en", None),
]

TIMES = [
    ("5", "17:00"),
    ("5pm", "17:00"),
    ("5 p.m.", "17:00"),
    ("5:30 PM", "17:30"),
    ("17:30", "17:30"),
    ("17h", "17:00"),
    ("18 horas", "18:00"),
    ("9.30", "09:30"),
    ("at 9", "09:00"),
    ("12", "12:00"),
    ("12 am", "00:00"),
    ("0:30", "00:30"),
    ("a las 7 de la tarde", "19:00"),
    ("las 7 y media", "19:30"),
    ("las 8 menos cuarto de la noche", "19:45"),
    ("a las siete", "19:00"),
    ("half past five", "17:30"),
    ("quarter to 8 in the morning", "07:45"),
    ("five o'clock", "17:00"),
    ("noon", "12:00"),
    ("a mediodía", "12:00"),
    ("in the morning", "09:00"),
    ("por la mañana", "09:00"),
    ("mañana a las 9", "09:00"),
    ("evening is best", "18:00"),
    ("9 or 10", None),
    ("not at 5", None),
    ("25", None),
    ("in 2 hours", None),
    ("más tarde", None),
    ("good evening", None),
    ("whenever", None),
]


@pytest.mark.parametrize(("said", "language", "expected"), DAYS)
def test_days(said: str, language: str, expected: str | None) -> None:
    found = read_date(normal(said), language, TODAY)
    assert (found and found.isoformat()) == expected


@pytest.mark.parametrize(("said", "expected"), TIMES)
def test_times(said: str, expected: str | None) -> None:
    found = read_time(normal(said))
    assert (found and f"{found:%H:%M}") == expected


@given(st.text(max_size=60), st.sampled_from(["en", "es", "fr"]))
def test_no_text_is_too_odd(said: str, language: str) -> None:
    found = read_date(normal(said), language, TODAY)
    assert found is None or isinstance(found, date)
    at = read_time(normal(said))
    assert at is None or isinstance(at, time)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from(["en", "es"]))
def test_every_day_is_understood_as_it_is_written(day: date, language: str) -> None:
    assert read_date(day.isoformat(), language, None) == day
    figures = f"{day.day}/{day.month}/{day.year}" if language == "es" else f"{day.month}/{day.day}/{day.year}"
    assert read_date(figures, language, TODAY) == day


@given(st.times())
def test_every_time_is_understood_as_it_is_written(at: time) -> None:
    at = at.replace(second=0, microsecond=0)
    assert read_time(normal(f"{at:%I:%M %p}")) == at
    if at.hour == 0 or at.hour > 12:
        assert read_time(f"{at:%H:%M}") == at


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("tomorrow", Category.TEXT),
        ("later", Category.SNOOZE),
        ("STOP", Category.OPT_OUT),
        ("I need someone", Category.SUPPORT),
        ("no idea", Category.UNCLEAR),
    ],
)
def test_what_always_counts_counts_before_a_day(said: str, category: Category) -> None:
    question = Question(Answer("date"), today=TODAY)
    assert default_reader().understand(said, "en", question).category is category


def test_an_answer_is_kept_as_a_day_and_said_as_the_language_says_it() -> None:
    form = form_of(DATE, "es")
    assert form is not None
    said = Template("{day}", (("Hasta el ", "day"),), {"day": form})
    going = Talk(
        flow(
            model.Ask("when", text("When?"), Answer("date", "day"), go("so"), ()),
            model.Say("so", Text({"es": said}), go("end")),
            model.End("end", "done"),
        )
    )
    going.start()
    going.reply("text", "not a day")
    assert going.run.step == "when"
    effects = going.reply("text", "2027-01-14")
    assert going.run.results["day"] == "2027-01-14"
    assert [effect.text for effect in effects if hasattr(effect, "text")] == ["Hasta el 14 de enero"]
