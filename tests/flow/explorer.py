"""Walks flows through the real engine, into every state they can come to, and looks for what breaks a proof.

`python -m tests.flow.explorer --flows 10000` draws flows until so many were accepted by the checker and
walked, and tells every run that breaks what the checker had proved. Every other one is drawn with further
flows inside, questions for days, invitations and plurals. `--broken` switches off each proof in turn, and
tells how many flows with just that mistake the explorer needed to catch it.

A state of a run is its step, its rung, and what was kept. From each, every answer that the question knows,
silence, "later" and what nobody understands are tried, under all facts about the member that the flow asks
for. It must not know how the checker proves anything.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from checkin.conversation import run as effects
from checkin.conversation.engine import step
from checkin.conversation.read import default_reader
from checkin.conversation.run import Event, Replied, Run, RunState, Started, TimerFired
from checkin.conversation.understanding import SKIPPED, Category, Question, Understanding
from checkin.flow.bundle import bundle
from checkin.flow.issue import Code, Severity
from checkin.flow.load import load_flow, load_program
from checkin.flow.model import (
    AddTask,
    Ask,
    Flow,
    RaiseAlert,
    Say,
    Score,
    Set,
    Text,
    Value,
    Values,
    written_as,
)
from checkin.flow.program import Program
from checkin.flow.texts import FACTS
from checkin.service.rehearsal.trace import Way, traced
from tests.conversation.talk import knowing_no_more
from tests.flow.generated import INNER, Sort, drawn, written

FLOWS = Path(__file__).parents[2] / "flows"
MOST_STATES = 1_500
"""With more, a flow is left after so many, and nothing is said of what it never came to."""

SPOILT = 0.1
"""How often something is drawn that may be wrong, where wrong flows are looked for."""

PROOFS = (
    Code.UNREACHABLE, Code.NO_END, Code.CIRCLE, Code.NOT_EXHAUSTIVE, Code.NEVER, Code.NOT_SET, Code.LADDER,
    Code.NO_TIMEOUT, Code.NO_ALERT, Code.ALERT_TWICE, Code.CONSENT, Code.COLLISION, Code.LANGUAGE,
    Code.AT_ONCE, Code.UNLINKED,
)  # fmt: skip
"""What the checker proves of one flow that can be built all the same where it does not hold."""

SORTS: Mapping[Code, Sort] = {Code.AT_ONCE: "chain", Code.UNLINKED: "unlinked"}
"""What is drawn to find a flow that has only this mistake, where a small one cannot have it."""

ALWAYS_KNOWN = {"first_name": "Al", "language": "en", "program": "Us", "window_minutes": 5}
VARIED: Mapping[str, tuple[Value, ...]] = {
    "has_contact": (True, False), "contact_name": ("Bob", None), "today": ("2026-11-24", "2099-01-01"),
}  # fmt: skip
UNCLEAR = Understanding(Category.UNCLEAR, rule="drawn")
LATER = Understanding(Category.SNOOZE, rule="drawn")

State = tuple[object, ...]


@dataclass(slots=True)
class Explored:
    """What was met in one flow. `broken` are the proofs that some run broke, each with where."""

    flow: Flow
    whole: bool = True
    steps: set[str] = field(default_factory=set)
    ways: set[Way] = field(default_factory=set)
    rungs: set[tuple[str, int]] = field(default_factory=set)
    after: dict[State, set[State]] = field(default_factory=dict)
    in_silence: dict[State, set[State]] = field(default_factory=dict)
    ended: set[State] = field(default_factory=set)
    broken: dict[Code, str] = field(default_factory=dict)

    def breaks(self, code: Code, where: object) -> None:
        """Note that a run broke this proof."""
        self.broken.setdefault(code, str(where))


def explore(flow: Flow, fields: Iterable[str] = ()) -> Explored:
    """Walk this flow into every state that it can come to. `fields` are the program's own, of a member."""
    explorer = _Explorer(Explored(flow), frozenset(fields))
    explorer.go()
    return explorer.found


class _Explorer:
    def __init__(self, found: Explored, fields: frozenset[str]) -> None:
        self.found, self.flow = found, found.flow
        self.took: list[Way] = []
        self.traced = traced(found.flow, self.took.append)
        self.fields = fields
        self.facts = tuple(_facts(found.flow, fields))
        self.seen = ""
        """What can be seen from outside of the last event: where the run is, and what was decided."""

    def go(self) -> None:
        """Go from state to state until there is no new one."""
        new = Run("r", "m", self.flow.name, self.flow.version)
        seen: set[State] = set()
        todo = deque(run for facts in self.facts for run in (self._take(new, Started(facts)),))
        while todo:
            run = todo.popleft()
            state = state_of(run)
            if state in seen:
                continue
            if len(seen) >= MOST_STATES:
                self.found.whole = False
                return
            seen.add(state)
            todo.extend(self._onward(run, state))
        self._at_the_end(seen)

    def _onward(self, run: Run, state: State) -> Iterator[Run]:
        """Try everything that can happen to a run, and go through what comes of it."""
        if run.state is not RunState.WAITING:
            if run.state is RunState.DONE:
                self.found.ended.add(state)
            return
        here = self.flow.steps[run.step or ""]
        after = self.found.after.setdefault(state, set())
        silence = self.found.in_silence.setdefault(state, set())
        for facts in self.facts:
            timer = self._take(run, TimerFired(run.transition, facts))
            silence.add(state_of(timer))
            yield timer
        again = bool(run.rung or run.unclear or run.snoozed)
        told_apart: dict[int, set[str]] = {}
        for said in _replies(here, again=again) if isinstance(here, Ask) else ():
            told: set[str] = set()
            for number, facts in enumerate(self.facts):
                replied = self._take(run, Replied(said, "…", facts), told)
                if said not in (SKIPPED, UNCLEAR, LATER):
                    told_apart.setdefault(number, set()).add(self.seen)
                after.add(state_of(replied))
                yield replied
            if len(told) > 1:
                self.found.breaks(Code.NO_ALERT, (here.name, said.value))
        if self.flow.unlinked and any(len(seen) > 1 for seen in told_apart.values()):
            self.found.breaks(Code.UNLINKED, here.name)
        after |= silence

    def _take(self, run: Run, event: Event, told: set[str] | None = None) -> Run:
        """Let one event happen, and look at what the engine decided."""
        self.took.clear()
        after, decided = step(self.traced, run, event)
        assert step(self.flow, run, knowing_no_more(self.flow, event)) == (after, decided)
        self._look(run, event, after, decided)
        if self.flow.unlinked:
            self._look_at_who_is_told(event, after, decided)
        steps = [self.flow.steps[way.step] for way in self.took]
        alerts = [one for one in steps if isinstance(one, RaiseAlert)]
        if len(alerts) > 1:
            self.found.breaks(Code.ALERT_TWICE, [one.name for one in alerts])
        if told is not None:
            person = bool(alerts) or any(isinstance(one, AddTask) for one in steps)
            if alerts or not person:
                told.add("a person" if alerts else "nobody")
        return after

    def _look(self, run: Run, event: Event, after: Run, decided: tuple[effects.Effect, ...]) -> None:
        found, here = self.found, self.flow.steps.get(run.step or "")
        found.ways.update(self.took)
        found.steps.update(way.step for way in self.took)
        found.steps.update((after.step,) if after.step else ())
        if isinstance(event, TimerFired) and isinstance(here, Ask) and not run.snoozed:
            found.rungs.add((here.name, run.rung))
            self._look_at_rung(run, here, decided)
        if after.state is RunState.BROKEN:
            found.breaks(self._why(decided), decided)
        waits = any(isinstance(effect, effects.SetTimer | effects.WakeAt) for effect in decided)
        if after.state is RunState.WAITING and not waits:
            found.breaks(Code.NO_TIMEOUT, after.step)
        if after.outcome == "no_reply":
            found.breaks(Code.NO_TIMEOUT, run.step)
        self._look_at_texts(run, event, decided)

    def _look_at_rung(self, run: Run, ask: Ask, decided: tuple[effects.Effect, ...]) -> None:
        rung = ask.no_reply[run.rung]
        done = any(isinstance(effect, effects.Say | effects.Call) for effect in decided)
        done = done or rung.condition is not None or rung.task is not None or rung.tell_contacts
        if not done and rung.go is None:
            self.found.breaks(Code.LADDER, (ask.name, run.rung))
        later = [e.after for e in decided if isinstance(e, effects.SetTimer)]
        if rung.go is None and later and later[0] <= timedelta(0):
            self.found.breaks(Code.LADDER, (ask.name, run.rung))

    def _look_at_texts(self, run: Run, event: Event, decided: tuple[effects.Effect, ...]) -> None:
        """See that everything that is said is there in every language, and knows the names that it says."""
        known = {*run.results, *FACTS, *self.fields}
        for effect in decided:
            if isinstance(effect, effects.Record):
                known.add(effect.name)
            elif isinstance(effect, effects.Say):
                text = self._text(run, event, effect)
                for language in ("en", "es") if text is not None else ():
                    if language not in text.by_language:
                        self.found.breaks(Code.LANGUAGE, effect.step)
                if text is not None and any(not one.names() <= known for one in text.by_language.values()):
                    self.found.breaks(Code.NOT_SET, effect.step)

    def _look_at_who_is_told(self, event: Event, after: Run, decided: tuple[effects.Effect, ...]) -> None:
        """See that an answer without a name is counted, and that nobody learns of the person by this flow."""
        counted = [effect for effect in decided if isinstance(effect, effects.Count)]
        told = [e for e in decided if isinstance(e, effects.Record | effects.AddTask | effects.RaiseAlert)]
        said = event.understanding if isinstance(event, Replied) else UNCLEAR
        own_words = said.category is Category.TEXT and counted
        if told or own_words or (said not in (UNCLEAR, LATER, SKIPPED) and not counted):
            self.found.breaks(Code.UNLINKED, (after.step, said.category))
        rest = [effect for effect in decided if not isinstance(effect, effects.Count)]
        self.seen = f"{state_of(after)} {rest}"

    def _text(self, run: Run, event: Event, said: effects.Say) -> Text | None:
        """Return the flow's own text that this is; None for one of the program."""
        one = self.flow.steps[said.step]
        if isinstance(one, Say):
            return one.text
        if not isinstance(one, Ask):
            return None
        if said.question:
            return one.text
        return one.no_reply[run.rung].say if isinstance(event, TimerFired) and one.name == run.step else None

    def _why(self, decided: tuple[effects.Effect, ...]) -> Code:
        """Return the proof that a broken run breaks; the engine says why it broke, for staff."""
        notes = " ".join(effect.note for effect in decided if isinstance(effect, effects.AddTask))
        for words, code in (
            ("no branch holds", Code.NOT_EXHAUSTIVE), ("steps at once", Code.CIRCLE),
            ("consent", Code.CONSENT),
        ):  # fmt: skip
            if words in notes:
                round_ = len({way.step for way in self.took}) < len(self.took)
                return Code.AT_ONCE if code is Code.CIRCLE and not round_ else code
        return Code.UNKNOWN_STEP

    def _at_the_end(self, seen: set[State]) -> None:
        """Look at what was never met, and at what nobody ever gets out of."""
        found = self.found
        for name, one in self.flow.steps.items():
            if name != written_as(name):
                continue  # A step of a flow that is run here: it is explored in its own.
            if name not in found.steps:
                found.breaks(Code.UNREACHABLE, name)
                continue
            for index, branch in enumerate(getattr(one, "then", ())):
                if (branch.condition is not None and Way(name, "then", index) not in found.ways) or (
                    branch.condition is None and index + 1 < len(one.then)
                ):
                    found.breaks(Code.NEVER, (name, index))
            for index, _ in enumerate(one.no_reply if isinstance(one, Ask) else ()):
                if (name, index) not in found.rungs:
                    found.breaks(Code.LADDER, (name, index))
        for code, ways in ((Code.NO_END, found.after), (Code.NO_TIMEOUT, found.in_silence)):
            stuck = seen - _leading_to(found.ended, ways) - {s for s in seen if s[0] == RunState.BROKEN}
            if stuck:
                found.breaks(code, min(map(str, stuck)))


def _leading_to(ends: set[State], ways: Mapping[State, set[State]]) -> set[State]:
    before: dict[State, set[State]] = {}
    for state, onward in ways.items():
        for target in onward:
            before.setdefault(target, set()).add(state)
    reached, todo = set(ends), list(ends)
    while todo:
        for state in before.get(todo.pop(), ()):
            if state not in reached:
                reached.add(state)
                todo.append(state)
    return reached


def state_of(run: Run) -> State:
    """Return what decides how a run can go on."""
    kept = tuple(
        sorted((name, value) for name, value in run.results.items() if not name.startswith("_wording"))
    )
    return (run.state, run.step, run.rung, min(run.unclear, 1), run.snoozed, str(kept))


def _facts(flow: Flow, fields: frozenset[str]) -> Iterator[Values]:
    """Go through what can be known of a member, as far as this flow asks."""
    asked = [
        branch.condition
        for one in flow.steps.values()
        for branch in getattr(one, "then", ())
        if branch.condition is not None
    ]
    used = {name for condition in asked for name in condition.names}
    varied = {name: values if name in used else values[:1] for name, values in VARIED.items()}
    kept = {
        name
        for one in flow.steps.values()
        for name in (
            *((one.answer.save_as, "answer") if isinstance(one, Ask) else ()),
            *(one.values if isinstance(one, Set) else ()),
            *((total.name for total in one.sums) if isinstance(one, Score) else ()),
        )
    }
    words = sorted({word for condition in asked for word in re.findall(r'"(\w+)"', condition.source)})
    for name in used - (kept - fields) - varied.keys() - ALWAYS_KNOWN.keys():
        varied[name] = (True, False, *words, None)
    for values in itertools.product(*varied.values()):
        yield {**ALWAYS_KNOWN, **dict(zip(varied, values, strict=True))}


def _replies(ask: Ask, *, again: bool) -> Iterator[Understanding]:
    """Go through what a member can answer; what is no answer is tried once, before anything else was."""
    answer = ask.answer
    match answer.kind:
        case "scale" | "number":
            for number in range(answer.low or 0, (answer.high or 0) + 1):
                yield Understanding(Category.NUMBER, number, rule="drawn")
        case "yes_no":
            yield Understanding(Category.YES, rule="drawn")
            yield Understanding(Category.NO, rule="drawn")
        case "choice":
            for choice in answer.choices:
                yield Understanding(Category.CHOICE, choice, rule="drawn")
        case "date":
            for day in ("2026-11-24", "2026-12-24", "2027-03-01"):
                yield Understanding(Category.TEXT, day, rule="drawn")
        case "time":
            yield Understanding(Category.TEXT, "17:30", rule="drawn")
        case "phone":
            yield Understanding(Category.TEXT, "+12025550102", rule="drawn")
        case _:
            for words in ("walk", "call", "yes", "no", "something else"):
                yield Understanding(Category.TEXT, words, rule="drawn")
    if ask.skip is not None:
        yield SKIPPED
    if not again:
        yield UNCLEAR
        yield LATER


def collisions(flow: Flow) -> Iterator[str]:
    """Go through the words of choices that the reader of replies does not take for their choice."""
    reader = default_reader()
    for one in flow.steps.values():
        for choice, by_language in one.answer.choices.items() if isinstance(one, Ask) else ():
            for language, words in by_language.items():
                for word in words:
                    found = reader.understand(word, language, Question(one.answer))
                    if (found.category, found.value) != (Category.CHOICE, choice):
                        yield word


@dataclass(frozen=True, slots=True)
class Checked:
    """A flow that was drawn, or None where it cannot be built, and what the checker holds against it."""

    flow: Flow | None
    errors: frozenset[Code]


def checked(seed: int, program: Program, spoil: float = 0.04, sort: Sort = "plain") -> Checked:
    """Draw a flow and check it. As a published version a flow is built although proofs do not hold."""
    source = bundle(written(drawn(seed, spoil, sort)), INNER if sort == "wide" else {})
    loaded = load_flow(source, file="drawn.yaml", program=program, version=1)
    refused = {
        issue.code for issue in loaded.issues if issue.code in PROOFS or issue.severity is Severity.ERROR
    }
    return Checked(loaded.flow, frozenset(refused - {Code.SEGMENTS}))


def breaks(flow: Flow) -> dict[Code, str]:
    """Return every proof that some run of this flow breaks."""
    found = dict(explore(flow).broken)
    for word in collisions(flow):
        found.setdefault(Code.COLLISION, word)
    return found


def caught(code: Code, program: Program, seeds: Iterable[int]) -> tuple[int, int] | None:
    """Return the seed whose flow shows that a checker without this proof is broken, and how many it took.

    Only flows with just this mistake count: a checker without the proof would accept them.
    """
    tried = 0
    for seed in seeds:
        one = checked(seed, program, SPOILT, SORTS.get(code, "plain"))
        if one.flow is not None and one.errors == {code}:
            tried += 1
            if breaks(one.flow):
                return seed, tried
    return None


def sort_of(seed: int) -> Sort:
    """Return what is drawn for this seed: every other flow is a wide one, and a few are long or special."""
    if seed % 2:
        return "wide"
    return {0: "long", 10: "unlinked", 50: "chain"}.get(seed % 60, "long" if seed % 10 == 4 else "plain")


def spoken_program() -> Program:
    """Return the shipped program, with both its languages."""
    program, issues = load_program(FLOWS)
    if program is None:
        raise SystemExit("\n".join(map(str, issues)))
    return program


def main() -> None:
    """Explore, and tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--broken", action="store_true")
    given = parser.parse_args()
    program, began = spoken_program(), perf_counter()
    if given.broken:
        for code in PROOFS:
            found = caught(code, program, range(given.seed, given.seed + 20_000))
            seed, tried = found or (None, None)
            print(f"{code}: caught by seed {seed}, after {tried} flows with this mistake alone", flush=True)
        return
    walked = states = runaway = bad = 0
    for seed in itertools.count(given.seed):
        one = checked(seed, program, sort=sort_of(seed))
        if one.flow is None or one.errors:
            continue
        found = explore(one.flow)
        walked, states, runaway = walked + 1, states + len(found.after), runaway + (not found.whole)
        for code, where in (*found.broken.items(), *((Code.COLLISION, w) for w in collisions(one.flow))):
            bad += 1
            print(f"seed {seed}: {code}: {where}", flush=True)
        if walked == given.flows:
            break
    print(f"{walked:,} flows of {seed - given.seed + 1:,} that were drawn, {states:,} states that wait,")
    print(f"{runaway} left early, {bad} broken proofs, {perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
