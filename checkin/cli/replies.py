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

from checkin.cli.start import FOUND_PROBLEMS, settings_or_exit, stop, tell_issues

if TYPE_CHECKING:
    from checkin.conversation.explain import Explanation
    from checkin.service.explaining import Explainer

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

    The words are members' own. To teach one, add it to a language pack with a line of test: see
    docs/understanding.md.
    """
    from checkin.cli.start import flows_or_exit, open_or_exit
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
