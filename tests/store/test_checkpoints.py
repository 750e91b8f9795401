"""SQLite's log is carried over beside the writer, and begins again instead of growing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from checkin.store import checkpoints, tables
from checkin.store.store import Store
from checkin.store.unit import Unit

COMMITS = 200
FRAME = 4096 + 24
"""Bytes of a page in the log (https://sqlite.org/fileformat2.html, 4.1)."""


def test_the_log_stays_short(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.engine.dialect.name != "sqlite":
        return  # PostgreSQL has a process for it
    monkeypatch.setattr(checkpoints, "ROWS", 5)
    monkeypatch.setattr(checkpoints, "PASSES", 2)
    for number in range(COMMITS):
        store.run(lambda unit, number=number: _write(unit, number))  # type: ignore[misc]
        for thread in threading.enumerate():
            if thread.name == "checkpoint":
                thread.join()
    logged = Path(f"{store.engine.url.database}-wal").stat().st_size
    assert 0 < logged < COMMITS / 2 * FRAME
    kept = store.read(lambda unit: unit.read(sa.select(sa.func.count()).select_from(tables.meta)))
    assert kept[0][0] >= COMMITS


def _write(unit: Unit, number: int) -> None:
    unit.write(sa.insert(tables.meta), {"key": f"row {number}", "value": b"1"})
