"""Requests for support on the command line: which are open, what happened, taking and closing them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

import typer

from checkin.cli.start import COULD_NOT_RUN, flows_or_exit, open_or_exit, settings_or_exit, stop
from checkin.service import desk
from checkin.service.app import App

T = TypeVar("T")

alerts_command = typer.Typer(help="See, take and close requests for support.", no_args_is_help=True)

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")]
Id = Annotated[str, typer.Argument(help="The id, as `list` shows it.")]
As = Annotated[str, typer.Option("--as", help="Who you are: a name of the staff in program.yaml.")]
SeenBy = Annotated[
    str, typer.Option("--as", help="Show what this person of the staff may see. Left out, everything.")
]


@alerts_command.command("list", epilog="Example: checkin alerts list --format json")
def list_alerts(format: Format = "text", staff: SeenBy = "") -> None:
    """Show every request that is not over, oldest first. It names people: read it where nobody looks on."""
    with _service() as app:
        found = _or_stop(lambda: desk.open_requests(app, staff or None))
        if format == "json":
            print(json.dumps([one.to_json() for one in found], indent=2, ensure_ascii=False))
            return
        for one in found:
            print(_line(app, one))
        print(f"{len(found)} open.")


@alerts_command.command("show", epilog="Example: checkin alerts show 4f0c --format json")
def show_alert(alert: Id, format: Format = "text", staff: SeenBy = "") -> None:
    """Show one request and all that happened to it: who was told, who answered, what arrived."""
    with _service() as app:
        one, happened = _or_stop(lambda: desk.history(app, alert, staff or None))
        if format == "json":
            both = {**one.to_json(), "history": [each.to_json() for each in happened]}
            print(json.dumps(both, indent=2, ensure_ascii=False))
            return
        print(_line(app, one))
        print(f"    Number: {one.number}")
        zone = ZoneInfo(app.program.timezone)
        for each in happened:
            who = f": {each.who}" if each.who else ""
            print(f"    {each.at.astimezone(zone):%a %d %b %H:%M:%S}  {each.what}{who}")


@alerts_command.command("take", epilog="Example: checkin alerts take 4f0c --as Dana")
def take_alert(alert: Id, staff: As) -> None:
    """Say that you have it, as a 1 by text does. The member and everyone who was asked hear so."""
    with _service() as app:
        _or_stop(lambda: desk.take(app, alert, staff))
    print("It is yours. The member hears so now.")


@alerts_command.command("done", epilog="Example: checkin alerts done 4f0c --as Dana")
def finish_alert(alert: Id, staff: As) -> None:
    """Close it, because a person has been there for the member. Whoever was asked hears so."""
    with _service() as app:
        _or_stop(lambda: desk.done(app, alert, staff))
    print("Done.")


@alerts_command.command(
    "note", epilog='Example: checkin alerts note 4f0c "Called, will visit at 5" --as Dana'
)
def note_alert(
    alert: Id, words: Annotated[str, typer.Argument(help="What to write down.")], staff: As
) -> None:
    """Write down what you did. It stands in the request's history; nobody is told."""
    with _service() as app:
        _or_stop(lambda: desk.note(app, alert, staff, words))
    print("Written down.")


def _line(app: App, one: desk.Request) -> str:
    zone = ZoneInfo(app.program.timezone)
    asked = "; ".join(f"{name} {stands}" for name, stands in one.asked.items()) or "nobody was asked yet"
    since = f"{one.raised_at.astimezone(zone):%a %d %b %H:%M}"
    return f"{since}  {one.member} ({one.reason}), {one.state.replace('_', ' ')}: {asked}\n    {one.id}"


def _or_stop(work: Callable[[], T]) -> T:
    try:
        return work()
    except desk.NoSuchAlert:
        stop(
            "No request that you may see has this id.",
            "`checkin alerts list` shows those that are open.",
            status=COULD_NOT_RUN,
        )
    except desk.NotOnCall:
        stop("Nobody on staff has this name.", "Write it as in program.yaml.", status=COULD_NOT_RUN)
    except desk.Refused as refused:
        stop(str(refused), "`checkin alerts show` tells how it stands.", status=COULD_NOT_RUN)


@contextmanager
def _service() -> Iterator[App]:
    settings = settings_or_exit()
    app = open_or_exit(settings, flows_or_exit(settings))
    try:
        yield app
    finally:
        app.store.close()
