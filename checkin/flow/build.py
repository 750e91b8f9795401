"""Makes the runtime model of a flow from its shape, and finds what can be seen in one step alone.

Knows how each key becomes a step. Must not know how the steps hang together, which `checkin.flow.check`
proves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, assert_never

from checkin.flow import measures, model, shape
from checkin.flow.condition import ConditionError, UnknownName, compile_condition
from checkin.flow.days import WEEKDAYS
from checkin.flow.document import Document, Path
from checkin.flow.guess import did_you_mean
from checkin.flow.inline import ended, inlined, outcomes
from checkin.flow.issue import Code, Issue
from checkin.flow.kept import answer_kind, answer_of, results, scores, value_kind
from checkin.flow.kinds import DATE, Kind, fits
from checkin.flow.program import Program
from checkin.flow.texts import FACTS, MEMBER_FIELDS, SHARED, USUAL
from checkin.flow.triggers import read_triggers
from checkin.flow.wording import Wording

_LIKE_A_NUMBER = re.compile(
    r"[+-]?(?:0[\d_]+|0[xob][\da-f]+|\d[\d_,]*(?:\.\d*)?(?:e[+-]?\d+)?)", re.IGNORECASE
)
_RESERVED = (
    (frozenset(FACTS) - MEMBER_FIELDS) | WEEKDAYS.keys() | {"answer", "yes", "no", "true", "false", "none"}
)


_AN_END = ("end", "the end", "stop", "finish", "exit", "quit")
"""What people write after `go` when they mean the step that ends the conversation."""

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
    builder = _Builder(document, wording, names, known, program.fields, inner, ends)
    steps = {
        step.name: step for name, written in form.steps.items() for step in builder.steps_of(name, written)
    }
    start, trigger_issues = read_triggers(form, document, program)
    builder.check_group(form.group, program)
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
    complete = builder.complete and wording.complete and not broken
    issues = (*builder.issues, *wording.issues, *trigger_issues)
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
    document: Document
    wording: Wording
    names: Mapping[str, Kind]
    steps: frozenset[str]
    fields: Mapping[str, Kind]
    inner: Mapping[str, Built]
    ends: tuple[str, ...] = ()
    """The steps that end the conversation."""
    issues: list[Issue] = field(default_factory=list)
    complete: bool = True

    def steps_of(self, name: str, form: shape.AnyStep) -> Iterable[model.Step]:
        """Build what one step of the file stands for: itself, or a measure's questions and its score."""
        if isinstance(form, shape.RunShape):
            built, then = self.inner.get(form.run), self._ways(("steps", name), form)
            if built is None:  # which is told where flows are looked up
                self.complete = False
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
                self._refuse(Code.LANGUAGE, (*path, "measure"), message, mend)
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
                self._target((*path, "repeat"), form.repeat)
                return model.Repeat(name, form.repeat, form.at_most, self._ways(path, form))
            case shape.EndShape():
                return model.End(name, form.end)
            case _:
                assert_never(form)

    def _note(self, path: Path, raw: str) -> model.Template:
        return self.wording.template(path, raw, self.names, self.wording.languages[0])

    def _text(self, path: Path, raw: Any) -> model.Text:
        return self.wording.text(path, raw, self.names)

    def _ask(self, name: str, path: Path, form: shape.AskShape) -> model.Ask:
        answer = replace(answer_of(form.answer, self.wording.languages), skips=form.skip is not None)
        if form.skip is not None:
            self._target((*path, "skip"), form.skip)
        kind = answer_kind(answer)
        if answer.save_as:
            self._free((*path, "answer", "save_as"), answer.save_as, kind)
        local = {**self.names, "answer": kind, **({answer.save_as: kind} if answer.save_as else {})}
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
                self._target((*at, "go"), form.go)
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
            self._refuse(Code.NO_NEXT, (*path, "go"), message, "Delete one of them.", key=True)
        if form.then is not None:
            return tuple(self._branch((*path, "then", i), b, names) for i, b in enumerate(form.then))
        if form.go is not None:
            self._target((*path, "go"), form.go)
            return (model.Branch(None, form.go),)
        message = "This step does not say where it goes on."
        following = self._following(str(path[1]))
        mend = (
            f"Add a line `go: {following}`." if following else "Add a line `go: …` with the next step's name."
        )
        self._refuse(Code.NO_NEXT, path, message, mend, key=True)
        return ()

    def _following(self, name: str) -> str | None:
        names = list(self.document.get(("steps",)) or ())
        later = names[names.index(name) + 1 :] if name in names else []
        return str(later[0]) if later else None

    def _branch(self, path: Path, form: shape.BranchShape, names: Mapping[str, Kind] | None) -> model.Branch:
        self._target((*path, "go"), form.go)
        if form.condition is None:
            return model.Branch(None, form.go)
        return model.Branch(self._condition((*path, "if"), form.condition, names), form.go)

    def _condition(self, path: Path, source: str, names: Mapping[str, Kind] | None = None) -> model.Condition:
        try:
            return compile_condition(source, names or self.names)
        except ConditionError as error:
            self._refuse_condition(path, error)
            return model.Condition(source, lambda _: False, frozenset())

    def _refuse_condition(self, path: Path, error: ConditionError) -> None:
        place = self.document.inside(path, error.offset)
        code = Code.UNKNOWN_NAME if isinstance(error, UnknownName) else Code.CONDITION
        corrected = self.document.corrected(place, error.old, error.new) if error.new else None
        mend = corrected or error.mend
        self.issues.append(self.document.issue(code, path, error.message, mend, at=place))
        self.complete = False

    def _target(self, path: Path, name: str) -> None:
        if name in self.steps:
            return
        near = self.ends[0] if self.ends and name.lower() in _AN_END else did_you_mean(name, self.steps)
        message = f"There is no step `{name}`." + (f" Did you mean `{near}`?" if near else "")
        corrected = self.document.corrected(self.document.place(path), name, near) if near else None
        mend = corrected or f"Use one of: {', '.join(sorted(self.steps))}."
        self._refuse(Code.UNKNOWN_STEP, path, message, mend)

    def _set(self, name: str, path: Path, form: shape.SetShape) -> model.Set:
        dates = {key for key, value in form.set.items() if value == TODAY and self._is_date(key)}
        for key, value in form.set.items():
            self._free((*path, "set", key), key, DATE if key in dates else value_kind(value))
            self._plain_number((*path, "set", key), value)
        fixed = {key: value for key, value in form.set.items() if key not in dates}
        return model.Set(name, fixed, self._ways(path, form), tuple(sorted(dates)))

    def _is_date(self, name: str) -> bool:
        return name in self.fields and self.fields[name].type == "date"

    def _until(self, path: Path, form: timedelta | shape.UntilShape) -> timedelta | model.Until:
        """Read how long or until when it is waited; a name has to hold a day, or a time of day."""
        if isinstance(form, timedelta):
            return form
        if ":" in form.until:
            return model.Until(form.until, None, form.before or timedelta(0))
        at = form.at or ""
        if form.until[0].isalpha() and form.until not in WEEKDAYS:
            self._holds((*path, "until"), form.until, "date", (*self.names, *WEEKDAYS))
        if at[:1].isalpha():
            self._holds((*path, "at"), at, "time", self.names)
        return model.Until(at, form.until, form.before or timedelta(0))

    def _holds(self, path: Path, name: str, wanted: str, known: Iterable[str]) -> None:
        """Refuse a name under which no answer of this kind is kept."""
        if name in self.names and self.names[name].type in (wanted, "any"):
            return
        what = {"date": "day", "time": "time of day"}[wanted]
        fits = [one for one in known if one not in self.names or self.names[one].type == wanted]
        near = did_you_mean(name, fits)
        message = f"No {what} is kept under `{name}`." + (f" Did you mean `{near}`?" if near else "")
        corrected = self.document.corrected(self.document.place(path), name, near) if near else None
        mend = corrected or f"Ask for it: answer: {{ {wanted}: true, save_as: {name} }}"
        self._refuse(Code.UNKNOWN_NAME, path, message, mend)

    def _free(self, path: Path, name: str, kind: Kind) -> None:
        """Refuse a result's name that already means something else, or a field that cannot hold this."""
        if name in self.fields and not fits(kind, self.fields[name]):
            held = self.fields[name]
            message = f"`{name}` is kept with the member, and cannot hold this."
            known = ", ".join(str(value) for value in held.values or () if value is not None)
            mend = f"Use one of: {known}." if known else f"program.yaml says that it holds: {held.type}."
            self._refuse(Code.NAME_TAKEN, path, message, mend)
        if name in _RESERVED:
            message = f"`{name}` already means something; an answer cannot be kept under it."
            self._refuse(Code.NAME_TAKEN, path, message, f"Choose another name, for example my_{name}.")

    def check_group(self, group: str | None, program: Program) -> None:
        """Refuse a flow for a group that the program does not have."""
        if group is None or group in program.groups:
            return
        near = did_you_mean(group, program.groups)
        message = f"The program has no group `{group}`." + (f" Did you mean `{near}`?" if near else "")
        known = ", ".join(program.groups)
        mend = f"group: {near}" if near else "Add it to program.yaml: groups: { " + group + ": … }"
        self._refuse(
            Code.UNKNOWN_NAME, ("group",), message, mend if near or not known else f"Use one of: {known}."
        )

    def _plain_number(self, path: Path, value: object) -> None:
        """Refuse what looks like a number, but is read as a text: 010, 1e3, or one of many digits."""
        spot = self.document.spot(path)
        if not isinstance(value, str) or spot is None or spot.quoted or not _LIKE_A_NUMBER.fullmatch(value):
            return
        message = f"`{value}` looks like a number, but would be a text."
        plain = re.sub(r"^([+-]?)0+(?=\d)", r"\1", value)
        number = plain.isdecimal() and len(plain) <= 15  # A longer one stays a text.
        mend = f'Write "{value}" for a text' + (f", or {plain} for a number." if number else ".")
        self._refuse(Code.WRONG_VALUE, path, message, mend)

    def _refuse(self, code: Code, path: Path, message: str, mend: str, *, key: bool = False) -> None:
        self.issues.append(self.document.issue(code, path, message, mend, key=key))
        self.complete = False
