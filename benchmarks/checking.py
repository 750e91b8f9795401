"""What all proofs of a flow cost, against PyYAML's C loader reading the same file.

`python -m benchmarks.checking` makes a flow of 200 steps in English and Spanish, about 4,000 lines.
It prints how long PyYAML's C loader takes to read it into plain values, how long `load_flow` takes to
read, check and build it, and how many times as long that is: both in every round, and the middle counts.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

from benchmarks.rounds import measured
from checkin.flow.load import load_flow, load_program

FLOWS = Path(__file__).parent.parent / "flows"
STEPS = 200
AIM = 4.0
"""The most that everything may cost, as a multiple of what the C loader takes."""

_HEAD = """\
flow: long
title: A long conversation
start:
  - staff: true
steps:
"""
_QUESTION = """\
  {name}_{n}:
    # Day {n}: staff wrote this.
    ask:
      en: "Day {n}. {en}"
      en.voice: "Day {n}. {en} Take your time."
      es: "Día {n}. {es}"
      es.voice: "Día {n}. {es} Con calma."
    answer:
{answer}
    unclear:
      en: "I did not get that, {{first_name}}. {en}"
      es: "No entendí, {{first_name}}. {es}"
    then:
{then}
    no_reply:
      - after: 3h
        say:
          en: "No rush. Whenever you like."
          es: "Sin prisa. Cuando quieras."
      - after: 6h
        say:
          en: "Still here, {{first_name}}. {en}"
          es: "Sigo aquí, {{first_name}}. {es}"
      - after: 8h
        call: this_step
      - after: 12h
        say:
          en: "A word is enough, {{first_name}}."
          es: "Basta una palabra, {{first_name}}."
      - after: 20h
        go: rest_{n}
"""
_QUESTIONS = (
    ("mood", "How are you today, from 1 (very low) to 5 (great)?",
     "¿Cómo estás, de 1 (muy mal) a 5 (muy bien)?",
     "      scale: [1, 5]\n      save_as: mood_{n}",
     "      - if: mood_{n} <= 2\n        go: offer_{n}\n      - if: mood_{n} == 3\n        go: plan_{n}\n"
     "      - go: slept_{n}"),
    ("slept", "How many hours did you sleep?", "¿Cuántas horas dormiste?",
     "      number: [0, 24]\n      save_as: slept_{n}",
     "      - if: slept_{n} < 5 and mood_{n} < 5\n        go: offer_{n}\n      - go: thanks_{n}"),
    ("offer", "Would you like someone to get in touch? YES or NO", "¿Quieres que alguien te busque? SÍ o NO",
     "      yes_no: true", "      - if: answer == yes\n        go: bring_{n}\n      - go: rest_{n}"),
    ("plan", "What would be good: a walk, a call, or rest?",
     "¿Qué te vendría bien: un paseo, una llamada o descanso?",
     "      choice:\n        walk:\n          en: [walk, a walk, stroll]\n          es: [paseo, un paseo]\n"
     "        call:\n          en: [call, a call]\n          es: [llamada, una llamada]\n"
     "        rest:\n          en: rest\n          es: descanso\n      save_as: plan_{n}",
     '      - if: plan_{n} == "call" and has_contact\n        go: note_{n}\n      - go: planned_{n}'),
    ("more", "Is there anything you would like to say?", "¿Hay algo que quieras contar?",
     "      text: true\n      save_as: more_{n}", "      - go: note_{n}"),
)  # fmt: skip
"""Name, question in both languages, answer and ways on."""
_STEPS = """\
  bring_{n}:
    # Staff wrote this for day {n}.
    alert: low
    go: rest_{n}
  planned_{n}:
    # Staff wrote this for day {n}.
    say:
      en: "Good. You said {{plan_{n}}}. I will ask how it went."
      en.voice: "Good. I will ask how it went."
      es: "Bien. Dijiste {{plan_{n}}}. Te pregunto cómo te fue."
      es.voice: "Bien. Te pregunto cómo te fue."
    go: rest_{n}
  note_{n}:
    # Staff wrote this for day {n}.
    task:
      kind: wants_call
      note: "{{first_name}} would like a call."
    go: rest_{n}
  thanks_{n}:
    # Staff wrote this for day {n}.
    say:
      en: "Thank you, {{first_name}}. Talk to you tomorrow."
      es: "Gracias, {{first_name}}. Hasta mañana."
    then:
      - if: mood_{n} == 5
        go: set_{n}
      - go: more_{n}
  set_{n}:
    # Staff wrote this for day {n}.
    set:
      best_day: {n}
    go: rest_{n}
  rest_{n}:
    # Staff wrote this for day {n}.
    wait: 1d
    go: {next}
"""
_END = """\
  done:
    end: done
"""
_A_DAY = len(_QUESTIONS) + 6
"""Steps in what is written for one day."""


def long_flow(steps: int = STEPS) -> str:
    """Return the source of a flow of so many steps: days like one another, then a few words at the end."""
    days = (steps - 1) // _A_DAY
    rest = steps - 1 - days * _A_DAY
    blocks = [_HEAD]
    for n in range(1, days + 1):
        following = f"mood_{n + 1}" if n < days else ("last_1" if rest else "done")
        for name, en, es, answer, then in _QUESTIONS:
            filled = {"answer": answer.format(n=n), "then": then.format(n=n)}
            blocks.append(_QUESTION.format(n=n, name=name, en=en, es=es, **filled))
        blocks.append(_STEPS.format(n=n, next=following))
    for n in range(1, rest + 1):
        following = f"last_{n + 1}" if n < rest else "done"
        texts = '      en: "One more thing, {first_name}."\n      es: "Una cosa más, {first_name}."\n'
        blocks.append(f"  last_{n}:\n    say:\n{texts}    go: {following}\n")
    return "".join((*blocks, _END))


def main() -> None:
    """Measure, print, and end with status 1 where it costs more than the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    program, issues = load_program(FLOWS)
    if program is None:
        raise SystemExit("\n".join(map(str, issues)))
    spoken, source = program, long_flow()
    loaded = load_flow(source, file="long.yaml", program=spoken)
    if loaded.flow is None:
        raise SystemExit("\n".join(map(str, loaded.issues)))
    works = {
        "PyYAML's C loader": lambda: yaml.load(source, Loader=yaml.CSafeLoader),
        "read, prove, build": lambda: load_flow(source, file="long.yaml", program=spoken),
    }
    reading, proving = works
    found = measured(works, rounds)
    times = found.ratio(proving, reading)
    told = f"{len(source.splitlines()):,} lines, {len(loaded.issues)} things told"
    print(f"{len(loaded.flow.steps)} steps, {told}; {rounds} rounds, {found}")
    for name in works:
        print(f"{name:<20}{found.seconds(name) * 1000:8.1f} ms")
    held = times <= AIM
    print(f"{times:.2f} times in the middle round; at most {AIM:.0f} - {'held' if held else 'MISSED'}")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
