"""Reads texts in all languages of the program, and says what is wrong with them.

Knows templates, languages and what a text costs to send. Must not know where the text is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from checkin.flow import traps
from checkin.flow.document import Document, Path, Place
from checkin.flow.forms import form_of, plural_category
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue, Severity
from checkin.flow.kinds import Kind
from checkin.flow.model import Template, Text, Values
from checkin.flow.parts import PluralShape
from checkin.flow.reading import hard
from checkin.flow.segments import PLAIN, Segments, cheaper, segments
from checkin.flow.speech import has_link, seconds, surely_within
from checkin.flow.template import Plural
from checkin.flow.texts import SAMPLES, TemplateError, parse_template
from checkin.flow.tone import tone

VOICE = ".voice"
"""A language with this behind it is the form of a text that is spoken: `en.voice`."""

LONGEST_SPOKEN = 20.0
"""Seconds of listening after which people forget what they were asked."""

_THE_MEMBER = ("name", "member", "member_name", "user", "nombre")
"""What people write for the first name of the member."""

_ELSEWHERE = re.compile(r"\{\{ *(\w+) *\}\}|%(\w+)%|\[(\w+)\]|<(\w+)>|\$\{?(\w+)\}?")
"""Names as other systems fill them in."""

One = str | list[str] | PluralShape
"""A text in one language: always the same, one of several, or for one and for many."""

Raw = One | Mapping[str, One]
"""A text as it was written: one text, or one for each language."""

Names = Mapping[str, Kind]
"""The names that a text may use, and what each can hold."""


@dataclass(slots=True)
class Wording:
    """Reads the texts of one document; `samples` are values of a usual length, by language and name."""

    document: Document
    languages: tuple[str, ...]
    samples: Mapping[str, Values]
    issues: list[Issue] = field(default_factory=list)
    complete: bool = True
    """False once a text could not be read as a template."""
    usual: dict[str, Values] = field(default_factory=dict)
    """What stands in for the names of a text while it is looked at, by language."""

    def text(self, path: Path, raw: Raw, names: Names, *, sent: bool = True) -> Text:
        """Read the text at `path`, which may use these names; where it is never `sent`, it costs nothing."""
        by_language = raw if isinstance(raw, Mapping) else {self.languages[0]: raw}
        voices = {key: key.removesuffix(VOICE) for key in by_language if key.endswith(VOICE)}
        for language in self.languages:
            if language not in by_language and language.upper() not in by_language:
                self._missing(path, language)
        for language in sorted(by_language.keys() - set(self.languages) - voices.keys()):
            self._foreign((*path, language), language, by_language.keys())
        by_voice = (
            {lang: self._voice((*path, key), raw[key], lang, names) for key, lang in voices.items()}
            if isinstance(raw, Mapping)
            else {}
        )
        # The program's first language has to come first: it is the one to fall back on.
        written = [lang for lang in dict.fromkeys((*self.languages, *by_language)) if lang in by_language]
        wordings: dict[str, tuple[Template, ...]] = {}
        for lang in (lang for lang in written if lang not in voices):
            at = (*path, lang) if isinstance(raw, Mapping) else path
            wordings[lang] = self._wordings(at, by_language[lang], lang, names)
            for where, template in self._single(at, wordings[lang]):
                self._look(where, template, lang, sent=sent, aloud=lang not in by_voice)
        return Text(
            {lang: every[0] for lang, every in wordings.items()},
            by_voice,
            {lang: every for lang, every in wordings.items() if len(every) > 1},
        )

    def _wordings(self, path: Path, raw: One, language: str, names: Names) -> tuple[Template, ...]:
        """Read all wordings of a text in one language."""
        if isinstance(raw, str):
            return (self.template(path, raw, names, language),)
        if isinstance(raw, PluralShape):
            return (self._plural(path, raw, language, names),)
        return tuple(self.template((*path, index), one, names, language) for index, one in enumerate(raw))

    def _plural(self, path: Path, raw: PluralShape, language: str, names: Names) -> Template:
        """Read a text for one and for many: the one number in it says which is said."""
        found = {
            category: self.template((*path, category), one, names, language)
            for category, one in raw
            if one is not None
        }
        many = found["other"]
        numbers = [name for name in sorted(many.names()) if name in names and names[name].type == "number"]
        if len(numbers) != 1:
            message = "A text for one and for many needs exactly one number in it, to tell which is meant."
            mend = 'Write for example one: "{days} day", other: "{days} days".'
            self._add(Code.PLURAL, (*path, "other"), message, mend)
            self.complete = False
            return many
        return replace(many, plural=Plural(numbers[0], plural_category(language), found))

    def _single(self, path: Path, wordings: tuple[Template, ...]) -> Iterator[tuple[Path, Template]]:
        """Go through all that a text can be, and where each stands in the file."""
        for index, template in enumerate(wordings):
            if template.plural is not None:
                for category, one in template.plural.wordings.items():
                    yield (*path, category), one
            else:
                yield ((*path, index) if len(wordings) > 1 else path), template

    def _voice(self, path: Path, source: One, language: str, names: Names) -> Template:
        """Read the form of a text that is spoken on the telephone; it is always the same."""
        if language not in self.languages:
            message = f"The program does not speak `{language}`, so nobody hears this."
            self._add(Code.LANGUAGE, path, message, "Delete it.", key=True, severity=Severity.WARNING)
        wordings = self._wordings(path, source, language, names)
        for where, template in self._single(path, wordings):
            self._look(where, template, language, sent=False, aloud=True)
        if len(wordings) > 1:
            message = "The form for the telephone has one wording only."
            self._add(Code.WRONG_VALUE, path, message, "Delete all but one.", key=True)
        return wordings[0]

    def _look(self, path: Path, template: Template, language: str, *, sent: bool, aloud: bool) -> None:
        """Tell what a text costs, how it sounds, and how hard it is, from values of a usual length."""
        body = template.render(self._usual(language))
        if sent:
            self._cost(path, template, body)
        if aloud:
            self._aloud(path, body, language)
        self._tone(path, template, language, seen=sent)

    def _usual(self, language: str) -> Values:
        if language not in self.usual:
            self.usual[language] = {**SAMPLES, **self.samples.get(language, {})}
        return self.usual[language]

    def _tone(self, path: Path, template: Template, language: str, *, seen: bool) -> None:
        """Tell how a text sounds; and how hard it is to read, where it is `seen` and not only heard."""
        severity = Severity.WARNING
        for found in tone(template.source, language):
            place = self.document.inside(path, found.offset)
            self._add(
                found.code, path, found.message, found.mend, at=place, severity=severity, words=found.words
            )
        difficult = hard(template.source, language) if seen else None
        if difficult is not None:
            word, mend = difficult.word, difficult.mend
            place = self.document.inside(path, max(0, template.source.find(word)))
            self._add(Code.READING, path, difficult.message, mend, at=place, severity=severity, words=word)

    def _aloud(self, path: Path, body: str, language: str) -> None:
        """Tell how long a text is when it is spoken, and what cannot be heard well in it."""
        length = 0.0 if surely_within(body, LONGEST_SPOKEN) else seconds(body, language)
        if length > LONGEST_SPOKEN:
            message = f"Read aloud on the telephone, this takes about {length:.0f} seconds."
            mend = f'Say less, or add a shorter form for the telephone: {language}{VOICE}: "…"'
            self._add(Code.SPOKEN, path, message, mend, severity=Severity.NOTE)
        if has_link(body):
            message = "Nobody can follow a link on the telephone: only the name of the website is said."
            mend = f'Add a form without it: {language}{VOICE}: "…"'
            self._add(Code.SPOKEN, path, message, mend, severity=Severity.WARNING)

    def template(self, path: Path, source: str, names: Names, language: str) -> Template:
        """Read one wording in one language."""
        self.as_meant(path, source)
        try:
            template = parse_template(source)
        except TemplateError as error:
            place = self.document.inside(path, error.offset)
            old, new = f"{{{error.old}}}", f"{{{error.new}}}"
            corrected = self.document.corrected(place, old, new) if error.new in names else None
            self._add(Code.PLACEHOLDER, path, error.message, corrected or error.mend, at=place)
            self.complete = False
            return Template(source, ((source, None),))
        if "{{" in source or "%" in source or "[" in source or "<" in source or "$" in source:
            self._unfilled(path, source, names)
        for name in dict.fromkeys(name for _, name in template.parts if name is not None):
            if name not in names:
                self._unknown(path, source, name, names)
        forms = {name: form_of(names[name], language) for name in template.names() if name in names}
        written = {name: form for name, form in forms.items() if form is not None}
        return replace(template, forms=written) if written else template

    def as_meant(self, path: Path, source: str) -> None:
        """Tell where a text is not what it looks like: cut off, with signs that do not show, or garbled."""
        document = self.document
        spot = document.spot(path)
        if spot is not None and not spot.quoted and document.sign(spot.value) not in ("|", ">"):
            cut = traps.comment_after(document.lines, spot.value, source)
            if cut is not None:
                message = "The text is cut off here: what stands after # without quotation marks is not read."
                mend = traps.quoted(document.line(cut.line), spot.value.column - 1)
                advice = mend if mend and cut.line == spot.value.line else 'Put it in quotation marks: "…".'
                self._add(Code.CUT_OFF, path, message, advice, at=cut)
        if source.isascii() and source.isprintable():
            return
        if found := traps.UNSEEN.search(source):
            message = f"A sign that does not show is in this text (U+{ord(found[0]):04X})."
            mend = "Delete it, with the letters beside it, and write them again."
            at = document.inside(path, found.start())
            self._add(Code.ODD_CHARACTER, path, message, mend, at=at, words="")
        elif found := traps.GARBLED.search(source):
            message = "Letters went wrong here when the file was saved, probably an accent."
            at = document.inside(path, found.start())
            self._add(Code.GARBLED, path, message, "Write the word again, and save as UTF-8.", at=at)

    def _unfilled(self, path: Path, source: str, names: Names) -> None:
        """Tell of a name that is written as other systems do, and would be sent as it stands."""
        for found in _ELSEWHERE.finditer(source):
            name = next(filter(None, found.groups()))
            if name in names:
                place = self.document.inside(path, found.start())
                message = f"“{found[0]}” would not be filled in: a name stands in single braces."
                corrected = self.document.corrected(place, found[0], f"{{{name}}}")
                mend = corrected or f"Write {{{name}}}."
                self._add(Code.PLACEHOLDER, path, message, mend, at=place, severity=Severity.WARNING)

    def _unknown(self, path: Path, source: str, name: str, known: Iterable[str]) -> None:
        near = "first_name" if name in _THE_MEMBER else did_you_mean(name, known)
        place = self.document.inside(path, max(0, source.find("{" + name + "}")))
        corrected = self.document.corrected(place, f"{{{name}}}", f"{{{near}}}") if near else None
        names = ", ".join(f"{{{n}}}" for n in sorted(known))
        message = f"There is no `{{{name}}}` here." + (f" Did you mean `{{{near}}}`?" if near else "")
        mend = corrected or (f"Use one of: {names}." if names else "Write it without braces.")
        self._add(Code.PLACEHOLDER, path, message, mend, at=place)

    def _missing(self, path: Path, language: str) -> None:
        message = f"This text is missing in the language `{language}`."
        self._add(Code.LANGUAGE, path, message, f'Add a line: {language}: "…"', key=True)

    def _foreign(self, path: Path, language: str, raw: Iterable[str]) -> None:
        if language.lower() in self.languages:
            message = f"The name of a language is written in small letters: `{language.lower()}`."
            corrected = self.document.corrected(
                self.document.place(path, key=True), language, language.lower()
            )
            self._add(Code.LANGUAGE, path, message, corrected or f"Write `{language.lower()}:`.", key=True)
            return
        near = did_you_mean(language, [lang for lang in self.languages if lang not in raw])
        message = f"The program does not speak `{language}`."
        mend = f"Write `{near}:`." if near else "Delete this text, or add the language to program.yaml."
        self._add(Code.LANGUAGE, path, message, mend, key=True, severity=Severity.WARNING)

    def _cost(self, path: Path, template: Template, body: str) -> None:
        """Tell what the text costs."""
        cost = segments(body)
        if cost.count == 1:
            return
        plain = segments(cheaper(body))
        if plain.count < cost.count:
            self._typographic(path, template.source, cost, plain)
        else:
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
        words: str | None = None,
    ) -> None:
        self.issues.append(
            self.document.issue(code, path, message, mend, at=at, key=key, severity=severity, words=words)
        )


def _shown(character: str) -> str:
    if not character:
        return "nothing"
    return f"“{character}”" if character.isprintable() and character.strip() else f"U+{ord(character):04X}"
