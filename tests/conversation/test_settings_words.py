"""How members ask, in their own words, to be asked at another time, on other days, less or more often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.conversation.read import understand
from checkin.conversation.settings_words import TimeOfDay, Wish, pick, pick_span, read_wish
from checkin.conversation.understanding import Category, Question

TIMES = {
    "change my time to 8": (8 * 60, False),
    "TIME 8": (8 * 60, False),
    "time 8pm": (20 * 60, True),
    "Time: 7.30 pm": (19 * 60 + 30, True),
    "set my check-in time to 19:00": (19 * 60, True),
    "please move my time to 10 in the morning": (10 * 60, True),
    "always text me at 7": (7 * 60, False),
    "time noon": (12 * 60, True),
    "time 12am": (0, True),
    "time 12 pm": (12 * 60, True),
    "HORA 20": (20 * 60, True),
    "cambia mi hora a las 8 de la noche": (20 * 60, True),
    "siempre pregúntame a las 9": (9 * 60, False),
}
DAYS = {
    "DAYS mon wed fri": {1, 3, 5},
    "days Monday & Thursday": {1, 4},
    "change my days to weekends": {6, 7},
    "weekdays only": {1, 2, 3, 4, 5},
    "solo entre semana": {1, 2, 3, 4, 5},
    "DÍAS lunes y jueves": {1, 4},
    "every day": {1, 2, 3, 4, 5, 6, 7},
}
HOURS = {
    "HOURS 10am-6pm": ((600, 1080), None),
    "hours 9 to 5": ((540, 1020), None),
    "change my hours to between 10 and 8 pm": ((600, 1200), None),
    "hours 10:30am – 6 pm on weekends": ((630, 1080), {6, 7}),
    "horario de 10 a 18": ((600, 1080), None),
    "HORARIO 10-18 los fines de semana": ((600, 1080), {6, 7}),
    "hours 10pm to 2am": ((1320, 120), None),
}
LANGUAGES = {
    "SPANISH": ("es", False),
    "español": ("es", False),
    "English please": ("en", False),
    "in Spanish, please": ("es", False),
    "can you text me in Spanish": ("es", False),
    "escríbeme en inglés": ("en", False),
    "LANGUAGE Spanish": ("es", True),
    "change my language to English": ("en", True),
    "cambia mi idioma a inglés": ("en", True),
}
OTHERS = {
    "SETTINGS": "show",
    "mis ajustes": "show",
    "Language": "show",
    "idioma?": "show",
    "less": "less",
    "Less often, please!": "less",
    "text me less": "less",
    "fewer messages": "less",
    "menos seguido": "less",
    "MORE": "more",
    "más mensajes": "more",
}
NOT_WISHES = (
    "what time is it",
    "time to go",
    "my English is not good",
    "she speaks Spanish",
    "bad language",
    "I need more time",
    "more help please",
    "my days are hard",
    "only you",
    "time 25",
    "my time is up",
    "one day at a time",
    "hours and hours of crying",
    "I slept less than 4 hours",
    "calls me names",
    "contacts",
    "stop",
    "call me",
)


@pytest.mark.parametrize(("text", "means"), TIMES.items())
def test_times(text: str, means: tuple[int, bool]) -> None:
    assert read_wish(text) == Wish("time", time=TimeOfDay(*means))


@pytest.mark.parametrize(("text", "means"), DAYS.items())
def test_days(text: str, means: set[int]) -> None:
    wish = read_wish(text)
    assert wish is not None
    assert (wish.what, wish.days) == ("days", frozenset(means))
    assert wish.explicit == text.lower().startswith(("days", "días", "change"))


@pytest.mark.parametrize(("text", "means"), HOURS.items())
def test_hours(text: str, means: tuple[tuple[int, int], set[int] | None]) -> None:
    wish = read_wish(text)
    assert wish is not None
    assert wish.span is not None
    span, days = means
    assert (wish.what, pick_span(wish.span)) == ("hours", span)
    assert wish.days == (None if days is None else frozenset(days))


@pytest.mark.parametrize(("text", "means"), LANGUAGES.items())
def test_languages(text: str, means: tuple[str, bool]) -> None:
    language, sure = means
    assert read_wish(text) == Wish("language", explicit=sure, language=language)


@pytest.mark.parametrize(("text", "what"), OTHERS.items())
def test_less_more_and_show(text: str, what: str) -> None:
    wish = read_wish(text)
    assert wish is not None
    assert wish.what == what


@pytest.mark.parametrize("text", NOT_WISHES)
def test_what_only_sounds_like_it(text: str) -> None:
    assert read_wish(text) is None


@pytest.mark.parametrize("text", [*TIMES, *DAYS, *HOURS, *OTHERS, "CALLS ON", "llamadas no", "contacts off"])
def test_none_of_them_is_a_word_of_safety(text: str) -> None:
    """Safety words go before settings, so that a setting must not be one of them."""
    asked = understand(text, "en", Question()).category
    assert asked not in (Category.OPT_OUT, Category.SUPPORT, Category.CRISIS, Category.PAUSE, Category.HELP)


def test_a_time_that_is_not_sure_is_the_one_that_is_allowed() -> None:
    eight = TimeOfDay(8 * 60, sure=False)
    assert pick(eight, lambda minute: minute >= 9 * 60) == 20 * 60
    assert pick(eight, lambda minute: True) == 8 * 60
    assert pick(TimeOfDay(8 * 60, sure=True), lambda minute: minute >= 9 * 60) == 8 * 60


@given(st.text(max_size=100))
def test_any_text_can_be_read(text: str) -> None:
    wish = read_wish(text)
    assert wish is None or wish.time is None or 0 <= wish.time.minute < 24 * 60
