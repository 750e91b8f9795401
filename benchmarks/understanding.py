"""How well and how fast replies are understood.

`python -m benchmarks.understanding` reads both halves of the labelled replies and those never seen, and
writes recall, precision and a confusion table for each between the markers in docs/understanding.md. Then it
times 100,000 random strings and 10,000 mutations of the labelled replies, at most 1,600 characters long, in
processor time: the 99.9th percentile of what other programs on a shared machine do says nothing about the
reader.
`--tables` leaves the times as they are. `--check` only says whether the tables in the document are those of
today (status 1 where not).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from checkin.cli.serve import leave_standing
from checkin.conversation.labelled import question
from checkin.conversation.normal import MAX_TEXT
from checkin.conversation.pack import load_packs
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
RANDOM, MUTATED = 100_000, 10_000
LONG_SHARE = 0.02
"""The share of random strings that are filled up to 1,600 characters."""


def main() -> int:
    """Write the tables, or check them."""
    reader = Reader(load_packs())
    document = DOCUMENT.read_text(encoding="utf-8")
    current = filled(document, reader)
    if "--check" in sys.argv[1:]:
        print("The tables are those of today." if current == document else "The tables are out of date.")
        return int(current != document)
    reader.warm()  # as the service does, with the garbage collector too
    leave_standing()
    written = current if "--tables" in sys.argv[1:] else put(current, TIMES, _times(reader))
    DOCUMENT.write_text(written, encoding="utf-8")
    print(written[written.index("## How well it does") :])
    return 0


def _times(reader: Reader) -> str:
    drawn = random.Random(20261123)
    questions = [question(asked) for asked in ASKED]
    lines = ["| texts | how many | median | 99.9th percentile | longest |", "| --- | --- | --- | --- | --- |"]
    for name, texts in (
        ("random", _random(drawn)),
        ("mutated", _mutated(drawn)),
        ("of 1,600 characters", _long(drawn)),
    ):
        times = []
        for place, text in enumerate(texts):
            began = process_time()
            reader.understand(text, ("en", "es")[place % 2], questions[place % len(questions)])
            times.append((process_time() - began) * 1000)
        times.sort()
        at = [times[len(times) // 2], times[int(len(times) * 0.999)], times[-1]]
        lines.append(f"| {name} | {len(times):,} | " + " | ".join(f"{one:.2f} ms" for one in at) + " |")
    return "\n".join(lines)


def _random(drawn: random.Random) -> Iterator[str]:
    ranges = (
        (32, 126),
        (32, 126),
        (0xA0, 0x17F),
        (0x370, 0x4FF),
        (0x590, 0x6FF),
        (0x1F300, 0x1FAFF),
        (0, 0x10FFFF),
    )
    for _ in range(RANDOM):
        low, high = drawn.choice(ranges)
        length = MAX_TEXT if drawn.random() < LONG_SHARE else drawn.randrange(80)
        yield "".join(chr(drawn.randint(low, high)) for _ in range(length))


def _mutated(drawn: random.Random) -> Iterator[str]:
    texts = [case.text for name in HALVES for case in half(name)]
    for _ in range(MUTATED):
        yield mutate(drawn, drawn.choice(texts))


def _long(drawn: random.Random) -> Iterator[str]:
    texts = [case.text for name in HALVES for case in half(name)]
    for _ in range(5000):
        yield " ".join(drawn.choices(texts, k=120))[:MAX_TEXT]


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
