"""Write anew what is kept of the schemas: `python -m tests.flow.kept_schemas`, after a change of a shape.

It writes `docs/schema/` and `docs/flow-reference.md`, and names the schema in the first line of every file in
`flows/` that does not yet.
"""

from __future__ import annotations

from pathlib import Path

from checkin.flow.reference import reference
from checkin.flow.schema import KINDS, file_name, schema_text

ROOT = Path(__file__).parents[2]
SCHEMAS, REFERENCE = ROOT / "docs" / "schema", ROOT / "docs" / "flow-reference.md"
COMMAND = "Run: python -m tests.flow.kept_schemas"
NAMES = "# yaml-language-server: $schema="


def files() -> list[Path]:
    """Return every file in `flows/` that staff edit."""
    return sorted((ROOT / "flows").glob("*.yaml"))


def kind_of(file: Path) -> str:
    """Return which kind of file this is."""
    if file.name.endswith(".test.yaml"):
        return "test"
    return file.stem if file.stem in ("program", "texts") else "flow"


def main() -> None:
    """Write everything anew."""
    for kind in KINDS:
        (SCHEMAS / file_name(kind)).write_text(schema_text(kind), "utf-8")
    REFERENCE.write_text(reference(), "utf-8")
    for file in files():
        text = file.read_text("utf-8")
        if not text.startswith(NAMES):
            file.write_text(f"{NAMES}../docs/schema/{file_name(kind_of(file))}\n{text}", "utf-8")


if __name__ == "__main__":
    main()
