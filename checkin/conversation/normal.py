"""Bring a text into the one shape in which phrases are compared.

Knows Unicode; must not know any language. Two texts that a person would call the same words have the same
tokens: capitals, accents, apostrophes, full-width letters, digits of any script, skin colours and invisible
characters make no difference.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right
from operator import eq

MAX_TEXT = 1600
"""Characters of a reply that are read: the longest text that a carrier hands over."""

MOST_WORDS = 400
"""Words of a reply that are read: more than 1,600 characters of anybody's writing hold. Of more, the middle
is left out, since what somebody wants most is said first or last."""
MOST_REPEATS = 3
"""The same word over and over is read so many times: thirty hearts say what three say."""

_RUN = b"\1" * MOST_REPEATS
"""What stands among ones for words that are the same as the next, where a word comes too often."""

BREAKS = frozenset(".,;:!?…()—–\n")
"""Signs that end a clause; a negation does not reach across one."""

_EMOTICONS = {
    ":'(": "😢", ":,(": "😢", ":-(": "🙁", ":(": "🙁", "=(": "🙁", ":[": "🙁", ":/": "😕", ":-/": "😕",
    "d:": "😟", ":)": "🙂", ":-)": "🙂", "=)": "🙂", ":]": "🙂", ";)": "🙂", ";-)": "🙂", ":d": "😀",
    ":-d": "😀", "=d": "😀", "xd": "😂",
    "<3": "❤", "</3": "💔",
}  # fmt: skip
_EMOTICON = re.compile(
    "|".join(
        rf"{re.escape(one[0])}(?<![^\W\d_].){re.escape(one[1:])}(?!\w)"
        for one in sorted(_EMOTICONS, key=len, reverse=True)
    )
)
"""An emoticon that no letter stands beside. Each begins with its first sign, so that the search can skip."""
_LOOK_ALIKES = dict(zip("аеорсухіјѕԁһӏκνορτυαεικοѐ", "aeopcyxijsdhlkvoptuaeikoe", strict=True))
"""Letters of other scripts that look Latin, and the Latin letters that they are read as."""
_NUMBER_SIGN = re.compile(r"#(?!\w)")
"""A number sign by itself: "wrong #"."""
_PIECE = 200
"""Characters that are decomposed at a time."""
_APOSTROPHES = re.compile("['’‘`´ʼ′＇]+")
_SKIN_COLOURS = range(0x1F3FB, 0x1F400)
_DROPPED = frozenset({"Mn", "Me", "Cf", "Cc", "Cs"})
_TABLE = 0x20000
_TAGS = re.compile("[\U000e0000-\U000e0fff]+")
"""The characters beyond the table that nobody is meant to see, says Unicode of them all."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSAID = re.compile(r"[^\S\n]+|_+")


@functools.cache
def _plain() -> str:
    """Return what each character of the first two planes is read as; all that are dropped are a zero.

    `str.translate` takes a text as its table. Others stand for themselves, but for the tags in plane 14.
    """
    characters = "".join(map(chr, range(_TABLE)))
    categories = map(unicodedata.category, characters)
    plain = [
        "\0" if category in _DROPPED else character
        for character, category in zip(characters, categories, strict=True)
    ]
    for code in _SKIN_COLOURS:
        plain[code] = "\0"
    for digit in filter(str.isdigit, characters):  # also circled digits, which no decomposition knows
        plain[ord(digit)] = str(unicodedata.digit(digit))
    for character, alike in _LOOK_ALIKES.items():
        plain[ord(character)] = alike
    for space in "\n\r\t":
        plain[ord(space)] = space
    return "".join(plain)


def normal(text: str) -> str:
    """Return the text folded for comparing: at most `MAX_TEXT` characters, no accents, no capitals."""
    text = text[:MAX_TEXT]
    if "#" in text:
        text = _NUMBER_SIGN.sub(" number ", text)
    if text.isascii():
        return _without_emoticons(text.lower()).replace("'", "").replace("`", "")
    text = _without_emoticons(text.replace("’", "'").lower())
    folded = _decomposed(_APOSTROPHES.sub("", text)).casefold()
    return _TAGS.sub("", folded.translate(_plain()).replace("\0", ""))[:MAX_TEXT]


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
    return _EMOTICON.sub(lambda found: _EMOTICONS[found[0]], text)


def clean(text: str) -> str:
    """Return the text as written, without control and invisible characters or doubled spaces."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()[:MAX_TEXT]
    kept = _UNSEEN.sub(" ", text[:MAX_TEXT]).replace("\u200b", "").replace("\ufeff", "")
    return " ".join(kept.split())


class Tokens:
    """A text cut into words, digits and known signs, with what stood between them as it was written."""

    __slots__ = ("_openings", "gaps", "tail", "words")

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        pieces = pattern.split(text)
        self._openings: list[int] | None = None
        self.words = pieces[1::2]
        """Words, runs of digits and known signs."""
        self.gaps = pieces[::2]
        """What stood before each word."""
        self.tail = self.gaps.pop()
        """What stood behind the last."""
        if _RUN in bytes(map(eq, self.words, self.words[1:])):
            self._drop_repeats()
        if len(self.words) > MOST_WORDS:
            first = MOST_WORDS // 2
            del self.words[first:-first], self.gaps[first:-first]
            self.gaps[first] = "\n"

    def _drop_repeats(self) -> None:
        """Leave out what repeats the words before it too often; what stood around it stays."""
        words: list[str] = []
        gaps: list[str] = []
        pending: list[str] = []
        for word, gap in zip(self.words, self.gaps, strict=True):
            pending.append(gap)
            if words[-MOST_REPEATS:] == [word] * MOST_REPEATS:
                continue
            words.append(word)
            gaps.append("".join(pending))
            pending.clear()
        self.words, self.gaps, self.tail = words, gaps, "".join((*pending, self.tail))

    def signs_before(self, place: int) -> str:
        """Return the signs between a word and the one before it, or those behind the last, without spaces."""
        return _UNSAID.sub("", self.gaps[place] if place < len(self.words) else self.tail)

    def split_words(self) -> None:
        """Make several words of each that stands for several: "imma" was mended to "im gonna"."""
        pairs = [
            (part, gap if at == 0 else "")
            for word, gap in zip(self.words, self.gaps, strict=True)
            for at, part in enumerate(word.split())
        ]
        self.words = [word for word, _ in pairs]
        self.gaps = [gap for _, gap in pairs]

    @property
    def openings(self) -> list[int]:
        """The places that begin a clause, but for the first."""
        if self._openings is None:
            self._openings = [
                place for place, gap in enumerate(self.gaps) if place and not BREAKS.isdisjoint(gap)
            ]
        return self._openings

    def breaks(self, start: int, end: int) -> bool:
        """Whether a clause ends between the tokens `start` and `end`."""
        at = bisect_right(self.openings, start)
        return at < len(self.openings) and self.openings[at] <= end

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """Return where the clause of the token `start` begins, and where that of the token `end` is over."""
        first = bisect_right(self.openings, start)
        last = bisect_right(self.openings, end)
        return (
            self.openings[first - 1] if first else 0,
            self.openings[last] if last < len(self.openings) else len(self.words),
        )


def token_pattern(signs: str = "", plain: bool = False) -> re.Pattern[str]:
    """Return the pattern that `Tokens` cuts by; each character of `signs` is a word of its own.

    A `plain` one is for folded ASCII texts alone, and takes half the time.
    """
    known = "".join(sign for sign in signs if sign.isascii() or not plain)
    words = r"[a-z]+|[0-9]+" if plain else r"[^\W\d_]+|\d+"
    return re.compile(f"({words}|[{re.escape(known)}])" if known else f"({words})")
