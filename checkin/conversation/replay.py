"""Events and effects as plain JSON, and runs replayed from their events.

The service journals every event that a run took; `replay` turns the journal into the run again (the engine
is a pure function). Knows the shapes only; must not know where the journal is kept. Journals hold members'
words: whoever stores them encrypts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, assert_never

from checkin.conversation.engine import step
from checkin.conversation.run import (
    AddTask,
    Call,
    Closed,
    Count,
    Effect,
    Event,
    Finished,
    Invite,
    RaiseAlert,
    Record,
    RecordConsent,
    Replied,
    ResolveAlert,
    Run,
    Say,
    SetTimer,
    Started,
    TimerFired,
    WakeAt,
)
from checkin.conversation.understanding import Category, Understanding
from checkin.flow.model import Flow


def replay(flow: Flow, run: Run, events: Iterable[Event]) -> Run:
    """Return the run after these events. Raises what `step` raises for an event that was never taken."""
    for event in events:
        run, _ = step(flow, run, event)
    return run


def event_to_json(event: Event) -> dict[str, Any]:
    """Return an event as plain JSON values; `event_from_json` is the inverse."""
    match event:
        case Started(facts=facts):
            return {"event": "started", "facts": dict(facts)}
        case Replied(understanding=understanding, text=text, facts=facts):
            read = understanding_to_json(understanding)
            return {"event": "replied", "understanding": read, "text": text, "facts": dict(facts)}
        case TimerFired(transition=transition, facts=facts):
            return {"event": "timer_fired", "transition": transition, "facts": dict(facts)}
        case Closed(reason=reason):
            return {"event": "closed", "reason": reason}
        case _:
            assert_never(event)


def event_from_json(data: Mapping[str, Any]) -> Event:
    """Return the event that `event_to_json` wrote. Raises `ValueError` for a kind it does not know."""
    match data["event"]:
        case "started":
            return Started(data["facts"])
        case "replied":
            return Replied(understanding_from_json(data["understanding"]), data["text"], data["facts"])
        case "timer_fired":
            return TimerFired(data["transition"], data["facts"])
        case "closed":
            return Closed(data["reason"])
        case kind:
            raise ValueError(f"no event is called {kind!r}")


def understanding_to_json(understanding: Understanding) -> dict[str, Any]:
    """Return an understanding as plain JSON values."""
    return {
        "category": understanding.category.value,
        "value": understanding.value,
        "also": [category.value for category in understanding.also],
        "rule": understanding.rule,
        "until": understanding.until,
    }


def understanding_from_json(data: Mapping[str, Any]) -> Understanding:
    """Return the understanding that `understanding_to_json` wrote."""
    also = tuple(Category(name) for name in data["also"])
    return Understanding(Category(data["category"]), data["value"], also, data["rule"], data.get("until"))


_EFFECTS: Mapping[str, type[Effect]] = {
    "say": Say,
    "call": Call,
    "raise_alert": RaiseAlert,
    "resolve_alert": ResolveAlert,
    "add_task": AddTask,
    "record_consent": RecordConsent,
    "invite": Invite,
    "record": Record,
    "count": Count,
    "set_timer": SetTimer,
    "wake_at": WakeAt,
    "finished": Finished,
}
_EFFECT_NAMES = {kind: name for name, kind in _EFFECTS.items()}


def effect_to_json(effect: Effect) -> dict[str, Any]:
    """Return an effect as plain JSON values; lengths of time are in seconds."""
    if isinstance(effect, SetTimer):
        return {"effect": "set_timer", "after": effect.after.total_seconds()}
    if isinstance(effect, WakeAt):
        before = effect.before.total_seconds()
        return {"effect": "wake_at", "at": effect.at, "day": effect.day, "before": before}
    return {"effect": _EFFECT_NAMES[type(effect)], **asdict(effect)}


def effect_from_json(data: Mapping[str, Any]) -> Effect:
    """Return the effect that `effect_to_json` wrote. Raises `ValueError` for a kind it does not know."""
    fields = {name: value for name, value in data.items() if name != "effect"}
    kind = _EFFECTS.get(data["effect"])
    if kind is None:
        raise ValueError(f"no effect is called {data['effect']!r}")
    if kind is SetTimer:
        return SetTimer(timedelta(seconds=fields["after"]))
    if kind is WakeAt:
        return WakeAt(**{**fields, "before": timedelta(seconds=fields["before"])})
    return kind(**fields)
