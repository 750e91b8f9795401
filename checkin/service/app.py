"""What every use case is handed: the opened store, the clock, the carrier, the program and its flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from checkin.carrier.base import Carrier
from checkin.conversation.read import Reader
from checkin.conversation.run import Run
from checkin.flow.model import Flow, KeywordTrigger, Step, Values
from checkin.flow.program import Program
from checkin.service.way import RightOfWay
from checkin.service.words import ReaderOnDemand
from checkin.store import runs
from checkin.store.situations import Person
from checkin.store.store import Store
from checkin.store.unit import Unit
from checkin.timing.clock import Clock
from checkin.timing.hours import AllowedHours
from checkin.timing.pacing import CallPace, Pace

Lane = Literal["alerts", "routine"]
"""The two ways out. Alerts have their own rows, queue and threads, and never wait behind check-ins."""

LANES: tuple[Lane, ...] = ("alerts", "routine")


class FlowMissing(Exception):
    """A run names a flow version that was never published here, or that can no longer be read."""


@dataclass(slots=True)
class App:
    """The wired service. Everything that touches the world came in as an argument.

    `load` compiles the stored source of a flow version; `wake` tells the workers of a lane that there is
    something to do, and may be lost. `pace` is the sender's and `call_pace` the calls', None where nothing
    bounds them; `rest` lets so many seconds pass. `way` lets routine work of this
    process stand aside for alerts. `flows` are the newest published versions.
    `staff_ids` are those of the program's staff, in its order.
    """

    store: Store
    clock: Clock
    new_id: Callable[[], str]
    carrier: Carrier
    reader: Reader | ReaderOnDemand
    program: Program
    load: Callable[[str, str, int], Flow | None]
    wake: Callable[[Lane], None] = field(default=lambda _lane: None)
    pace: Pace | None = None
    call_pace: CallPace | None = None
    rest: Callable[[float], None] = field(default=lambda _seconds: None)
    way: RightOfWay = field(default_factory=RightOfWay)
    flows: dict[str, Flow] = field(default_factory=dict)
    staff_ids: tuple[str, ...] = ()
    keywords: Mapping[str, tuple[Flow, KeywordTrigger]] = field(default_factory=dict)
    """What each word begins, folded; the first flow that has a word has it alone."""
    _versions: dict[tuple[str, int], Flow] = field(default_factory=dict)
    _facts: dict[str, tuple[Program, Values]] = field(default_factory=dict)
    _hours: tuple[Program, AllowedHours] | None = None

    def flow(self, unit: Unit, name: str, version: int) -> Flow:
        """Return this version of a flow, from memory or from the database. Raises FlowMissing."""
        known = self._versions.get((name, version))
        if known is None:
            stored = runs.flow_version(unit, name, version)
            known = None if stored is None else self.load(name, stored.source, version)
            if known is None:
                raise FlowMissing(f"{name} {version}")
            self._versions[name, version] = known
        return known

    def step_of(self, unit: Unit, run: Run) -> Step | None:
        """Return the step that a run stands at, in its own version; None once it has ended."""
        return self.flow(unit, run.flow, run.version).steps.get(run.step or "")

    def go_live(self, flows: Mapping[str, Flow]) -> None:
        """Make these the flows in which new runs begin; running ones stay in theirs."""
        self.flows = dict(flows)
        self.keywords = {
            word: (flow, trigger)
            for flow in reversed(self.flows.values())
            for trigger in reversed(flow.start)
            if isinstance(trigger, KeywordTrigger)
            for word in trigger.words
        }
        self._versions.update({(flow.name, flow.version): flow for flow in flows.values()})

    def facts(self, language: str) -> Values:
        """Return the program's facts in this language, worked out once for each program."""
        known = self._facts.get(language)
        if known is None or known[0] is not self.program:
            known = self._facts[language] = self.program, self.program.facts(language)
        return known[1]

    @property
    def hours(self) -> AllowedHours:
        """The program's allowed hours as they are reckoned with, worked out once for each program."""
        known = self._hours
        if known is None or known[0] is not self.program:
            known = self._hours = self.program, self.program.allowed_hours.in_minutes()
        return known[1]

    def zone_of(self, person: Person) -> tzinfo:
        """Return the person's own time zone, or the program's."""
        return ZoneInfo(self.zone_name(person))

    def zone_name(self, person: Person) -> str:
        """Return the IANA name of the person's own time zone, or the program's."""
        return person.zone or self.program.timezone
