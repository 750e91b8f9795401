"""The shipped program, in both languages and in English alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checkin.flow.load import load_program
from checkin.flow.program import Program

FLOWS = Path(__file__).parents[2] / "flows"


@pytest.fixture(scope="session")
def flows_folder() -> Path:
    return FLOWS


@pytest.fixture(scope="session")
def program() -> Program:
    found, issues = load_program(FLOWS)
    assert found is not None, issues
    return found


@pytest.fixture(scope="session")
def english(program: Program) -> Program:
    """The same program with one language, so that a test's texts can be short."""
    return replace(program, languages=("en",))
