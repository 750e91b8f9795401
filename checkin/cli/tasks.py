"""The staff's list on the command line: what waits for a person, who has it, and what is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

import typer

from checkin.cli.start import COULD_NOT_RUN, flows_or_exit, open_or_exit, settings_or_exit, stop
from checkin.service import desk, todo
from checkin.service.app import App
from checkin.service.todo import Shown, TaskRefused

T = TypeVar("T")

tasks_command = typer.Typer(help="See, take, note and finish what waits for a person.", no_args_is_help=True)

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")]
Name = Annotated[str, typer.Argument(help="The number or the id, as `list` shows it.")]
As = Annotated[str, typer.Option("--as", help="Who you are: a name of the staff in program.yaml.")]
SeenBy = Annotated[
    str, typer.Option("--as", help="Show what this person of the staff may see. Left out, everything.")
]


@tasks_command.command("list", epilog="Example: checkin tasks list --format json")
def list_tasks(format: Format = "text", staff: SeenBy = "") -> None:
    """Show what is on the staff's list, oldest first. It names people: read it where nobody looks on."""
    with _service() as app:
        found = todo.listed(app, _person(app, staff))
        if format == "json":
            print(json.dumps([one.to_json() for one in found], indent=2, ensure_ascii=False))
            return
        for one in found:
            print(_line(app, one))
        late = sum(one.overdue for one in found)
        print(f"{len(found)} on the list." + (f" {late} overdue." if late else ""))


@tasks_command.command("show", epilog="Example: checkin tasks show 12")
def show_task(task: Name, format: Format = "text", staff: SeenBy = "") -> None:
    """Show one task and all that staff did about it."""
    with _service() as app:
        person = _person(app, staff)
        one = _or_stop(lambda: todo.shown(app, task, person))
        if format == "json":
            print(json.dumps(one.to_json(), indent=2, ensure_ascii=False))
            return
        print(_line(app, one))
        zone = ZoneInfo(app.program.timezone)
        for at, who, what in one.entries:
            print(f"    {at.astimezone(zone):%a %d %b %H:%M}  {who} {what}")


@tasks_command.command("take", epilog="Example: checkin tasks take 12 --as Dana")
def take_task(task: Name, staff: As) -> None:
    """Say that you have it: nobody else is reminded of it."""
    with _service() as app:
        _or_stop(lambda: desk.at_the_list(app, staff, lambda turn, person: todo.take(turn, task, person)))
    print("It is yours.")


@tasks_command.command("note", epilog='Example: checkin tasks note 12 "Called, no answer" --as Dana')
def note_task(
    task: Name, words: Annotated[str, typer.Argument(help="What to write down.")], staff: As
) -> None:
    """Write down what you did. It stays with the task."""
    with _service() as app:
        _or_stop(
            lambda: desk.at_the_list(app, staff, lambda turn, person: todo.note(turn, task, person, words))
        )
    print("Written down.")


@tasks_command.command("done", epilog="Example: checkin tasks done 12 --as Dana")
def finish_task(
    task: Name,
    staff: Annotated[str, typer.Option("--as", help="Who you are: a name of the staff.")] = "",
) -> None:
    """Take something off the list, because a person has dealt with it."""
    with _service() as app:
        if staff:
            _or_stop(lambda: desk.at_the_list(app, staff, lambda turn, person: todo.done(turn, task, person)))
        else:
            _or_stop(lambda: desk.finish(app, task))
    print("Done.")


def _line(app: App, one: Shown) -> str:
    task, zone = one.task, ZoneInfo(app.program.timezone)
    stands = {"open": "nobody has it", "done": "done"}.get(task.state, f"{one.claimed_by} has it")
    late = ", overdue" if one.overdue else ""
    since = f"{task.created_at.astimezone(zone):%a %d %b %H:%M}"
    return f"{task.number}  {since}  {task.kind}: {task.note} ({stands}{late})\n    {task.id}"


def _person(app: App, staff: str) -> str | None:
    """Return who looks at the list; None where nobody was named, and all of it is shown."""
    return _or_stop(lambda: desk.who(app, staff)) if staff else None


def _or_stop(work: Callable[[], T]) -> T:
    try:
        return work()
    except TaskRefused as refused:
        stop(str(refused), "`checkin tasks list` shows the numbers.", status=COULD_NOT_RUN)
    except desk.NotOnCall:
        stop("Nobody on staff has this name.", "Write it as in program.yaml.", status=COULD_NOT_RUN)


@contextmanager
def _service() -> Iterator[App]:
    settings = settings_or_exit()
    app = open_or_exit(settings, flows_or_exit(settings))
    try:
        yield app
    finally:
        app.store.close()
