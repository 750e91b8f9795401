"""Test conversations: the shipped ones go as written; what goes otherwise is told, and written anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.conversation.read import Reader
from checkin.flow.chats import ChatFile, read_chats
from checkin.flow.load import FlowSet, load_folder
from checkin.service.rehearsal.moments import read_moment, write_moment
from checkin.service.rehearsal.play import Report, play_file
from checkin.service.rehearsal.rewrite import rewritten
from checkin.service.rehearsal.run import rehearse, update
from checkin.service.rehearsal.stage import Theatre, open_theatre
from checkin.service.rehearsal.tell import not_met, to_json, told
from tests.service.kit import FLOWS

FLOW = """\
flow: walk
title: A walk
start:
  - keyword: { en: walk, es: paseo }
steps:
  ask:
    ask: { en: "Shall we walk, {first_name}? YES or NO", es: "¿Damos un paseo, {first_name}? SÍ o NO" }
    answer: { yes_no: true, save_as: wants }
    then:
      - if: wants == yes
        go: where
      - go: no_walk
    no_reply:
      - after: 2h
        say: { en: "Still time for a walk.", es: "Todavía hay tiempo." }
      - after: 5h
        go: no_walk
  where:
    ask: { en: "Where to?", es: "¿A dónde?" }
    answer: { text: true, save_as: place }
    go: told
    no_reply:
      - after: 5h
        go: told
  told:
    task: { kind: walk, note: "{first_name} would like to walk." }
    go: done
  done:
    end: done
  no_walk:
    end: no_walk
"""

HEAD = "flow: walk\nconversations:\n"

AS_IT_GOES = """\
  - title: A walk to the lake      # the usual place
    chat:
      # Alice begins.
      - member: { en: walk,   es: paseo }
      - program: { en: "Shall we walk, Alice? YES or NO", es: "¿Damos un paseo, Alice? SÍ o NO" }

      - member: { en: "yes", es: "sí" }
      - result: { wants: "yes" }
      - program:
          en: "Where to?"
          es: "¿A dónde?"
      - member: { en: "To the lake", es: "Al lago" }
      - result: { place: { en: "To the lake", es: "Al lago" } }
      - task: walk
        note: "Alice would like to walk."
      - ends: done
"""


@pytest.fixture(scope="module")
def walking(tmp_path_factory: pytest.TempPathFactory) -> FlowSet:
    folder = tmp_path_factory.mktemp("flows")
    for name in ("program.yaml", "texts.yaml"):
        shutil.copy(FLOWS / name, folder / name)
    (folder / "walk.yaml").write_text(FLOW)
    return load_folder(folder)


@pytest.fixture(scope="module")
def theatre(walking: FlowSet, reader: Reader) -> Iterator[Theatre]:
    with open_theatre(walking, reader) as theatre:
        yield theatre


def read(source: str) -> ChatFile:
    file, issues = read_chats(HEAD + source, "walk.test.yaml", ("en", "es"), ("walk",))
    assert file is not None, issues
    return file


def play(theatre: Theatre, source: str) -> Report:
    return play_file(theatre, read(source))


def anew(theatre: Theatre, source: str) -> str:
    text, problems = rewritten(play(theatre, source), HEAD + source)
    assert problems == []
    return text.removeprefix(HEAD)


def test_the_shipped_conversations_go_as_written_and_meet_everything(
    reader: Reader,
) -> None:
    flow_set = load_folder(FLOWS)
    rehearsed = rehearse(FLOWS, flow_set, reader=reader)
    assert rehearsed.issues == ()
    assert rehearsed.without == ()
    lines = [line for report in rehearsed.reports for line in told(report, full=True)]
    assert [line for line in lines if " goes otherwise " in line] == []
    left = {
        (report.flow, language): not_met(coverage)
        for report in rehearsed.reports
        for language, coverage in report.coverage.items()
    }
    assert {where: what for where, what in left.items() if what} == {}
    assert {report.flow for report in rehearsed.reports} == set(flow_set.flows)
    for report in rehearsed.reports:
        assert {play.language for play in report.plays} == set(flow_set.program.languages)


def test_what_goes_as_written_is_good_and_is_not_written_anew(theatre: Theatre) -> None:
    report = play(theatre, AS_IT_GOES)
    assert report.good
    assert len(report.plays) == 2
    assert anew(theatre, AS_IT_GOES) == AS_IT_GOES


def test_another_wording_is_told_line_by_line(theatre: Theatre) -> None:
    report = play(theatre, AS_IT_GOES.replace('en: "Where to?"', 'en: "Which way?"'))
    assert not report.good
    lines = list(told(report, full=False))
    assert lines[0].startswith("walk.test.yaml:3: “A walk to the lake” goes otherwise (en).")
    assert "    - Mon 12:00 program: Which way?" in lines
    assert "    + Mon 12:00 program: Where to?" in lines
    assert "walk: 1 conversation, 2 plays, 1 otherwise." in lines
    assert [one["good"] for one in to_json(report)["plays"]] == [False, True]
    assert "+ Mon 12:00 program: Where to?" in to_json(report)["plays"][0]["difference"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('wants: "yes"', 'wants: "no"'),
        ("task: walk", "task: talk"),
        ("Alice would like to walk.", "Alice would like to run."),
        ("ends: done", "ends: no_walk"),
        ("      - ends: done\n", ""),
        ("- ends: done", "- alert: low"),
        ("      - task", "      - at: monday 12:01\n        task"),
    ],
)
def test_anything_else_than_what_happens_is_told(theatre: Theatre, old: str, new: str) -> None:
    assert old in AS_IT_GOES
    assert not play(theatre, AS_IT_GOES.replace(old, new)).good


def test_coverage_names_what_no_conversation_met(theatre: Theatre) -> None:
    coverage = play(theatre, AS_IT_GOES).coverage["en"]
    assert not_met(coverage) == [
        "step no_walk",
        "ask: otherwise, go: no_walk",
        "ask: no reply, after 2h",
        "ask: no reply, after 5h, go: no_walk",
        "where: no reply, after 5h, go: told",
    ]


def test_a_draft_is_written_out_as_it_goes_with_times(theatre: Theatre) -> None:
    draft = """\
  - title: Silence
    chat:
      - member: { en: walk, es: paseo }
      # nobody says anything
      - later: 6h
"""
    written = anew(theatre, draft)
    assert (
        written
        == """\
  - title: Silence
    chat:
      - member: { en: walk, es: paseo }
      - program:
          en: "Shall we walk, Alice? YES or NO"
          es: "¿Damos un paseo, Alice? SÍ o NO"
      - at: "14:00"
        program:
          en: "Still time for a walk."
          es: "Todavía hay tiempo."
      - at: "17:00"
        ends: no_walk
      # nobody says anything
      - at: "18:00"
"""
    )
    assert anew(theatre, written) == written
    assert play(theatre, written).good


def test_only_the_lines_that_changed_are_written_anew(theatre: Theatre) -> None:
    changed = AS_IT_GOES.replace('es: "¿A dónde?"', 'es: "¿Adónde vamos?"')
    second = "\n  # Another one.\n  - title: No walk\n    language: es\n    chat: [{ member: paseo }]\n"
    text, problems = rewritten(play(theatre, changed + second), HEAD + changed + second)
    assert text == HEAD + AS_IT_GOES + second
    (problem,) = problems
    assert "has several lines in one" in str(problem)


def test_a_conversation_that_goes_another_way_in_another_language_is_left_as_it_is(theatre: Theatre) -> None:
    source = """\
  - title: Perhaps
    chat:
      - member: { en: walk, es: paseo }
      - member: { en: "no", es: "sí" }
"""
    text, problems = rewritten(play(theatre, source), HEAD + source)
    assert text == HEAD + source
    assert "“Perhaps” goes another way in es than in en" in str(problems[0])


def test_contacts_staff_and_a_stranger_have_phones_too(theatre: Theatre) -> None:
    source = """\
  - title: Nobody can
    language: en
    contacts: 1
    chat:
      - member: "SUPPORT"
      - later: 5m
      - contact: "2"
      - staff: "1"
  - title: A stranger
    language: en
    joined: false
    chat:
      - member: "hello?"
"""
    written = anew(theatre, source)
    assert "- alert: asked" in written
    assert "program to contact: " in written
    assert "program to staff: " in written
    assert "This is Harbor Circle, a check-in program" in written
    assert play(theatre, written).good


def test_a_file_is_updated_where_it_lies(theatre: Theatre, tmp_path: Path) -> None:
    path = tmp_path / "walk.test.yaml"
    path.write_text(HEAD + AS_IT_GOES.replace("ends: done", "ends: lost"))
    report = play(theatre, AS_IT_GOES.replace("ends: done", "ends: lost"))
    assert update(tmp_path, report) == (True, [])
    assert path.read_text() == HEAD + AS_IT_GOES
    assert update(tmp_path, play(theatre, AS_IT_GOES)) == (False, [])


ZONE = ZoneInfo("America/New_York")
MOMENTS = st.integers(0, 40 * 24 * 60 * 60).map(
    lambda seconds: datetime(2026, 10, 20, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(MOMENTS, MOMENTS)
def test_a_moment_is_read_as_it_was_written(one: datetime, other: datetime) -> None:
    since, moment = sorted((one, other))
    written = write_moment(moment, since, ZONE)
    # An hour that comes twice in autumn is written the same both times; the first one is meant.
    assert read_moment(written, since, ZONE) in (moment, moment - timedelta(hours=1))
