"""`checkin flows start`: a conversation that staff begin by hand, for one member."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from checkin.cli.start import FOUND_PROBLEMS, flows_or_exit, open_or_exit, settings_or_exit, stop


def start_by_hand(
    flow: Annotated[str, typer.Argument(help="The flow to begin; it has `staff: true` under `start`.")],
    member: Annotated[str, typer.Option("--member", help="The member's phone number, or first name.")],
    staff: Annotated[str, typer.Option("--as", help="Who you are: a name of the staff in program.yaml.")],
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")] = "text",
) -> None:
    """Begin a conversation for one member now; outside the member's hours, when these begin."""
    from checkin.service import desk, starting

    settings = settings_or_exit()
    app = open_or_exit(settings, flows_or_exit(settings))
    try:
        begun = starting.start(app, flow, member, staff)
    except starting.NotStarted as refused:
        stop(refused.problem, refused.mend, status=FOUND_PROBLEMS)
    except desk.NotOnCall:
        stop("Nobody on staff has this name.", "Write it as in program.yaml.")
    finally:
        app.store.close()
    if format == "json":
        at = None if begun.at is None else begun.at.isoformat()
        print(json.dumps({"flow": begun.flow, "version": begun.version, "begins_at": at}))
    elif begun.at is None:
        print(f"{begun.flow} (version {begun.version}) has begun for {begun.member}.")
    else:
        when = f"{begun.at:%A %H:%M}"
        print(f"It is outside {begun.member}'s hours now: {begun.flow} begins {when} on their clock.")
