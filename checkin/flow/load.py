"""Loads flows and the program from YAML, and says everything that is wrong with them in one run.

`load_flow` reads one flow, `load_program` the program's own two files, `load_folder` all of them. A flow that
is refused is left out while the others load; a program that is refused raises, for nothing runs without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from checkin.flow.build import Built, build
from checkin.flow.bundle import unbundle
from checkin.flow.chains import broken_chains
from checkin.flow.check import check
from checkin.flow.document import Document
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue, Severity, errors, in_order
from checkin.flow.lints import lints
from checkin.flow.model import AfterFlowTrigger, Flow, KeywordTrigger
from checkin.flow.program import Program
from checkin.flow.program_load import read_program
from checkin.flow.shape import SHAPES, FlowShape, RunShape
from checkin.flow.source import is_hidden, parse, read_source
from checkin.flow.texts import SAMPLES
from checkin.flow.triggers import word_paths
from checkin.flow.validate import forgotten, validate
from checkin.flow.words import fold

MAX_STEPS = 500
"""The most steps of one flow: nobody can read more, and every proof goes through all of them."""

PROGRAM_FILES = ("program.yaml", "texts.yaml")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A flow, or None where it is refused, and what there is to say about it."""

    flow: Flow | None
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class FlowSet:
    """The program and every flow that is good, by name, and what there is to say about all files."""

    program: Program
    flows: Mapping[str, Flow]
    issues: tuple[Issue, ...]


class ProgramRefused(Exception):
    """`program.yaml` or `texts.yaml` cannot be used; `issues` says why."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        super().__init__(f"The program cannot be loaded: {len(errors(issues))} errors.")
        self.issues = issues


def load_flow(
    source: str,
    *,
    file: str,
    program: Program,
    version: int = 0,
    parts: Mapping[str, str] = MappingProxyType({}),
) -> Loaded:
    """Read one flow. `parts` are the sources of the flows that it may run, by name.

    A published version brings along those that it runs, as they were (`checkin.flow.bundle`).

    A draft (`version` 0) with any error is refused. A published version was good when it was published and
    people may be in the middle of it: what the program or the checker has come to see differently since is
    told as a warning, and the flow is refused only where nothing can be built of it.
    """
    if version:
        source, parts = unbundle(source)
    built, issues = _built(source, file, program, version, parts, ())
    return Loaded(None if built is None else built.flow, in_order(issues))


def _built(
    source: str, file: str, program: Program, version: int, parts: Mapping[str, str], outer: tuple[str, ...]
) -> tuple[Built | None, tuple[Issue, ...]]:
    """Build one flow; the names of those that run it, from the outermost in, are in `outer`."""
    document, issues = parse(source, file)
    if document is None:
        return None, issues
    many = _too_many_steps(document)
    if many is not None:
        return None, (*issues, many)
    form, broken, shape_issues = _as_far_as_readable(document)
    # What was told of a line while it was read is the cause of whatever else is wrong there.
    known = {issue.line for issue in issues if issue.code is not Code.TWICE}
    issues = (*issues, *(issue for issue in shape_issues if issue.line not in known))
    issues = (*issues, *forgotten(document, issues))
    if form is None:
        return None, issues
    inner = _Inner(document, program, version, parts, (*outer, form.flow))
    runs = inner.of(form)
    built = build(form, document, program, version, source, broken, runs)
    built = replace(built, flow=replace(built.flow, parts=inner.used(runs)))
    found = (*built.issues, *check(built, document))
    if inner.issues:  # What a flow that is not there would have kept is not known either.
        found = tuple(issue for issue in found if issue.code not in _OF_NAMES)
    issues = (*issues, *inner.issues, *(issue for issue in found if issue.line not in known))
    if not errors(issues):
        samples = {language: {**SAMPLES, **program.facts(language)} for language in program.languages}
        issues = (*issues, *lints(built, document, samples))
    whole = built.complete and not shape_issues
    if version and whole:
        issues = tuple(replace(i, severity=Severity.WARNING) if i.is_error else i for i in issues)
    return (built if whole and not errors(issues) else None), issues


_OF_NAMES = (Code.UNKNOWN_NAME, Code.PLACEHOLDER, Code.NOT_SET, Code.NEVER)


@dataclass(slots=True)
class _Inner:
    """Looks up the flows that one flow runs. `outer` ends with that flow itself."""

    document: Document
    program: Program
    version: int
    parts: Mapping[str, str]
    outer: tuple[str, ...]
    issues: list[Issue] = field(default_factory=list)

    def of(self, form: FlowShape) -> Mapping[str, Built]:
        """Return the flows that are run, by name, and tell of those that cannot be."""
        found: dict[str, Built] = {}
        for step, written in form.steps.items():
            if isinstance(written, RunShape):
                path = ("steps", step, "run")
                built = found.get(written.run) or self._one(path, written.run)
                found.update({} if built is None else {written.run: built})
        return found

    def _one(self, path: tuple[str | int, ...], name: str) -> Built | None:
        if name in self.outer:
            shown = " → ".join((*self.outer[self.outer.index(name) :], name))
            message = f"This flow would run itself again and again: {shown}."
            self._refuse(
                Code.CIRCLE, path, message, "Let one of them go on by itself instead of running the other."
            )
        elif name not in self.parts:
            near = did_you_mean(name, self.parts)
            message = f"There is no flow `{name}`." + (f" Did you mean `{near}`?" if near else "")
            corrected = self.document.corrected(self.document.place(path), name, near) if near else None
            known = ", ".join(sorted(self.parts))
            self._refuse(Code.UNKNOWN_FLOW, path, message, corrected or f"Use one of: {known}.")
        else:
            source = self.parts[name]
            built, _ = _built(source, name, self.program, self.version, self.parts, self.outer)
            if built is not None and built.flow.unlinked:
                message = f"The answers of `{name}` are `unlinked`, so no other flow can run it."
                mend = "Let it begin by itself: with a schedule, a keyword or `after_flow`."
                self._refuse(Code.UNLINKED, path, message, mend)
                return None
            if built is not None:
                return built
            message = f"The flow `{name}` has problems of its own, so it cannot be run here."
            self._refuse(Code.UNKNOWN_FLOW, path, message, f"Mend the flow `{name}` first.")
        return None

    def used(self, runs: Mapping[str, Built]) -> Mapping[str, str]:
        """Return the sources of the flows that are run, and of those that they run."""
        return {key: text for name, built in runs.items() for key, text in self._with_own(name, built)}

    def _with_own(self, name: str, built: Built) -> Iterator[tuple[str, str]]:
        yield name, self.parts[name]
        yield from built.flow.parts.items()

    def _refuse(self, code: Code, path: tuple[str | int, ...], message: str, mend: str) -> None:
        self.issues.append(self.document.issue(code, path, message, mend))


def load_program(folder: Path, today: date | None = None) -> tuple[Program | None, tuple[Issue, ...]]:
    """Read `program.yaml` and `texts.yaml`; the program is None where either has an error.

    With `today` it is also told whether the crisis texts were reviewed lately, and of holes in the rota.
    """
    documents: list[Document] = []
    issues: list[Issue] = []
    for name in PROGRAM_FILES:
        document, found = _read(folder / name)
        issues.extend(found)
        documents.extend([document] if document else [])
    if len(documents) < len(PROGRAM_FILES):
        return None, in_order(issues)
    program, found = read_program(documents[0], documents[1], _calendars(folder), today)
    issues.extend(found)
    return (None if errors(issues) else program), in_order(issues)


def _calendars(folder: Path) -> Mapping[str, bytes]:
    """Return what the calendar files of a folder hold, by name; one that can't be opened holds nothing.

    Where the program needs that one, it is told so as of any that is no calendar.
    """
    found: dict[str, bytes] = {}
    for path in folder.glob("*.ics"):
        try:
            found[path.name] = path.read_bytes()
        except OSError:
            found[path.name] = b""
    return found


def load_folder(folder: Path, today: date | None = None) -> FlowSet:
    """Read a folder of flows; raise `ProgramRefused` where its program cannot be used.

    With `today` it is also told whether the crisis texts were reviewed lately, and of holes in the rota.
    """
    program, issues = load_program(folder, today)
    if program is None:
        raise ProgramRefused(issues)
    found: list[Issue] = list(issues)
    flows: dict[str, Flow] = {}
    files: dict[str, str] = {}
    parts = sources(folder)
    for path in flow_files(folder):
        loaded = load_file(path, program, parts)
        found.extend(loaded.issues)
        if loaded.flow is None:
            continue
        clash = _clash(loaded.flow, path.name, flows, files)
        if clash is None:
            flows[loaded.flow.name], files[loaded.flow.name] = loaded.flow, path.name
        else:
            found.append(clash)
    broken = _broken_chains(flows, files, whole=len(flows) == len(flow_files(folder)))
    found.extend(issue for name in broken for issue in broken[name])
    flows = {name: flow for name, flow in flows.items() if name not in broken}
    return FlowSet(program, flows, in_order(found))


def _broken_chains(
    flows: Mapping[str, Flow], files: Mapping[str, str], *, whole: bool
) -> Mapping[str, tuple[Issue, ...]]:
    """Return the flows that follow others in a way that cannot be, and why."""
    found: dict[str, tuple[Issue, ...]] = {}
    for flow in flows.values():
        if any(isinstance(trigger, AfterFlowTrigger) for trigger in flow.start):
            document, _ = parse(flow.source, files[flow.name])
            if document is None:  # It was read a moment ago.
                raise AssertionError(files[flow.name])
            issues = tuple(broken_chains(flow, flows, document, whole=whole))
            found.update({flow.name: issues} if issues else {})
    return found


def flow_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder that hold flows, by name; test conversations end in `.test.yaml`."""
    return tuple(
        path
        for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))
        if path.name not in PROGRAM_FILES
        and not path.name.endswith((".test.yaml", ".test.yml"))
        and not is_hidden(path)
    )


def sources(folder: Path) -> Mapping[str, str]:
    """Return the source of every flow of a folder that can be read at all, by the flow's name."""
    texts = (read_source(path) for path in flow_files(folder))
    found = ((_NAMED.search(text), text) for text in texts if isinstance(text, str))
    return {name[1]: text for name, text in found if name is not None}


def named(path: Path) -> str | None:
    """Return the name of the flow in a file, good or not; None where it does not say one."""
    text = read_source(path)
    found = _NAMED.search(text) if isinstance(text, str) else None
    return None if found is None else found[1]


_NAMED = re.compile(r"^flow: *[\"']?([a-z][a-z0-9_]*)[\"']? *(?:#.*)?$", re.MULTILINE)


def load_file(path: Path, program: Program, parts: Mapping[str, str] | None = None) -> Loaded:
    """Read one flow from its file; `parts` are the sources of its folder's flows, read where not given."""
    text = read_source(path)
    if isinstance(text, Issue):
        return Loaded(None, (text,))
    parts = sources(path.parent) if parts is None else parts
    return load_flow(text, file=path.name, program=program, parts=parts)


def _read(path: Path) -> tuple[Document | None, tuple[Issue, ...]]:
    if not path.is_file():
        message = f"The file {path.name} is missing."
        issue = Issue(Severity.ERROR, Code.MISSING, path.name, 1, 1, message, "Every program needs it.")
        return None, (issue,)
    text = read_source(path)
    return (None, (text,)) if isinstance(text, Issue) else parse(text, path.name)


def _too_many_steps(document: Document) -> Issue | None:
    steps = document.get(("steps",))
    if not isinstance(steps, dict) or len(steps) <= MAX_STEPS:
        return None
    message = f"This flow has {len(steps):,} steps; {MAX_STEPS} are the most."
    return document.issue(Code.TOO_LARGE, ("steps",), message, "Divide it into several flows.", key=True)


_STAND_IN: Mapping[str, Any] = {"flow": "unreadable", "title": "-", "start": [{"staff": True}]}


def _as_far_as_readable(document: Document) -> tuple[FlowShape | None, frozenset[str], tuple[Issue, ...]]:
    """Return the flow's form without the steps that cannot be read, so that the rest can be checked too."""
    form = validate(FlowShape, document, SHAPES)
    if isinstance(form, FlowShape):
        return form, frozenset(), ()
    data = document.data
    steps = data.get("steps") if isinstance(data, dict) else None
    if not isinstance(steps, dict):
        return None, frozenset(), form.issues
    broken = frozenset(str(path[1]) for path in form.paths if path[:1] == ("steps",) and len(path) > 1)
    unreadable = {str(path[0]) for path in form.paths if path} - {"steps"}
    rest = {**_STAND_IN, **{key: value for key, value in data.items() if key not in unreadable}}
    rest["steps"] = {name: step for name, step in steps.items() if name not in broken}
    partial = validate(FlowShape, replace(document, data=rest), SHAPES)
    return (partial if isinstance(partial, FlowShape) else None), broken, form.issues


def _clash(flow: Flow, file: str, flows: Mapping[str, Flow], files: Mapping[str, str]) -> Issue | None:
    """Find another flow with the same name, or with one of the same keywords."""
    document, _ = parse(flow.source, file)
    if document is None:  # It was read a moment ago.
        raise AssertionError(file)
    if flow.name in flows:
        message = f"{files[flow.name]} is already the flow `{flow.name}`."
        return document.issue(Code.SAME_FLOW, ("flow",), message, "Give one of them another name.")
    for path, word in _keywords(document):
        for other in flows.values():
            if any(fold(word) in t.words for t in other.start if isinstance(t, KeywordTrigger)):
                message = f"“{word}” already starts the flow `{other.name}`."
                return document.issue(Code.COLLISION, path, message, "Choose another keyword.")
    return None


def _keywords(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, trigger in enumerate(document.get(("start",))):
        yield from word_paths(trigger.get("keyword"), ("start", index, "keyword"))
