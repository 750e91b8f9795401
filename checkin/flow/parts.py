"""The parts of which all files are made: names, texts, words, times, lengths of time.

Knows how each is written. Must not know where it stands.
"""

from __future__ import annotations

import keyword
import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d\d))? ?((?:a|p)\.?m\.?)?")
_AS_CLOCK = {"noon": "12:00", "midnight": "00:00"}
_WORDED = re.compile(r"(\d{1,3}) *(w|d|h|m)(?:eeks?|ays?|ours?|rs?|in(?:ute)?s?)?\.?")
_LENGTH = re.compile(r"(?:(\d{1,3})w)?(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m)?")


class Shape(BaseModel):
    """What all parts of a file have in common: no unknown key, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


def refused(message: str, mend: str) -> PydanticCustomError:
    """Return an error with its mend, in our own words."""
    return PydanticCustomError("plain", "{message}", {"message": message, "mend": mend})


def parse_length(value: object) -> timedelta:
    """Return a length of time written like 30m, 3h, 2d or 1d12h; raise an error in plain words."""
    if isinstance(value, timedelta):
        return value
    found = _LENGTH.fullmatch(value.replace(" ", "")) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        worded = _WORDED.fullmatch(value.lower()) if isinstance(value, str) else None
        mend = f"Write {worded[1]}{worded[2]}." if worded else "Write for example 30m, 3h, 2d or 1d12h."
        raise refused("This is not a length of time.", mend)
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    if not timedelta(0) < length <= timedelta(days=400):
        raise refused("This length of time is nothing, or more than a year.", "Write for example 3h or 2d.")
    return length


def check_name(value: str) -> str:
    """Return what can be a name; raise an error in plain words."""
    if keyword.iskeyword(value):
        raise refused(
            f"`{value}` means something in conditions.", f"Choose another name, for example my_{value}."
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value):
        like = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")
        example = like if re.fullmatch(r"[a-z][a-z0-9_]{0,39}", like) else "first_name"
        mend = f"Use small letters, digits and _, and begin with a letter: for example {example}."
        raise refused(f"`{value}` cannot be used as a name.", mend)
    return value


def _clock(value: object) -> str:
    """Return what was probably meant by a time that YAML takes for a number: 17.00 or 1700."""
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, int) and 100 <= value < 2400:
        return f"{value // 100}:{value % 100:02}"
    return str(value).strip().lower()


def check_at(value: object) -> str:
    """Return a time of day, `HH:MM`; raise an error in plain words."""
    if isinstance(value, str) and re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", value):
        return value
    meant = _CLOCK.fullmatch(_AS_CLOCK.get(str(value), _clock(value)))
    hour, minute = (int(meant[1]), int(meant[2] or 0)) if meant else (24, 0)
    if meant and meant[3] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if meant[3][0] == "p" else 0)
    example = f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else ""
    mend = f'Write "{example}".' if example else 'Write hours and minutes, 24 hours: for example "17:30".'
    raise refused("This is not a time of day.", mend)


def _scalar(value: object) -> object:
    if isinstance(value, dict | list):
        raise refused("One value is expected here.", "Write one text, one number, true or false.")
    return value


def _some_text(value: str) -> str:
    if not value.strip():
        raise refused("This text is empty.", "Write what is to be said.")
    return value


def write_length(length: timedelta) -> str:
    """Return a length of time as it is written in a flow: 1d12h."""
    minutes = int(length.total_seconds()) // 60
    parts = ((minutes // 1_440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)


Length = Annotated[
    timedelta,
    BeforeValidator(parse_length),
    PlainSerializer(write_length, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^ *(\d+w)? *(\d+d)? *(\d+h)? *(\d+m)? *$"}),
]
Name = Annotated[
    str, AfterValidator(check_name), WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9_]*$"})
]
TimeOfDay = Annotated[
    str,
    BeforeValidator(check_at),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
Scalar = Annotated[
    Any,
    AfterValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
Wording = Annotated[str, AfterValidator(_some_text)]


def one_or_more(value: object) -> str:
    """Tell a single word from a list of words."""
    return "<more>" if isinstance(value, list) else "<one>"


def one_or_each(value: object) -> str:
    """Tell a single text from a text for each language."""
    return "<each>" if isinstance(value, dict) else "<one>"


PlainTextShape = Annotated[
    Annotated[Wording, Tag("<one>")] | Annotated[dict[str, Wording], Tag("<each>")],
    Discriminator(one_or_each),
]
"""A text of the program itself: one wording in each language, always the same."""


class PluralShape(Shape):
    """A text for one and for many; which is said depends on the one number in it."""

    one: Wording | None = None
    """What is said for 1, in most languages."""
    other: Wording
    """What is said for every other number."""
    zero: Wording | None = None
    """For 0, in the languages that have a form of its own for it."""
    two: Wording | None = None
    """For 2, in the languages that have a form of its own for it."""
    few: Wording | None = None
    """For a few, in the languages that have a form of its own for them."""
    many: Wording | None = None
    """For many, in the languages that have a form of its own for them."""


PLURALS = frozenset(PluralShape.model_fields)
"""The keys of a text for one and for many: CLDR's plural categories."""


def is_plural(value: object) -> bool:
    """Whether this is written as a text for one and for many, not for each language."""
    return isinstance(value, dict | PluralShape) and any(
        key in PLURALS for key in (value if isinstance(value, dict) else ("other",))
    )


def _wordings_kind(value: object) -> str:
    if isinstance(value, list):
        return "<more>"
    return "<plural>" if isinstance(value, dict | PluralShape) else "<one>"


def _text_kind(value: object) -> str:
    return "<each>" if isinstance(value, dict) and not is_plural(value) else _wordings_kind(value)


_One = Annotated[Wording, Tag("<one>")]
_More = Annotated[list[Wording], Field(min_length=2), Tag("<more>")]
_Plural = Annotated[PluralShape, Tag("<plural>")]
Wordings = Annotated[_One | _More | _Plural, Discriminator(_wordings_kind)]
"""One text, or a list of texts of which one is drawn each time, or a text for one and for many."""

TextShape = Annotated[
    _One | _More | _Plural | Annotated[dict[str, Wordings], Tag("<each>")],
    Discriminator(_text_kind),
]
"""A text in each language (`en: …`, `es: …`); in a program with one language, just the text."""


Words = Annotated[
    Annotated[Wording, Tag("<one>")] | Annotated[list[Wording], Tag("<more>"), Field(min_length=1)],
    Discriminator(one_or_more),
]
"""One word, or a list of words that mean the same."""


def _words_kind(value: object) -> str:
    return "<each>" if isinstance(value, dict) else "<words>"


WordsShape = Annotated[
    Annotated[Words, Tag("<words>")] | Annotated[dict[str, Words], Tag("<each>")],
    Discriminator(_words_kind),
]
"""Words in each language; or, where they are the same in all languages, just the words."""


def first_of(keys: tuple[str, ...], value: object) -> str | None:
    """Return the tag of the first of these keys that a mapping (or a model) has."""
    if isinstance(value, dict):
        return next((f"<{key}>" for key in keys if key in value), None)
    return next((f"<{key}>" for key in keys if hasattr(value, key)), None)
