"""Wordings that hurt, press or frighten, found in one text of one language.

The rules and their sources: the caring contacts guide of the University of Washington (no "hope you are
well", no advice: it is felt as a demand), safe messaging guidelines ("died by suicide", no methods), and what
whoever holds the phone can read on a locked screen. Knows words. Must not know where a text is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checkin.flow.issue import Code

PREVIEW = 40
"""How many characters of a text show on a locked screen."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A wording to change: where it stands in the text, what is wrong with it, and what to write."""

    code: Code
    offset: int
    words: str
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class _Rule:
    code: Code
    stems: tuple[str, ...]
    """What a text has to hold for the pattern to have a chance; most texts hold nothing of it."""
    pattern: re.Pattern[str]
    message: str
    mend: str


def _rule(code: Code, stems: str, pattern: str, message: str, mend: str) -> _Rule:
    return _Rule(code, tuple(stems.split("|")), re.compile(rf"\b(?:{pattern})"), message, mend)


_WELL = "leaves people who are not well alone with it"
_WELL_MEND = "Leave it out, or ask how they are."
_ADVICE = "is advice; in a hard moment people hear it as a demand"
_ADVICE_MEND = "Say what you see or offer instead: “That sounds hard.”"
_SUICIDE = "puts blame on people who died"
_METHOD = "names a way to get hurt, which can do harm to somebody in a crisis"
_METHOD_MEND = "Leave it out. Say where people are now: {crisis_line}."

_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "en": (
        _rule(
            Code.TONE,
            "hope|hoping",
            r"hop(?:e|ing) (?:that )?(?:you|this|it|all|everything|life|your \w+)(?: \w+|['’]\w+){0,4}? "
            r"(?:well|ok|okay|good|great|fine|better)\b",
            _WELL,
            _WELL_MEND,
        ),
        _rule(
            Code.TONE,
            "should|must|ought|better|have to|need to|got to|be kind|care of|try to|worry|be sad"
            "|give up|afraid|cheer|calm|relax|positive|bright side|make sure|remember|why don|snap out"
            "|get over|look after",
            r"(?:you|u) (?:should|must|ought to|had better|have to)\b|(?<!if )(?<!when )you need to\b"
            r"|you['’](?:d better|ve got to)\b|be kind to yourself|take (?:good )?care of yourself|try to\b"
            r"|don['’]?t (?:worry|be sad|give up|be afraid)|do not worry|cheer up|calm down|just relax"
            r"|(?:stay|think|keep) positive|look on the bright side|make sure (?:you|to)\b|remember to\b"
            r"|why don['’]?t you|snap out of|get over it|look after yourself",
            _ADVICE,
            _ADVICE_MEND,
        ),
        _rule(
            Code.SAFE_WORDS,
            "suicide|attempt",
            r"(?:commit\w*|complet\w+) suicide|(?:successful|failed|unsuccessful) (?:suicide|attempt)"
            r"|suicide epidemic|epidemic of suicide",
            _SUICIDE,
            "Write “died by suicide”, or “attempted suicide”.",
        ),
        _rule(
            Code.SAFE_WORDS,
            "overdos|hang|slit|noose|jump|cut|shoot|razor|gun|pills|drown|poison",
            r"overdos\w+|hang(?:ing|ed)? (?:your|him|her|them)sel\w+|slit\w* (?:your )?wrists?|noose"
            r"|jump(?:ing|ed)? off|cut(?:ting)? yourself|shoot(?:ing)? yourself|razor blades?"
            r"|(?:hand)?guns?\b|sleeping pills|(?:take|took|taking) (?:\w+ )?pills|drown(?:ing)? yourself"
            r"|poison(?:ing)?\b",
            _METHOD,
            _METHOD_MEND,
        ),
    ),
    "es": (
        _rule(
            Code.TONE,
            "espero|esperamos|ojala",
            r"(?:espero|esperamos|ojala)(?: que)? (?:te (?:encuentres|sientas|vaya)|estes|todo|sigas|tu \w+)"
            r"(?: \w+){0,3}? ?(?:bien|mejor|genial)\b",
            _WELL,
            _WELL_MEND,
        ),
        _rule(
            Code.TONE,
            "deberias|debes|tienes que|hay que|trata|intenta|procura|no te|animate"
            "|calmate|tranquil|relajate|piensa en|se positiv|se amable|cuida de|asegurate|por que no",
            r"(?:(?<!no )(?:deberias|debes|tienes que)|(?<!no )hay que|trata de|intenta\b|procura\b"
            r"|no te (?:preocupes|pongas triste|rindas)|animate\b|calmate\b|tranquilizate|relajate"
            r"|piensa en positivo|se positiv[oa]|se amable contigo|cuida de ti|asegurate|recuerda que debes"
            r"|por que no)\b",
            _ADVICE,
            "Di lo que ves u ofrece algo: “Suena difícil.”",
        ),
        _rule(
            Code.SAFE_WORDS,
            "suicidio|fallido",
            r"comet\w+ (?:un )?suicidio|suicidio (?:exitoso|fallido|consumado)|intento fallido"
            r"|epidemia de suicidios?",
            _SUICIDE,
            "Escribe “murió por suicidio”, o “intentó suicidarse”.",
        ),
        _rule(
            Code.SAFE_WORDS,
            "sobredosis|ahorcar|cortarte|pegarte|pistola|pastillas|tirarte|veneno|cuchilla",
            r"sobredosis|ahorcar\w*|cortarte|pegarte un tiro|pistolas?\b|tomar(?:te|se)? (?:\w+ )?pastillas"
            r"|pastillas para dormir|tirarte (?:de|desde)|veneno\b|cuchillas? de afeitar",
            _METHOD,
            _METHOD_MEND,
        ),
    ),
}
_PLAIN = str.maketrans("áéíóúüàèìòùâêîôûÁÉÍÓÚÜ", "aeiouuaeiouaeiouAEIOUU")
_PART = re.compile(r"[^.!?¿¡:\n]*\?")
_OPTION = r"(?:[A-ZÁÉÍÓÚÑ]{2,}|\d+|or|o|and|y|[Ff]rom|to|[Dd]el?|al?)"
_OPTIONS = re.compile(rf"\W*{_OPTION}(?:\W+{_OPTION})*\W*")

_REVEALING: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:suicid\w*|crisis|depress\w*|anxi\w*|lonel\w*|sad\b|mental\w*|therap\w*|counsel\w*|diagnos\w*"
        r"|mood|feeling|feel\b|low\b|distress\w*|abus\w*|addict\w*|panic|well-?being|support|emergency|alert)"
    ),
    "es": re.compile(
        r"\b(?:suicid\w*|crisis|depre\w*|ansi\w*|soledad|sol[oa]s?\b|triste\w*|mental\w*|terap\w*|consejer\w*"
        r"|diagnos\w*|animo|sientes|sentir\w*|angusti\w*|abus\w*|adicci\w*|panico|bienestar|apoyo|emergencia"
        r"|alerta)"
    ),
}


def folded(text: str) -> str:
    """Return a text for comparing: lower case, without accents; every letter keeps its place."""
    if text.isascii():
        return text.lower()
    plain = text.translate(_PLAIN)
    lower = plain.lower()
    return lower if len(lower) == len(plain) else plain


def tone(text: str, language: str) -> Iterator[Finding]:
    """Go through what is wrong with the wording of a text."""
    plain = folded(text)
    for rule in _RULES.get(language, ()):
        if any(map(plain.__contains__, rule.stems)):
            for found in rule.pattern.finditer(plain):
                words = text[found.start() : found.end()]
                yield Finding(rule.code, found.start(), words, f"“{words}” {rule.message}.", rule.mend)
    if text.count("?") > 1:
        yield from _second_question(text)


def _second_question(text: str) -> Iterator[Finding]:
    """Find the second question of a text; "YES or NO?" only says how to answer the first."""
    asked = [part for part in _PART.finditer(text) if not _OPTIONS.fullmatch(part[0])]
    if len(asked) > 1:
        second = asked[1]
        offset = second.start() + len(second[0]) - len(second[0].lstrip())
        words = second[0].strip()
        message = "Two questions in one text: nobody can tell which of them an answer is for."
        yield Finding(
            Code.TWO_QUESTIONS, offset, words, message, "Ask one of them, the other in a step of its own."
        )


def revealing(body: str, language: str) -> str | None:
    """Return the word at the beginning of a text that tells a stranger too much, or None."""
    pattern = _REVEALING.get(language)
    found = pattern.search(folded(body)) if pattern is not None else None
    if found is None or found.end() > PREVIEW:
        return None
    word = body[found.start() : found.end()]
    return None if word.isupper() else word  # SUPPORT in capitals only says what one can reply.
