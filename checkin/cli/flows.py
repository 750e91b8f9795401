"""`checkin flows`: check, try and publish the conversations of the flows folder.

Knows how each command is called and how it reports. What is found out is for `flow` and `service` to say.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from checkin.cli.begin import start_by_hand
from checkin.cli.publishing import diff, publish_all, tell_rehearsed
from checkin.cli.results import results
from checkin.cli.start import FOUND_PROBLEMS, flows_or_exit, known_or_exit, settings_or_exit, stop
from checkin.flow.issue import Code, Issue, Severity, errors, in_order

if TYPE_CHECKING:
    from checkin.flow.load import FlowSet
    from checkin.service.rehearsal.run import Rehearsed
    from checkin.service.settings import Settings

command = typer.Typer(
    help="Check, try and publish the conversations in the flows folder.", no_args_is_help=True
)

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to report.")]


@command.command("check", epilog="Example: checkin flows check daily")
def check_all(
    flow: Annotated[str | None, typer.Argument(help="Only what is said about this flow.")] = None,
    format: Annotated[
        Literal["text", "json", "sarif", "github"],
        typer.Option("--format", help="How to report: sarif and github are for code hosts."),
    ] = "text",
) -> None:
    """Check every flow and its test conversations, and say where and how to mend what is wrong."""
    from checkin.flow.report import github_lines, sarif

    settings = settings_or_exit()
    issues, good = _checked(settings)
    if flow is not None:
        issues = _about(flow, issues, settings)
    match format:
        case "json":
            print(json.dumps([issue.to_json() for issue in issues], indent=2, ensure_ascii=False))
        case "sarif":
            print(sarif(issues, settings.flows.name))
        case "github":
            print(*github_lines(issues, settings.flows.name), sep="\n")
        case _:
            # What has to be mended comes last, where it is seen.
            for severity in reversed(Severity):
                print(*(f"{issue}\n" for issue in issues if issue.severity is severity), sep="", end="")
            print(_summary(issues, None if flow else good))
    if errors(issues):
        raise typer.Exit(FOUND_PROBLEMS)


def _about(flow: str, issues: tuple[Issue, ...], settings: Settings) -> tuple[Issue, ...]:
    """Return what is said about the files of one flow; exit where there is none of this name."""
    from checkin.flow.load import PROGRAM_FILES, flow_files, named

    files = [path for path in flow_files(settings.flows) if flow in (path.stem, named(path))]
    if not files:
        stop(f"There is no flow {flow!r}.", f"Look at the files in {settings.flows}.")
    names = {name for path in files for name in (path.name, f"{path.stem}.test{path.suffix}")}
    broken_program = {issue.file for issue in issues if issue.is_error} & {*PROGRAM_FILES}
    return tuple(issue for issue in issues if issue.file in names | broken_program)


def _summary(issues: tuple[Issue, ...], good: int | None) -> str:
    """Say in one line how many flows are good, and how much there is to mend."""
    counts = [
        f"{number} {severity}{'' if number == 1 else 's'}"
        for severity in Severity
        if (number := sum(issue.severity is severity for issue in issues)) or severity is Severity.ERROR
    ]
    told = "" if good is None else f"{good} flow{' is' if good == 1 else 's are'} good: "
    return f"{told}{', '.join(counts)}."


def _checked(settings: Settings) -> tuple[tuple[Issue, ...], int]:
    """Return what there is to say about every file, and how many flows are good."""
    from checkin.flow.chats import load_chats
    from checkin.flow.load import ProgramRefused, sources
    from checkin.service.misheard import misheard
    from checkin.service.wiring import read_flows
    from checkin.service.words import make_reader

    try:
        flow_set = read_flows(settings, datetime.now(UTC).date())
    except ProgramRefused as refused:
        return refused.issues, 0
    _, told = load_chats(settings.flows, flow_set.program.languages, flow_set.flows)
    # That a flow is not there because it has errors is told where these are.
    broken = sources(settings.flows).keys() - flow_set.flows.keys()
    of_chats = [one for one in told if one.code is not Code.UNKNOWN_FLOW or one.words not in broken]
    of_words = misheard(settings.flows, flow_set, make_reader(flow_set.program))
    bad = {issue.file for issue in of_words if issue.is_error}
    return in_order((*flow_set.issues, *of_chats, *of_words)), len(flow_set.flows) - len(bad)


@command.command("test", epilog="Example: checkin flows test daily --full")
def play(
    flow: Annotated[str | None, typer.Argument(help="Only the conversations with this flow.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Fail too where a step or a way on is met by no conversation.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Write the conversations anew, as they go now.")
    ] = False,
    format: Format = "text",
) -> None:
    """Play the test conversations beside the flows, and say where one goes otherwise than it is written."""
    from checkin.service.rehearsal.run import rehearse

    settings = settings_or_exit()
    flow_set = flows_or_exit(settings)
    if flow is not None:
        known_or_exit(flow, flow_set)
    rehearsed = rehearse(settings.flows, flow_set, () if flow is None else (flow,))
    good = tell_rehearsed(rehearsed, full=full, as_json=format == "json")
    if update:
        good = _update(rehearsed, settings.flows)
    if not good or (full and not rehearsed.whole):
        raise typer.Exit(FOUND_PROBLEMS)


def _update(rehearsed: Rehearsed, folder: Path) -> bool:
    """Write every file anew whose conversations go otherwise; return whether all could be."""
    from checkin.service.rehearsal.run import update

    good = not rehearsed.issues
    for report in rehearsed.reports:
        changed, problems = update(folder, report)
        if changed:
            print(f"{report.file.file} is written anew. Read it before you keep it.")
        for problem in problems:
            print(problem)
            good = False
    return good


@command.command("chat", epilog="Example: checkin flows chat daily --language es --contacts 1")
def chat(
    flow: Annotated[str, typer.Argument(help="The flow to try.")],
    language: Annotated[str | None, typer.Option(help="The member's language.")] = None,
    contacts: Annotated[int, typer.Option(min=0, max=3, help="How many trusted contacts there are.")] = 1,
    beside: Annotated[
        list[str] | None, typer.Option("--with", help="Another flow that is live as well; may be repeated.")
    ] = None,
    voice: Annotated[
        bool, typer.Option("--voice", help="By phone: what is typed is said, digits are pressed.")
    ] = False,
) -> None:
    """Try a flow on a pretend phone: type what a member would, skip time, ask why. Nobody is texted."""
    from checkin.cli.chat import sit

    settings = settings_or_exit()
    flow_set = flows_or_exit(settings)
    for name in (flow, *(beside or ())):
        known_or_exit(name, flow_set)
    spoken = _language_or_exit(language, flow_set)
    others = beside or ()
    sit(flow_set, flow, settings.flows, language=spoken, contacts=contacts, beside=others, voice=voice)


def _language_or_exit(language: str | None, flow_set: FlowSet) -> str:
    """Return this language, or the program's first; exit where the program does not speak it."""
    known = flow_set.program.languages
    if language is not None and language not in known:
        stop(f"The program does not speak {language!r}.", f"Use one of: {', '.join(known)}.")
    return language or known[0]


@command.command("schema", epilog="Example: checkin flows schema --for test")
def schema(
    kind: Annotated[
        Literal["flow", "program", "texts", "test"], typer.Option("--for", help="Which kind of file.")
    ] = "flow",
    format: Annotated[
        Literal["json", "markdown"],
        typer.Option("--format", help="A JSON Schema for an editor, or all of it to read."),
    ] = "json",
    write: Annotated[
        Path | None, typer.Option("--write", help="Write the schemas of all kinds into this folder instead.")
    ] = None,
) -> None:
    """Print the JSON Schema of a kind of file, with which an editor completes and explains."""
    from checkin.flow.reference import reference
    from checkin.flow.schema import KINDS, file_name, schema_text

    if write is not None:
        for one in KINDS:
            _write_or_exit(write / file_name(one), schema_text(one))
        print(f"{write} holds the schemas of {', '.join(KINDS)} files.")
        return
    print(reference() if format == "markdown" else schema_text(kind), end="")


@command.command("graph", epilog="Example: checkin flows graph daily --out daily.svg")
def graph(
    flow: Annotated[str, typer.Argument(help="The flow to draw.")],
    format: Annotated[
        Literal["svg", "mermaid"], typer.Option("--format", help="A picture, or text for Mermaid.")
    ] = "svg",
    language: Annotated[str | None, typer.Option(help="The language of the texts.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; else it is printed.")] = None,
) -> None:
    """Draw a flow: its steps, and which way leads where."""
    from checkin.flow.picture import mermaid, svg

    flow_set = flows_or_exit(settings_or_exit())
    known_or_exit(flow, flow_set)
    spoken = _language_or_exit(language, flow_set)
    drawn = (svg if format == "svg" else mermaid)(flow_set.flows[flow], spoken)
    if out is None:
        print(drawn, end="")
        return
    _write_or_exit(out, drawn)
    print(f"{out} shows {flow}.")


def _write_or_exit(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        stop(f"{path} can't be written: {error.strerror}.", "Name a file in a folder that is there.")


command.command("start", epilog="Example: checkin flows start caring_notes --member 202-555-0101 --as Dana")(
    start_by_hand
)
command.command("results", epilog="Example: checkin flows results workplace_pulse --format json")(results)
command.command("diff", epilog="Example: checkin flows diff daily")(diff)
command.command("publish", epilog='Example: checkin flows publish --author Dana --note "Warmer words"')(
    publish_all
)
