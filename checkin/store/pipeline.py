"""One round trip to PostgreSQL: several statements, prepared once, sent and answered together.

It knows libpq's pipeline mode (PostgreSQL, "Pipeline Mode" in the chapter on libpq) through psycopg's own
wrapper of libpq. It must not know what a statement means.

psycopg's cursors do the same in general: they send each statement as it comes, choose a form for every value
anew and keep the state of every cursor. Half of what a reply cost on PostgreSQL went there. Here everything
leaves in one send, and a value's form follows from its type alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from itertools import count
from select import POLLIN, POLLOUT, poll
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer

MOST_PREPARED = 500
"""How many statements one connection may have prepared; those that were made for one occasion add up."""

Statement = tuple[bytes, Sequence[Any]]
"""SQL with `$1`, `$2`, …, and the values in this order."""

_BINARY = 1
_OK = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})


class Pipeline:
    """Runs statements on one connection, which nobody else uses meanwhile."""

    def __init__(self, connection: psycopg.Connection[Any], most_prepared: int = MOST_PREPARED) -> None:
        self.connection = connection
        self._most_prepared = most_prepared
        self._pg: Any = connection.pgconn
        self._names: dict[bytes, bytes] = {}
        self._numbers = count()
        self._rows: Any = Transformer(connection)
        self._poll = poll()
        self._sent: deque[Sent] = deque()

    def run(self, statements: Sequence[Statement]) -> list[Result]:
        """Run statements in one round trip and return what each gave.

        Without BEGIN among them they are one transaction: all of them, or nothing (PostgreSQL, "Extended
        Query Overview": statements up to a Sync). Raises the error of the first that was refused, or
        OperationalError when the connection is gone.
        """
        return self.send(statements).results()

    def send(self, statements: Sequence[Statement], *, wait: bool = True) -> Sent:
        """Send statements and don't wait for them. What is sent next runs behind them, come of them what may.

        With `wait` it waits until the connection has taken them; otherwise the caller sees to that (`push`).
        Raises as `run` does for a value that can't be stored; nothing is sent then.
        """
        encoded = [(sql, *_encoded(values)) for sql, values in statements]  # refused before anything is sent
        sent = self.begin()
        self._add(sent, encoded)
        self.end()
        if wait:
            self._flush()
        return sent

    def begin(self) -> Sent:
        """Begin a transaction whose statements come one after the other; send no other before its `end`.

        The server runs each as soon as it has it (`push`), and keeps all of them at the end, or nothing.
        """
        if len(self._names) > self._most_prepared and not self._sent:
            self._forget()
        if not self._sent:
            self._pg.enter_pipeline_mode()
        sent = Sent(self)
        self._sent.append(sent)
        return sent

    def add(self, sent: Sent, statements: Sequence[Statement]) -> None:
        """Send more statements of a transaction that was begun. Raises as `send` does."""
        self._add(sent, [(sql, *_encoded(values)) for sql, values in statements])

    def _add(self, sent: Sent, encoded: Sequence[tuple[bytes, list[bytes | None], list[int]]]) -> None:
        pg = self._pg
        for sql, values, formats in encoded:
            name = self._names.get(sql) or sent.new.get(sql)
            if name is None:
                name = sent.new[sql] = b"s%d" % next(self._numbers)
                pg.send_prepare(name, sql)
                sent.expected.append(sql)
            pg.send_query_prepared(name, values, formats, _BINARY)
            sent.expected.append(None)

    def end(self) -> None:
        """End the transaction that was begun; what comes of it is known when its results are there."""
        self._pg.pipeline_sync()

    def push(self) -> bool:
        """Give the connection as much as it takes without waiting; return whether that was all."""
        return not self._pg.flush()

    def listen(self) -> None:
        """Take in what the server said unasked. Raises OperationalError when the connection is gone."""
        self._pg.consume_input()

    def read_up_to(self, wanted: Sent, *, wait: bool = True) -> None:
        """Read what came of everything that was sent, up to this; without waiting, as far as it has come."""
        while not wanted.ended:
            if not self._sent:
                raise psycopg.OperationalError("the connection was lost while this was read")
            if not self._read(self._sent[0], wait):
                return
            self._sent.popleft()
            if not self._sent:
                self._pg.exit_pipeline_mode()

    def _read(self, sent: Sent, wait: bool) -> bool:
        """Read results up to the end of the transaction; return whether all have come.

        SQL stands where a preparation is answered.
        """
        while sent.expected:
            given = self._next(wait)
            if given is None:
                return False
            sql = sent.expected.popleft()
            if given.status not in _OK:
                sent.refused = sent.refused or given
            elif sql is None:
                sent.given.append(Result(given, self._rows))
            else:  # not before: behind one that is refused, nothing is prepared
                self._names[sql] = sent.new[sql]
        while not sent.ended:
            end = self._next(wait)
            if end is None:
                return False
            sent.ended = end.status == pq.ExecStatus.PIPELINE_SYNC
            if not sent.ended:  # the commit itself was refused; the end comes behind that
                sent.refused = sent.refused or end
        return True

    def _next(self, wait: bool) -> pq.abc.PGresult | None:
        """Return the next result, None where it has not come. (libpq gives None between two of them.)"""
        pg = self._pg
        while True:
            while pg.is_busy():
                if wait:
                    self._wait(POLLIN)
                pg.consume_input()
                if not wait and pg.is_busy():
                    return None
            given: pq.abc.PGresult | None = pg.get_result()
            if given is not None:
                return given
            if pg.status != pq.ConnStatus.OK:
                raise psycopg.OperationalError("the connection was lost while a result was awaited")

    def _flush(self) -> None:
        """Send all that is waiting; the server may want to be read from before it takes more."""
        while self._pg.flush():
            self._wait(POLLIN | POLLOUT)
            self._pg.consume_input()

    def _wait(self, events: int) -> None:
        self._poll.register(self._pg.socket, events)
        self._poll.poll()

    def _forget(self) -> None:
        """Let the database drop every prepared statement."""
        self._names.clear()
        self.connection.execute("DEALLOCATE ALL", prepare=False)


class Sent:
    """Statements on their way: what is expected of them, and what came."""

    __slots__ = ("_pipeline", "ended", "expected", "given", "new", "refused")

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.new: dict[bytes, bytes] = {}
        self.expected: deque[bytes | None] = deque()
        self.given: list[Result] = []
        self.refused: pq.abc.PGresult | None = None
        self.ended = False

    def has_come(self) -> bool:
        """Whether `results` would not have to wait."""
        self._pipeline.read_up_to(self, wait=False)
        return self.ended

    def results(self) -> list[Result]:
        """Wait, and return what each statement gave. Raises as `Pipeline.run` does."""
        self._pipeline.read_up_to(self)
        if self.refused is not None:
            raise psycopg.errors.error_from_result(self.refused, encoding="utf-8")
        return self.given


class Result:
    """What one statement gave: its rows, and how many it changed."""

    __slots__ = ("_given", "_rows")

    def __init__(self, given: pq.abc.PGresult, rows: Any) -> None:
        self._given = given
        self._rows = rows

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed or returned."""
        return self._given.command_tuples or 0

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows, read as psycopg reads them."""
        self._rows.set_pgresult(self._given)
        rows: list[tuple[Any, ...]] = self._rows.load_rows(0, self._given.ntuples, tuple)
        return rows


class PipelineCursor:
    """A cursor whose every statement is a round trip: for what a use case asks in the middle of deciding."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._result: Result | None = None

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        return -1 if self._result is None else self._result.rowcount

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> PipelineCursor:
        """Run a statement; by itself it is a transaction."""
        (self._result,) = self._pipeline.run([(sql.encode(), values)])
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows of the last statement."""
        return [] if self._result is None else self._result.fetchall()


def _encoded(values: Sequence[Any]) -> tuple[list[bytes | None], list[int]]:
    """Return values as the wire wants them, with the form of each (0 is text, 1 is binary).

    Raises TypeError for a value of a type that no column here has.
    """
    encoded: list[bytes | None] = []
    formats: list[int] = []
    for value in values:
        kind = type(value)
        if kind is bytes:
            encoded.append(value)
            formats.append(_BINARY)
            continue
        formats.append(0)
        write = _TEXT.get(kind)
        if write is not None:
            encoded.append(write(value))
        else:
            encoded.append(None if value is None else _as_text(kind, value))
    return encoded, formats


def _as_text(kind: type, value: Any) -> bytes:
    """Write a value whose type is derived from one that is known, as an enum's."""
    write = next((known for type_, known in _TEXT.items() if issubclass(kind, type_)), None)
    if write is None:
        raise TypeError(f"a {kind.__name__} cannot be stored")
    return write(value)


def _text(value: str) -> bytes:
    written = value.encode()
    if b"\0" in written:  # libpq would end the text there, without a word
        raise psycopg.DataError("PostgreSQL text cannot hold a NUL character")
    return written


_TEXT: Mapping[type, Callable[[Any], bytes]] = {
    str: _text,
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: b"%d" % value,
    float: lambda value: repr(value).encode(),
    datetime: lambda value: value.isoformat().encode(),
    date: lambda value: value.isoformat().encode(),
}
