"""Reads texts in all languages of the program, and says what is wrong with them.

Knows templates, languages and what a text costs to send. Must not know where the text is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from checkin.flow.document import Document, Path, Place
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue, Severity
from checkin.flow.model import Template, Text, Values
from checkin.flow.segments import PLAIN, Segments, cheaper, segments
from checkin.flow.speech import has_link, seconds
from checkin.flow.texts import SAMPLES, TemplateError, parse_template

VOICE = ".voice"
"""A language with this behind it is the form of a text that is spoken: `en.voice`."""

LONGEST_SPOKEN = 20.0
"""Seconds of listening after which people forget what they were asked."""

Raw = str | Mapping[str, str]
"""A text as it was written: one text, or one for each language."""


@dataclass(slots=True)
class Wording:
    """Reads the texts of one document; `samples` are values of a usual length, by language and name."""

    document: Document
    languages: tuple[str, ...]
    samples: Mapping[str, Values]
    issues: list[Issue] = field(default_factory=list)
    complete: bool = True
    """False once a text could not be read as a template."""

    def text(self, path: Path, raw: Raw, names: Iterable[str], *, sent: bool = True) -> Text:
        """Read the text at `path`, which may use these names; where it is never `sent`, it costs nothing."""
        known = frozenset(names)
        if isinstance(raw, str):
            template = self.template(path, raw, known)
            if sent:
                self._cost(path, template, self.languages[0])
            self._aloud(path, template, self.languages[0])
            for language in self.languages[1:]:
                self._missing(path, language)
            return Text({self.languages[0]: template})
        for language in self.languages:
            if language not in raw:
                self._missing(path, language)
        voices = {key: key.removesuffix(VOICE) for key in raw if key.endswith(VOICE)}
        for language in sorted(raw.keys() - set(self.languages) - voices.keys()):
            self._foreign((*path, language), language, raw)
        # The program's first language has to come first: it is the one to fall back on.
        written = [lang for lang in (*self.languages, *raw) if lang in raw and lang not in voices]
        templates = {lang: self.template((*path, lang), raw[lang], known) for lang in dict.fromkeys(written)}
        for lang, template in templates.items():
            if sent:
                self._cost((*path, lang), template, lang)
        by_voice = {lang: self._voice((*path, key), raw[key], lang, known) for key, lang in voices.items()}
        for lang, template in templates.items():
            if lang not in by_voice:
                self._aloud((*path, lang), template, lang)
        return Text(templates, by_voice)

    def _voice(self, path: Path, source: str, language: str, known: frozenset[str]) -> Template:
        """Read the form of a text that is spoken on the telephone."""
        if language not in self.languages:
            message = f"The program does not speak `{language}`, so nobody hears this."
            self._add(Code.LANGUAGE, path, message, "Delete it.", key=True, severity=Severity.WARNING)
        template = self.template(path, source, known)
        self._aloud(path, template, language)
        return template

    def _aloud(self, path: Path, template: Template, language: str) -> None:
        """Tell how long a text is when it is spoken, and what cannot be heard well in it."""
        body = template.render({**SAMPLES, **self.samples.get(language, {})})
        length = seconds(body, language)
        if length > LONGEST_SPOKEN:
            message = f"Read aloud on the telephone, this takes about {length:.0f} seconds."
            mend = f'Say less, or add a shorter form for the telephone: {language}{VOICE}: "…"'
            self._add(Code.SPOKEN, path, message, mend, severity=Severity.NOTE)
        if has_link(body):
            message = "Nobody can follow a link on the telephone: only the name of the website is said."
            mend = f'Add a form without it: {language}{VOICE}: "…"'
            self._add(Code.SPOKEN, path, message, mend, severity=Severity.WARNING)

    def template(self, path: Path, source: str, known: frozenset[str]) -> Template:
        """Read one text in one language."""
        try:
            template = parse_template(source)
        except TemplateError as error:
            place = self.document.inside(path, error.offset)
            self._add(Code.PLACEHOLDER, path, error.message, error.mend, at=place)
            self.complete = False
            return Template(source, ((source, None),))
        for name in dict.fromkeys(name for _, name in template.parts if name is not None):
            if name not in known:
                self._unknown(path, source, name, known)
        return template

    def _unknown(self, path: Path, source: str, name: str, known: frozenset[str]) -> None:
        near = did_you_mean(name, known)
        place = self.document.inside(path, max(0, source.find("{" + name + "}")))
        corrected = self.document.corrected(place, f"{{{name}}}", f"{{{near}}}") if near else None
        names = ", ".join(f"{{{n}}}" for n in sorted(known))
        message = f"There is no `{{{name}}}` here." + (f" Did you mean `{{{near}}}`?" if near else "")
        mend = corrected or (f"Use one of: {names}." if names else "Write it without braces.")
        self._add(Code.PLACEHOLDER, path, message, mend, at=place)

    def _missing(self, path: Path, language: str) -> None:
        message = f"This text is missing in the language `{language}`."
        self._add(Code.LANGUAGE, path, message, f'Add a line: {language}: "…"', key=True)

    def _foreign(self, path: Path, language: str, raw: Mapping[str, str]) -> None:
        near = did_you_mean(language, [lang for lang in self.languages if lang not in raw])
        message = f"The program does not speak `{language}`."
        mend = f"Write `{near}:`." if near else "Delete this text, or add the language to program.yaml."
        self._add(Code.LANGUAGE, path, message, mend, key=True, severity=Severity.WARNING)

    def _cost(self, path: Path, template: Template, language: str) -> None:
        """Tell what the text costs, from values of a usual length."""
        body = template.render({**SAMPLES, **self.samples.get(language, {})})
        cost, plain = segments(body), segments(cheaper(body))
        if plain.count < cost.count:
            self._typographic(path, template.source, cost, plain)
        elif cost.count > 1:
            self._long(path, template.source, cost)

    def _typographic(self, path: Path, source: str, cost: Segments, plain: Segments) -> None:
        dear = next((c for c in source if c in PLAIN), cost.dear or "")
        message = f"{_shown(dear)} makes this text cost {cost.count} messages instead of {plain.count}."
        place = self.document.inside(path, max(0, source.find(dear)))
        mend = self.document.corrected(place, dear, PLAIN[dear]) if dear in PLAIN else None
        advice = mend or f"Write {_shown(PLAIN.get(dear, ''))} instead."
        self._add(Code.SEGMENTS, path, message, advice, at=place, severity=Severity.WARNING)

    def _long(self, path: Path, source: str, cost: Segments) -> None:
        if cost.dear is None:
            message = f"This text costs {cost.count} messages: it takes {cost.places} places of 160."
            mend = "Make it shorter, if it can say the same."
        else:
            letter = _shown(cost.dear)
            message = (
                f"This text costs {cost.count} messages: with {letter} in it, one has 70 places, not 160."
            )
            mend = "Keep correct accents; make the text shorter, if it can say the same."
        offset = source.find(cost.dear) if cost.dear and cost.dear in source else 0
        place = self.document.inside(path, offset)
        severity = Severity.NOTE if cost.count < 3 else Severity.WARNING
        self._add(Code.SEGMENTS, path, message, mend, at=place, severity=severity)

    def _add(
        self,
        code: Code,
        path: Path,
        message: str,
        mend: str,
        *,
        at: Place | None = None,
        key: bool = False,
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.issues.append(self.document.issue(code, path, message, mend, at=at, key=key, severity=severity))


def _shown(character: str) -> str:
    if not character:
        return "nothing"
    return f"“{character}”" if character.isprintable() and character.strip() else f"U+{ord(character):04X}"
