"""`checkin flows results`: answers that were kept without a name, for enough people together."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from checkin.cli.start import flows_or_exit, known_or_exit, open_or_exit, settings_or_exit, stop

if TYPE_CHECKING:
    from checkin.service.pulse import Figures


def results(
    flow: Annotated[str, typer.Argument(help="A flow with `unlinked: true`.")],
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")] = "text",
) -> None:
    """Show what was answered to a flow without names: weeks that are over, with five answers or more."""
    from checkin.service import pulse

    settings = settings_or_exit()
    flow_set = flows_or_exit(settings)
    known_or_exit(flow, flow_set)
    if not flow_set.flows[flow].unlinked:
        lines = (f"The answers of {flow!r} are kept with each member.", "Only `unlinked: true` is counted.")
        stop(*lines)
    app = open_or_exit(settings, flow_set)
    try:
        found = pulse.figures(app, flow)
    finally:
        app.store.close()
    if format == "json":
        print(json.dumps([{**asdict(one), "week": one.week.isoformat()} for one in found], indent=2))
        return
    for one in found:
        print(f"week of {one.week}  {one.question}: {_words(one)}")
    if not found:
        print("There is nothing to show yet: a week is shown when it is over.")


def _words(one: Figures) -> str:
    if not one.shown:
        return "not shown (fewer than 5 answers, or too alike)"
    if one.choices is None:
        return f"{one.average} on average, {one.answers} answers"
    taken = ", ".join(f"{name} {'not shown' if n is None else n}" for name, n in one.choices.items())
    return f"{taken}; {one.answers} answers"
