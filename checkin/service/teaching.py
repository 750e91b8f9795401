"""Teaching the reader words that it did not understand: of one step, or of a language.

Knows where such words are kept (`answer.means` or a choice of the flow; `LANGUAGE_taught.yaml` beside the
other packs), how a line of test is written next to them, and what has to hold before they may stay: the flows
are still good, their conversations go as they went, and no labelled reply loses an opt-out, a crisis or a
request for a person. Nothing is written before all of that has been tried on a copy.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from checkin.conversation.explain import Explanation, explain
from checkin.conversation.labelled import SAFETY, Case, case_of, read_cases
from checkin.conversation.pack import Pack, packs_folder, parse_pack, read_packs
from checkin.conversation.read import Reader
from checkin.flow.edit import with_value
from checkin.flow.issue import Issue
from checkin.flow.load import FlowSet, load_folder
from checkin.flow.model import Ask
from checkin.flow.source import parse
from checkin.service.rehearsal.run import rehearse
from checkin.service.rehearsal.tell import told

LABELLED = Path(__file__).parents[2] / "tests" / "conversation" / "replies"
"""Where a checkout has more labelled replies. Those that are held out are never looked at here."""

_SIGNS = re.compile(r"[()\[\]|<>*~@$\s]+")
"""What stands for something else in a pack."""

SECTIONS: Mapping[str, tuple[str, float | None, str, str]] = {
    "very_low": ("mood", 0, "scale 1 5", "low 1"),
    "low": ("mood", 0.25, "scale 1 5", "low 2"),
    "so_so": ("mood", 0.5, "scale 1 5", "ok 3"),
    "ok": ("mood", 0.75, "scale 1 5", "ok 4"),
    "great": ("mood", 1, "scale 1 5", "ok 5"),
    "yes": ("yes", None, "yes_no", "yes"),
    "no": ("no", None, "yes_no", "no"),
    "later": ("snooze", 3600, "nothing", "snooze 3600"),
    "support": ("support", None, "nothing", "support"),
    "opt_out": ("opt_out", None, "nothing", "opt_out"),
    "crisis": ("crisis_alone", None, "nothing", "crisis"),
    "resume": ("resume", None, "nothing", "resume"),
    "help": ("help", None, "nothing", "help"),
    "thanks": ("thanks", None, "nothing", "not_an_answer"),
}
"""What a language can be taught: section of the pack, worth there, what was asked, and the test's label."""


class NotTaught(Exception):
    """Something cannot be taught: what is wrong, and how to mend it."""

    def __init__(self, problem: str, *mends: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mends = mends


@dataclass(frozen=True, slots=True)
class Lesson:
    """What would be written: each file with its whole new text, and the labelled replies that change."""

    files: Mapping[Path, str]
    changed: tuple[str, ...] = field(default=())

    def write(self) -> None:
        """Write the files. Raises `NotTaught` where one can't be."""
        for path, text in self.files.items():
            beside = path.with_name(f".{path.name}.new")
            try:
                beside.write_text(text, "utf-8")
                beside.replace(path)
            except OSError as error:
                raise NotTaught(
                    f"{path} can't be written: {error.strerror}.", "Run this where it can."
                ) from None


# ---------------------------------------------------------------- one step


def teach_step(
    folder: Path, flow_set: FlowSet, flow: str, step: str, text: str, language: str, means: str
) -> Lesson:
    """Return how a step learns that `text` means `means`. Raises `NotTaught` and `NotEdited`."""
    asking = flow_set.flows[flow].steps.get(step)
    if not isinstance(asking, Ask):
        known = [name for name, one in flow_set.flows[flow].steps.items() if isinstance(one, Ask)]
        raise NotTaught(f"{flow} has no step {step!r} that asks.", f"Use one of: {', '.join(known)}.")
    files = {
        folder / _file(folder, flow): _step_with(folder / _file(folder, flow), asking, text, language, means)
    }
    test = folder / f"{flow}.test.yaml"
    before = test.read_text("utf-8") if test.exists() else f"flow: {flow}\n"
    files[test] = _with_reply(before, step, text, language, means)
    _try_flows(folder, files, flow)
    return Lesson(files)


def _file(folder: Path, flow: str) -> str:
    """Return the file in which a flow is written."""
    for path in sorted(folder.glob("*.y*ml")):
        document, _ = parse(path.read_text("utf-8"), path.name)
        if document is not None and document.get(("flow",)) == flow and document.get(("steps",)) is not None:
            return path.name
    raise NotTaught(f"{flow} has no steps of its own in {folder}.", "Teach the flow that asks.")


def _step_with(path: Path, step: Ask, text: str, language: str, means: str) -> str:
    """Return the flow's text with one word more for one answer of a step."""
    source = path.read_text("utf-8")
    document, _ = parse(source, path.name)
    place = ("steps", step.name, "answer")
    if document is None or place not in document.marks:
        raise NotTaught(
            f"{step.name} has no `answer:` in {path.name}.", "Teach the step that has the question."
        )
    old = document.get(place)
    answer: dict[str, object] = {old: True} if isinstance(old, str) else dict(old)
    kept = "choice" if step.answer.kind == "choice" else "means"
    own = answer.get(kept)
    values: dict[str, object] = dict(own) if isinstance(own, dict) else {}
    if kept == "choice" and means not in values:
        raise NotTaught(f"{step.name} has no choice {means!r}.", f"Use one of: {', '.join(values)}.")
    values[means] = _one_more(values.get(means), text, language)
    new = "\n".join(with_value(document, place, {**answer, kept: values}))
    return new + ("\n" if source.endswith("\n") and not new.endswith("\n") else "")


def _one_more(words: object, text: str, language: str) -> object:
    """Return the words for an answer with one more: a list for all languages, or one for each."""
    if isinstance(words, Mapping):
        return {**words, language: [*_listed(words.get(language)), text]}
    return [*_listed(words), text] if words else {language: [text]}


def _listed(words: object) -> list[object]:
    return [] if words is None else list(words) if isinstance(words, list) else [words]


def _with_reply(source: str, step: str, text: str, language: str, means: str) -> str:
    """Return a file of test conversations with one line of test more."""
    quoted = json.dumps(text, ensure_ascii=False)
    line = f"  - {{ step: {step}, says: {{ {language}: {quoted} }}, means: {json.dumps(means)} }}\n"
    lines = source.splitlines(keepends=True)
    for number, one in enumerate(lines):
        if one.rstrip() == "replies:":
            return "".join([*lines[: number + 1], line, *lines[number + 1 :]])
    begin = source if not source or source.endswith("\n") else source + "\n"
    return f"{begin}\n# Single replies to its questions, and what each means.\nreplies:\n{line}"


def _try_flows(folder: Path, files: Mapping[Path, str], flow: str) -> None:
    """Play the conversations with this flow as they would go; raise `NotTaught` where something is wrong."""
    with TemporaryDirectory(prefix="checkin-") as name:
        copy = Path(name) / "flows"
        shutil.copytree(folder, copy)
        for path, text in files.items():
            (copy / path.name).write_text(text, "utf-8")
        flow_set = load_folder(copy)
        wrong = [issue for issue in flow_set.issues if issue.severity == "error"]
        if wrong or flow not in flow_set.flows:
            raise NotTaught(f"{flow} would not be good any more.", *_told(wrong))
        rehearsed = rehearse(copy, flow_set, (flow,))
        if not rehearsed.good:
            lines = [line for report in rehearsed.reports for line in told(report, full=False)]
            raise NotTaught("It would not be understood so, or would change a conversation.", *lines)


def _told(issues: list[Issue]) -> list[str]:
    return [f"{issue.file}:{issue.line}: {issue.message} {issue.mend}" for issue in issues]


# ---------------------------------------------------------------- a language


def teach_language(text: str, language: str, means: str, packs: Path | None = None) -> Lesson:
    """Return how a language learns that `text` means `means` wherever it is asked. Raises `NotTaught`."""
    folder = packs or packs_folder()
    known = read_packs(folder)
    languages = dict.fromkeys(pack.language for pack in known if pack.language != "any")
    if language not in languages:
        raise NotTaught(f"There is no pack for {language!r}.", f"Use one of: {', '.join(languages)}.")
    if means not in SECTIONS:
        raise NotTaught(f"A language can't be taught {means!r}.", f"Use one of: {', '.join(SECTIONS)}.")
    section, worth, asked, label = SECTIONS[means]
    path, test = folder / f"{language}_taught.yaml", folder / f"{language}_taught.replies.txt"
    head = f"# What staff have taught; docs/understanding.md says how.\nlanguage: {language}\n"
    phrase = " ".join(_SIGNS.sub(" ", text).split())
    if not phrase:
        raise NotTaught("There are no words in it.", "Give the words that somebody wrote.")
    written = _with_phrase(path.read_text("utf-8") if path.exists() else head, section, worth, phrase)
    cases = (
        test.read_text("utf-8")
        if test.exists()
        else "# Replies that staff have taught, each with its label.\n"
    )
    taught = f"{cases}\n@ {language} | {asked}\n= {label}\n{text}\n"
    others = [pack for pack in known if pack.language != language or not _is_taught(path, pack)]
    new = Reader([*others, parse_pack(written, path.name)])
    changed = _compared(Reader(known), new, folder)
    case = case_of(text, language, asked, label)
    found = explain(new, text, language, case.question)
    if not case.agrees(found):
        meant = f"{found.category} by {found.rule}"
        raise NotTaught(f"It would still be understood as {meant}.", "What comes first in the order counts.")
    return Lesson({path: written, test: taught}, changed)


def _is_taught(path: Path, pack: Pack) -> bool:
    return path.exists() and parse_pack(path.read_text("utf-8"), path.name) == pack


def _with_phrase(source: str, section: str, worth: float | None, text: str) -> str:
    """Return a pack's text with one phrase more, in its section and, where that has one, at its worth."""
    lines = source.rstrip("\n").split("\n")
    at = _after(lines, f"{section}:", 0, len(lines))
    indent = "  "
    if worth is not None:
        end = next((n for n in range(at, len(lines)) if lines[n][:1] not in ("", " ", "#")), len(lines))
        at = _after(lines, f"  {worth:g}:", at, end)
        indent = "    "
    lines.insert(at, f"{indent}- {json.dumps(text, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _after(lines: list[str], heading: str, begin: int, end: int) -> int:
    """Return the place below this heading; where there is none, it is written at the end."""
    for number in range(begin, end):
        if lines[number].rstrip() == heading:
            return number + 1
    lines.insert(end, heading)
    return end + 1


def _compared(old: Reader, new: Reader, folder: Path) -> tuple[str, ...]:
    """Return the labelled replies that would mean something else. Raises `NotTaught` for a loss of safety."""
    changed: list[str] = []
    for case in _labelled(folder):
        was = explain(old, case.text, case.language, case.question)
        now = explain(new, case.text, case.language, case.question)
        if (was.category, was.value, was.also) == (now.category, now.value, now.also):
            continue
        lost = {was.category, *was.also} & set(SAFETY) - {now.category, *now.also}
        told = f"“{case.text}” ({case.language}, {case.asked}): {_briefly(was)} → {_briefly(now)}"
        if lost and case.category != "harmless":
            raise NotTaught(f"It would hide words of safety: {told}.", "Teach a longer or a plainer phrase.")
        changed.append(told)
    return tuple(changed)


def _briefly(found: Explanation) -> str:
    return found.category if found.value in (None, "") else f"{found.category} {found.value}"


def _labelled(folder: Path) -> Iterator[Case]:
    paths = sorted(folder.glob("*.replies.txt"))
    if LABELLED.is_dir():
        paths += sorted(LABELLED.glob("development*.txt"))
    for path in paths:
        lines = path.read_text("utf-8").splitlines()
        yield from read_cases(lines, fills=path.stem.endswith("_ordinary"))
