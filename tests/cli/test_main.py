"""How the command line ends where something goes wrong that no command foresaw."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from checkin.cli.main import command, main
from checkin.store.vault import VaultError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """A command `fail` that raises the first of these."""
    raised: list[Exception] = []

    @command.command("fail")
    def _fail() -> None:
        raise raised[0]

    monkeypatch.setattr(sys, "argv", ["checkin", "fail"])
    yield raised
    command.registered_commands.pop()


def ended() -> object:
    """Return the exit status of the command line."""
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_an_error_of_our_own_is_shown_and_could_not_run(
    failing: list[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    failing.append(ZeroDivisionError())
    assert ended() == 2, "1 is for problems that a command has found"
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_what_an_operator_can_mend_is_told_without_a_traceback(
    failing: list[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    failing.append(VaultError("people.name: altered, or sealed for another column"))
    assert ended() == 2
    failing[0] = PermissionError(13, "Permission denied", "var/checkin.sqlite3")
    assert ended() == 2
    said = capsys.readouterr().err
    assert "The database can't be read: people.name: altered" in said
    assert "var/checkin.sqlite3 can't be used (Permission denied).\n" in said
    assert "Traceback" not in said
