"""How well and how fast replies are understood.

`python -m benchmarks.understanding` reads both halves of the labelled replies and those never seen, and
writes recall, precision and a confusion table for each between the markers in docs/understanding.md. Then it
times random strings, mutations of the labelled replies, and texts of 1,600 characters: random ones of every
range of characters, labelled replies one after another, and texts made to be slow. Each kind is read by a
reader of its own, as the service has it after its start, so every text is met for the first time. Processor
time: the 99.9th percentile of what other programs on a shared machine do says nothing about the reader.

Status 1 where the 99.9th percentile of any kind is over 5 ms. `--tables` leaves the times as they are.
`--check` only says whether the tables in the document are those of today (status 1 where not).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase
from time import process_time

from checkin.cli.serve import leave_standing
from checkin.conversation.labelled import question
from checkin.conversation.normal import MAX_TEXT
from checkin.conversation.pack import expand, load_packs
from checkin.conversation.read import Reader
from tests.conversation.labelled import HALVES, half
from tests.conversation.tables import TIMES, filled, put

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "understanding.md"
ASKED = (
    "nothing",
    "scale 1 5",
    "yes_no",
    "text",
    "alert_window",
    "contact_notified",
    "choice am=morning|pm=evening",
)
RANDOM, MUTATED, LONG_RANDOM, LONG = 100_000, 10_000, 20_000, 5_000
LONG_SHARE = 0.02
"""The share of random strings that are filled up to 1,600 characters."""
RANGES = (
    (32, 126),
    (32, 126),
    (0xA0, 0x17F),
    (0x370, 0x4FF),
    (0x590, 0x6FF),
    (0x1F300, 0x1FAFF),
    (0, 0x10FFFF),
)
LIMIT = 5.0
"""Milliseconds that the 99.9th percentile of each kind may take."""


def main() -> int:
    """Write the tables and the times, or check the tables."""
    reader = Reader(load_packs())
    document = DOCUMENT.read_text(encoding="utf-8")
    current = filled(document, reader)
    if "--check" in sys.argv[1:]:
        print("The tables are those of today." if current == document else "The tables are out of date.")
        return int(current != document)
    slow = False
    if "--tables" not in sys.argv[1:]:
        rows, slow = _times()
        current = put(current, TIMES, rows)
    DOCUMENT.write_text(current, encoding="utf-8")
    print(current[current.index("## How well it does") :])
    if slow:
        print(f"Slower than {LIMIT:.0f} ms at the 99.9th percentile.")
    return int(slow)


def _times() -> tuple[str, bool]:
    """Return the table of times, and whether one of them is over the limit."""
    drawn = random.Random(20261123)
    lines = ["| texts | how many | median | 99.9th percentile | longest |", "| --- | --- | --- | --- | --- |"]
    slow = False
    for name, texts in (
        ("random", (_drawn(drawn, _length(drawn)) for _ in range(RANDOM))),
        ("mutated", _mutated(drawn)),
        ("random, 1,600 characters", (_drawn(drawn, MAX_TEXT) for _ in range(LONG_RANDOM))),
        ("labelled, 1,600 characters", _long(drawn)),
        ("made to be slow, 1,600 characters", _hard(drawn)),
    ):
        times = _timed(texts)
        at = [times[len(times) // 2], times[int(len(times) * 0.999)], times[-1]]
        lines.append(f"| {name} | {len(times):,} | " + " | ".join(f"{one:.2f} ms" for one in at) + " |")
        slow = slow or at[1] > LIMIT
    return "\n".join(lines), slow


def _timed(texts: Iterator[str]) -> list[float]:
    """Return the milliseconds that each text takes, the shortest first."""
    reader = Reader(load_packs())
    reader.warm()  # as the service does, with the garbage collector too
    leave_standing()
    questions = [question(asked) for asked in ASKED]
    times = []
    for place, text in enumerate(texts):
        began = process_time()
        reader.understand(text, ("en", "es")[place % 2], questions[place % len(questions)])
        times.append((process_time() - began) * 1000)
    return sorted(times)


def _length(drawn: random.Random) -> int:
    return MAX_TEXT if drawn.random() < LONG_SHARE else drawn.randrange(80)


def _drawn(drawn: random.Random, length: int) -> str:
    low, high = drawn.choice(RANGES)
    return "".join(chr(drawn.randint(low, high)) for _ in range(length))


def _labelled() -> list[str]:
    return [case.text for name in HALVES for case in half(name)]


def _mutated(drawn: random.Random) -> Iterator[str]:
    texts = _labelled()
    for _ in range(MUTATED):
        yield mutate(drawn, drawn.choice(texts))


def _long(drawn: random.Random) -> Iterator[str]:
    texts = _labelled()
    for _ in range(LONG):
        yield " ".join(drawn.choices(texts, k=120))[:MAX_TEXT]


def _hard(drawn: random.Random) -> Iterator[str]:
    """Draw what costs most: words that change nothing, words with a letter wrong, emoji, and all of these."""
    packs = load_packs()
    filling = [filler for pack in packs for filler in pack.phrases.get("fillers", ())]
    fillers = [word for filler in filling for phrase in expand(filler) for word in phrase.split()]
    moods = [worth for pack in packs if pack.language == "any" for worth in pack.worths["mood"]]
    signs = [sign for sign, _ in moods]
    words = [word for text in _labelled() for word in text.split()]
    long = [word for word in words if len(word) > 5]
    for place in range(LONG):
        match place % 4:
            case 0:
                parts = drawn.choices(fillers, k=600)
            case 1:
                parts = [_mistyped(drawn, word) for word in drawn.choices(long, k=300)]
            case 2:
                parts = drawn.choices(signs, k=MAX_TEXT)
            case _:
                parts = [drawn.choice(drawn.choice((words, fillers))) for _ in range(600)]
        yield ("" if place % 4 == 2 else " ").join(parts)[:MAX_TEXT]


def _mistyped(drawn: random.Random, word: str) -> str:
    place = drawn.randrange(1, len(word))
    return word[:place] + drawn.choice(ascii_lowercase) + word[place + drawn.randrange(2) :]


def mutate(drawn: random.Random, text: str) -> str:
    """Return the text with a few letters swapped, dropped, doubled or put in."""
    letters = list(text)
    for _ in range(drawn.randint(1, 4)):
        place = drawn.randrange(len(letters) + 1)
        match drawn.randrange(4):
            case 0:
                letters[place : place + 2] = reversed(letters[place : place + 2])
            case 1:
                del letters[place : place + 1]
            case 2:
                letters[place:place] = letters[place : place + 1] * drawn.randint(1, 30)
            case _:
                letters.insert(place, drawn.choice("aeo s'.,!?\u200b\u202e👍5"))
    return "".join(letters)


if __name__ == "__main__":
    raise SystemExit(main())
