"""The staff's list on the command line: what waits for a person, and what is done."""

from __future__ import annotations

import json
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from checkin.cli.start import COULD_NOT_RUN, flows_or_exit, open_or_exit, settings_or_exit, stop
from checkin.service.app import App
from checkin.store import alerts
from checkin.store.unit import Conflict

tasks_command = typer.Typer(help="See and finish what waits for a person.", no_args_is_help=True)


@tasks_command.command("list", epilog="Example: checkin tasks list --format json")
def list_tasks(
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")] = "text",
) -> None:
    """Show what is on the staff's list, oldest first. It names people: read it where nobody looks on."""
    app = _open()
    try:
        found = app.store.read(alerts.open_tasks)
    finally:
        app.store.close()
    if format == "json":
        rows = [
            {"id": one.id, "kind": one.kind, "since": one.created_at.isoformat(), "note": one.note}
            for one in found
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    zone = ZoneInfo(app.program.timezone)
    for one in found:
        print(f"{one.created_at.astimezone(zone):%a %d %b %H:%M}  {one.kind}: {one.note}\n    {one.id}")
    print(f"{len(found)} on the list.")


@tasks_command.command("done", epilog="Example: checkin tasks done 4f0c.3.1")
def finish_task(task: Annotated[str, typer.Argument(help="The id, as `list` shows it.")]) -> None:
    """Take something off the list, because a person has dealt with it."""
    app = _open()
    now = app.clock.now()
    try:
        app.store.run(lambda unit: alerts.finish_task(unit, task, now))
    except Conflict:
        stop("Nothing on the list has this id.", "`checkin tasks list` shows the ids.", status=COULD_NOT_RUN)
    finally:
        app.store.close()
    print("Done.")


def _open() -> App:
    settings = settings_or_exit()
    return open_or_exit(settings, flows_or_exit(settings))
