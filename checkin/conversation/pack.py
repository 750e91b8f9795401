"""Language packs: the words that the reader knows, as staff write them.

Knows the shape of `packs/*.yaml`; must not know what a reply means in a situation (that is `read`).
"""

from __future__ import annotations

import difflib
import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from checkin.conversation.errors import PackError

PHRASES = frozenset(
    [
        "fillers",
        "crisis",
        "crisis_alone",
        "not_crisis",
        "opt_out",
        "opt_out_anywhere",
        "opt_out_sentence",
        "not_opt_out",
        "opt_out_unasked",
        "wrong_number",
        "support",
        "support_anywhere",
        "not_support",
        "help",
        "help_once",
        "resume",
        "pause",
        "pause_with_length",
        "yes",
        "yes_alone",
        "no",
        "unsure",
        "fine",
        "window_no",
        "not_window_no",
        "window_no_alone",
        "contact_yes",
        "contact_yes_alone",
        "contact_no",
        "thanks",
        "asks_back",
        "receipt",
        "not_numbers",
        "auto_reply",
    ]
)
"""Sections that are lists of phrases."""
WORTHS = frozenset({"snooze", "snooze_anywhere", "mood"})
"""Sections that give phrases a worth: seconds, or a place on a scale from 0 to 1."""
AMOUNTS = frozenset({"numbers", "counts", "homophones", "one_of", "lengths", "weekdays"})
"""Sections that give single words an amount."""
WORDS = frozenset(
    [
        "polite",
        "between",
        "unreal",
        "names",
        "clock_before",
        "clock_after",
        "ask_again",
        "before_a_number",
        "not_before_a_number",
        "not_closing_after",
        "between_numbers",
        "not_a_scale_after",
        "but",
        "for_words",
        "until_words",
        "negations",
        "subjects",
        "others",
        "later_words",
    ]
)
"""Sections that are lists of single words."""
LITERALS = frozenset({"reactions", "out_of"})
"""Sections that are kept as they are written."""
SPELLINGS = "spellings"
"""The section of short forms: one word, and the words that it stands for."""
CLASSES = "classes"
"""The section of named lists: a name, and what `<name>` stands for in this language, as `a | b | c`."""
SECTIONS = PHRASES | WORTHS | AMOUNTS | WORDS | LITERALS | {SPELLINGS, CLASSES}

MAX_EXPANSION = 4000
"""The most plain phrases that one written phrase may stand for."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One language's words. `phrases` and `worths` hold phrases with their `(a|b)` and `[a]` still folded."""

    language: str
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    worths: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    amounts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)


def parse_pack(text: str, origin: str) -> Pack:
    """Return the pack written in this YAML. `origin` names the file in errors.

    Every scalar is read as text, so that a bare `no` or `on` stays a word. Raises `PackError`.
    """
    try:
        data = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - the base loader makes only text, lists and mappings
    except yaml.YAMLError as error:
        raise PackError(f"{origin}: not readable as YAML: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("language"), str):
        raise PackError(f"{origin}: a pack is a mapping that names its language")
    phrases: dict[str, tuple[str, ...]] = {}
    worths: dict[str, tuple[tuple[str, float], ...]] = {}
    amounts: dict[str, Mapping[str, float]] = {}
    spellings: Mapping[str, str] = {}
    classes: Mapping[str, str] = {}
    for section, body in data.items():
        where = f"{origin}: {section}"
        if section == "language":
            continue
        if section in AMOUNTS:
            amounts[section] = {word: _number(where, worth) for word, worth in _mapping(where, body).items()}
        elif section == SPELLINGS:
            spellings = _mapping(where, body)
            _texts(where, list(spellings.values()))
        elif section == CLASSES:
            classes = _mapping(where, body)
            _texts(where, list(classes.values()))
        elif section in WORTHS:
            worths[section] = tuple(
                (phrase, _number(where, worth))
                for worth, listed in _mapping(where, body).items()
                for phrase in _texts(where, listed)
            )
        elif section in SECTIONS:
            phrases[section] = _texts(where, body)
        else:
            near = difflib.get_close_matches(str(section), sorted(SECTIONS), n=1)
            raise PackError(f"{where}: no such section" + (f"; did you mean {near[0]}?" if near else ""))
    return Pack(data["language"], phrases, worths, amounts, spellings, classes)


def _mapping(where: str, body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise PackError(f"{where}: expected `word: amount` pairs")
    return body


def _texts(where: str, body: Any) -> tuple[str, ...]:
    if not isinstance(body, list) or not all(isinstance(item, str) for item in body):
        raise PackError(f"{where}: expected a list of phrases")
    return tuple(body)


def _number(where: str, text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError) as error:
        raise PackError(f"{where}: {text!r} is not a number") from error


def packs_folder() -> Path:
    """Return the folder that holds the packs."""
    return Path(str(files("checkin.conversation").joinpath("packs")))


def read_packs(folder: Path) -> tuple[Pack, ...]:
    """Return the packs of a folder in the order of their file names. Raises `PackError`.

    A language may have several files; together they are its pack.
    """
    return tuple(parse_pack(path.read_text("utf-8"), path.name) for path in sorted(folder.glob("*.yaml")))


@functools.cache
def load_packs() -> tuple[Pack, ...]:
    """Return the packs that ship with the program, with what staff have taught."""
    return read_packs(packs_folder())


@functools.cache
def ordinary_words() -> frozenset[str]:
    """Return words of the shipped languages that are right as they stand: "cancer" is no misspelt "cancel".

    From word lists (docs/decisions/0025), folded as texts are. Read when a first unknown word is met.
    """
    lists = packs_folder().glob("*.words.txt")
    return frozenset(word for path in lists for word in path.read_text("utf-8").split())


_PIECES = re.compile(r"[()\[\]|]|[^()\[\]|]+")


def expand(phrase: str) -> Iterator[str]:
    """Return every plain phrase that `phrase` stands for: `(a|b)` is one of these, `[a]` is with or without.

    Raises `PackError` for brackets that do not match, and past `MAX_EXPANSION` plain phrases.
    """
    pieces = _PIECES.findall(phrase)
    ways, end = _sequence(pieces, 0)
    if end != len(pieces):
        raise PackError(f"{phrase!r}: a bracket is closed that was never opened")
    return iter(dict.fromkeys(" ".join(way.split()) for way in ways))


def _sequence(pieces: list[str], at: int) -> tuple[list[str], int]:
    """Return the ways to read `pieces` from `at` up to a closing bracket or `|`, and where that stands."""
    ways = [""]
    while at < len(pieces) and pieces[at] not in (")", "]", "|"):
        piece = pieces[at]
        if piece in ("(", "["):
            options, at = _group(pieces, at)
        else:
            options, at = [piece], at + 1
        ways = [f"{before} {after}" for before, after in itertools.product(ways, options)]
        if len(ways) > MAX_EXPANSION:
            raise PackError(f"{''.join(pieces)!r}: stands for more than {MAX_EXPANSION} phrases")
    return ways, at


def _group(pieces: list[str], at: int) -> tuple[list[str], int]:
    """Return the options of the bracket that opens at `at`, and the place after its end."""
    closing = ")" if pieces[at] == "(" else "]"
    options: list[str] = [] if closing == ")" else [""]
    at += 1
    while True:
        ways, at = _sequence(pieces, at)
        options += ways
        if at >= len(pieces) or pieces[at] not in ("|", closing):
            raise PackError(f"{''.join(pieces)!r}: a bracket is not closed")
        at += 1
        if pieces[at - 1] == closing:
            return options, at
