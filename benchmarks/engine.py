"""How many replies a second the conversation engine takes on one core.

    python -m benchmarks.engine

A reply is read, moves a run of the shipped daily check-in by one `step`, and the run is written to JSON after
it, as it is when it is stored. "Said before" is what most replies are: the same few words to the same
question, whose reading is remembered. "Never seen" are sentences of some ten words that all differ, each read
for the first time. All are measured in every round, and the middle one counts: see `benchmarks.rounds`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import orjson

from benchmarks.rounds import measured
from checkin.conversation.engine import step
from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.conversation.run import Replied, Run, Started
from checkin.conversation.understanding import Question
from checkin.flow.load import load_flow, load_program
from checkin.flow.model import Ask, Flow

FLOOR = 30_000
"""Steps a second, with the reply read and the run serialised."""

EVENTS = 10_000
ROUNDS = 9
FACTS = {
    "first_name": "Alice",
    "language": "en",
    "program": "Harbor Circle",
    "has_contact": True,
    "crisis_line": "call or text 988",
}
SAID_BEFORE = ("4", "3", "5", "2", "ok", "good", "4!", "five", "3ish", "not great", "great", "👍", "tired")
ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure, print, and end with status 1 where the floor is missed."""
    flow = daily()
    started = Run("run-1", "alice", flow.name, flow.version)
    asked, _ = step(flow, started, Started(FACTS))
    ask = flow.steps[asked.step or ""]
    assert isinstance(ask, Ask)
    question = Question(ask.answer, asked=ask.text)
    packs = load_packs()
    known, stored = Reader(packs), orjson.dumps(asked.to_json())
    for text in SAID_BEFORE:
        known.understand(text, "en", question)
    new = list(islice(never_seen(), EVENTS))

    def answer(reader: Reader, text: str) -> bytes:
        reply = Replied(reader.understand(text, "en", question), text, FACTS)
        if reply.understanding.category.value in ("number", "low", "ok", "unclear", "snooze"):
            moved, _ = step(flow, asked, reply)
        else:
            moved = asked  # not for the run: a word that is understood everywhere
        return orjson.dumps(moved.to_json())

    def said_before() -> None:
        for text in islice(cycle(SAID_BEFORE), EVENTS):
            answer(known, text)

    def from_json() -> None:
        for text in islice(cycle(SAID_BEFORE), EVENTS):
            reply = Replied(known.understand(text, "en", question), text, FACTS)
            step(flow, Run.from_json(orjson.loads(stored)), reply)

    def unseen() -> None:
        forgets = Reader(packs)
        for text in new:
            answer(forgets, text)

    works = {
        "reply said before, step, run to JSON": said_before,
        "reply said before, run from JSON, step": from_json,
        "reply never seen, step, run to JSON": unseen,
    }
    found = measured(works, ROUNDS)
    print(f"{ROUNDS} rounds, {found}")
    rates = {name: EVENTS / found.seconds(name) for name in works}
    for name, rate in rates.items():
        print(f"{name:<46}{rate:>10,.0f} /s   {1e6 / rate:.1f} µs each")
    held = next(iter(rates.values())) >= FLOOR
    print(f"floor: {FLOOR:,} /s with the reply read - {'held' if held else 'MISSED'}")
    sys.exit(0 if held else 1)


def daily() -> Flow:
    """Return the daily check-in as it ships."""
    program, issues = load_program(ROOT / "flows")
    assert program is not None, issues
    path = ROOT / "flows" / "daily.yaml"
    loaded = load_flow(path.read_text(), file=path.name, program=program)
    assert loaded.flow is not None, loaded.issues
    return loaded.flow


def never_seen() -> Iterator[str]:
    """Yield texts that differ from each other, made of ordinary ones that people wrote."""
    lines = (
        (ROOT / "tests" / "conversation" / "replies" / "development_harmless.txt").read_text().splitlines()
    )
    texts = [line for line in lines if line and not line.startswith("#")]
    for number, text in enumerate(cycle(texts)):
        yield f"{text} {number}"


if __name__ == "__main__":
    main()
