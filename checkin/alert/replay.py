"""An alert's events as plain JSON, and an alert's state computed again from them.

Knows the closed set of events. Must not know where they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, get_args

from checkin.alert.machine import escalate
from checkin.alert.model import Alert, Event, Policy, Raised, policy_from_json, policy_to_json

_KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}


def event_to_json(event: Event) -> dict[str, Any]:
    """Return an event as plain JSON values, under its kind."""
    return {"kind": type(event).__name__, **asdict(event)}


def raised_to_json(alert: Alert) -> dict[str, Any]:
    """Return an alert's first event with the policy that it began under: shifts change it later."""
    return {**event_to_json(Raised()), "policy": policy_to_json(alert.policy)}


def began_under(first: Mapping[str, Any], policy: Policy) -> Policy:
    """Return the policy that stands in an alert's first event; one that was stored without it is this one."""
    return policy_from_json(first["policy"]) if "policy" in first else policy


def event_from_json(data: Mapping[str, Any]) -> Event:
    """Return the event that `event_to_json` wrote. Raises KeyError for a kind that never was."""
    fields = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in data.items()
        if name not in ("kind", "policy")
    }
    event: Event = _KINDS[data["kind"]](**fields)
    return event


def replay(alert: Alert, events: Iterable[Event]) -> Alert:
    """Return the alert after these events, without doing their effects again."""
    for event in events:
        alert, _ = escalate(alert, event)
    return alert
