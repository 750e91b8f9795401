"""What every command begins with: settings, logs and flows, or a plain account of what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import structlog

from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Issue
from checkin.flow.load import FlowSet, ProgramRefused
from checkin.service.app import App
from checkin.service.logs import configure_logs
from checkin.service.settings import Settings, SettingsRefused, load_settings
from checkin.service.wiring import read_flows

COULD_NOT_RUN = 2
FOUND_PROBLEMS = 1

log = structlog.get_logger()


def settings_or_exit() -> Settings:
    """Return the settings, or say everything that is wrong with them and exit with status 2."""
    try:
        settings = load_settings(os.environ, env_file=Path(".env"))
    except SettingsRefused as refused:
        number = len(refused.problems)
        stop(
            f"Checkin can't start: {number} setting{'s are' if number > 1 else ' is'} wrong.",
            *(f"  {problem}" for problem in refused.problems),
            "docs/settings.md describes every setting.",
        )
    configure_logs(settings.log_level, sys.stderr, as_json=not sys.stderr.isatty())
    return settings


def flows_or_exit(settings: Settings) -> FlowSet:
    """Return the flows that are good, and say what is wrong with the others.

    Exits with status 2 where the program itself can't be read: nothing runs without it.
    """
    try:
        flow_set = read_flows(settings)
    except ProgramRefused as refused:
        stop("Checkin can't start: the program can't be read.", *map(str, refused.issues))
    tell_issues(issue for issue in flow_set.issues if issue.is_error)
    return flow_set


def known_or_exit(name: str, flow_set: FlowSet) -> None:
    """Exit where there is no such flow, or where it has an error."""
    if name in flow_set.flows:
        return
    if any(issue.is_error and Path(issue.file).stem == name for issue in flow_set.issues):
        stop(f"There is no good flow {name!r}: mend first what is told above.")
    near = did_you_mean(name, flow_set.flows)
    meant = f" Did you mean {near!r}?" if near else ""
    stop(f"There is no good flow {name!r}.{meant}", f"Use one of: {', '.join(flow_set.flows)}.")


def tell_issues(issues: Iterable[Issue]) -> None:
    """Print issues where an operator reads them; they hold staff's words, no member's."""
    for issue in issues:
        print(issue, file=sys.stderr)


def stop_where_it_is_plain(error: Exception) -> None:
    """Exit with a plain account where this error is the operator's to mend, whatever command met it."""
    from sqlalchemy.exc import DatabaseError, OperationalError

    from checkin.store.migrate import NewerDatabase
    from checkin.store.vault import VaultError

    if isinstance(error, OperationalError):
        stop(
            f"The database can't be reached ({type(error).__name__}).",
            "Check that it runs and that CHECKIN_DATABASE_URL names it, its user and its password.",
        )
    if type(error) is DatabaseError:  # those below it are about one statement
        stop("The database can't be read: it is damaged, or no database.", OTHER_FILE)
    if isinstance(error, NewerDatabase):
        stop("The database belongs to a newer version of Checkin.", "Start that version.")
    if isinstance(error, VaultError):
        stop(f"The database can't be read: {error}.", "Set CHECKIN_SECRET_KEYS to the keys it was made with.")
    if isinstance(error, OSError) and error.filename is not None:
        stop(
            f"{error.filename} can't be used ({error.strerror}).",
            "Check the settings that name it, and that this user may read and write there.",
        )


OTHER_FILE = "Let CHECKIN_DATABASE_URL name another file, or put one back from a backup."


def stop(*lines: str, status: int = COULD_NOT_RUN) -> NoReturn:
    """Print these lines to standard error and exit."""
    print(*lines, sep="\n", file=sys.stderr)
    raise SystemExit(status)


def open_or_exit(settings: Settings, flow_set: FlowSet, *, answers: bool = False) -> App:
    """Return the wired service, for `answers` or not, or say why it can't be had and exit with status 2."""
    from checkin.carrier.base import Misconfigured
    from checkin.service.wiring import NotMigrated, open_app

    try:
        return open_app(settings, flow_set, answers=answers)
    except NotMigrated:
        stop("The database is not up to date.", "Run: checkin migrate")
    except Misconfigured as error:
        stop(f"The carrier can't be set up: {error}")
