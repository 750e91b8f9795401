"""Loads flows and the program from YAML, and says everything that is wrong with them in one run.

`load_flow` reads one flow, `load_program` the program's own two files, `load_folder` all of them. A flow that
is refused is left out while the others load; a program that is refused raises, for nothing runs without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checkin.flow.build import build
from checkin.flow.chains import broken_chains
from checkin.flow.check import check
from checkin.flow.document import Document
from checkin.flow.issue import Code, Issue, Severity, errors, in_order
from checkin.flow.model import AfterFlowTrigger, Flow, KeywordTrigger
from checkin.flow.program import Program
from checkin.flow.program_load import read_program
from checkin.flow.shape import SHAPES, FlowShape
from checkin.flow.source import decode, parse
from checkin.flow.triggers import word_paths
from checkin.flow.validate import forgotten, validate
from checkin.flow.words import fold

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


def load_flow(source: str, *, file: str, program: Program, version: int = 0) -> Loaded:
    """Read one flow.

    A draft (`version` 0) with any error is refused. A published version was good when it was published and
    people may be in the middle of it: what the program or the checker has come to see differently since is
    told as a warning, and the flow is refused only where nothing can be built of it.
    """
    document, issues = parse(source, file)
    if document is None:
        return Loaded(None, in_order(issues))
    form, broken, shape_issues = _as_far_as_readable(document)
    issues = (*issues, *shape_issues)
    issues = (*issues, *forgotten(document, issues))
    if form is None:
        return Loaded(None, in_order(issues))
    built = build(form, document, program, version, source, broken)
    issues = (*issues, *built.issues, *check(built, document))
    whole = built.complete and not shape_issues
    if version and whole:
        issues = tuple(replace(i, severity=Severity.WARNING) if i.is_error else i for i in issues)
    flow = built.flow if whole and not errors(issues) else None
    return Loaded(flow, in_order(issues))


def load_program(folder: Path) -> tuple[Program | None, tuple[Issue, ...]]:
    """Read `program.yaml` and `texts.yaml`; the program is None where either has an error."""
    documents: list[Document] = []
    issues: list[Issue] = []
    for name in PROGRAM_FILES:
        document, found = _read(folder / name)
        issues.extend(found)
        documents.extend([document] if document else [])
    if len(documents) < len(PROGRAM_FILES):
        return None, in_order(issues)
    program, found = read_program(
        documents[0], documents[1], {path.name: path.read_bytes() for path in folder.glob("*.ics")}
    )
    issues.extend(found)
    return (None if errors(issues) else program), in_order(issues)


def load_folder(folder: Path) -> FlowSet:
    """Read a folder of flows; raise `ProgramRefused` where its program cannot be used."""
    program, issues = load_program(folder)
    if program is None:
        raise ProgramRefused(issues)
    found: list[Issue] = list(issues)
    flows: dict[str, Flow] = {}
    files: dict[str, str] = {}
    for path in flow_files(folder):
        loaded = load_file(path, program)
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
        if path.name not in PROGRAM_FILES and not path.name.endswith((".test.yaml", ".test.yml"))
    )


def load_file(path: Path, program: Program) -> Loaded:
    """Read one flow from its file."""
    text = decode(path.read_bytes(), path.name)
    if isinstance(text, Issue):
        return Loaded(None, (text,))
    return load_flow(text, file=path.name, program=program)


def _read(path: Path) -> tuple[Document | None, tuple[Issue, ...]]:
    if not path.is_file():
        message = f"The file {path.name} is missing."
        issue = Issue(Severity.ERROR, Code.MISSING, path.name, 1, 1, message, "Every program needs it.")
        return None, (issue,)
    text = decode(path.read_bytes(), path.name)
    return (None, (text,)) if isinstance(text, Issue) else parse(text, path.name)


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
