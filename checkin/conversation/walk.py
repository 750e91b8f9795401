"""Walking through a flow: what each step does, until one asks, waits or ends.

Knows the steps of a flow; must not know the states of a run or its events (that is `engine`). A `Walk` lives
for one event and is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from typing import assert_never

from checkin.conversation import run as effects
from checkin.conversation.lengths import in_words
from checkin.conversation.run import Effect
from checkin.flow import model
from checkin.flow.days import WEEKDAYS
from checkin.flow.graph import MAX_AT_ONCE
from checkin.flow.model import AlertReason, Ask, Branch, Flow, Step, Text, Value, Values

MAX_STEPS = MAX_AT_ONCE
"""The most steps that one event may take a run through."""

LATER_AT = "_later_at"
"""The fact that says when the question comes again, in words, where "later" would come at night."""

LATE = "_late"
"""The fact that a rung is due long after its time, because the service stood still."""

_WORDING = "_wording:"
"""Results under this prefix are the run's own: a question as it was put, for the record of consent."""


_TIMES = "_times:"
"""And under this one, how often a `repeat` has gone back."""


class Ending(Enum):
    """How an event leaves a run."""

    RESTS = auto()
    ENDS = auto()
    BREAKS = auto()
    CLOSES = auto()


class Broken(Exception):
    """The flow asked for something impossible. Caught by `step`; the message is for staff."""


@dataclass(slots=True)
class Walk:
    """One event's way through a flow: where it stands, what it has decided so far."""

    flow: Flow
    facts: Values
    results: dict[str, Value]
    step: str | None = None
    rung: int = 0
    unclear: int = 0
    snoozed: bool = False
    outcome: str | None = None
    lot: str = ""
    """Draws the wording of texts that vary: this run at this transition, so that a replay says the same."""
    decided: list[Effect] = field(default_factory=list)
    names: dict[str, Value] = field(init=False)
    """What texts and conditions see: the facts, and over them this run's results."""

    def __post_init__(self) -> None:
        self.names = {**self.facts, **self.results}

    @property
    def language(self) -> str:
        """The member's language, or nothing where it is not known."""
        return str(self.names.get("language") or "")

    def render(self, text: Text, **more: Value) -> str:
        """Return a text in the member's language."""
        return text.render(self.language, {**self.names, **more} if more else self.names, self.lot)

    def spoken(self, text: Text, **more: Value) -> str:
        """Return what is to be spoken in the member's language; how it sounds is for whoever says it."""
        return text.for_ear(self.language, {**self.names, **more} if more else self.names, self.lot)

    def both(self, text: Text, **more: Value) -> tuple[str, str]:
        """Return a text as it is written and as it is to be spoken."""
        return text.both(self.language, {**self.names, **more} if more else self.names, self.lot)

    def say(self, text: Text, **more: Value) -> None:
        """Decide to say this now."""
        written, said = self.both(text, **more)
        self.decided.append(effects.Say(written, str(self.step), spoken=said))

    def say_shared(self, key: str, **more: Value) -> None:
        """Decide to say one of the program's own wordings, where it has it."""
        text = self.flow.shared.get(key)
        if text is not None:
            self.say(text, **more)

    def alert(self, reason: AlertReason) -> None:
        """Decide that the member needs a person: once an event, for the first reason."""
        if not any(isinstance(effect, effects.RaiseAlert) for effect in self.decided):
            self.decided.append(effects.RaiseAlert(reason))

    def keep(self, name: str, value: Value) -> None:
        """Keep a result."""
        self.results[name] = self.names[name] = value
        self.decided.append(effects.Record(name, value))

    def count(self, ask: Ask, value: Value) -> None:
        """Let an answer be counted; the run does not keep it."""
        if ask.answer.save_as is not None:
            self.decided.append(effects.Count(ask.answer.save_as, value))

    # ------------------------------------------------------------ the walk

    def start(self, name: str) -> Ending:
        """Do step after step from this one on, until one asks, waits or ends. Raises `Broken`."""
        for _ in range(MAX_STEPS):
            step = self.flow.steps.get(name)
            if step is None:
                raise Broken(f"there is no step {name!r}")
            self.step, self.rung, self.unclear, self.snoozed = name, 0, 0, False
            match step:
                case Ask():
                    return self.ask(step)
                case model.Wait(length=length):
                    self._wait(length)
                    return Ending.RESTS
                case model.End(outcome=outcome):
                    return self.end(outcome)
                case model.Repeat():
                    name = self._again(step)
                case _:
                    self._do(step)
                    name = self.branch(step.then, self.names)
        raise Broken(f"it took more than {MAX_STEPS} steps at once")

    def _do(
        self,
        step: model.Say
        | model.RaiseAlert
        | model.ResolveAlert
        | model.AddTask
        | model.RecordConsent
        | model.Invite
        | model.Set
        | model.Score
        | model.Run,
    ) -> None:
        """Do a step that neither waits nor ends."""
        match step:
            case model.Say(text=text):
                self.say(text)
            case model.RaiseAlert(reason=reason):
                self.alert(reason)
            case model.ResolveAlert():
                self.decided.append(effects.ResolveAlert())
            case model.AddTask(kind=kind, note=note):
                self.decided.append(effects.AddTask(kind, note.render(self.names)))
            case model.RecordConsent():
                self._consent(step)
            case model.Invite():
                self._invite(step)
            case model.Set(values=values):
                for name, value in values.items():
                    self.keep(name, value)
                for name in step.today:
                    self.keep(name, self.names.get("today"))
            case model.Score():
                self._score(step)
            case model.Run():
                pass  # what it runs are the steps that come next
            case _:
                assert_never(step)

    def _again(self, step: model.Repeat) -> str:
        """Return the step to go back to, or where to go on once it has come often enough."""
        counted = _TIMES + step.name
        times = self.results.pop(counted, 0)
        if not isinstance(times, int) or times >= step.at_most:
            return self.branch(step.then, self.names)
        self.results[counted] = times + 1
        return step.back_to

    def _wait(self, length: timedelta | model.Until) -> None:
        """Decide when this run goes on."""
        if isinstance(length, timedelta):
            self.decided.append(effects.SetTimer(length))
            return
        at, day = (self._moment(part) for part in (length.at, length.day))
        if at is None:
            raise Broken("it waits until a time of day that is not known")
        self.decided.append(effects.WakeAt(at, day, length.before))

    def _moment(self, written: str | None) -> str | None:
        """Return a day or a time as it is written in the flow, or as it is kept under that name."""
        if written is None or written[0].isdigit() or written in WEEKDAYS:
            return written
        kept = self.names.get(written)
        if not isinstance(kept, str):
            raise Broken(f"it waits until {written!r}, which is not known")
        return kept

    def recall(self) -> None:
        """Take along what the flow wants to know of earlier conversations, as it was when this one began."""
        for name in self.flow.recalls:
            known = f"last_{name}"
            self.results[known] = self.names[known] = self.facts.get(known)

    def _score(self, step: model.Score) -> None:
        for total in step.sums:
            values = [self.results.get(item) for item in total.items]
            numbers = [value for value in values if isinstance(value, int)]
            whole = len(numbers) == len(values)
            self.keep(total.name, sum(numbers) * total.factor if whole else None)
        name = step.sums[0].name
        now, before = self.results[name], self.results.get(f"last_{name}")
        change = now - before if isinstance(now, int) and isinstance(before, int) else None
        self.keep(f"{step.measure}_change", change)

    def _consent(self, step: model.RecordConsent) -> None:
        wording = self.results.get(_WORDING + step.asked_in)
        if not isinstance(wording, str):
            raise Broken(f"it records consent to {step.asked_in!r}, which was not asked")
        self.decided.append(effects.RecordConsent(step.about, step.given, wording))

    def _invite(self, step: model.Invite) -> None:
        name, number = self.results.get(step.contact_name), self.results.get(step.contact_number)
        if name is None or number is None:
            raise Broken("it invites a trusted contact whose name or number was not given")
        self.decided.append(effects.Invite(str(name), str(number)))

    def branch(self, branches: tuple[Branch, ...], values: Values) -> str:
        """Return the step that the first branch which holds goes to. Raises `Broken`."""
        for branch in branches:
            if branch.condition is None or self.holds(branch.condition, values):
                return branch.go
        raise Broken("no branch holds")

    def holds(self, condition: model.Condition, values: Values | None = None) -> bool:
        """Whether a condition holds, for these values or the names as they are now. Raises `Broken`."""
        try:
            return condition.test(self.names if values is None else values)
        except (TypeError, KeyError, ValueError) as error:
            raise Broken("a condition cannot be decided") from error

    def end(self, outcome: str) -> Ending:
        """End the run."""
        self.outcome = outcome
        self.decided.append(effects.Finished(outcome))
        return Ending.ENDS

    # ------------------------------------------------------------ questions

    def question(self, ask: Ask) -> str:
        """Return the question in the member's language, with the names as they are now."""
        return self.render(ask.text)

    def ask(self, ask: Ask) -> Ending:
        """Put the question, and begin its ladder."""
        text, said = self.both(ask.text)
        if _asks_for_consent(self.flow, ask):
            self.results[_WORDING + ask.name] = text
        self.rung = 0
        self.decided.append(effects.Say(text, ask.name, question=True, spoken=said))
        return self.wait_on(ask)

    def wait_on(self, ask: Ask) -> Ending:
        """Wait for the rung that comes next: as long as the ladder leaves between it and the one before."""
        self.snoozed = False
        if self.rung < len(ask.no_reply):
            before = ask.no_reply[self.rung - 1].after if self.rung else timedelta(0)
            self.decided.append(effects.SetTimer(max(ask.no_reply[self.rung].after - before, timedelta(0))))
        return Ending.RESTS

    def climb(self, ask: Ask) -> Ending:
        """Do the rung that is due, and wait for the next; after the last the run ends without a reply."""
        rung = ask.no_reply[self.rung]
        if rung.condition is None or self.holds(rung.condition):
            self._do_rung(ask, rung)
        if rung.go is not None:
            return self.start(rung.go)
        self.rung += 1
        return self.wait_on(ask) if self.rung < len(ask.no_reply) else self.end("no_reply")

    def _do_rung(self, ask: Ask, rung: model.Rung) -> None:
        late = bool(self.facts.get(LATE))  # "we missed you today", a day later, would not be true
        if rung.say is not None and not late:
            self.say(rung.say)
        if rung.call and not late:
            self.decided.append(effects.Call(self.question(ask), ask.name, self.spoken(ask.text)))
        if rung.task is not None:
            self.decided.append(effects.AddTask(rung.task.kind, rung.task.note.render(self.names)))
        if rung.tell_contacts:
            self.decided.append(effects.TellContacts())

    def snooze(self, length: timedelta) -> Ending:
        """Promise to ask again after this long; at `later_at`, where that is no hour to write at."""
        by_day = self.facts.get(LATER_AT)
        if by_day is None:
            self.say_shared("later", when=in_words(length, self.language))
        else:
            self.say_shared("later_by_day", when=by_day)
        self.decided.append(effects.SetTimer(length))
        self.snoozed = True
        return Ending.RESTS

    def not_understood(self, ask: Ask, reply: str) -> Ending:
        """Ask again once, gently; after that a person reads what was written, and the question stays open.

        Where answers are unlinked nobody reads it: the conversation goes on without it.
        """
        self.unclear += 1
        if self.unclear > 1 and self.flow.unlinked:
            return self.start(ask.skip or next(rung.go for rung in reversed(ask.no_reply) if rung.go))
        if self.unclear == 1:
            text = ask.unclear or self.flow.shared.get("unclear") or ask.text
            words = self.render(text, question=self.question(ask))
            said = self.spoken(text, question=self.spoken(ask.text))
            self.decided.append(effects.Say(words, ask.name, question=True, spoken=said))
        else:
            if self.unclear == 2:
                self.say_shared("noted")
            note = f"{self.names.get('first_name') or 'A member'} wrote: {reply}"
            self.decided.append(effects.AddTask("unclear_reply", note))
        return self.wait_on(ask)

    def stepping(self) -> Step | None:
        """Return the step that the run stands at."""
        return self.flow.steps.get(self.step) if self.step is not None else None


def _asks_for_consent(flow: Flow, ask: Ask) -> bool:
    for step in flow.steps.values():
        if type(step) is model.RecordConsent and step.asked_in == ask.name:
            return True
    return False
