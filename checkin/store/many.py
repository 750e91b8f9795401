"""One statement for many rows: the same INSERT once, with all the values.

For SQLite an INSERT of one row gets many rows of VALUES; the driver's `executemany` would give the
interpreter away and ask for it back with every row, and wait each time for whatever else runs in this
process. For PostgreSQL it is made into `INSERT … SELECT * FROM unnest(…)`, whose arrays go over the wire in
PostgreSQL's binary form (its source, `array_send` in arrayfuncs.c).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from struct import Struct
from typing import Any

from checkin.store.prepared import Params, Prepared
from checkin.store.tables import Instant, metadata

_INSERT = re.compile(r"INSERT INTO (\w+) \(([^()]+)\) VALUES \([^()]+\)( ON CONFLICT [^$?]+)?")


_MOST_ROWS = 500
"""SQLite takes 32,766 values in one statement."""


def many_of(one: Prepared, dialect: str) -> Many | None:
    """Return a statement for many rows, None where each needs its own."""
    if one.many is None and (found := _INSERT.fullmatch(one.sql)) is not None:
        one.many = (_Listed if dialect == "sqlite" else _Unnested)(one, *found.groups())
    many: Many | None = one.many
    return many


class Many(Prepared, ABC):
    """A statement whose values are those of many rows. It is never merged: it may follow one of its table."""

    __slots__ = ("_one",)

    def __init__(self, one: Prepared, sql: str) -> None:
        self._one = one
        self.sql, self.encoded, self.table = sql, sql.encode(), None

    @abstractmethod
    def values_of(self, rows: Sequence[Params]) -> list[Any]:
        """Return what is to be handed over for these rows."""


class _Listed(Many):
    """An INSERT with VALUES for each row. They are written anew for each number of rows: there are few."""

    __slots__ = ("_end", "_row")

    def __init__(self, one: Prepared, table: str, columns: str, on_conflict: str | None) -> None:
        super().__init__(one, f"INSERT INTO {table} ({columns}) VALUES ")  # noqa: S608  the tables' own names
        self._row = f"({', '.join('?' for _ in one.binds)})"
        self._end = on_conflict or ""

    def values_of(self, rows: Sequence[Params]) -> list[Any]:
        """Return the values of row after row."""
        return [value for row in rows for value in self._one.values(row)]

    def run(self, cursor: Any, values: Sequence[Any]) -> None:
        """Run the statement for all rows."""
        width = len(self._one.binds)
        for first in range(0, len(values), width * _MOST_ROWS):
            some = values[first : first + width * _MOST_ROWS]
            rows = ", ".join([self._row] * (len(some) // width))
            cursor.execute(f"{self.sql}{rows}{self._end}", some)


class _Unnested(Many):
    """An INSERT of one row made one of many: its values are arrays, one for each column."""

    __slots__ = ("_columns",)

    def __init__(self, one: Prepared, table: str, columns: str, on_conflict: str | None) -> None:
        kinds = [_kind(metadata.tables[table].c[name].type) for name in columns.split(", ")]
        arrays = ", ".join(f"${number}::{kind.name}[]" for number, kind in enumerate(kinds, 1))
        select = f"SELECT * FROM unnest({arrays})"  # noqa: S608  the tables' own names
        insert = f"INSERT INTO {table} ({columns}) {select}{on_conflict or ''}"
        super().__init__(one, insert)
        self._columns = [(name, kind.array) for (name, _), kind in zip(one.binds, kinds, strict=True)]

    def values_of(self, rows: Sequence[Params]) -> list[Any]:
        """Return an array for each column."""
        same = self._one.constants
        return [
            array([same[name]] * len(rows) if name in same else [row[name] for row in rows])
            for name, array in self._columns
        ]


class _Kind:
    """How values of one type stand in an array. `write` gives the bytes of one that is not NULL."""

    def __init__(self, name: str, oid: int, write: Callable[[Any], bytes]) -> None:
        self.name = name
        self._oid = oid
        self._write = write

    def array(self, values: Sequence[Any]) -> bytes:
        """Return a PostgreSQL array of these values, in its binary form."""
        write = self._write
        written = [None if value is None else write(value) for value in values]
        head = _HEAD.pack(1, int(None in written), self._oid, len(values), 1)
        return b"".join((head, *_sized(written)))


def _sized(written: Iterable[bytes | None]) -> Iterable[bytes]:
    for value in written:
        if value is None:
            yield _NULL
        else:
            yield _LENGTH.pack(len(value))
            yield value


def _kind(type_: Any) -> _Kind:
    """Return how values of a column's type stand in an array."""
    name = "moment" if isinstance(type_, Instant) else type_.as_generic().__visit_name__
    return _KINDS[name]


def _moment(value: datetime) -> bytes:
    return _INT8.pack((value - _EPOCH) // _MICROSECOND)


def _text(value: str) -> bytes:
    return value.encode()


_HEAD, _LENGTH = Struct("!iiIii"), Struct("!i")
_INT4, _INT8 = Struct("!i"), Struct("!q")
_NULL = _LENGTH.pack(-1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL's moments are microseconds since then."""

_MICROSECOND = datetime.resolution
_KINDS: Mapping[str, _Kind] = {
    "text": _Kind("text", 25, _text),
    "large_binary": _Kind("bytea", 17, bytes),
    "integer": _Kind("int4", 23, _INT4.pack),
    "big_integer": _Kind("int8", 20, _INT8.pack),
    "boolean": _Kind("bool", 16, lambda value: b"\x01" if value else b"\x00"),
    "moment": _Kind("timestamptz", 1184, _moment),
}
