"""How many events a second the engine takes, against a trivial loop on the same machine.

`python benchmarks/engine.py` prints steps a second (each with the run read from and written to JSON, as in a
transaction), replies understood a second, and both as ratios to a baseline loop measured in the same run:
absolute numbers mean little on a shared machine, ratios more. Processor time, not wall time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parent.parent))

from checkin.conversation.engine import step
from checkin.conversation.read import default_reader
from checkin.conversation.run import Replied, Run, Started
from checkin.conversation.understanding import Category, Question, Understanding
from checkin.flow.model import Answer, Ask, Branch, Condition, End, Flow, Rung, Say, Template, Text

ROUNDS = 20_000
REPLIES = ("4", "yes please", "I'm a 2 today", "3, but please someone call me", "más o menos", "who is this?")
FACTS = {"first_name": "Alice", "language": "en", "program": "Harbor Circle", "has_contact": True}


def _text(literal: str) -> Text:
    return Text({"en": Template(literal, ((literal, "first_name"), ("?", None)))})


def _flow() -> Flow:
    low = Condition("mood <= 2", lambda values: int(str(values["mood"])) <= 2, frozenset({"mood"}))
    ladder = (Rung(timedelta(hours=3)), Rung(timedelta(hours=8)))
    steps = (
        Ask(
            "mood",
            _text("How are you, "),
            Answer("scale", "mood", 1, 5),
            (Branch(low, "end"), Branch(None, "thanks")),
            ladder,
        ),
        Say("thanks", _text("Thanks, "), (Branch(None, "end"),)),
        End("end", "done"),
    )
    return Flow("daily", "Daily", 1, (), {one.name: one for one in steps}, "mood")


def _per_second(work: Callable[[], object], events: int, rounds: int) -> float:
    best = min(_timed(work, rounds) for _ in range(3))
    return events * rounds / best


def _timed(work: Callable[[], object], rounds: int) -> float:
    began = process_time()
    for _ in range(rounds):
        work()
    return process_time() - began


def main() -> None:
    """Measure and print."""
    flow = _flow()
    stored = json.dumps(Run("run-1", "alice", "daily", 1).to_json())
    reply = Replied(Understanding(Category.NUMBER, 4, rule="number"), "4", FACTS)

    def two_steps() -> None:
        run, _ = step(flow, Run.from_json(json.loads(stored)), Started(FACTS))
        run, _ = step(flow, Run.from_json(json.loads(json.dumps(run.to_json()))), reply)
        json.dumps(run.to_json())

    def two_steps_in_memory() -> None:
        run, _ = step(flow, Run("run-1", "alice", "daily", 1), Started(FACTS))
        step(flow, run, reply)

    reader = default_reader()
    question = Question(Answer("scale", low=1, high=5))

    def understand() -> None:
        for text in REPLIES:
            reader.understand(text, "en", question)

    def baseline() -> int:
        return sum(number * number for number in range(100))

    base = _per_second(baseline, 1, ROUNDS)
    print(f"baseline loop                {base:>12,.0f} /s")
    for name, rate in (
        ("steps with JSON in and out", _per_second(two_steps, 2, ROUNDS // 2)),
        ("steps in memory", _per_second(two_steps_in_memory, 2, ROUNDS // 2)),
        ("replies understood", _per_second(understand, len(REPLIES), ROUNDS // 20)),
    ):
        print(f"{name:<28} {rate:>12,.0f} /s   {rate / base:.3f} of the baseline, {1e6 / rate:.1f} µs each")


if __name__ == "__main__":
    main()
