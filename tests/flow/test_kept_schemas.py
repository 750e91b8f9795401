"""What is kept of the schemas is what the shapes say today, and every shipped file names its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checkin.flow.reference import reference
from checkin.flow.schema import KINDS, file_name, json_schema
from tests.flow.kept_schemas import COMMAND, NAMES, REFERENCE, SCHEMAS, files, kind_of


@pytest.mark.parametrize("kind", KINDS)
def test_the_kept_schema_is_the_one_of_the_model(kind: str) -> None:
    kept = (SCHEMAS / file_name(kind)).read_text("utf-8")
    assert json.loads(kept) == json_schema(kind), COMMAND


def test_the_kept_reference_is_the_one_of_the_schemas() -> None:
    assert REFERENCE.read_text("utf-8") == reference(), COMMAND


@pytest.mark.parametrize("file", files(), ids=lambda file: file.name)
def test_every_shipped_file_names_its_schema(file: Path) -> None:
    first = file.read_text("utf-8").partition("\n")[0]
    assert first == f"{NAMES}../docs/schema/{file_name(kind_of(file))}", COMMAND
