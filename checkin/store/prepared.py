"""Statements compiled once: SQLAlchemy Core writes the SQL, the driver runs it.

Building a Core statement's cache key and result costs more than SQLite needs to run it, and a reply takes six
statements. So each statement is compiled once for a dialect, with what its types do to values going in and
coming out, and then run on the driver's own cursor. Statements are module-level values; a throw-away one is
compiled each time and forgotten with it.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

Params = Mapping[str, Any]
_Process = Callable[[Any], Any]


class Prepared:
    """One statement for one dialect and one set of parameter names."""

    __slots__ = ("_binds", "_constants", "_in", "_out", "_pick", "_row", "encoded", "many", "sql", "table")

    def __init__(self, dialect: sa.Dialect, statement: sa.Executable, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(  # type: ignore[attr-defined]
            dialect=dialect,
            # An UPDATE names every value that it sets, so its parameters never become columns by accident.
            column_keys=list(names) if isinstance(statement, sa.Insert) else [],
            compile_kwargs={"render_postcompile": True},
        )
        sql: str = compiled.string
        table = statement.table if isinstance(statement, sa.UpdateBase) else None
        self.table: str | None = table.name if isinstance(table, sa.Table) else None
        processes = {name: _bind_processor(dialect, bind.type) for name, bind in compiled.binds.items()}
        self._constants: dict[str, Any] = {
            name: _bound(processes.get(name), value)
            for name, value in compiled.params.items()
            if name not in names
        }
        in_order: Sequence[str] = compiled.positiontup or ()
        if not compiled.positional:
            sql, in_order = _numbered(sql)
        self.sql = sql
        self.encoded = sql.encode()
        self.many: Any = None
        """The same for many rows at once, where it was asked for (`checkin.store.many`)."""
        self._binds: tuple[tuple[str, _Process | None], ...] = tuple(
            (name, None if name in self._constants else processes.get(name)) for name in in_order
        )
        self._pick = _picker(in_order)
        self._in = tuple((place, process) for place, (_, process) in enumerate(self._binds) if process)
        self._row, self._out = _rows(dialect, statement)

    def values(self, params: Params) -> list[Any]:
        """Return the parameters in the order in which the statement names them."""
        given = {**self._constants, **params} if self._constants else params
        values = list(self._pick(given))
        for place, process in self._in:
            if values[place] is not None:
                values[place] = process(values[place])
        return values

    @property
    def binds(self) -> tuple[tuple[str, _Process | None], ...]:
        """The statement's parameters in order, each with what is done to its values, if anything."""
        return self._binds

    @property
    def constants(self) -> Params:
        """Values that the statement itself has."""
        return self._constants

    def run(self, cursor: Any, values: Sequence[Any]) -> None:
        """Run the statement on a driver's cursor."""
        cursor.execute(self.sql, values)

    def rows(self, raw: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return the driver's rows as named tuples, with every value read as its column's type."""
        out, row = self._out, self._row
        if not out:
            return [row(*values) for values in raw]
        made = []
        for values in raw:
            changed = list(values)
            for index, process in out:
                if changed[index] is not None:
                    changed[index] = process(changed[index])
            made.append(row(*changed))
        return made


Write = tuple[Prepared, list[Any], int | None]
"""A statement, its values, and how many rows it is to change where that has to be so many."""


class Merger:
    """Makes one statement of several writes, for PostgreSQL: each becomes a part of one WITH.

    The parts of a WITH all see the database as it was before, and PostgreSQL does not say in which order it
    runs them. So only writes to different tables are merged, and none whose count must be awaited.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Prepared, ...], bytes | None] = {}

    def statements(self, writes: Sequence[Write]) -> list[tuple[bytes, list[Any]]] | None:
        """Return what writes all this: one statement and its values, where the writes need not stay apart.

        None where a count must be awaited before any of it may be kept.
        """
        if any(expect is not None for _, _, expect in writes):
            return None
        whole = self._merge(writes) if writes else None
        if whole is not None:
            return [whole]
        return [(prepared.encoded, values) for prepared, values, _ in writes]

    def _merge(self, writes: Sequence[Write]) -> tuple[bytes, list[Any]] | None:
        parts = tuple(prepared for prepared, _, _ in writes)
        if parts not in self._known:
            self._known[parts] = _merged(parts)
        sql = self._known[parts]
        if sql is None:
            return None
        return sql, [value for _, values, _ in writes for value in values]


def _merged(parts: Sequence[Prepared]) -> bytes | None:
    tables = [part.table for part in parts]
    if None in tables or len(set(tables)) < len(tables):
        return None
    if len(parts) == 1:
        return parts[0].encoded
    pieces: list[str] = []
    before = 0
    for part in parts:
        pieces.append(_renumbered(part.sql, before))
        before += len(part._binds)
    named = ", ".join(f"p{index} AS ({piece})" for index, piece in enumerate(pieces))
    return f"WITH {named} SELECT 1".encode()


def _numbered(sql: str) -> tuple[str, Sequence[str]]:
    """Return SQLAlchemy's SQL for psycopg with `$1`, `$2`, … instead of names, and the names in order."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1]
        return "%" if name is None else f"${names.setdefault(name, len(names) + 1)}"

    return re.sub(r"%(?:%|\((\w+)\)s)", number, sql), tuple(names)


def _renumbered(sql: str, before: int) -> str:
    """Return the SQL with its values counted from behind so many others."""
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + before}", sql) if before else sql


class Preparer:
    """Prepares statements for one dialect, each once."""

    def __init__(self, dialect: sa.Dialect) -> None:
        self.dialect = dialect
        self._known: WeakKeyDictionary[Any, dict[tuple[str, ...], Prepared]] = WeakKeyDictionary()

    def prepare(self, statement: sa.Executable, params: Params) -> Prepared:
        """Return the statement ready to run with parameters of these names."""
        by_names = self._known.get(statement)
        if by_names is None:
            by_names = self._known.setdefault(statement, {})
        names = tuple(params)
        known = by_names.get(names)
        if known is None:
            known = by_names[names] = Prepared(self.dialect, statement, names)
        return known


def _bind_processor(dialect: sa.Dialect, type_: Any) -> _Process | None:
    if isinstance(type_, sa.LargeBinary):
        # Both drivers take bytes as they are; sqlite3 looks for an adapter for bytes, and not for bytearray.
        return bytearray if dialect.name == "sqlite" else None
    process: _Process | None = _in_dialect(type_, dialect).bind_processor(dialect)
    return process


def _in_dialect(type_: Any, dialect: sa.Dialect) -> Any:
    """Return the type as the dialect has it; our own already knows what each dialect wants."""
    return type_ if isinstance(type_, sa.TypeDecorator) else type_.dialect_impl(dialect)


def _picker(names: Sequence[str]) -> Callable[[Params], tuple[Any, ...]]:
    """Return what gives the values under these names, in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: tuple(given[name] for name in names)


def _bound(process: _Process | None, value: Any) -> Any:
    return value if process is None or value is None else process(value)


def _rows(dialect: sa.Dialect, statement: Any) -> tuple[Any, tuple[tuple[int, _Process], ...]]:
    """Return what makes a row of this statement, and which of its values need reading."""
    columns = tuple(statement.exported_columns)
    if not columns:
        return tuple, ()
    row = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]
    processors = (
        (index, _in_dialect(column.type, dialect).result_processor(dialect, None))
        for index, column in enumerate(columns)
    )
    return row, tuple((index, process) for index, process in processors if process is not None)
