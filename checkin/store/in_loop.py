"""Use cases decided in an event loop, on a connection to PostgreSQL of their own.

A text that comes in takes one read, a decision of a tenth of a millisecond, and one write. In the hands of
the writer's thread it would also take turns with the loop for the interpreter, six times, and that costs more
than the decision. So the loop that answers it does the whole: what is to be known beforehand and what was
decided leaves through one pipeline, and the loop is told when anything has come back. Those that come
together share a transaction, and the database writes what one of them decided while the next one decides.

A loop must never wait. A decision that wants to know more than was told beforehand is given up, that is
asked as well, and it is decided anew. And only what goes smoothly is done here. Everything else (a use case
that wants to know much, one whose writes are to be counted, a conflict, a refusal, a failure, a lost
connection) is left to the writer's thread, which runs it from its beginning. Nothing of an earlier try is
left, for a use case has no effect but through its unit; and one whose commit went through while the word of
it was lost recognises what it has claimed.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa
import structlog

from checkin.store.jobs import BATCH
from checkin.store.pipeline import Pipeline, Result, Sent, Statement
from checkin.store.prepared import Merger, Params, Prepared, Preparer
from checkin.store.unit import Known, Lookup, StoreClosed, Unit, Work
from checkin.store.vault import Vault

log = structlog.get_logger()

MORE_READS = 2
"""How much more a use case may want to know, one after the other. Most want nothing, or far more."""


class LoopWriter:
    """Runs use cases in the event loop in which it was opened, and leaves to `otherwise` what it can't do."""

    def __init__(
        self,
        engine: sa.Engine,
        vault: Callable[[], Vault],
        otherwise: Callable[[Work, asyncio.Future[Any]], None],
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._engine = engine
        self._vault = vault
        self._otherwise = otherwise
        self._preparer = Preparer(engine.dialect)
        self._merger = Merger()
        self._line: _Line | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._arrived: list[_Answering] = []
        self._here: dict[Any, _Answering] = {}
        """What was begun here and is not told, by its key: no other use case of that key may begin."""
        self._elsewhere: set[Any] = set()
        """The keys of what was left to others and is not told."""
        self._under_way: deque[tuple[Sent, list[_Answering], _Then]] = deque()
        """What was sent, in this order, for whom, and how to go on when it has come back."""
        self._questions: list[_Question] = []
        self._transaction: Sent | None = None
        """What is being written; the loop does not go on before it is ended."""
        self._decided: list[_Decided] = []
        """Those for whom that is."""
        self._is_due = False

    # ------------------------------------------------------------ coming and going

    async def open(self) -> None:
        """Connect. Where that can't be done now, everything is left to others until it can."""
        try:
            connection = await asyncio.to_thread(self._engine.connect)
        except sa.exc.SQLAlchemyError:
            log.warning("database can't be reached from the event loop")
            return
        driver: Any = connection.connection.driver_connection
        self._line = _Line(connection, Pipeline(driver), os.dup(driver.fileno()))
        self.loop.add_reader(self._line.socket, self._come_back)

    async def close(self) -> None:
        """Leave what is unfinished to others, and disconnect."""
        if self._connecting is not None:
            await self._connecting
        self._leave_all()

    def submit(self, work: Work, lookup: Lookup, future: asyncio.Future[Any]) -> None:
        """Run a use case; its future is told once it is durable, or why it is not."""
        one = _Answering(work, lookup, future)
        if self._line is None:
            self._leave(one)
            if self._connecting is None:
                self._connecting = self.loop.create_task(self.open())
                self._connecting.add_done_callback(self._connected)
        else:
            self._arrived.append(one)
            self._begin_soon()

    def _connected(self, _task: asyncio.Task[None]) -> None:
        self._connecting = None

    # ------------------------------------------------------------ what the loop calls

    def _begin_soon(self) -> None:
        """Begin what waits once everything that has come in with it is there too."""
        if not self._is_due:
            self._is_due = True
            self.loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._is_due = False
        self._unless_lost(self._ask_first)

    def _come_back(self) -> None:
        self._unless_lost(self._take)

    def _unless_lost(self, step: Callable[[_Line], None]) -> None:
        """Take a step. Whatever goes wrong with it, nobody may wait for ever."""
        line = self._line
        if line is None:
            return
        try:
            step(line)
            self._push(line)
        except psycopg.OperationalError:
            log.warning("database connection lost, trying again")
            self._leave_all()
        except Exception:
            log.exception("the event loop's writer failed")
            self._leave_all()
        except BaseException:  # an interrupt, say: not ours to hold up
            self._leave_all()
            raise

    def _push(self, line: _Line) -> None:
        """See to it that all is sent: where the connection takes no more for now, when it does again."""
        all_sent = line.pipeline.push()
        if all_sent and line.is_full:
            self.loop.remove_writer(line.socket)
        elif not all_sent and not line.is_full:
            self.loop.add_writer(line.socket, self._come_back)
        line.is_full = not all_sent

    # ------------------------------------------------------------ asking, deciding, writing, telling

    def _ask_first(self, line: _Line) -> None:
        """Ask what those who have arrived want to know, at most one for each key; the others wait."""
        waiting, self._arrived = self._arrived, []
        chosen: list[_Question] = []
        for one in waiting:
            key = one.lookup.key
            if key in self._here or key in self._elsewhere or len(chosen) == BATCH:
                self._arrived.append(one)
            else:
                self._here[key] = one
                chosen.append(_Question(one, {}, one.lookup.statement, one.lookup.params))
        self._ask(line, chosen)

    def _ask(self, line: _Line, questions: list[_Question]) -> None:
        if questions:
            selects = [self._preparer.prepare(one.statement, one.params) for one in questions]
            statements = [
                (select.encoded, select.values(one.params))
                for select, one in zip(selects, questions, strict=True)
            ]
            those = [one.answering for one in questions]
            self._send(line, statements, those, partial(self._decide, questions, selects))

    def _send(
        self, line: _Line, statements: Sequence[Statement], those: list[_Answering], then: _Then
    ) -> None:
        """Send statements of these, and go on when what they gave is there."""
        try:
            sent = line.pipeline.send(statements, wait=False)
        except (TypeError, psycopg.DataError):  # a value that can't be sent: each alone is told of its own
            self._leave_these(those)
        else:
            self._under_way.append((sent, those, then))

    def _take(self, line: _Line) -> None:
        """Tell what is written and decide what was asked, as far as it has come."""
        if not self._under_way:
            line.pipeline.listen()
        while self._under_way and self._under_way[0][0].has_come():
            sent, those, then = self._under_way.popleft()
            try:
                results = sent.results()
            except psycopg.DatabaseError:  # refused; nothing of it is kept
                self._leave_these(those)
            else:
                then(line, results)
        self._commit(line)
        questions, self._questions = self._questions, []
        self._ask(line, questions)

    def _decide(
        self, questions: list[_Question], selects: list[Prepared], line: _Line, results: list[Result]
    ) -> None:
        for (one, known, statement, params), select, result in zip(questions, selects, results, strict=True):
            unit = _WithoutWaiting(self._preparer, self._vault(), known)
            unit.foresee(statement, params, select.rows(result.fetchall()))
            self._decide_one(line, one, unit, known)

    def _decide_one(self, line: _Line, one: _Answering, unit: _WithoutWaiting, known: Known) -> None:
        """Decide on what is known. What is not, and is wanted, is asked; then it is decided anew."""
        result, fails = None, False
        try:
            result = one.work(unit)
        except Exception:  # noqa: BLE001  it lacks something, or it fails in the thread as well, and is told there
            fails = True
        statements = None if fails or unit.lacks else self._merger.statements(unit.writes)
        if unit.wants is not None and len(known) <= MORE_READS:
            self._questions.append(_Question(one, known, *unit.wants))
        elif statements is None:
            self._leave(one)
        elif statements:
            self._write(line, statements, _Decided(one, unit, result))
        else:
            self._finish(one, unit, result)

    def _write(self, line: _Line, statements: Sequence[Statement], decided: _Decided) -> None:
        """Let the database write this while the next one is being decided, in one transaction with it."""
        if self._transaction is None:
            self._transaction = line.pipeline.begin()
        try:
            line.pipeline.add(self._transaction, statements)
        except (TypeError, psycopg.DataError):  # a value that can't be sent: none of this is
            self._leave(decided.answering)
        else:
            line.pipeline.push()
            self._decided.append(decided)

    def _commit(self, line: _Line) -> None:
        if self._transaction is not None:
            sent, self._transaction = self._transaction, None
            decided, self._decided = self._decided, []
            line.pipeline.end()
            self._under_way.append((sent, [one.answering for one in decided], partial(self._tell, decided)))

    def _tell(self, decided: list[_Decided], _line: _Line, _results: list[Result]) -> None:
        for one in decided:
            self._finish(one.answering, one.unit, one.result)

    def _finish(self, one: _Answering, unit: Unit, result: Any) -> None:
        del self._here[one.lookup.key]
        if not one.future.done():
            one.future.set_result(result)
        unit.committed()
        if self._arrived:
            self._begin_soon()

    # ------------------------------------------------------------ leaving it to others

    def _leave_all(self) -> None:
        """Disconnect, and leave to others whatever is unfinished."""
        line, self._line = self._line, None
        if line is not None:
            self.loop.remove_reader(line.socket)
            self.loop.remove_writer(line.socket)
            os.close(line.socket)
            line.connection.invalidate()
            line.connection.close()
        self._under_way.clear()
        self._questions.clear()
        self._decided.clear()
        self._transaction = None
        self._leave_these([*self._here.values(), *self._arrived])
        self._arrived.clear()

    def _leave_these(self, those: Sequence[_Answering]) -> None:
        for one in those:
            self._leave(one)

    def _leave(self, one: _Answering) -> None:
        """Leave a use case to others. Until they have told it, none of its key is begun here."""
        key = one.lookup.key
        self._here.pop(key, None)
        self._elsewhere.add(key)
        one.future.add_done_callback(lambda _: self._back(key))
        try:
            self._otherwise(one.work, one.future)
        except StoreClosed as error:
            if not one.future.done():
                one.future.set_exception(error)

    def _back(self, key: Any) -> None:
        self._elsewhere.discard(key)
        if self._arrived:
            self._begin_soon()


class _Answering(NamedTuple):
    """A use case on its way: what it will want to know, and who awaits it."""

    work: Work
    lookup: Lookup
    future: asyncio.Future[Any]


class _Question(NamedTuple):
    """What a use case wants to know, and what it knows already."""

    answering: _Answering
    known: Known
    statement: sa.Executable
    params: Params


class _Decided(NamedTuple):
    """A use case that was decided, and for which something is being written."""

    answering: _Answering
    unit: Unit
    result: Any


@dataclass(slots=True)
class _Line:
    """A connection that the loop listens to."""

    connection: sa.Connection
    pipeline: Pipeline
    socket: int
    """What the loop listens to: our own, for libpq closes its socket as soon as it finds the connection lost,
    and a loop can't let go of a closed one, nor of its number when that has become another's."""
    is_full: bool = False


_Then = Callable[[_Line, list[Result]], None]


class _WithoutWaiting(Unit):
    """A unit that knows what was asked for it, and instead of waiting for more notes that it is wanted."""

    __slots__ = ("lacks", "wants")

    def __init__(self, preparer: Preparer, vault: Vault, known: Known) -> None:
        nothing: Any = None
        super().__init__(nothing, preparer, vault)
        self._foreseen = known
        self.lacks = False
        """Whether anything was wanted: what was decided is worth nothing then, exception or not."""
        self.wants: tuple[sa.Executable, Params] | None = None
        """What that was, where it only reads."""

    def execute(self, statement: sa.Executable, params: Params | None = None) -> Sequence[Any]:
        """Note what is wanted, and raise."""
        if not self.lacks and isinstance(statement, sa.SelectBase):
            self.wants = (statement, params or {})
        self.lacks = True
        raise _WantsMore


class _WantsMore(Exception):
    """A use case wants to know what was not asked for it."""
