"""How a text that was written for a screen is said aloud.

Knows languages, and what a voice reads badly: "Reply 1", capitals, links, emoji, brackets, clock times,
phone numbers. Must not know who is called, nor how a carrier is told what to say. What is spoken already
comes out as it went in.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WORDS_A_MINUTE = 150
"""The pace at which lengths are estimated: a calm voice on the telephone."""

PAUSE_SECONDS = 0.3
"""How long a voice rests at the end of a sentence."""

_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2190-\u21ff\u2b00-\u2bff\ufe0f\u200d\u20e3]+")
_LINK = re.compile(r"(?:https?://|www\.)\S+?(?=[.,;:!?)]*(?:\s|$))", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,])\+?\d[\d\-() ]{5,}\d(?![\w])")
_SHORT_NUMBER = re.compile(r"(?<![\w.,:$%])(?:988|999|112|000|[2-9]11)(?![\w%:]|[.,]\d)")
_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?::\d\d)?(?:\s*([AaPp])\.?\s?[Mm]\b)?")
_BOTH_ENDINGS = re.compile(r"\b([^\W\d_]+)o\(a\)")
_EMPTY_POINT = re.compile(r"(?<!\S)\d\)\s*(?=\d\)|$)")
_POINT = re.compile(r"\s*(?<!\S)(\d)\)\s+")
_BRACKETS = re.compile(r"\s*\(([^()]*)\)(,?)")
_DIGIT = re.compile(r"\d")
_SENTENCE = re.compile(r"(?:^|[.!?]\s|[¿¡])\s*[^\W\d_]")
_SHOUTED = re.compile(r"\b[^\W\d_]{2,}\b")


@dataclass(frozen=True, slots=True)
class _Tongue:
    """What one language needs. `press` and `say` replace the verbs that ask for a written answer.

    `say` is by verb; the empty one is for all others.
    """

    verbs: str
    press: str
    say: Mapping[str, str]
    words: Mapping[str, str]
    clock: Callable[[int, int, str], str]
    link: str
    link_dot: str
    both: str
    """How a word with two endings (`nervioso(a)`) is said."""


def _english_clock(hour: int, minute: int, half: str) -> str:
    if not half:
        half = "p" if hour >= 12 else "a"
    hour = hour % 12 or 12
    minutes = "" if minute == 0 else (f" oh {minute}" if minute < 10 else f" {minute}")
    return f"{hour}{minutes} {half.upper()}M"


def _spanish_clock(hour: int, minute: int, half: str) -> str:
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    part = "de la mañana" if hour < 12 else ("de la tarde" if hour < 20 else "de la noche")
    minutes = {0: "", 15: " y cuarto", 30: " y media"}.get(minute, f" y {minute}")
    return f"{hour % 12 or 12}{minutes} {part}"


_TONGUES: Mapping[str, _Tongue] = {
    "en": _Tongue(
        verbs=r"reply(?:\s+with)?|respond(?:\s+with)?|answer|text|send",
        press="press",
        say={"": "say"},
        words={
            "msg": "message",
            "msgs": "messages",
            "&": "and",
            "/": " or ",
            "approx.": "about",
            "just write": "just say it",
            "please send": "please say",
        },
        clock=_english_clock,
        link="our website, {}",
        link_dot=" dot ",
        both=r"\1o(a)",
    ),
    "es": _Tongue(
        verbs=r"responde|contesta|escribe|escribir|escribes|manda|envía|envia",
        press="marca",
        say={"": "di", "escribir": "decir", "escribes": "dices"},
        words={
            "aprox.": "más o menos",
            "&": "y",
            "/": " o ",
            "escribe lo que quieras": "di lo que quieras",
            "escribe su nombre": "di su nombre",
        },
        clock=_spanish_clock,
        link="nuestra página, {}",
        link_dot=" punto ",
        both=r"\1o o \1a",
    ),
}


def spoken(text: str, language: str) -> str:
    """Return `text` as a person would say it; a language without rules of its own is said as English."""
    tongue = _TONGUES.get(language, _TONGUES["en"])
    out = _LINK.sub(lambda found: _link(found[0], tongue), text)
    out = _EMOJI.sub(" ", out)
    out = _CLOCK.sub(lambda f: tongue.clock(int(f[1]), int(f[2]), (f[3] or "").lower()), out)
    out = _asked(out, tongue)
    out = _BOTH_ENDINGS.sub(tongue.both, out)
    out = _NUMBER.sub(_number, out)
    out = _SHORT_NUMBER.sub(lambda found: " ".join(found[0]), out)
    out = _BRACKETS.sub(lambda found: f", {found[1]},", out)
    out = _POINT.sub(_point, _EMPTY_POINT.sub("", out))
    out = _SHOUTED.sub(_calm, out)
    for written, said in tongue.words.items():
        out = re.sub(_whole(written), said, out, flags=re.IGNORECASE)
    return _tidy(out)


def has_link(text: str) -> bool:
    """Whether a text holds a link."""
    return ("://" in text or "www." in text.lower()) and _LINK.search(text) is not None


def seconds(text: str, language: str) -> float:
    """Return how long a voice takes to say `text`, in seconds, at `WORDS_A_MINUTE`."""
    said = spoken(text, language)
    words = len(re.findall(r"\w+(?:['’]\w+)?", said))
    return round(words * 60 / WORDS_A_MINUTE + len(re.findall(r"[.!?…]+(?:\s|$)", said)) * PAUSE_SECONDS, 1)


def surely_within(text: str, limit: float) -> bool:
    """Whether `text` is said within `limit` seconds for sure, told without turning it into speech.

    A digit becomes three words at most, a dot or slash between two words one more and a pause, and a word
    with two endings three.
    """
    signs = sum(map(text.count, ".!?…/"))
    words = (
        len(text.split())
        + text.count("-")
        + 2 * text.count("(a)")
        + text.lower().count("just write")
        + 3 * len(_DIGIT.findall(text))
        + 2 * signs
    )
    return words * 60 / WORDS_A_MINUTE + signs * PAUSE_SECONDS < limit


def _asked(text: str, tongue: _Tongue) -> str:
    """Turn "Reply 1" into "press 1", and "text SUPPORT" into "say support"."""
    key = re.compile(rf"\b({tongue.verbs})\s+(?:con\s+)?([0-9])(?!\s?\d)\b", re.IGNORECASE)
    out = key.sub(lambda f: _cased(f[1], tongue.press) + f" {f[2]}", text)
    # A word that is sent somewhere else ("manda AYUDA al 988") stays what it is.
    word = re.compile(
        rf"\b((?i:{tongue.verbs}))\s+([^\W\d_a-zà-ÿ]{{2,}})\b(?!\s+(?:to|al?)\s+(?:\+?\d|this|este))"
    )
    said = tongue.say
    return word.sub(lambda f: _cased(f[1], said.get(f[1].lower(), said[""])) + f" {f[2]}", out)


def _cased(pattern: str, word: str) -> str:
    return word.capitalize() if pattern[:1].isupper() else word


def _calm(found: re.Match[str]) -> str:
    """Say a word in capitals as a word: a voice would spell it. What has no vowel is spelled rightly."""
    word = found[0]
    shouted = word.isupper() and len(word) > 1 and word not in _SPELLED
    return word.lower() if shouted and re.search("[AEIOUÁÉÍÓÚÜY]", word) else word


_SPELLED = frozenset(("AM", "OK", "USA", "EAP", "YMCA", "YWCA", "ID"))


def _point(found: re.Match[str]) -> str:
    """Say the points of a list as sentences: "1: A walk. 2: My sister"."""
    before = found.string[: found.start()].rstrip()[-1:]
    return (". " if before.isalnum() else " ") + f"{found[1]}: "


def _link(link: str, tongue: _Tongue) -> str:
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", link, flags=re.IGNORECASE).split("/")[0].split("?")[0]
    return tongue.link.format(host.replace(".", tongue.link_dot))


def _number(found: re.Match[str]) -> str:
    """Say a phone number digit by digit, in the groups in which it is dialled."""
    digits = re.sub(r"\D", "", found[0])
    if len(digits) < 7:
        return found[0]
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    cuts = (3, 6) if len(digits) == 10 else tuple(range(3, len(digits) - 1, 3))
    edges = (0, *cuts, len(digits))
    groups = [digits[a:b] for a, b in itertools.pairwise(edges)]
    return ", ".join(" ".join(group) for group in groups)


def _whole(written: str) -> str:
    if written == "/":
        return r"(?<=[^\W\d])/(?=[^\W\d])"
    return (
        (r"\b" if written[0].isalpha() else "")
        + re.escape(written)
        + (r"\b" if written[-1].isalpha() else "")
    )


def _tidy(text: str) -> str:
    out = re.sub(r"\s+", " ", text)
    out = re.sub(r"\s+([,.;:!?])", r"\1", out)
    out = re.sub(r",(?:\s*,)+", ",", out)
    out = re.sub(r",\s*([.;:!?])", r"\1", out)
    return _SENTENCE.sub(lambda found: found[0].upper(), out.strip(" ,"))
