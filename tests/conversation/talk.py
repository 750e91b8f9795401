"""Flows built from the model's own values, and a driver that takes everything through JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from checkin.conversation import engine
from checkin.conversation.replay import (
    effect_from_json,
    effect_to_json,
    event_from_json,
    event_to_json,
    replay,
)
from checkin.conversation.run import Closed, Effect, Event, Replied, Run, Started, TimerFired
from checkin.conversation.understanding import Category, Understanding
from checkin.conversation.walk import LATE, LATER_AT
from checkin.flow import model
from checkin.flow.model import Branch, Condition, Flow, Rung, Template, Text, Value, Values

FACTS: Values = {"first_name": "Alice", "language": "en", "program": "Harbor Circle", "has_contact": True}


def template(source: str) -> Template:
    """Return the template with `{names}` taken apart."""
    pieces = re.split(r"\{(\w+)\}", source)
    names: list[str | None] = [*pieces[1::2], None]
    return Template(source, tuple(zip(pieces[::2], names, strict=True)))


def text(en: str, es: str | None = None) -> Text:
    """Return a text in English and, where given, Spanish."""
    both = {"en": template(en)} | ({"es": template(es)} if es else {})
    return Text(both)


def go(name: str) -> tuple[Branch, ...]:
    """Return the branches that always go to this step."""
    return (Branch(None, name),)


def when(source: str, test: Callable[[Values], bool], name: str) -> Branch:
    """Return a branch with a condition."""
    return Branch(Condition(source, test, frozenset(re.findall(r"[a-z_]+", source))), name)


SHARED: Mapping[str, Text] = {
    "unclear": text("Sorry, I didn't get that. {question}", "Perdón, no entendí. {question}"),
    "noted": text("Thank you. A person will read this.", "Gracias. Una persona lo leerá."),
    "later": text("OK, I'll ask again in {when}.", "Bien, pregunto otra vez en {when}."),
}


def flow(*steps: model.Step, name: str = "daily") -> Flow:
    """Return a flow of these steps, beginning with the first."""
    by_name = {step.name: step for step in steps}
    return Flow(name, name.title(), 1, (model.StaffTrigger(),), by_name, steps[0].name, shared=SHARED)


def daily() -> Flow:
    """Return the daily check-in of the design, small."""
    return flow(
        model.Ask(
            "mood",
            text("Hi {first_name}, 1 to 5?", "Hola {first_name}, ¿de 1 a 5?"),
            model.Answer("scale", "mood", 1, 5),
            (when("mood <= 2", lambda v: int(str(v["mood"])) <= 2, "offer"), Branch(None, "thanks")),
            (
                Rung(timedelta(hours=3), say=text("No rush.")),
                Rung(timedelta(hours=8), call=True),
                Rung(timedelta(hours=24), go="missed"),
            ),
        ),
        model.Ask(
            "offer",
            text("That sounds hard, {first_name}. Want a person?"),
            model.Answer("yes_no", "wants"),
            (when("answer == yes", lambda v: v["answer"] == "yes", "raise"), Branch(None, "thanks")),
            (Rung(timedelta(hours=20)),),
        ),
        model.RaiseAlert("raise", "low", go("thanks")),
        model.AddTask("missed", "missed", template("{first_name} was silent"), go("away")),
        model.End("away", "missed"),
        model.Say("thanks", text("Thanks for {mood}, {first_name}."), go("end")),
        model.End("end", "done"),
    )


def read(category: str, value: Value = None, *also: str) -> Understanding:
    """Return an understanding, as the reader would give it."""
    return Understanding(Category(category), value, tuple(Category(name) for name in also), "test")


def knowing_no_more(flow: Flow, event: Event) -> Event:
    """Return the event with no facts but those that the flow says it uses, and what some events bring."""
    if isinstance(event, Closed):
        return event
    used = {*flow.uses, LATE, LATER_AT, *(f"last_{name}" for name in flow.recalls)}
    return replace(event, facts={name: value for name, value in event.facts.items() if name in used})


@dataclass
class Talk:
    """One run, driven event by event; everything goes through JSON, as it does between two transactions."""

    flow: Flow
    facts: Values = field(default_factory=lambda: dict(FACTS))
    run: Run = field(init=False)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.run = Run("run-1", "alice", self.flow.name, self.flow.version)

    def take(self, event: Event) -> tuple[Effect, ...]:
        """Let the run take the event; check that replaying its whole history gives the same run."""
        stored = Run.from_json(json.loads(json.dumps(self.run.to_json())))
        assert stored == self.run
        received = event_from_json(json.loads(json.dumps(event_to_json(event))))
        assert received == event
        self.run, effects = engine.step(self.flow, stored, received)
        assert engine.step(self.flow, stored, knowing_no_more(self.flow, event)) == (self.run, effects)
        self.events.append(received)
        written = json.loads(json.dumps([effect_to_json(effect) for effect in effects]))
        assert tuple(effect_from_json(data) for data in written) == effects
        first = Run("run-1", "alice", self.flow.name, self.flow.version)
        assert replay(self.flow, first, self.events) == self.run
        return effects

    def start(self) -> tuple[Effect, ...]:
        """Begin."""
        return self.take(Started(self.facts))

    def reply(self, category: str, value: Value = None, *also: str) -> tuple[Effect, ...]:
        """Answer."""
        return self.take(Replied(read(category, value, *also), "what Alice wrote", self.facts))

    def wait(self) -> tuple[Effect, ...]:
        """Let the run's timer fire."""
        return self.take(TimerFired(self.run.transition, self.facts))
