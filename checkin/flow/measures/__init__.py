"""Ready measures: questionnaires of a few items, their scoring, their sources and terms.

Knows the data files beside it and how a measure becomes steps. An item belongs to its authors; the files say
whose it is and what we altered. No measure asks about suicide, and none gives a member a verdict: a score
is a number for conditions and for staff. Must not know where a measure stands in a flow.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from typing import Any

import yaml

from checkin.flow.kinds import NUMBER, Kind
from checkin.flow.model import Answer, Ask, Branch, Rung, Score, Step, Sum, Template, Text
from checkin.flow.parts import parse_length

NAMES = ("who5", "phq2", "phq4", "gad2", "ucla3", "mood")
"""The measures there are; each has a file of its name."""

_COUNT: Mapping[str, str] = {"en": "{at} of {all}.", "es": "{at} de {all}."}


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. `low` and `high` are the ends of every item's answer; the sum is taken times `factor`.

    `parts` are sums of some items (counted from 1) under a name of their own. `every` is the shortest time
    between two askings that the measure's own recall period allows.
    """

    name: str
    title: str
    source: str
    licence: str
    altered: str
    compare: tuple[str, ...]
    every: timedelta
    low: int
    high: int
    lead: Mapping[str, str]
    answers: Mapping[str, str]
    items: tuple[Mapping[str, str], ...]
    factor: int = 1
    parts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def languages(self) -> frozenset[str]:
        """The languages in which it can be asked."""
        return frozenset(self.lead)

    def question(self, index: int, language: str) -> str:
        """Return the item with this index (from 0) as it is asked: "2 of 5. …"."""
        count = _COUNT[language].format(at=index + 1, all=len(self.items)) if len(self.items) > 1 else ""
        said = (count, self.lead[language], self.items[index][language], self.answers[language] + ".")
        return " ".join(part for part in said if part)

    def item(self, index: int) -> str:
        """Return the name under which the answer to an item is kept: `who5_2`."""
        return f"{self.name}_{index + 1}"

    def sums(self) -> tuple[Sum, ...]:
        """Return what is computed from the items; the whole score comes first."""
        items = tuple(self.item(index) for index in range(len(self.items)))
        parts = (
            Sum(f"{self.name}_{part}", tuple(self.item(number - 1) for number in numbers), 1)
            for part, numbers in self.parts.items()
        )
        return (Sum(f"{self.name}_score", items, self.factor), *parts)


@functools.cache
def measure(name: str) -> Measure:
    """Return the measure of this name, one of `NAMES`."""
    source = files("checkin.flow").joinpath("measures", f"{name}.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(source)
    data["every"] = parse_length(data["every"])
    for key in ("compare", "items"):
        data[key] = tuple(data[key])
    return Measure(name=name, **{**data, "parts": {k: tuple(v) for k, v in data.get("parts", {}).items()}})


def kept(found: Measure) -> Mapping[str, Kind]:
    """Return every name that asking this measure keeps something under, and what it can be."""
    item = Kind("number", tuple(range(found.low, found.high + 1)))
    names = {found.item(index): item for index in range(len(found.items))}
    for total in found.sums():
        count = len(total.items)
        span = range(found.low * count, found.high * count + 1)
        names[total.name] = Kind("number", tuple(value * total.factor for value in span))
    return {**names, f"{found.name}_change": NUMBER}


def last(name: str) -> str:
    """Return the name of what a result was in an earlier conversation: `last_who5_score`."""
    return f"last_{name}"


def steps(
    found: Measure,
    name: str,
    languages: tuple[str, ...],
    no_reply: tuple[Rung, ...],
    then: tuple[Branch, ...],
    *,
    skips: bool = False,
) -> Iterator[Step]:
    """Go through the steps that ask the items one at a time and then compute the score.

    The first has the name of the flow's own step; the others have names that no flow can use.
    """
    names = [name, *(f"{name} {number}" for number in range(2, len(found.items) + 1)), f"{name} score"]
    for index in range(len(found.items)):
        yield Ask(
            name=names[index],
            text=Text({code: _plain(found.question(index, code)) for code in languages}),
            answer=Answer("number", found.item(index), found.low, found.high, skips=skips),
            then=(Branch(None, names[index + 1]),),
            no_reply=no_reply,
            skip=names[index + 1] if skips else None,
        )
    yield Score(names[-1], found.name, found.sums(), then)


def _plain(words: str) -> Template:
    return Template(words, ((words, None),))
