"""`checkin replies`: try how a reply is understood, and see which were not.

Knows how replies come in on the command line and how they are told. What a reply means is `conversation`'s to
say. A reply's text is never logged; it is printed only to whoever gave it, or to staff who ask for it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from checkin.cli.start import (
    FOUND_PROBLEMS,
    flows_or_exit,
    known_or_exit,
    settings_or_exit,
    stop,
    tell_issues,
)

if TYPE_CHECKING:
    from checkin.conversation.explain import Explanation
    from checkin.service.explaining import Explainer
    from checkin.service.teaching import Lesson

command = typer.Typer(help="See how replies are understood.", no_args_is_help=True)

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")]


@command.callback()
def _replies() -> None:
    """See how replies are understood."""


@command.command("explain", epilog='Example: checkin replies explain --flow daily --step mood "4ish"')
def explain(
    text: Annotated[str | None, typer.Argument(help="The reply.")] = None,
    flow: Annotated[str | None, typer.Option(help="The flow that asked.")] = None,
    step: Annotated[str | None, typer.Option(help="The step of the flow that asked.")] = None,
    answer: Annotated[
        str | None, typer.Option(help="What was asked for, as a flow's `answer:` holds it, in JSON.")
    ] = None,
    context: Annotated[
        str | None, typer.Option(help="The situation: none, stopped, joining, alert_window, …")
    ] = None,
    language: Annotated[str, typer.Option(help="The member's own language.")] = "en",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read one JSON object a line, and write one a line.")
    ] = False,
    format: Format = "text",
) -> None:
    """Say what a reply is understood as, by which rule and words, and what it would be otherwise."""
    explainer = _explainer()
    if jsonl:
        if text is not None:
            stop("With --jsonl the replies come from standard input.", "Leave the text away.")
        if not _explain_lines(explainer):
            raise typer.Exit(FOUND_PROBLEMS)
        return
    if text is None:
        stop(
            "There is no reply to explain.",
            'For example: checkin replies explain --flow daily --step mood "meh"',
        )
    asked = {"flow": flow, "step": step, "answer": _from_json(answer), "context": context}
    given = {key: value for key, value in asked.items() if value is not None}
    request = {"text": text, "language": language, **(given or {"context": "none"})}
    _tell(_explained_or_exit(explainer, request), as_json=format == "json")


@command.command("unclear", epilog="Example: checkin replies unclear --flow daily --step mood")
def unclear(
    flow: Annotated[str | None, typer.Option(help="Only replies to questions of this flow.")] = None,
    step: Annotated[str | None, typer.Option(help="Only replies to this step's question.")] = None,
    format: Format = "text",
) -> None:
    """Show the replies that were not understood, by the step that asked. Read it where nobody looks on.

    The words are members' own. To teach one: checkin replies teach.
    """
    from checkin.cli.start import open_or_exit
    from checkin.service.not_understood import not_understood

    settings = settings_or_exit()
    app = open_or_exit(settings, flows_or_exit(settings))
    try:
        found = app.store.read(lambda unit: not_understood(app, unit, flow, step))
    finally:
        app.store.close()
    if format == "json":
        rows = [
            {"flow": one.flow, "step": one.step, "at": one.at.isoformat(), "text": one.text} for one in found
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    steps = dict.fromkeys((one.flow, one.step) for one in found)
    for flow_name, step_name in sorted(steps):
        said = [one for one in found if (one.flow, one.step) == (flow_name, step_name)]
        print(f"{flow_name}, {step_name}: {len(said)}")
        for one in said:
            print(f"    {one.at:%Y-%m-%d}  {' '.join(one.text.split())}")
    print(f"{len(found)} not understood.")


@command.command(
    "teach", epilog='Example: checkin replies teach "like a wet sock" --means 1 --flow daily --step mood'
)
def teach(
    text: Annotated[
        str, typer.Argument(help="What somebody wrote. Leave names and numbers out: it is kept.")
    ],
    means: Annotated[
        str,
        typer.Option(
            help="What it means. At a step: the answer (2, yes, a choice). For a language: very_low, low, "
            "so_so, ok, great, yes, no, later, support, opt_out, crisis, help, resume, thanks."
        ),
    ],
    flow: Annotated[str | None, typer.Option(help="The flow whose step learns it.")] = None,
    step: Annotated[str | None, typer.Option(help="The step that learns it.")] = None,
    language: Annotated[str, typer.Option(help="The language that it is written in.")] = "en",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Teach it though labelled replies change their meaning.")
    ] = False,
    dry: Annotated[bool, typer.Option("--dry", help="Try it, and write nothing.")] = False,
) -> None:
    """Teach a reply that was not understood: to one step, or without --flow to the whole language.

    A line of test is written with it. Nothing is written where a flow's conversations would go otherwise,
    where an opt-out, a crisis or a request for a person would be lost, or where it would still be read as
    something else.
    """
    from checkin.flow.edit import NotEdited
    from checkin.service.teaching import NotTaught

    try:
        lesson = _lesson(text.strip(), means, flow, step, language)
        for change in lesson.changed:
            print(f"Changes its meaning: {change}")
        if lesson.changed and not (anyway or dry):
            print("Nothing was written. Teach it a longer phrase, or repeat this with --anyway.")
            raise typer.Exit(FOUND_PROBLEMS)
        if not dry:
            lesson.write()
    except NotTaught as refused:
        stop(refused.problem, *refused.mends, "Nothing was written.", status=FOUND_PROBLEMS)
    except NotEdited as refused:
        stop(str(refused), status=FOUND_PROBLEMS)
    for path in lesson.files:
        print(f"{path} {'would be' if dry else 'is'} written.")
    if not dry:
        print("Read both before you keep them." if flow is None else "Read both, then: checkin flows publish")


def _lesson(text: str, means: str, flow: str | None, step: str | None, language: str) -> Lesson:
    from checkin.service.teaching import teach_language, teach_step

    if (flow is None) != (step is None):
        stop("A step is named with its flow.", "Give --flow and --step, or neither to teach the language.")
    if not text:
        stop("There are no words to teach.", "Give the words that somebody wrote.")
    if flow is None or step is None:
        return teach_language(text, language, means)
    settings = settings_or_exit()
    flow_set = flows_or_exit(settings)
    known_or_exit(flow, flow_set)
    if language not in flow_set.program.languages:
        known = ", ".join(flow_set.program.languages)
        stop(f"The program does not speak {language!r}.", f"Use one of: {known}.")
    return teach_step(settings.flows, flow_set, flow, step, text, language, means)


def _explainer() -> Explainer:
    from checkin.flow.load import ProgramRefused
    from checkin.service.explaining import Explainer

    try:
        return Explainer(settings_or_exit().flows)
    except ProgramRefused as refused:
        tell_issues(refused.issues)
        stop("The program can't be read.", "Run: checkin flows check")


def _from_json(written: str | None) -> object:
    if written is None or not written.lstrip().startswith(("{", '"')):
        return written
    try:
        return json.loads(written)
    except ValueError:
        stop("--answer is not readable as JSON.", """For example: --answer '{"scale": [1, 5]}'""")


def _explained_or_exit(explainer: Explainer, request: dict[str, object]) -> Explanation:
    from checkin.service.explaining import NotExplained

    try:
        return explainer.explain(request)
    except NotExplained as problem:
        stop(problem.problem, problem.mend)


def _tell(explanation: Explanation, *, as_json: bool) -> None:
    runner_up = explanation.runner_up
    other = None if runner_up is None else {"category": runner_up.category.value, "rule": runner_up.rule}
    if as_json:
        shown = {**explanation.to_json(), "words": list(explanation.words), "runner_up": other}
        print(json.dumps(shown, indent=2))
        return
    print(f"category   {explanation.category}")
    print(f"value      {'-' if explanation.value is None else explanation.value}")
    print(f"also       {', '.join(explanation.also) or '-'}")
    print(f"rule       {explanation.rule}")
    print(f"words      {' '.join(explanation.words) or '-'}")
    print("runner-up ", f"{other['category']} ({other['rule']})" if other else "-")


def _explain_lines(explainer: Explainer) -> bool:
    """Explain every line of standard input; return whether all could be."""
    from checkin.service.explaining import NotExplained

    good = True
    for line in _lines(sys.stdin.buffer):
        try:
            told = explainer.explain_line(line).to_json()
        except NotExplained as problem:
            told, good = {"problem": problem.problem, "mend": problem.mend}, False
        print(json.dumps(told), flush=True)
    return good


def _lines(source: Iterable[bytes]) -> Iterator[bytes]:
    return (line for line in source if line.strip())
