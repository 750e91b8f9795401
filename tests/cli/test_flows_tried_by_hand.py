"""`checkin flows chat` and `graph`, run as staff run them: through a pipe and at a terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checkin.cli.main import command
from tests.service.kit import FLOWS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the program with one flow."""
    for name in ("program.yaml", "texts.yaml", "daily.yaml"):
        shutil.copy(FLOWS / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_FLOWS", str(tmp_path))
    return tmp_path


def test_lines_through_a_pipe_are_repeated_and_answered(folder: Path) -> None:
    typed = "muy bien, un 5\n/save Un buen día\n/quit\nnever read\n"
    result = CliRunner().invoke(command, ["flows", "chat", "daily", "--language", "es"], input=typed)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Mon 12:00  program: Hola Alice, somos Harbor Circle.")
    assert lines[1:4] == [
        "> muy bien, un 5",
        "Mon 12:00  result: mood = 5",
        "Mon 12:00  program: Qué bueno, Alice. Hasta pronto.",
    ]
    assert lines[-1] == "Kept in daily.test.yaml. Play it with: checkin flows test daily"
    assert 'title: "Un buen día"' in (folder / "daily.test.yaml").read_text()


def test_a_flow_or_language_that_there_is_not(folder: Path) -> None:
    unknown = CliRunner().invoke(command, ["flows", "chat", "dayly"])
    assert (unknown.exit_code, "Use one of: daily" in unknown.stderr) == (2, True)
    french = CliRunner().invoke(command, ["flows", "chat", "daily", "--language", "fr"])
    assert (french.exit_code, "Use one of: en, es" in french.stderr) == (2, True)


def test_at_a_terminal_it_asks_whether_to_keep_the_conversation(folder: Path) -> None:
    ours, theirs = pty.openpty()
    checkin = Path(sys.executable).parent / "checkin"
    with subprocess.Popen(
        [checkin, "flows", "chat", "daily"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder
    ) as process:
        os.close(theirs)
        terminal = Terminal(ours)
        try:
            terminal.wait_for("/help says what to type")
            terminal.wait_for("> ")
            os.write(ours, b"5\n")
            terminal.wait_for("ends: done")
            os.write(ours, b"/quit\n")
            terminal.wait_for("Give it a title")
            os.write(ours, b"A good day\n")
            terminal.wait_for("Kept in daily.test.yaml.")
            assert process.wait(30) == 0
        finally:
            process.kill()  # it would wait for words for ever
    os.close(ours)
    assert 'title: "A good day"' in (folder / "daily.test.yaml").read_text()


class Terminal:
    """What is shown at a terminal, read as far as it was waited for."""

    def __init__(self, end: int) -> None:
        self._end = end
        self._shown = ""

    def wait_for(self, words: str) -> None:
        """Read on until these words have come; what came behind them is kept for the next."""
        while words not in self._shown:
            ready, _, _ = select.select([self._end], [], [], 60)
            assert ready, f"{words!r} never came; so far: {self._shown!r}"
            self._shown += os.read(self._end, 4096).decode(errors="replace")
        self._shown = self._shown.partition(words)[2]


def test_a_flow_is_drawn_into_a_file_or_printed(folder: Path) -> None:
    drawn = CliRunner().invoke(command, ["flows", "graph", "daily", "--out", "daily.svg", "--language", "es"])
    assert (drawn.exit_code, drawn.stdout) == (0, "daily.svg shows daily.\n")
    assert "¿Cómo te sientes hoy" in (folder / "daily.svg").read_text()
    printed = CliRunner().invoke(command, ["flows", "graph", "daily", "--format", "mermaid"])
    assert printed.stdout.startswith("flowchart TD\n")
    nowhere = CliRunner().invoke(command, ["flows", "graph", "daily", "--out", "not/there.svg"])
    assert (nowhere.exit_code, "not/there.svg can't be written" in nowhere.stderr) == (2, True)
