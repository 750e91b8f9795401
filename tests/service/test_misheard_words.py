"""Keywords and words of choices that the reader takes for something else are told in time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checkin.conversation.read import Reader
from checkin.flow.load import load_folder
from checkin.service.misheard import misheard
from tests.service.kit import FLOWS

FLOW = """\
flow: visit
title: A visit
start:
  - keyword: { en: KEYWORD, es: jardín }
steps:
  what:
    ask: { en: "A WALK, or a MEAL?", es: "¿Un PASEO, o una COMIDA?" }
    answer:
      choice:
        walk: { en: walk, es: paseo }
        other: { en: CHOICE, es: comida }
    go: done
    no_reply:
      - after: 20h
        go: done
  done:
    end: done
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("program.yaml", "texts.yaml"):
        shutil.copy(FLOWS / name, tmp_path / name)
    return tmp_path


def told(folder: Path, reader: Reader, keyword: str, choice: str) -> list[tuple[int, str]]:
    source = FLOW.replace("KEYWORD", keyword).replace("CHOICE", choice)
    (folder / "visit.yaml").write_text(source, "utf-8")
    flow_set = load_folder(folder)
    assert [one for one in flow_set.issues if one.is_error] == []
    return [(one.line, one.message) for one in misheard(folder, flow_set, reader)]


def test_the_shipped_flows_have_no_such_word(reader: Reader) -> None:
    assert misheard(FLOWS, load_folder(FLOWS), reader) == ()


def test_words_of_ones_own_are_good(folder: Path, reader: Reader) -> None:
    assert told(folder, reader, "garden", "[meal, a meal]") == []


@pytest.mark.parametrize(
    ("keyword", "meant"),
    [
        ("company", "a request for support"),
        ("someone to talk to", "a request for support"),
        ("leave me alone", "STOP"),
        ("less often", "one of the member's own SETTINGS"),
    ],
)
def test_a_keyword_that_means_something_else_is_told(
    folder: Path, reader: Reader, keyword: str, meant: str
) -> None:
    assert told(folder, reader, keyword, "meal") == [
        (4, f"“{keyword}” is understood as {meant}, so it cannot start a flow.")
    ]


def test_a_choice_that_means_something_else_is_told(folder: Path, reader: Reader) -> None:
    assert told(folder, reader, "garden", "leave me alone") == [
        (11, "“leave me alone” is understood as STOP, so it cannot be an answer.")
    ]


def test_a_language_that_nobody_reads_is_told(folder: Path, reader: Reader) -> None:
    flow_set = load_folder(folder)
    program = folder / "program.yaml"
    program.write_text(program.read_text("utf-8").replace("[en, es]", "[en, es, fr]"), "utf-8")
    (one,) = misheard(folder, flow_set, reader)
    assert (one.line, one.severity, one.message) == (
        4, "warning", "What members write in `fr` is not understood yet, not even STOP or yes.",
    )  # fmt: skip
