"""What somebody who mistyped a word probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

SHORT = 4
"""Words shorter than this are a part of too many others to be meant by them."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, or None."""
    known = sorted(known)
    if word.lower() in known:
        return word.lower()
    scorer = fuzz.WRatio if len(word) >= SHORT else fuzz.ratio
    found = process.extractOne(word, known, scorer=scorer, score_cutoff=65)
    return found[0] if found else None
