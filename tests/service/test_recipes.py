"""The recipes for staff work as they stand: each is done to the shipped files, checked, and played."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click
import pytest
import typer.main

from checkin.cli.main import command as cli
from checkin.conversation.read import Reader
from checkin.flow.chats import load_chats
from checkin.flow.issue import Issue, Severity
from checkin.flow.load import FlowSet, flow_files, load_folder
from checkin.service.misheard import misheard
from checkin.service.rehearsal.play import play_file
from checkin.service.rehearsal.run import rehearse, update
from checkin.service.rehearsal.stage import open_theatre
from tests.service.kit import FLOWS

RECIPES = (FLOWS.parent / "docs" / "recipes.md").read_text("utf-8")

_PLACE = r"`flows/(?P<file>[a-z_]+(?:\.test)?\.yaml)`"
_BLOCK = r"```yaml\n(?P<{}>.*?)```"
_CHANGE = re.compile(
    rf"[Ii]n\s+{_PLACE},\s+instead\s+of\s+{_BLOCK.format('old')}\s+write\s+"
    rf"(?:nothing|{_BLOCK.format('new')})",
    re.DOTALL,
)
_ADD = re.compile(rf"[Aa]t the end of {_PLACE}(?:, add)?:\s+{_BLOCK.format('new')}", re.DOTALL)
_NEW = re.compile(
    rf"(?:[Aa]\s+new\s+file|And a conversation),\s+{_PLACE}:\s+{_BLOCK.format('new')}", re.DOTALL
)
_COMMAND = re.compile(r"`(checkin [^`]+)`")

SPEAKS_LESS = "Add a language"
"""This recipe ends with what the check tells, and is tested by itself."""


@dataclass(frozen=True)
class Recipe:
    """One recipe: its name, and its part of the page."""

    name: str
    text: str

    def do(self, folder: Path) -> set[str]:
        """Do to the files of a folder what the recipe says; return the names of those that changed."""
        changed = set[str]()
        blocks = self.text.count("```yaml")
        for found in _CHANGE.finditer(self.text):
            path, old = folder / found["file"], found["old"]
            source = path.read_text("utf-8")
            assert source.count(old) == 1, f"{self.name}: stands {source.count(old)} times:\n{old}"
            path.write_text(source.replace(old, found["new"] or ""), "utf-8")
            changed.add(path.name)
            blocks -= 1 + (found["new"] is not None)
        for found in _ADD.finditer(self.text):
            path = folder / found["file"]
            path.write_text(path.read_text("utf-8") + found["new"], "utf-8")
            changed.add(path.name)
            blocks -= 1
        for found in _NEW.finditer(self.text):
            (folder / found["file"]).write_text(found["new"], "utf-8")
            changed.add(found["file"])
            blocks -= 1
        assert blocks == 0, f"{self.name}: {blocks} pieces of YAML are not said to go anywhere"
        return changed

    def titles(self) -> tuple[str, ...]:
        """Return the titles of the conversations that the recipe writes."""
        return tuple(re.findall(r"^  - title: (.+)$", self.text, re.MULTILINE))


def recipes() -> Iterator[Recipe]:
    for part in RECIPES.split("\n### ")[1:]:
        name, _, text = part.partition("\n")
        yield Recipe(name, text.split("\n## ")[0])


EVERY = tuple(recipes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FLOWS, tmp_path / "flows")
    return tmp_path / "flows"


def problems(flow_set: FlowSet) -> list[Issue]:
    return [one for one in flow_set.issues if one.severity is not Severity.NOTE]


def leave_out(folder: Path, changed: set[str]) -> None:
    """Delete the shipped flows that a recipe has nothing to do with: checking them again would take time."""
    parts = {"offer_person.yaml", "peer_event.yaml", "welcome.yaml", "daily.yaml"}
    parts |= {name.replace(".test.", ".") for name in changed}
    for path in flow_files(folder):
        if path.name not in changed | parts:
            path.unlink()


@pytest.mark.parametrize(
    "recipe", [one for one in EVERY if one.name != SPEAKS_LESS], ids=lambda one: one.name
)
def test_a_recipe_is_checked_and_played(recipe: Recipe, folder: Path, reader: Reader) -> None:
    changed = recipe.do(folder)
    if not changed:
        return
    leave_out(folder, changed)
    if "not_on: holidays" in recipe.text:
        (folder / "holidays.ics").write_text(HOLIDAYS, "utf-8")
        with (folder / "program.yaml").open("a", encoding="utf-8") as program:
            program.write("\nholidays: holidays.ics\n")
    flow_set = load_folder(folder)
    told = problems(flow_set)
    if recipe.name == "Use a conversation inside another":
        # Staff are told to delete these; the check names them.
        assert {one.code.value for one in told} <= {"unreachable"}
        assert told
        return
    assert [str(one) for one in (*told, *misheard(folder, flow_set, reader))] == []
    files, issues = load_chats(folder, flow_set.program.languages, flow_set.flows)
    assert [str(one) for one in issues if one.file in changed] == []
    played = set[str]()
    with open_theatre(flow_set, reader) as theatre:
        for file in files:
            chats = tuple(one for one in file.chats if one.title in recipe.titles())
            if file.file in changed and chats:
                report = play_file(theatre, replace(file, chats=chats))
                assert report.good, list(report.plays)
                played.update(one.title for one in chats)
    assert played == set(recipe.titles())


HOLIDAYS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Checkin//Holidays//EN
BEGIN:VEVENT
UID:new-year
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20270101
SUMMARY:New Year
END:VEVENT
END:VCALENDAR
"""


def test_a_language_less_is_told_where_it_still_stands(folder: Path) -> None:
    (recipe,) = (one for one in EVERY if one.name == SPEAKS_LESS)
    recipe.do(folder)
    flow_set = load_folder(folder)
    assert {(one.code.value, one.severity) for one in problems(flow_set)} == {("language", Severity.WARNING)}
    assert len(flow_set.flows) == len(flow_files(folder))


def test_changed_words_need_only_be_written_anew(folder: Path, reader: Reader) -> None:
    (recipe,) = (one for one in EVERY if one.name == "Change a sentence")
    recipe.do(folder)
    leave_out(folder, {"daily.yaml"})
    flow_set = load_folder(folder)
    (report,) = rehearse(folder, flow_set, ("daily",), reader=reader).reports
    assert not report.good
    assert update(folder, report) == (True, [])
    assert rehearse(folder, flow_set, ("daily",), reader=reader).good


def test_every_command_of_the_page_is_one() -> None:
    commands = _COMMAND.findall(RECIPES)
    assert len(commands) > 30
    for command in commands:
        words = shlex.split(command.replace("FLOW", "daily"))[1:]
        taken(typer.main.get_command(cli), words)


def taken(command: click.Command, words: list[str]) -> None:
    """Let a command read its words, without doing it."""
    context = command.make_context(command.name, list(words))
    if isinstance(command, click.Group):
        name, inner, rest = command.resolve_command(context, words)
        assert inner is not None, name
        taken(inner, rest)


def test_the_list_at_the_top_leads_to_every_recipe() -> None:
    listed = re.findall(r"\]\(#([a-z-]+)\)", RECIPES)
    assert listed == [re.sub(r"[^a-z -]", "", one.name.lower()).replace(" ", "-") for one in EVERY]
