"""Publishing flows: a changed file becomes a new, numbered version; runs stay in the one they began in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from checkin.flow.bundle import bundle
from checkin.flow.model import Flow
from checkin.service import importing, schedules
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import people, runs
from checkin.store.runs import FlowVersion
from checkin.store.situations import Person
from checkin.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Published:
    """One flow that got a new version. The numbers of a flow's versions count from 1."""

    flow: str
    version: int


def publish(app: App, flows: Iterable[Flow], *, author: str, note: str) -> tuple[Published, ...]:
    """Publish every flow whose text differs from its newest version, and plan its schedule for everybody.

    Both or nothing: a version without its schedule would never begin, and publishing it again change nothing.
    """

    def work(unit: Unit) -> tuple[tuple[Flow, ...], tuple[Flow, ...]]:
        latest = runs.latest_flows(unit)
        live, changed = [], []
        for flow in flows:
            source = bundle(flow.source, flow.parts)
            digest = hashlib.sha256(source.encode()).hexdigest()
            known = latest.get(flow.name)
            if known is not None and known.digest == digest:
                live.append(replace(flow, version=known.version))
                continue
            number = 1 if known is None else known.version + 1
            version = FlowVersion(flow.name, number, source, digest)
            runs.publish(unit, version, at=app.clock.now(), author=author, note=note)
            live.append(replace(flow, version=number))
            changed.append(live[-1])
        schedules.plan_everybody(Turn(app, unit, app.clock.now()), changed)
        if changed:
            importing.woken(unit, app.clock.now())
        return tuple(live), tuple(changed)

    live, changed = app.store.run(work)
    app.go_live({**app.flows, **{flow.name: flow for flow in live}})
    return tuple(Published(flow.name, flow.version) for flow in changed)


def refresh(app: App) -> bool:
    """Take up what was published since; return whether anything was."""
    latest = app.store.read(runs.latest_numbers)
    if all(name in app.flows and app.flows[name].version == number for name, number in latest.items()):
        return False
    app.go_live(_compiled(app, latest))
    return True


def _compiled(app: App, latest: Mapping[str, int]) -> Mapping[str, Flow]:
    def work(unit: Unit) -> Mapping[str, Flow]:
        return {name: app.flow(unit, name, number) for name, number in latest.items()}

    return app.store.read(work)


def know_staff(app: App) -> None:
    """Make sure that everyone on staff is somebody whom the outbox can address."""

    def work(unit: Unit) -> tuple[str, ...]:
        ids = []
        for staff in app.program.staff:
            person = people.by_number(unit, staff.number)
            if person is None:
                person = Person(
                    app.new_id(),
                    staff.number,
                    staff.name,
                    staff.language,
                    app.program.timezone,
                    stopped=False,
                )
                people.add(unit, person, app.clock.now())
            elif person.name != staff.name:
                people.rename(unit, person.id, staff.name)
            ids.append(person.id)
        return tuple(ids)

    app.staff_ids = app.store.run(work)
