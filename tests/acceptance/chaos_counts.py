"""What was done in the storm and what came of it, counted, and whether that is as it should be.

Counts from three sides that know nothing of one another: what members and contacts should have read that day,
what the rows of the outbox say, and what the stand-in for the carrier was handed under each row's token.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.standin.rows import Row

EVERY_TEXT = "SELECT id, kind, state FROM outbox"
EVERY_REQUEST = "SELECT state, count(*) FROM alerts GROUP BY state"
HOW_OFTEN = ("never", "once", "again")
_OVER = {"sent", "delivered"}
_SOMEBODY_HAS_IT = {"acknowledged", "resolved"}


def times_in_words(times: int) -> str:
    """Return how often something happened, in words."""
    return HOW_OFTEN[min(times, 2)]


@dataclass
class Counts:
    """What was done and what came of it. `texts` is by kind and state of the outbox, then how often sent."""

    kills: Counter[str] = field(default_factory=Counter)
    flushes: int = 0
    days: int = 0
    sent_again: int = 0
    check_ins: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    texts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    def handed_over(self, rows: Iterable[tuple[object, ...]], handed: Sequence[Row]) -> None:
        """Count how often the carrier was handed each row of the outbox."""
        times = Counter(row.token for row in handed)
        for id, kind, state in rows:
            counted = self.texts.setdefault((str(kind), str(state)), Counter())
            counted[times_in_words(times[str(id)])] += 1

    def left(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Keep how many requests ended in which state."""
        self.states.update({str(state): int(str(number)) for state, number in rows})

    def faults(self) -> list[str]:
        """Return everything that is not as it should be, in words."""
        found = [
            f"check-ins of a day that came {how}: {self.check_ins[how]}"
            for how in ("never", "again")
            if self.check_ins[how]
        ]
        if self.requests["never"]:
            found.append(f"requests of which the contact was never told: {self.requests['never']}")
        if self.states.total() != self.requests.total():
            found.append(f"{self.states.total()} requests are stored, {self.requests.total()} were made")
        found += [f"requests that end {state}" for state in sorted(set(self.states) - _SOMEBODY_HAS_IT)]
        for (kind, state), counted in sorted(self.texts.items()):
            found += _faults_of_texts(kind, state, counted)
        return found

    def report(self) -> int:
        """Print the tables; return the exit status: 0 where everything is as it should be, else 1."""
        print(f"{self.days} days, {self.kills.total()} kills, {self.flushes} times the broker forgot")
        print("  killed: " + ", ".join(f"{name} {n}" for name, n in sorted(self.kills.items())))
        print(f"  texts that were sent again because nobody answered: {self.sent_again}")
        _table(
            "as people saw it",
            {"check-ins, by member and day": self.check_ins, "requests, told to the contact": self.requests},
        )
        _table(
            "as the carrier saw it",
            {f"{kind}, {state}": n for (kind, state), n in sorted(self.texts.items())},
        )
        print("requests at the end: " + ", ".join(f"{state} {n}" for state, n in sorted(self.states.items())))
        faults = self.faults()
        print("\n".join(faults) or "as it should be")
        return 1 if faults else 0


def _faults_of_texts(kind: str, state: str, counted: Mapping[str, int]) -> list[str]:
    """Return what is wrong with the texts of one kind that ended in one state.

    Who was told twice of a request was told. A check-in that came twice is wrong whatever the outbox says,
    and so is one that was given up (`lost`): here the carrier can always be asked.
    """
    wrong = []
    if state not in _OVER | {"cancelled"}:
        wrong.append(f"{kind}: {sum(counted.values())} are {state}")
    if state in _OVER and counted["never"]:
        wrong.append(f"{kind}: {counted['never']} are {state}, and the carrier never had them")
    if kind == "check_in" and counted["again"]:
        wrong.append(f"{kind}: {counted['again']} are {state}, and the carrier had them again")
    return wrong


def _table(title: str, rows: Mapping[str, Counter[str]]) -> None:
    print(f"{title:36}" + "".join(f"{how:>8}" for how in HOW_OFTEN))
    for name, counted in rows.items():
        print(f"  {name:34}" + "".join(f"{counted[how]:8,}" for how in HOW_OFTEN))
