"""Answers without a name: counted as they come, and shown only for enough people together.

What is kept is how often each answer was given, to which flow's question, in which week; a member's own
results only say that they answered, so that nobody is counted twice in a week. A week is shown when it is
over, where five or more answered and not all alike: figures that could be watched growing, or that say what
everybody said, would give single answers away. Choices that fewer than five took are left out, and one more
where it could be computed from the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from checkin.conversation.run import Run
from checkin.flow.model import Flow, Value
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import runs, tallies

FEWEST = 5
"""So many people have to have answered before anything is shown."""

COUNTED = "counted"
"""What a member's own result says of such an answer."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was answered to one question in one week, or that it is not shown.

    `average` is of numbers, `choices` of everything else: how many took each, None for those left out.
    """

    week: date
    question: str
    shown: bool
    answers: int = 0
    average: float | None = None
    choices: Mapping[str, int | None] | None = None


def count(turn: Turn, flow: Flow, run: Run, name: str, value: Value) -> None:
    """Count an answer, once a week for each member; of the member only that they answered is kept."""
    zone = ZoneInfo(turn.app.program.timezone)
    week = _monday(turn.now.astimezone(zone).date())
    since = datetime.combine(week, time(), tzinfo=zone).astimezone(UTC)
    counted = runs.recorded_since(turn.unit, run.member, flow.name, name, since)
    runs.record(turn.unit, run, name, COUNTED, turn.now)
    if not counted:
        tallies.add(turn.unit, flow=flow.name, name=name, week=week, value=value)


def figures(app: App, flow: str) -> Sequence[Figures]:
    """Return what may be shown of a flow's answers: every week that is over, oldest first."""
    this_week = _monday(app.clock.now().astimezone(ZoneInfo(app.program.timezone)).date())
    found: dict[tuple[date, str], dict[Value, int]] = {}
    for one in app.store.read(lambda unit: tallies.of_flow(unit, flow)):
        if one.week < this_week:
            found.setdefault((one.week, one.name), {})[one.value] = one.count
    return [_shown(week, name, counts) for (week, name), counts in found.items()]


def _shown(week: date, name: str, counts: Mapping[Value, int]) -> Figures:
    answers = sum(counts.values())
    if answers < FEWEST or len(counts) == 1:
        return Figures(week, name, shown=False)
    numbers = {value: times for value, times in counts.items() if isinstance(value, int | float)}
    if len(numbers) == len(counts):
        average = sum(value * times for value, times in numbers.items()) / answers
        return Figures(week, name, shown=True, answers=answers, average=round(average, 1))
    return Figures(
        week, name, shown=True, answers=answers, choices=_large({str(k): n for k, n in counts.items()})
    )


def _large(counts: Mapping[str, int]) -> Mapping[str, int | None]:
    """Leave out the small numbers, and the smallest of the rest where a single one was left out."""
    small = {name for name, times in counts.items() if times < FEWEST}
    rest = sorted(counts.keys() - small, key=lambda name: (counts[name], name))
    if len(small) == 1 and rest:
        small.add(rest[0])
    return {name: None if name in small else times for name, times in counts.items()}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
