"""Texts ready to be said: in every language, in several wordings, for one and for many.

Knows how a text is filled in. Must not know where it was written (that is `checkin.flow.wording`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from checkin.flow.speech import spoken

Value = str | int | float | bool | None
"""What a result, a member's field or a fact can hold. All of it is plain JSON."""

Values = Mapping[str, Value]

NO_VALUES: Values = MappingProxyType({})

Form = Callable[[Value], str]
"""How a date, a time or a number is written in one language."""

_ENDING = frozenset(".!?")
_CLOSING = _ENDING | frozenset(" ,;:)")


def _filled(value: Value) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Plural:
    """The wordings of a text for one and for many: which of them fits the number that is called `number`.

    `category` gives a number's plural category in the text's language (CLDR's `one`, `few`, `other`, …).
    """

    number: str
    category: Callable[[int | float], str]
    wordings: Mapping[str, Template]

    def fitting(self, values: Values) -> Template:
        """Return the wording for the number in these values; the one for many where there is none."""
        number = values.get(self.number)
        counted = isinstance(number, int | float) and not isinstance(number, bool)
        category = self.category(number) if counted and isinstance(number, int | float) else "other"
        return self.wordings.get(category) or self.wordings["other"]


@dataclass(frozen=True, slots=True)
class Template:
    """One text in one language: literal parts and `{names}`, ready to fill in."""

    source: str
    parts: tuple[tuple[str, str | None], ...]
    """(literal, name) pairs in order; the name is None after the last literal."""
    forms: Mapping[str, Form] = field(default_factory=dict, compare=False)
    """How the values of some names are written in this language; the others stand as they are."""
    plural: Plural | None = field(default=None, compare=False)

    def render(self, values: Values) -> str:
        """Return the text with every name filled in.

        A missing or empty value becomes nothing, and takes the space or comma before it along: "Hi {name},"
        becomes "Hi,", and "Thanks, {name}." becomes "Thanks.".
        """
        if self.plural is not None:
            return self.plural.fitting(values).render(values)
        out, gap, forms = "", False, self.forms
        for literal, name in self.parts:
            if gap and literal[:1] in _CLOSING:
                out = out.rstrip(" ,") if literal[:1] in _ENDING else out.rstrip(" ")
            value = "" if name is None else _filled(values.get(name))
            if value and name is not None and name in forms:
                value = forms[name](values.get(name))
            out, gap = out + literal + value, name is not None and not value
        return out.rstrip(" ,") if gap else out

    def plain(self) -> Iterator[Template]:
        """Go through the single wordings for one and for many, or this one."""
        yield from (self,) if self.plural is None else self.plural.wordings.values()

    def names(self) -> frozenset[str]:
        """Return the names that are filled in, in any of its wordings."""
        if self.plural is None:
            return frozenset([name for _, name in self.parts if name is not None])
        return frozenset(name for one in self.plain() for _, name in one.parts if name is not None)


@dataclass(frozen=True, slots=True)
class Text:
    """One text in every language of the program, by language code (`en`, `es`).

    `variants` has, by language, all wordings of a text that is not always said in the same words; the first
    of them stands in `by_language` too. Which one is said is drawn by a `lot` that comes in: the same lot
    always draws the same.
    """

    by_language: Mapping[str, Template]
    by_voice: Mapping[str, Template] = field(default_factory=dict)
    """Forms of their own for the telephone, by language, where the flow gives them (`en.voice`)."""
    variants: Mapping[str, tuple[Template, ...]] = field(default_factory=dict)

    def spoken(self, language: str, values: Values, lot: str = "") -> str:
        """Return the text as it is said aloud: its own spoken form, or the written one turned into speech."""
        language = self._known(language)
        return spoken(self.for_ear(language, values, lot), language)

    def all_spoken(self, language: str, values: Values) -> Iterator[str]:
        """Go through all that `spoken` may return, whatever the lot."""
        language = self._known(language)
        own = self.by_voice.get(language)
        for template in self.every(language) if own is None else (own,):
            yield spoken(template.render(values), language)

    def for_ear(self, language: str, values: Values, lot: str = "") -> str:
        """Return the form that is to be spoken, as it was written: its own, or that for the eye."""
        language = self._known(language)
        own = self.by_voice.get(language)
        return own.render(values) if own is not None else self.render(language, values, lot)

    def both(self, language: str, values: Values, lot: str = "") -> tuple[str, str]:
        """Return what `render` and `for_ear` would; where they are the same, it is written once."""
        written = self.render(language, values, lot)
        own = self.by_voice.get(self._known(language)) if self.by_voice else None
        return written, written if own is None else own.render(values)

    def render(self, language: str, values: Values, lot: str = "") -> str:
        """Return the text in this language, or in the program's first language where it is not spoken."""
        language = self._known(language)
        template = self.by_language[language]
        if self.variants and language in self.variants:
            template = drawn(self.variants[language], lot)
        return template.render(values)

    def every(self, language: str) -> tuple[Template, ...]:
        """Return every wording in one language, in the order in which they were written."""
        return self.variants.get(language) or (self.by_language[language],)

    def written(self) -> Iterator[Template]:
        """Go through all that may be sent: every wording in every language, for one and for many."""
        for language in self.by_language:
            for template in self.every(language):
                yield from template.plain()

    def _known(self, language: str) -> str:
        return language if language in self.by_language else next(iter(self.by_language))


def drawn(wordings: tuple[Template, ...], lot: str) -> Template:
    """Return the wording that this lot draws; no lot draws the first."""
    if not lot:
        return wordings[0]
    # The text is part of what is drawn for, so that two texts of one moment do not go in step.
    digest = hashlib.blake2b(f"{lot}:{wordings[0].source}".encode(), digest_size=8).digest()
    return wordings[int.from_bytes(digest) % len(wordings)]
