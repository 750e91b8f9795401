"""Makes the runtime model of a flow from its shape, and finds what can be seen in one step alone.

Knows how each key becomes a step. Must not know what a name refers to, which `checkin.flow.naming` finds, nor
how the steps hang together, which `checkin.flow.check` proves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, assert_never

from checkin.flow import measures, model, shape
from checkin.flow.condition import ConditionError, compile_condition
from checkin.flow.days import WEEKDAYS
from checkin.flow.document import Document, Path
from checkin.flow.inline import ended, inlined, outcomes
from checkin.flow.issue import Code, Issue
from checkin.flow.kept import answer_kind, answer_of, results, scores, value_kind
from checkin.flow.kinds import DATE, Kind
from checkin.flow.naming import Names
from checkin.flow.program import Program
from checkin.flow.texts import SHARED, USUAL
from checkin.flow.triggers import read_triggers
from checkin.flow.wording import Wording

TODAY = "today"
"""What a date may be set to: the day that it is then."""

SingleStep = (
    shape.SayShape
    | shape.AskShape
    | shape.AlertShape
    | shape.SomebodyCameShape
    | shape.TaskShape
    | shape.ConsentShape
    | shape.InviteShape
    | shape.SetShape
    | shape.WaitShape
    | shape.RepeatShape
    | shape.EndShape
)
"""What one step of the model is made from."""


@dataclass(frozen=True, slots=True)
class Built:
    """A flow as far as it could be built.

    `broken` names the steps that could not be read at all; `names` is everything that texts and conditions
    may use. Without `complete` the flow is good for finding further problems, and for nothing else.
    """

    flow: model.Flow
    names: Mapping[str, Kind]
    broken: frozenset[str]
    complete: bool
    languages: tuple[str, ...]
    issues: tuple[Issue, ...]
    inlined: frozenset[str]
    """Steps of flows that this one runs: each is checked in its own file."""
    facts: Mapping[str, Kind]
    """Those of the names that are known without asking."""


def build(
    form: shape.FlowShape,
    document: Document,
    program: Program,
    version: int,
    source: str,
    broken: frozenset[str],
    inner: Mapping[str, Built] = MappingProxyType({}),
) -> Built:
    """Build the flow that `form` describes, and collect what is wrong in its single steps.

    `inner` are the flows that it runs, by name, as far as they are good.
    """
    names = {**program.known, **results(form, document, broken, program.known), **_returned(inner)}
    usual = {name: USUAL[kind.type] for name, kind in names.items() if kind.type in USUAL}
    samples = {language: {**usual, **program.facts(language)} for language in program.languages}
    wording = Wording(document, program.languages, samples)
    wording.as_meant(("title",), form.title)
    ends = tuple(name for name, step in form.steps.items() if isinstance(step, shape.EndShape))
    known = frozenset((*form.steps, *broken))
    named = Names(document, names, known, program.fields, ends)
    builder = _Builder(wording, named, inner)
    steps = {
        step.name: step for name, written in form.steps.items() for step in builder.steps_of(name, written)
    }
    start, trigger_issues = read_triggers(form, document, program)
    named.check_group(form.group, program)
    flow = model.Flow(
        name=form.flow,
        title=form.title,
        version=version,
        start=start,
        steps=steps,
        first=next(iter(document.get(("steps",)) or steps), ""),
        source=source,
        check_in=_begun_by_program(start) if form.check_in is None else form.check_in,
        recalls=frozenset(scores(form)).union(*(one.flow.recalls for one in inner.values())),
        group=form.group,
        unlinked=form.unlinked is True,
        shared={key: program.texts[key] for key in SHARED},
    )
    complete = named.complete and wording.complete and not broken
    issues = (*named.issues, *wording.issues, *trigger_issues)
    within = frozenset(name for name, step in steps.items() if _is_inside(name, step, form))
    return Built(flow, names, broken, complete, program.languages, issues, within, program.known)


def _returned(inner: Mapping[str, Built]) -> Mapping[str, Kind]:
    """Return the names that come back from the flows that are run here, and what each can hold."""
    found: dict[str, Kind] = {}
    for name, built in inner.items():
        own = {key: kind for key, kind in built.names.items() if key not in built.facts}
        found |= {**own, ended(name): Kind("text", outcomes(built.flow))}
    return found


def _is_inside(name: str, step: model.Step, form: shape.FlowShape) -> bool:
    """Whether this step stands in a file of its own; how it ends is for the flow that runs it."""
    outer = form.steps.get(model.written_as(name))
    if not isinstance(outer, shape.RunShape) or isinstance(step, model.Run):
        return False
    return not (isinstance(step, model.Set) and ended(outer.run) in step.values)


def _begun_by_program(start: Iterable[model.Trigger]) -> bool:
    by_member = (model.KeywordTrigger, model.JoinedTrigger)
    return any(not isinstance(trigger, by_member) for trigger in start)


@dataclass(slots=True)
class _Builder:
    wording: Wording
    names: Names
    inner: Mapping[str, Built]

    def steps_of(self, name: str, form: shape.AnyStep) -> Iterable[model.Step]:
        """Build what one step of the file stands for: itself, or a measure's questions and its score."""
        if isinstance(form, shape.RunShape):
            built, then = self.inner.get(form.run), self._ways(("steps", name), form)
            if built is None:  # which is told where flows are looked up
                self.names.complete = False
                return (model.Run(name, form.run, then),)
            return inlined(built.flow, name, then)
        if isinstance(form, shape.MeasureShape):
            return tuple(self._measure(name, ("steps", name), form))
        return (self.step(name, form),)

    def _measure(self, name: str, path: Path, form: shape.MeasureShape) -> Iterable[model.Step]:
        found, languages = measures.measure(form.measure), self.wording.languages
        for language in languages:
            if language not in found.languages:
                message = f"`{form.measure}` has no wording in the language `{language}`."
                mend = "Ask these questions with steps of your own, in the published wording."
                self.names.refuse(Code.LANGUAGE, (*path, "measure"), message, mend)
        spoken = tuple(language for language in languages if language in found.languages)
        rungs = self._rungs(path, form.no_reply or ())
        ways = self._ways(path, form)
        return measures.steps(found, name, spoken, rungs, ways, skips=form.skip is not None)

    def step(self, name: str, form: SingleStep) -> model.Step:
        """Build one step."""
        path: Path = ("steps", name)
        match form:
            case shape.AskShape():
                return self._ask(name, path, form)
            case shape.SayShape():
                return model.Say(name, self._text((*path, "say"), form.say), self._ways(path, form))
            case shape.AlertShape():
                return model.RaiseAlert(name, form.alert, self._ways(path, form))
            case shape.SomebodyCameShape():
                return model.ResolveAlert(name, self._ways(path, form))
            case shape.TaskShape():
                note = self._note((*path, "task", "note"), form.task.note)
                return model.AddTask(name, form.task.kind, note, self._ways(path, form))
            case shape.ConsentShape():
                given = form.consent
                ways = self._ways(path, form)
                return model.RecordConsent(name, given.about, given.given, given.asked_in, ways)
            case shape.InviteShape():
                return model.Invite(name, form.invite.name, form.invite.number, self._ways(path, form))
            case shape.SetShape():
                return self._set(name, path, form)
            case shape.WaitShape():
                return model.Wait(name, self._until((*path, "wait"), form.wait), self._ways(path, form))
            case shape.RepeatShape():
                self.names.target((*path, "repeat"), form.repeat)
                return model.Repeat(name, form.repeat, form.at_most, self._ways(path, form))
            case shape.EndShape():
                return model.End(name, form.end)
            case _:
                assert_never(form)

    def _note(self, path: Path, raw: str) -> model.Template:
        return self.wording.template(path, raw, self.names.known, self.wording.languages[0])

    def _text(self, path: Path, raw: Any) -> model.Text:
        return self.wording.text(path, raw, self.names.known)

    def _ask(self, name: str, path: Path, form: shape.AskShape) -> model.Ask:
        answer = replace(answer_of(form.answer, self.wording.languages), skips=form.skip is not None)
        if form.skip is not None:
            self.names.target((*path, "skip"), form.skip)
        kind = answer_kind(answer)
        if answer.save_as:
            self.names.free((*path, "answer", "save_as"), answer.save_as, kind)
        local = {**self.names.known, "answer": kind, **({answer.save_as: kind} if answer.save_as else {})}
        return model.Ask(
            name=name,
            text=self._text((*path, "ask"), form.ask),
            answer=answer,
            then=self._ways(path, form, local),
            no_reply=self._rungs(path, form.no_reply or ()),
            unclear=None if form.unclear is None else self._text((*path, "unclear"), form.unclear),
            skip=form.skip,
        )

    def _rungs(self, path: Path, forms: Iterable[shape.RungShape]) -> tuple[model.Rung, ...]:
        rungs = []
        for index, form in enumerate(forms):
            at: Path = (*path, "no_reply", index)
            say = None if form.say is None else self._text((*at, "say"), form.say)
            if form.go is not None:
                self.names.target((*at, "go"), form.go)
            task = None
            if form.task is not None:
                task = model.Todo(form.task.kind, self._note((*at, "task", "note"), form.task.note))
            condition = None if form.condition is None else self._condition((*at, "if"), form.condition)
            calls, tells = form.call is not None, form.tell is not None
            rungs.append(model.Rung(form.after, say, calls, form.go, condition, task, tells))
        return tuple(rungs)

    def _ways(
        self, path: Path, form: shape.StepShape, names: Mapping[str, Kind] | None = None
    ) -> tuple[model.Branch, ...]:
        """Read `go` or `then`; exactly one of them has to be there."""
        if form.go is not None and form.then is not None:
            message = "`go` and `then` both say where this step goes on."
            self.names.refuse(Code.NO_NEXT, (*path, "go"), message, "Delete one of them.", key=True)
        if form.then is not None:
            return tuple(self._branch((*path, "then", i), b, names) for i, b in enumerate(form.then))
        if form.go is not None:
            self.names.target((*path, "go"), form.go)
            return (model.Branch(None, form.go),)
        message = "This step does not say where it goes on."
        following = self.names.following(str(path[1]))
        mend = (
            f"Add a line `go: {following}`." if following else "Add a line `go: …` with the next step's name."
        )
        self.names.refuse(Code.NO_NEXT, path, message, mend, key=True)
        return ()

    def _branch(self, path: Path, form: shape.BranchShape, names: Mapping[str, Kind] | None) -> model.Branch:
        self.names.target((*path, "go"), form.go)
        if form.condition is None:
            return model.Branch(None, form.go)
        return model.Branch(self._condition((*path, "if"), form.condition, names), form.go)

    def _condition(self, path: Path, source: str, names: Mapping[str, Kind] | None = None) -> model.Condition:
        try:
            return compile_condition(source, names or self.names.known)
        except ConditionError as error:
            self.names.refuse_condition(path, error)
            return model.Condition(source, lambda _: False, frozenset())

    def _set(self, name: str, path: Path, form: shape.SetShape) -> model.Set:
        dates = {key for key, value in form.set.items() if value == TODAY and self.names.is_date(key)}
        for key, value in form.set.items():
            self.names.free((*path, "set", key), key, DATE if key in dates else value_kind(value))
            self.names.plain_number((*path, "set", key), value)
        fixed = {key: value for key, value in form.set.items() if key not in dates}
        return model.Set(name, fixed, self._ways(path, form), tuple(sorted(dates)))

    def _until(self, path: Path, form: timedelta | shape.UntilShape) -> timedelta | model.Until:
        """Read how long or until when it is waited; a name has to hold a day, or a time of day."""
        if isinstance(form, timedelta):
            return form
        if ":" in form.until:
            return model.Until(form.until, None, form.before or timedelta(0))
        at = form.at or ""
        if form.until[0].isalpha() and form.until not in WEEKDAYS:
            self.names.holds((*path, "until"), form.until, "date", (*self.names.known, *WEEKDAYS))
        if at[:1].isalpha():
            self.names.holds((*path, "at"), at, "time", self.names.known)
        return model.Until(at, form.until, form.before or timedelta(0))
