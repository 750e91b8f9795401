"""The command line `checkin`."""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import Annotated, Literal

import typer

from checkin.cli.alerts import alerts_command
from checkin.cli.flows import command as flows_command
from checkin.cli.members import command as members_command
from checkin.cli.replies import command as replies_command
from checkin.cli.start import (
    COULD_NOT_RUN,
    FOUND_PROBLEMS,
    flows_or_exit,
    open_or_exit,
    settings_or_exit,
    stop,
    stop_where_it_is_plain,
)
from checkin.cli.tasks import tasks_command
from checkin.service.settings import Settings

command = typer.Typer(
    name="checkin",
    help="An open check-in service by text message and phone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
command.add_typer(flows_command, name="flows")
command.add_typer(members_command, name="members")
command.add_typer(alerts_command, name="alerts")
command.add_typer(tasks_command, name="tasks")
command.add_typer(replies_command, name="replies")

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")]


def main() -> None:
    """Run the command line. What it could not do has the exit status 2, also where that is our own fault."""
    try:
        command()
    except Exception as error:  # noqa: BLE001  whatever it is, it is told, and the process ends
        stop_where_it_is_plain(error)
        sys.excepthook(type(error), error, error.__traceback__)
        raise SystemExit(COULD_NOT_RUN) from None


@command.command(epilog="Example: PORT=8080 checkin dev")
def dev() -> None:
    """Run everything in one process, with pretend phones in the browser. Nothing leaves this computer."""
    from checkin.cli.serve import serve_dev

    serve_dev(settings_or_exit())


@command.command(epilog="Example: checkin web")
def web() -> None:
    """Serve the webhooks. With the embedded broker the workers and the clock run in this process too."""
    from checkin.cli.serve import serve_web

    settings = settings_or_exit()
    flow_set = flows_or_exit(settings)
    # A process that does all by itself knows when it answers; it must not take its own writing for another's.
    serve_web(open_or_exit(settings, flow_set, answers=not settings.embedded), settings)


@command.command(epilog="Example: checkin worker alerts")
def worker(
    lane: Annotated[Literal["alerts", "routine"], typer.Argument(help="Which lane to work at.")] = "routine",
) -> None:
    """Send what is due in one lane, whenever the broker says so."""
    from checkin.cli.serve import serve_worker

    settings = _settings_with_broker("worker")
    serve_worker(open_or_exit(settings, flows_or_exit(settings)), settings, lane, _stopping())


@command.command(epilog="Example: checkin clock")
def clock() -> None:
    """Wake whatever is due: timers, retries, wake-ups that the broker lost."""
    from checkin.cli.serve import serve_clock

    settings = _settings_with_broker("clock")
    serve_clock(open_or_exit(settings, flows_or_exit(settings)), settings, _stopping())


@command.command(epilog="Example: checkin migrate")
def migrate() -> None:
    """Bring the database up to date."""
    from checkin.store.migrate import migrate as bring_up_to_date

    settings = settings_or_exit()
    changed = bring_up_to_date(settings.database_url)
    print("The database is up to date now." if changed else "The database was up to date.")


@command.command(epilog="Example: checkin doctor --format json")
def doctor(format: Format = "text") -> None:
    """Check database, migrations, broker, clock, flows and the Twilio account, and say how to mend each."""
    from checkin.service.doctor import examine

    settings = settings_or_exit()
    findings = examine(settings)
    if format == "json":
        print(json.dumps([finding.to_json() for finding in findings], indent=2))
    else:
        for finding in findings:
            print(finding)
    if not all(finding.good for finding in findings):
        raise typer.Exit(FOUND_PROBLEMS)


def _settings_with_broker(name: str) -> Settings:
    settings = settings_or_exit()
    if settings.embedded:
        stop(
            f"With the embedded broker, `checkin web` does the work of `checkin {name}` itself.",
            "Set CHECKIN_BROKER_URL to redis://… or amqp://… to run it apart.",
        )
    return settings


def _stopping() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
