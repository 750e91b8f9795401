"""Measures pieces of work in turn, round after round, beside a loop that always does the same.

On a machine that others use too, one figure says little: it may have been slow just then. So everything is
measured in every round, one after the other, and the middle of all rounds counts. The loop shows how even the
machine was meanwhile. Processor time, not wall time.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import process_time

UNEVEN = 1.5
"""How many times the quickest round of the loop its slowest may take before the figures are worth little."""

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Seconds of processor time that each piece of work took, and the loop beside it, by round."""

    took: Mapping[str, tuple[float, ...]]
    loop: tuple[float, ...]

    def seconds(self, name: str) -> float:
        """Return what this work took in the middle round."""
        return median(self.took[name])

    def ratio(self, name: str, other: str) -> float:
        """Return how many times as long as the other this work took, in the middle of all rounds."""
        return median(one / two for one, two in zip(self.took[name], self.took[other], strict=True))

    def __str__(self) -> str:
        """Say how even the machine was."""
        quickest, slowest = min(self.loop), max(self.loop)
        told = f"control loop {median(self.loop) * 1000:.1f} ms"
        told += f", from {quickest * 1000:.1f} to {slowest * 1000:.1f}"
        return told + ("; the machine was busy, measure again" if slowest > UNEVEN * quickest else "")


def measured(works: Mapping[str, Work], rounds: int) -> Rounds:
    """Do each work once in every round, and the loop before all of them."""
    took: dict[str, list[float]] = {name: [] for name in works}
    loop: list[float] = []
    for _ in range(rounds):
        loop.append(_timed(_loop))
        for name, work in works.items():
            took[name].append(_timed(work))
    return Rounds({name: tuple(times) for name, times in took.items()}, tuple(loop))


def _loop() -> None:
    for _ in range(5_000):
        sum(number * number for number in range(100))


def _timed(work: Work) -> float:
    gc.collect()
    began = process_time()
    work()
    return process_time() - began
