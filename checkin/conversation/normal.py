"""Bring a text into the one shape in which phrases are compared.

Knows Unicode; must not know any language. Two texts that a person would call the same words have the same
tokens: capitals, accents, apostrophes, full-width letters, digits of any script, skin colours and invisible
characters make no difference.
"""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 1600
"""Characters of a reply that are read: the longest text that a carrier hands over."""

MOST_WORDS = 400
"""Words of a reply that are read: more than 1,600 characters of anybody's writing hold."""
MOST_REPEATS = 3
"""The same word over and over is read so many times: thirty hearts say what three say."""

BREAKS = frozenset(".,;:!?…()—–\n")
"""Signs that end a clause; a negation does not reach across one."""

_EMOTICONS = {
    ":'(": "😢", ":,(": "😢", ":-(": "🙁", ":(": "🙁", "=(": "🙁", ":[": "🙁", ":/": "😕", ":-/": "😕",
    "d:": "😟", ":)": "🙂", ":-)": "🙂", "=)": "🙂", ":]": "🙂", ";)": "🙂", ";-)": "🙂", ":d": "😀",
    ":-d": "😀", "=d": "😀", "xd": "😂",
    "<3": "❤", "</3": "💔",
}  # fmt: skip
_EMOTICON = re.compile(
    r"(?<![^\W\d_])(?:" + "|".join(sorted(map(re.escape, _EMOTICONS), key=len, reverse=True)) + r")(?!\w)"
)
_LOOK_ALIKES = dict(zip("аеорсухіјѕԁһӏκνορτυαεικοѐ", "aeopcyxijsdhlkvoptuaeikoe", strict=True))
"""Letters of other scripts that look Latin, and the Latin letters that they are read as."""
_NUMBER_SIGN = re.compile(r"#(?!\w)")
"""A number sign by itself: "wrong #"."""
_PIECE = 200
"""Characters that are decomposed at a time."""
_APOSTROPHES = re.compile("['’‘`´ʼ′＇]+")
_SKIN_COLOURS = range(0x1F3FB, 0x1F400)
_DROPPED = frozenset({"Mn", "Me", "Cf", "Cc", "Cs"})


class _Plain(dict[int, str]):
    """What each character is read as, worked out when it is first met; `str.translate` looks it up."""

    def __missing__(self, code: int) -> str:
        plain = _plain_character(chr(code))
        if len(self) < _MOST_CHARACTERS:
            self[code] = plain
        return plain


def _plain_character(character: str) -> str:
    if character in "\n\r\t":
        return character
    category = unicodedata.category(character)
    if category in _DROPPED or ord(character) in _SKIN_COLOURS:
        return ""
    if character.isdigit():  # also circled digits, which no decomposition knows
        return str(unicodedata.digit(character))
    return _LOOK_ALIKES.get(character, character)


_MOST_CHARACTERS = 8192
"""Characters that are remembered: more than all that people write with."""

_PLAIN = _Plain()


def normal(text: str) -> str:
    """Return the text folded for comparing: at most `MAX_TEXT` characters, no accents, no capitals."""
    text = text[:MAX_TEXT]
    if "#" in text:
        text = _NUMBER_SIGN.sub(" number ", text)
    if text.isascii():
        return _without_emoticons(text.lower()).replace("'", "").replace("`", "")
    text = _without_emoticons(text.replace("’", "'"))
    folded = _decomposed(_APOSTROPHES.sub("", text)).casefold()
    return folded.translate(_PLAIN)[:MAX_TEXT]


def _decomposed(text: str) -> str:
    """Return at most about twice `MAX_TEXT` characters of the compatibility decomposition, and make no more.

    One character may stand for eighteen. Marks may be ordered otherwise where pieces meet; they are dropped.
    """
    pieces: list[str] = []
    length = 0
    for start in range(0, len(text), _PIECE):
        pieces.append(unicodedata.normalize("NFKD", text[start : start + _PIECE]))
        length += len(pieces[-1])
        if length > 2 * MAX_TEXT:
            break
    return "".join(pieces)[: 2 * MAX_TEXT]


def _without_emoticons(text: str) -> str:
    """Return the text with the emoji that its emoticons stand for: ":(" is the same as a sad face."""
    return _EMOTICON.sub(lambda found: _EMOTICONS[found[0].lower()], text)


def clean(text: str) -> str:
    """Return the text as written, without control and invisible characters or doubled spaces."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()[:MAX_TEXT]
    kept = (c if unicodedata.category(c) not in ("Cc", "Cs") else " " for c in text[:MAX_TEXT])
    return " ".join("".join(kept).replace("\u200b", "").replace("\ufeff", "").split())


class Tokens:
    """A text cut into words, digits and known signs, with the punctuation that stood before each."""

    __slots__ = ("gaps", "seen_other", "tail", "words")

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        words: list[str] = []
        gaps: list[str] = []
        pending = ""
        for word, other in pattern.findall(text):
            if word:
                if word in words[-1:] and words[-MOST_REPEATS:].count(word) == MOST_REPEATS:
                    continue
                if len(words) == MOST_WORDS:
                    break
                words.append(word)
                gaps.append(pending)
                pending = ""
            else:
                pending += other
        self.words = words
        self.gaps = gaps
        self.tail = pending
        self.seen_other = bool(pending)

    def split_words(self) -> None:
        """Make several words of each that stands for several: "imma" was mended to "im gonna"."""
        if not any(" " in word for word in self.words):
            return
        pairs = [
            (part, gap if at == 0 else "")
            for word, gap in zip(self.words, self.gaps, strict=True)
            for at, part in enumerate(word.split())
        ]
        self.words = [word for word, _ in pairs]
        self.gaps = [gap for _, gap in pairs]

    def breaks(self, start: int, end: int) -> bool:
        """Whether a clause ends between the tokens `start` and `end`."""
        return any(not BREAKS.isdisjoint(gap) for gap in self.gaps[start + 1 : end + 1])


def token_pattern(signs: str = "") -> re.Pattern[str]:
    """Return the pattern that `Tokens` cuts by; each character of `signs` is a word of its own."""
    known = f"|[{re.escape(signs)}]" if signs else ""
    return re.compile(rf"([^\W\d_]+|\d+{known})|([^\w\s]|\n)")
