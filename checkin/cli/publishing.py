"""`checkin flows diff` and `publish`: versions, and the people who are in the middle of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from checkin.cli.start import (
    FOUND_PROBLEMS,
    flows_or_exit,
    known_or_exit,
    open_or_exit,
    settings_or_exit,
    stop,
    tell_issues,
)
from checkin.flow.issue import errors
from checkin.flow.load import FlowSet
from checkin.service.settings import Settings
from checkin.service.versions import (
    Difference,
    NoSuchVersion,
    Standing,
    VersionRefused,
    between,
    differences,
    go_back,
)
from checkin.service.versions import history as versions_of
from checkin.store.runs import FlowVersion

if TYPE_CHECKING:
    from checkin.service.app import App
    from checkin.service.rehearsal.run import Rehearsed

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")]


def told(difference: Difference) -> Iterator[str]:
    """Go through the lines that tell what a flow's file would change, and for whom."""
    live = difference.live
    if live is None:
        yield f"{difference.flow}: was never published."
        return
    if not difference.changes:
        yield f"{difference.flow}: version {live.version} is live, and the file is the same."
    else:
        yield f"{difference.flow}: {version_words(live)} is live. The file differs:"
        for change in difference.changes:
            yield from (f"  {line}" for line in str(change).splitlines())
    yield from people_told(difference.standing)


def people_told(standing: Iterable[Standing]) -> Iterator[str]:
    """Go through the lines that tell who is in the middle of which version."""
    standing = tuple(standing)
    for version in dict.fromkeys(one.version for one in standing):
        here = [one for one in standing if one.version == version]
        count = sum(one.people for one in here)
        who = "1 person is" if count == 1 else f"{count} people are"
        steps = ", ".join(f"{one.people} at {one.step}" for one in here)
        yield f"  {who} in version {version} and {'ends' if count == 1 else 'end'} there: {steps}."


def version_words(version: FlowVersion) -> str:
    """Return a version with who published it, when and why."""
    when = "" if version.at is None else f" of {version.at:%Y-%m-%d %H:%M} UTC"
    note = f": {version.note}" if version.note else ""
    return f"version {version.version}{when} ({version.author}{note})"


def difference_to_json(difference: Difference) -> dict[str, Any]:
    """Return a difference as plain JSON values."""
    return {
        "flow": difference.flow,
        "live": None if difference.live is None else version_to_json(difference.live),
        "changes": [change.to_json() for change in difference.changes],
        "people": [asdict(one) for one in difference.standing],
    }


def version_to_json(version: FlowVersion) -> dict[str, Any]:
    """Return a version, without its source, as plain JSON values."""
    at = None if version.at is None else version.at.isoformat()
    return {"version": version.version, "at": at, "author": version.author, "note": version.note}


def tell_rehearsed(rehearsed: Rehearsed, *, full: bool, as_json: bool) -> bool:
    """Tell how test conversations went; return whether all went as written."""
    from checkin.service.rehearsal.tell import to_json, told

    if as_json:
        shown = {
            "good": rehearsed.good,
            "issues": [issue.to_json() for issue in rehearsed.issues],
            "flows": [to_json(report) for report in rehearsed.reports],
            "without": list(rehearsed.without),
        }
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return rehearsed.good
    tell_issues(rehearsed.issues)
    for report in rehearsed.reports:
        for line in told(report, full=full):
            print(line)
    for name in rehearsed.without:
        print(f"{name}: no test conversations. Begin with {name}.test.yaml, or: checkin flows chat {name}")
    return rehearsed.good


def diff(
    flow: Annotated[str | None, typer.Argument(help="Only this flow.")] = None,
    old: Annotated[int | None, typer.Option("--from", help="Compare this version …")] = None,
    new: Annotated[int | None, typer.Option("--to", help="… with this one: the newest, if not said.")] = None,
    history: Annotated[bool, typer.Option("--history", help="List every version of the flow.")] = False,
    format: Format = "text",
) -> None:
    """Say what publishing would change, and who is in the middle of an older version."""
    settings = settings_or_exit()
    flow_set = flows_or_exit(settings)
    if flow is None and (history or old is not None or new is not None):
        stop("Which flow?", "For example: checkin flows diff daily --history")
    app = open_or_exit(settings, flow_set)
    try:
        if flow is not None and history:
            shown, lines = _history(app, flow)
        elif flow is not None and (old is not None or new is not None):
            shown, lines = _between(app, flow, old, new)
        else:
            found = differences(app, flow_set.flows, [flow] if flow is not None else list(flow_set.flows))
            shown = [difference_to_json(one) for one in found]
            lines = [line for one in found for line in told(one)]
    except NoSuchVersion as missing:
        stop(str(missing))
    finally:
        app.store.close()
    print(json.dumps(shown, indent=2, ensure_ascii=False) if format == "json" else "\n".join(lines))


def _history(app: App, flow: str) -> tuple[list[Any], list[str]]:
    found = versions_of(app, flow)
    lines = [version_words(one) for one in found] or [f"{flow} was never published."]
    return [version_to_json(one) for one in found], lines


def _between(app: App, flow: str, old: int | None, new: int | None) -> tuple[list[Any], list[str]]:
    newest = max((one.version for one in versions_of(app, flow)), default=0)
    to = new if new is not None else newest
    found = between(app, flow, old if old is not None else to - 1, to)
    return [one.to_json() for one in found], [str(one) for one in found] or ["Nothing differs."]


def publish_all(
    flow: Annotated[str | None, typer.Argument(help="Only this flow.")] = None,
    author: Annotated[str, typer.Option(help="Who publishes.")] = "",
    note: Annotated[str, typer.Option(help="What changed, for the record.")] = "",
    version: Annotated[
        int | None, typer.Option("--version", help="Go back: publish this older version again.")
    ] = None,
) -> None:
    """Publish every flow that has changed, if it has no error and its conversations go as written.

    With any error in a file, or a conversation that goes otherwise, nothing is published.
    """
    import getpass

    settings = settings_or_exit()
    # Going back must not wait until every file is mended.
    flow_set = _good_or_exit(settings) if version is None else flows_or_exit(settings)
    if version is not None and flow is None:
        stop("Which flow?", "For example: checkin flows publish daily --version 2")
    if flow is not None and version is None:
        known_or_exit(flow, flow_set)
    app = open_or_exit(settings, flow_set)
    try:
        if flow is not None and version is not None:
            _go_back(app, flow, version, author or getpass.getuser(), note)
        else:
            _publish(app, settings, flow_set, flow, (author or getpass.getuser(), note))
    finally:
        app.store.close()


def _good_or_exit(settings: Settings) -> FlowSet:
    """Return the flows, or tell every error of theirs and exit."""
    from checkin.flow.load import ProgramRefused
    from checkin.service.misheard import misheard
    from checkin.service.wiring import read_flows
    from checkin.service.words import make_reader

    try:
        flow_set = read_flows(settings)
    except ProgramRefused as refused:
        tell_issues(refused.issues)
        raise typer.Exit(FOUND_PROBLEMS) from None
    of_words = misheard(settings.flows, flow_set, make_reader(flow_set.program))
    if found := errors((*flow_set.issues, *of_words)):
        tell_issues(found)
        print("Nothing was published: mend these first.")
        raise typer.Exit(FOUND_PROBLEMS)
    return flow_set


def _publish(app: App, settings: Settings, flow_set: FlowSet, only: str | None, by: tuple[str, str]) -> None:
    """Publish what differs from what is live, if its test conversations go as they are written."""
    from checkin.service.publishing import publish
    from checkin.service.rehearsal.run import rehearse

    names = list(flow_set.flows) if only is None else [only]
    found = [one for one in differences(app, flow_set.flows, names) if one.differs]
    if found:
        rehearsed = rehearse(settings.flows, flow_set, [one.flow for one in found])
        if not rehearsed.good:
            tell_rehearsed(rehearsed, full=False, as_json=False)
            print("Nothing was published: mend these first, or write the conversations anew with --update.")
            raise typer.Exit(FOUND_PROBLEMS)
    author, note = by
    published = publish(app, [flow_set.flows[name] for name in names], author=author, note=note)
    standing = {one.flow: one.standing for one in found}
    for one in published:
        print(f"{one.flow}: version {one.version} is live.")
        for line in people_told(standing.get(one.flow, ())):
            print(line)
    if not published:
        print("Every flow was live already." if only is None else f"{only} was live already.")


def _go_back(app: App, flow: str, version: int, author: str, note: str) -> None:
    try:
        published = go_back(app, flow, version, author=author, note=note)
    except NoSuchVersion as missing:
        stop(str(missing))
    except VersionRefused as refused:
        tell_issues(refused.issues)
        print("Nothing was published: today's check refuses this version.")
        raise typer.Exit(FOUND_PROBLEMS) from None
    for one in published:
        print(f"{one.flow}: version {one.version} is live, with the words of version {version}.")
        print(f"The file in {flow}.yaml still differs: the next `checkin flows publish` would bring it back.")
    if not published:
        print(f"{flow}: version {version} is live already.")
