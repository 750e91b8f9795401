"""`checkin replies explain`, run as people run it: in a folder of its own, without a database."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from checkin.cli.main import command
from checkin.conversation.explain import explain
from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Question

FLOWS = Path(__file__).resolve().parents[2] / "flows"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return how to run the command, in an empty folder and with nothing but the flows in its environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_FLOWS", str(FLOWS))
    monkeypatch.setenv("CHECKIN_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    def run(*arguments: str, lines: list[object] | bytes = b"") -> Result:
        given = lines if isinstance(lines, bytes) else "\n".join(map(json.dumps, lines)).encode()
        return CliRunner().invoke(command, ["replies", "explain", *arguments], input=given)

    return run


def lines_of(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_reply_to_a_step_is_explained(run: Any) -> None:
    result = run("--flow", "daily", "--step", "mood", "meh, please stop texting me")
    assert result.exit_code == 0
    shown = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert shown["category"] == "opt_out"
    assert "stop texting" in shown["words"]
    assert shown["rule"].startswith("en.opt_out_anywhere: ")
    assert shown["runner-up"].startswith("low (")


def test_json_tells_the_same_and_the_runner_up(run: Any) -> None:
    result = run("--context", "alert_window", "--format", "json", "no")
    shown = json.loads(result.stdout)
    assert (shown["category"], shown["words"]) == ("no", ["no"])
    assert set(shown) == {"category", "value", "also", "rule", "words", "runner_up"}


def test_lines_are_answered_in_their_order_with_exactly_four_keys(run: Any) -> None:
    result = run(
        "--jsonl",
        lines=[
            {"text": "3, but please someone call me", "language": "en", "flow": "daily", "step": "mood"},
            {"text": "4ish", "language": "en", "answer": {"scale": [1, 5]}},
            {"text": "si", "language": "es", "answer": "yes_no"},
            {"text": "noche", "language": "es", "answer": {"choice": {"am": ["morning"], "pm": ["noche"]}}},
            {"text": "had an awful day", "language": "en", "answer": {"text": True}},
            {"text": "START", "language": "en", "context": "stopped"},
            {"text": "pause for 2 hours", "language": "en", "context": "none"},
            {"text": "\ud800 \x00", "language": "en", "context": "none"},
        ],
    )
    assert result.exit_code == 0, result.output
    found = lines_of(result)
    assert all(list(one) == ["category", "value", "also", "rule"] for one in found)
    assert [(one["category"], one["value"], one["also"]) for one in found[:7]] == [
        ("number", 3, ["support"]),
        ("number", 4, []),
        ("yes", None, []),
        ("choice", "pm", []),
        ("low", "had an awful day", []),
        ("resume", None, []),
        ("snooze", 7200, []),
    ]


def test_a_bad_line_says_how_to_mend_it_and_stops_no_other(run: Any) -> None:
    good = b'{"text": "4", "language": "en", "answer": {"scale": [1, 5]}}'
    bad = [
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"language": "en", "context": "none"}',
        b'{"text": "4", "language": "tlh", "context": "none"}',
        b'{"text": "4", "language": ["en"], "context": "none"}',
        b'{"text": "4", "language": "en"}',
        b'{"text": "4", "language": "en", "context": "none", "answer": "yes_no"}',
        b'{"text": "4", "language": "en", "context": "windoe"}',
        b'{"text": "4", "language": "en", "context": {}}',
        b'{"text": "4", "language": "en", "answer": {"scale": [5, 1]}}',
        b'{"text": "4", "language": "en", "answer": 5}',
        b'{"text": "4", "language": "en", "flow": "dayly", "step": "mood"}',
        b'{"text": "4", "language": "en", "flow": "daily"}',
        b'{"text": "4", "language": "en", "flow": "daily", "step": "glad"}',
    ]
    result = run("--jsonl", lines=b"\n".join(line for one in bad for line in (one, good)))
    assert result.exit_code == 1
    found = lines_of(result)
    assert [one.get("value") for one in found[1::2]] == [4] * len(bad)
    for one in found[::2]:
        assert set(one) == {"problem", "mend"}
        assert one["problem"]
        assert one["mend"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--flow", "dayly", "--step", "mood", "4"),
        ("--flow", "daily", "--step", "moood", "4"),
        ("--context", "nowhere", "4"),
        ("--answer", "{", "4"),
        ("--answer", '{"scale": [1]}', "4"),
        ("--language", "tlh", "4"),
        ("--jsonl", "4"),
        (),
    ],
)
def test_what_cannot_be_explained_ends_with_status_two(run: Any, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.strip()


def test_a_program_that_cannot_be_read_ends_with_status_two(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKIN_FLOWS", str(tmp_path))
    assert run("--context", "none", "4").exit_code == 2


def test_help_shows_an_example(run: Any) -> None:
    assert "checkin replies explain --flow daily --step mood" in " ".join(run("--help").stdout.split())


def test_no_reply_is_logged(run: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        result = run("--jsonl", lines=[{"text": "zebra crossing", "language": "en", "context": "none"}, 5])
    assert "zebra" not in caplog.text + result.stderr + result.stdout


def test_the_words_that_decided_and_what_it_would_be_otherwise() -> None:
    reader = Reader(load_packs())
    found = explain(reader, "no, please stop texting me", "en", Question())
    assert {"stop", "texting"} <= set(found.words)
    assert found.runner_up is not None
    assert found.runner_up.category == "no"
    assert explain(reader, "", "en", Question()).runner_up is None
