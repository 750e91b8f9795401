"""`checkin members`: bringing members in from a list.

Knows how the file comes in and how the outcome is told. Who is added is `service.importing`'s to say. Names
are never printed, numbers only with `--format json`, to whoever gave them.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from checkin.cli.start import FOUND_PROBLEMS, flows_or_exit, open_or_exit, settings_or_exit, stop

if TYPE_CHECKING:
    from checkin.flow.program import Program
    from checkin.people.rosters import Entry, RowRefused, Table
    from checkin.service.importing import Outcome

T = TypeVar("T")

command = typer.Typer(help="Bring members in, and see or erase what is kept about one.", no_args_is_help=True)


@command.callback()
def _members() -> None:
    """Bring members in, and see or erase what is kept about one."""


@command.command("import", epilog="Example: checkin members import members.csv --dry-run")
def import_members(
    file: Annotated[Path, typer.Argument(help="A CSV file whose first line names the columns.")],
    column: Annotated[
        list[str] | None,
        typer.Option(help="Which column is what, for example number=Handy. May be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of each row.")] = False,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Take the good rows although others are wrong.")
    ] = False,
    format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="How to report: json is one object a line.")
    ] = "text",
) -> None:
    """Make members of the rows of a list: all of them, or none.

    Whoever has a yes or a date in the consent column gets check-ins; everybody else is asked first. The same
    file again changes nothing.
    """
    from checkin.service.importing import can_ask, take

    table = _table(file, column or [])
    settings = settings_or_exit()
    flow_set = flows_or_exit(settings)
    app = open_or_exit(settings, flow_set)
    try:
        rows = _read(table, app.program)
        later = can_ask(flow_set.flows.values()) and not can_ask(app.flows.values())
        outcomes = take(
            app,
            rows,
            dry_run=dry_run,
            skip_invalid=skip_invalid,
            asks_later=later,
            watch=lambda wanted: _bar(wanted, len(wanted), "Writing"),
        )
    finally:
        app.store.close()
    invalid = any(one.status == "invalid" for one in outcomes)
    if format == "json":
        for one in outcomes:
            print(json.dumps(asdict(one)))
    else:
        _tell(outcomes, table)
    if dry_run:
        print("Nothing was imported: this was a dry run.", file=sys.stderr)
    elif invalid and not skip_invalid:
        print(
            "Nothing was imported: mend these rows, or take the others with --skip-invalid.", file=sys.stderr
        )
    if later:
        print(
            "The conversation that asks people to join is not live yet: run checkin flows publish."
            " Whoever has to be asked is asked then.",
            file=sys.stderr,
        )
    if invalid:
        raise typer.Exit(FOUND_PROBLEMS)


@command.command("export", epilog="Example: checkin members export 202-555-0101 --format json")
def export_member(
    number: Annotated[str, typer.Argument(help="The phone number of the person.")],
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")] = "text",
) -> None:
    """Print everything that is kept about one person. It names them: give it to nobody else."""
    from checkin.service.erasing import NobodyHere, export

    settings = settings_or_exit()
    app = open_or_exit(settings, flows_or_exit(settings))
    try:
        person, kept = export(app, number)
    except NobodyHere:
        stop("Nobody has this number.", "Write it with its area code, or with + and the country's code.")
    finally:
        app.store.close()
    if format == "json":
        told = [{"at": one.at.isoformat(), "kind": one.kind, "says": one.says} for one in kept]
        about = {"number": person.number, "name": person.name, "language": person.language}
        print(json.dumps({**about, "stopped": person.stopped, "kept": told}, indent=2, ensure_ascii=False))
        return
    print(f"{person.name or 'no name'}, {person.number}, {person.language}")
    for one in kept:
        print(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.kind}: {one.says}")


@command.command("erase", epilog="Example: checkin members erase 202-555-0101 --yes")
def erase_member(
    number: Annotated[str, typer.Argument(help="The phone number of the person.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: it can't be undone.")] = False,
) -> None:
    """Stop all texts to one person, and erase all that is kept about them."""
    from checkin.service.erasing import NobodyHere, StillOpen, erase_now

    if not yes:
        stop("Nothing was erased: this can't be undone.", "Add --yes if you mean it.")
    settings = settings_or_exit()
    app = open_or_exit(settings, flows_or_exit(settings))
    try:
        erase_now(app, number)
    except NobodyHere:
        stop("Nobody has this number.", "Write it with its area code, or with + and the country's code.")
    except StillOpen:
        stop("A request for support of theirs is open.", "See to it first: `checkin alerts list` shows it.")
    finally:
        app.store.close()
    print("Erased. The number stays marked, so that it is never texted.")


def _table(file: Path, column: Sequence[str]) -> Table:
    from checkin.people.rosters import TableRefused, read_table

    mapped = {}
    for one in column:
        what, equals, name = one.partition("=")
        if not equals:
            stop(f"--column {one} does not say which column is what.", "Write it like --column number=Handy.")
        mapped[what.strip()] = name.strip()
    try:
        return read_table(file.read_bytes(), mapped)
    except TableRefused as refused:
        stop(f"{file.name}: {refused.problem}", refused.mend)
    except OSError as error:
        stop(f"{file} can't be read: {error.strerror}.")


def _read(table: Table, program: Program) -> list[tuple[int, Entry | RowRefused]]:
    """Read every row, with a bar on a terminal."""
    from checkin.people.rosters import read_rows

    rows = read_rows(table, region=program.country, languages=program.languages, groups=program.groups)
    return list(_bar(rows, len(table.rows), "Reading"))


def _bar(things: Iterable[T], number: int, label: str) -> Iterator[T]:
    """Go through these, with a bar on a terminal."""
    hidden = not sys.stderr.isatty()
    with typer.progressbar(things, length=number, label=label, file=sys.stderr, hidden=hidden) as bar:
        yield from bar


def _tell(outcomes: Sequence[Outcome], table: Table) -> None:
    for one in outcomes:
        if one.problem is not None:
            print(f"row {one.row}: {one.status}: {one.problem}. {one.mend}")
    if table.left_out:
        print(f"Columns left out: {', '.join(table.left_out)}.")
    counts = Counter(one.status for one in outcomes)
    told = [f"{counts[status]} {status}" for status in _STATUSES if counts[status]]
    print(f"{len(outcomes)} rows: {', '.join(told) or 'nothing in them'}.")


_STATUSES: tuple[Literal["added", "updated", "unchanged", "duplicate", "invalid"], ...] = (
    "added",
    "updated",
    "unchanged",
    "duplicate",
    "invalid",
)


@command.command(
    "undo-stop", epilog='Example: checkin members undo-stop +12025550101 --by Dana --because "asked by phone"'
)
def undo_stop(
    number: Annotated[str, typer.Argument(help="The number that said STOP, with + and country code.")],
    by: Annotated[str, typer.Option(help="Who on staff does it.")],
    because: Annotated[str, typer.Option(help="Why: when and how its owner asked for it.")],
) -> None:
    """Let texts go to a number again that said STOP; who did it and why is kept.

    Only where its owner asked for it, or the STOP was none. What the carrier blocks stays blocked until START
    comes from that phone.
    """
    from checkin.service import standing

    settings = settings_or_exit()
    app = open_or_exit(settings, flows_or_exit(settings))
    try:
        done = standing.undo_stop(app, number, staff=by, why=because)
    finally:
        app.store.close()
    if not done:
        lines = ("This number has not said STOP here.", "Write it with + and the country code.")
        stop(*lines, status=FOUND_PROBLEMS)
    print(
        "Texts go to this number again. If its owner texted STOP, the carrier lets them through after START."
    )
