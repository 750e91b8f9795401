"""What somebody who mistyped a word probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, or None."""
    found = process.extractOne(word, sorted(known), score_cutoff=65)
    return found[0] if found else None
