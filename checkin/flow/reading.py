"""How hard a text is to read: the school grade of an English one, the ease of a Spanish one.

English: the grade level of Flesch and Kincaid (Kincaid et al. 1975, Navy Research Branch Report 8-75).
Spanish: the perspicuity of Szigriszt Pazos (1993), read on the INFLESZ scale of Barrio-Cantalejo (2008),
where 55 to 65 is "normal" and more is "quite easy". Both are made for whole pages and only a hint for a text
message, so that whoever is told also hears what makes it hard. Must not know where a text is used.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

GRADE = 6.0
"""The hardest grade at which an English text may stand."""

EASE = 60.0
"""The lowest ease at which a Spanish text may stand."""

FEWEST_WORDS = 8
"""With fewer words than this the measures jump about and say nothing."""

LONG_SENTENCE = 14
"""Words a sentence from which the sentences, not the words, are what makes a text hard."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NAME = re.compile(r"\{\w*\}")
_ENDS = (". ", "! ", "? ", ": ", "; ", "… ", "\n")
"""What ends a sentence inside a text; the last one ends with the text."""

_COUNTED: Mapping[str, int] = {
    word: count
    for count, words in enumerate(
        (
            "used one ones are hours hour our fire tired safe home clothes quite real",
            "every people something someone sometimes evening business maybe lonely lovely somewhere safely "
            "welcome homework themselves yourselves wednesday being doing going quiet diet create poem lion "
            "really science rhythm different",
            "everyone everything somebody anytime area idea ideas period video piano media radio coworker "
            "usual violet created",
            "everybody usually",
        ),
        start=1,
    )
    for word in words.split()
}
"""Words whose syllables the rule below would count wrongly."""


@dataclass(frozen=True, slots=True)
class Hard:
    """What makes a text hard: its measure, and the word or the length of its sentences that does it."""

    value: float
    word: str
    words_a_sentence: int
    message: str

    @property
    def mend(self) -> str:
        """Return what to do about it."""
        if self.words_a_sentence >= LONG_SENTENCE:
            return f"Make shorter sentences: these have about {self.words_a_sentence} words each."
        return f"Use shorter words, for example instead of “{self.word}”."


def hard(text: str, language: str) -> Hard | None:
    """Return how hard a text is where it is too hard; None where it is easy, or where nothing can be told.

    A name in braces counts as a short word, whoever is called what.
    """
    measure = _MEASURES.get(language)
    if "{" in text:
        text = _NAME.sub("Sam", text)
    lower = _WORD.findall(text.lower())
    if measure is None or len(lower) < FEWEST_WORDS:
        return None
    sentences = sum(map(text.count, _ENDS)) + 1
    syllables = [*map(measure.syllables, lower)]
    value = measure.formula(sum(syllables) / len(lower), len(lower) / sentences)
    if not measure.too_hard(value):
        return None
    words = _WORD.findall(text)
    longest = max(range(len(words)), key=lambda at: (syllables[at], len(words[at])))
    message = measure.message.format(value)
    return Hard(value, words[longest], round(len(words) / sentences), message)


@functools.lru_cache(maxsize=8192)
def english_syllables(word: str) -> int:
    """Return how many syllables an English word in lower case has, by rule."""
    bare = re.sub(r"['’](?:s|d|ll|re|ve|m|t)?$", "", word)
    if bare in _COUNTED:
        return _COUNTED[bare]
    bare = re.sub(r"(?<=[^aeiouy])(?:(?<![sxzcg])(?<!ch)(?<!sh)es|(?<![td])ed)$", "", bare)
    bare = re.sub(r"(?<=[aeiouy][^aeiouyl])e$|(?<=[^aeiouy]{2})(?<!l)e$|(?<=[aeiou]l)e$", "", bare)
    bare = re.sub(r"(?<=[aeiouy][^aeiouyl])e(?=ly$|less$|ful$|ment$)", "", bare)
    count = len(re.findall(r"[aeiouy]+", bare))
    count += len(re.findall(r"(?<![ctgsx])i[ao]|(?<![ct])ient|i(?:um|er$)|eo|ua[lrt]|oye|yi", bare))
    count += bool(re.search(r"[^aeiouyr]n['’]t$", word))
    return max(1, count)


_STRONG = "aeoáéíóú"


@functools.lru_cache(maxsize=8192)
def spanish_syllables(word: str) -> int:
    """Return how many syllables a Spanish word in lower case has; its spelling tells."""
    bare = re.sub(r"([gq])u(?=[eiéí])", r"\1", word).replace("ü", "u")
    bare = re.sub(r"y(?![aeiouáéíóú])", "i", bare)
    count = 0
    for group in re.findall(r"[aeiouáéíóú]+", bare):
        # Two strong vowels, or an accented i or u beside a strong one, are two syllables.
        count += max(1, sum(vowel in _STRONG for vowel in group))
    return max(1, count)


@dataclass(frozen=True, slots=True)
class _Measure:
    syllables: Callable[[str], int]
    formula: Callable[[float, float], float]
    too_hard: Callable[[float], bool]
    message: str


_MEASURES: Mapping[str, _Measure] = {
    "en": _Measure(
        english_syllables,
        lambda a_word, a_sentence: min(16.0, 0.39 * a_sentence + 11.8 * a_word - 15.59),
        lambda grade: round(grade) > GRADE,
        f"This is hard to read: about grade {{:.0f}} of school, where {GRADE:.0f} is the most.",
    ),
    "es": _Measure(
        spanish_syllables,
        lambda a_word, a_sentence: 206.835 - 62.3 * a_word - a_sentence,
        lambda ease: ease < EASE,
        f"This is hard to read: its ease is {{:.0f}} (Szigriszt), and should be {EASE:.0f} at least.",
    ),
}
