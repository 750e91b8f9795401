"""The versions of flows: who is in older ones, what a file would change, and going back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checkin.flow.bundle import bundle, unbundle
from checkin.flow.changes import Change, changes
from checkin.flow.issue import Issue
from checkin.flow.load import load_flow
from checkin.flow.model import Flow, written_as
from checkin.service.app import App
from checkin.service.publishing import Published, publish
from checkin.store import runs
from checkin.store.runs import FlowVersion
from checkin.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Standing:
    """How many people are in one step of one version."""

    version: int
    step: str
    people: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One flow's file beside what is live, and who is in the middle of it.

    `live` is None where the flow was never published. `standing` are all who have not come to an end yet.
    """

    flow: str
    live: FlowVersion | None
    changes: tuple[Change, ...]
    standing: tuple[Standing, ...]

    @property
    def is_new(self) -> bool:
        """Whether the flow was never published."""
        return self.live is None

    @property
    def differs(self) -> bool:
        """Whether publishing would make a new version."""
        return self.live is None or bool(self.changes)


class NoSuchVersion(Exception):
    """A version that there is not; the text says which there are."""


class VersionRefused(Exception):
    """An older version that today's program or check refuses; `issues` say why."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        super().__init__(f"{len(issues)} issues")
        self.issues = issues


def differences(app: App, flows: Mapping[str, Flow], names: Sequence[str]) -> tuple[Difference, ...]:
    """Return for each of these flows what its file would change."""

    def work(unit: Unit) -> tuple[Difference, ...]:
        latest = runs.latest_flows(unit)
        found = []
        for name in names:
            live, flow = latest.get(name), flows.get(name)
            new = "" if flow is None else bundle(flow.source, flow.parts)
            differ = changes(live.source, new) if live is not None and flow is not None else ()
            if live is not None and not differ and flow is not None and live.source != new:
                differ = (Change("changed", "", "only its comments, or how it is written", None, None),)
            found.append(Difference(name, live, differ, standing(unit, name)))
        return tuple(found)

    return app.store.read(work)


def standing(unit: Unit, flow: str) -> tuple[Standing, ...]:
    """Return how many people wait in which step of which version of a flow, newest version first."""
    counted = Counter((run.version, written_as(run.step or "")) for run in runs.waiting_in(unit, flow))
    ordered = sorted(counted.items(), key=lambda one: (-one[0][0], one[0][1]))
    return tuple(Standing(version, step, people) for (version, step), people in ordered)


def between(app: App, flow: str, old: int, new: int) -> tuple[Change, ...]:
    """Return what differs between two published versions. Raises `NoSuchVersion`."""

    def work(unit: Unit) -> tuple[Change, ...]:
        return changes(_one(unit, flow, old).source, _one(unit, flow, new).source)

    return app.store.read(work)


def history(app: App, flow: str) -> Sequence[FlowVersion]:
    """Return every version of a flow, newest first."""
    return app.store.read(lambda unit: runs.versions_of(unit, flow))


def go_back(app: App, flow: str, version: int, *, author: str, note: str) -> tuple[Published, ...]:
    """Publish an older version again, as the newest. Raises `NoSuchVersion`, `VersionRefused`."""
    stored = app.store.read(lambda unit: _one(unit, flow, version))
    source, parts = unbundle(stored.source)
    loaded = load_flow(source, file=f"{flow} version {version}", program=app.program, parts=parts)
    if loaded.flow is None:
        raise VersionRefused(loaded.issues)
    return publish(app, [loaded.flow], author=author, note=note or f"as version {version}")


def _one(unit: Unit, flow: str, version: int) -> FlowVersion:
    found = runs.flow_version(unit, flow, version)
    if found is None:
        known = [str(one.version) for one in reversed(runs.versions_of(unit, flow))]
        there = f"There are: {', '.join(known)}." if known else "It was never published."
        raise NoSuchVersion(f"There is no version {version} of {flow}. {there}")
    return found
