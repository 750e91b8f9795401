"""The first run: `.venv` is made once, mended when it was interrupted, and left alone when it is right.

The installers are small stand-ins on a PATH of their own; `.ci/run` on a fresh clone runs the real ones.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from checkin.bootstrap import CannotInstall, check_python, is_ready, prepare

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")

UV = """\
#!/bin/sh
echo "$@" >> "$CALLS"
case "$1" in venv) mkdir -p .venv/bin && ln -s "$5" .venv/bin/python;; esac
exit "${UV_STATUS:-0}"
"""


class Checkout:
    """A folder with locks, and a stand-in for uv that writes down what it is called with."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root / "checkout"
        self.venv = self.root / ".venv"
        self.calls_file = root / "calls"
        (self.root / "checkin").mkdir(parents=True)
        for lock in LOCKS:
            self.lock(lock).write_text("rapidfuzz==3\n")
        programs = root / "bin"
        programs.mkdir()
        (programs / "uv").write_text(UV)
        (programs / "uv").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
        monkeypatch.setenv("CALLS", str(self.calls_file))

    def lock(self, name: str) -> Path:
        return self.root / "checkin" / name

    def prepare(self, *, dev: bool = False) -> list[str]:
        """Run it, and return the first words of the installer's calls."""
        self.calls_file.write_text("")
        prepare(str(self.root), dev)
        return [line.split()[0] for line in self.calls_file.read_text().splitlines()]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def test_the_first_run_makes_it_and_the_second_does_nothing(checkout: Checkout) -> None:
    assert checkout.prepare() == ["venv", "pip", "pip"]
    assert "--require-hashes" in checkout.calls_file.read_text()
    assert checkout.prepare() == []


def test_the_tests_need_more_and_the_service_needs_no_less(checkout: Checkout) -> None:
    checkout.prepare()
    assert checkout.prepare(dev=True) == ["pip", "pip"]
    assert checkout.prepare() == []
    assert checkout.prepare(dev=True) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_new_lock_is_installed_on_top(checkout: Checkout, lock: str) -> None:
    checkout.prepare(dev=True)
    checkout.lock(lock).write_text("rapidfuzz==4\n")
    assert checkout.prepare(dev=True) == ["pip", "pip"]
    assert is_ready(str(checkout.root), True)


def test_an_install_that_fails_says_so_and_the_next_run_begins_again(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_STATUS", "7")
    with pytest.raises(CannotInstall, match="status 7"):
        checkout.prepare()
    assert not is_ready(str(checkout.root), False)
    (checkout.venv / "half-written").touch()
    monkeypatch.delenv("UV_STATUS")
    assert checkout.prepare() == ["venv", "pip", "pip"]
    assert not (checkout.venv / "half-written").exists()


def test_an_install_that_is_killed_is_begun_again(checkout: Checkout) -> None:
    checkout.prepare()
    # What is left when the machine goes down between the first write and the last.
    (checkout.venv / "checkin-unfinished").touch()
    assert checkout.prepare() == ["venv", "pip", "pip"]


def test_a_checkout_that_was_moved_gets_a_new_one(checkout: Checkout) -> None:
    checkout.prepare()
    moved = checkout.root.with_name("moved")
    checkout.root.rename(moved)
    checkout.root = moved
    assert checkout.prepare() == ["venv", "pip", "pip"]


def test_a_link_to_another_checkouts_is_refused_and_left_alone(checkout: Checkout, tmp_path: Path) -> None:
    checkout.prepare()
    other = tmp_path / "other"
    shutil.copytree(checkout.root, other, symlinks=True)
    shutil.rmtree(other / ".venv")
    (other / ".venv").symlink_to(checkout.venv)
    with pytest.raises(CannotInstall, match=r"rm \.venv"):
        prepare(str(other), dev=False)
    assert is_ready(str(checkout.root), False)
    assert checkout.prepare() == []


def test_one_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    checkout.prepare()
    python = checkout.venv / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert checkout.prepare() == ["venv", "pip", "pip"]


def test_one_that_was_made_by_hand_is_completed(checkout: Checkout) -> None:
    python = checkout.venv / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (checkout.venv / "by-hand").touch()
    assert checkout.prepare() == ["pip", "pip"]
    assert (checkout.venv / "by-hand").exists()


def test_two_first_runs_at_once_install_once(checkout: Checkout) -> None:
    code = f"import checkin.bootstrap as b; b.prepare({str(checkout.root)!r}, False)"
    checkout.calls_file.write_text("")
    runs = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert len(checkout.calls_file.read_text().splitlines()) == 3


@pytest.mark.parametrize("version", [(3, 6), (3, 10), (3, 14)])
def test_a_python_that_is_not_supported_is_told_what_to_do(
    version: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotInstall, match="Install one of them") as refused:
        check_python(version, "tests")
    assert f"this is Python {version[0]}.{version[1]}." in str(refused.value)
    assert "`python3.12 -m tests`" in str(refused.value)


def test_a_python_that_would_do_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "python3.13").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotInstall, match=re.escape("run `python3.13 -m checkin`")):
        check_python((3, 10), "checkin")


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_the_supported_pythons_are_those_of_the_project(version: tuple[int, int]) -> None:
    check_python(version, "checkin")
    assert _project()["project"]["requires-python"] == ">=3.11,<3.14"


@pytest.mark.parametrize(
    "path",
    [
        "checkin/__init__.py",
        "checkin/__main__.py",
        "checkin/bootstrap.py",
        "tests/__init__.py",
        "tests/__main__.py",
    ],
)
def test_what_an_old_python_reads_it_can_parse(path: str) -> None:
    ast.parse((ROOT / path).read_text(), feature_version=(3, 6))
    assert "from __future__ import annotations" not in (ROOT / path).read_text()


def test_no_bootstrap_file_imports_more_than_the_standard_library() -> None:
    code = "import sys; import checkin.bootstrap; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert set(done.stdout.split()) <= sys.stdlib_module_names | {"checkin", "__main__"}


def test_ci_gives_the_one_command() -> None:
    lines = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "exec python3 -m tests"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_locks_are_whole_and_name_no_host() -> None:
    locks = {name: _pins(ROOT / "checkin" / name) for name in LOCKS}
    service, tests = (locks[name] for name in LOCKS)
    assert {name: tests.get(name) for name in service} == service
    for pins in locks.values():
        assert all("--hash=sha256:" in pin for pin in pins.values())
    for name in LOCKS:
        assert not re.search(r"://|index-url|find-links", (ROOT / "checkin" / name).read_text())


def test_the_locks_hold_everything_that_the_project_asks_for() -> None:
    project = _project()["project"]
    service, tests = (_pins(ROOT / "checkin" / name) for name in LOCKS)
    assert {_bare(line) for line in project["dependencies"]} <= set(service)
    assert {_bare(line) for line in project["optional-dependencies"]["test"]} <= set(tests)


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _bare(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def _pins(lock: Path) -> dict[str, str]:
    """Return what a lock says of each package: its version, marker and hashes."""
    entries = lock.read_text().replace("\\\n", "").splitlines()
    return {_bare(entry): re.sub(r"\s+", " ", entry) for entry in entries if entry.strip()}
