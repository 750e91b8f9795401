"""The reader of replies that one program uses: the shipped language packs, and how its country dials.

Knows where the reader is put together. Must not know what a reply means.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Context, Question, Understanding
from checkin.flow.program import Program
from checkin.people.numbers import NumberRefused, normalise

MOST_REMEMBERED = 5_000
MOST_REMEMBERED_LETTERS = 40
"""A longer reply is hardly ever written twice in the same words."""

_Asked = tuple[str, str, Context, int, int]


class ReaderOnDemand:
    """A reader that is built when the first text needs it, or before (`ready`).

    Building one takes seconds; a worker and a clock never read a text, and a page need not wait for it.

    It remembers how short replies were read. Most replies to a question are the same few ("3", "ok", "yes"),
    and what one of them means depends on nothing but the words, the language and the question.
    """

    def __init__(self, make: Callable[[], Reader]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._remembered: dict[_Asked, tuple[Question, Understanding]] = {}

    def ready(self) -> Reader:
        """Return the reader, building it where nobody has yet."""
        with self._lock:
            if self._reader is None:
                self._reader = self._make()
            return self._reader

    def understand(self, text: str, language: str, question: Question) -> Understanding:
        """Return what a text means as a reply to a question."""
        reader = self._reader or self.ready()
        if len(text) > MOST_REMEMBERED_LETTERS:
            return reader.understand(text, language, question)
        # The question's parts are told apart by which objects they are, which is quick. The question is kept,
        # so that none of them ends, and no other comes to be in its place.
        key = text, language, question.context, id(question.answer), id(question.asked)
        known = self._remembered.get(key)
        if known is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[key] = question, reader.understand(text, language, question)
        return known[1]


def make_reader(program: Program) -> Reader:
    """Return the reader of replies to this program."""
    return _reader_in(program.country)


@functools.cache
def _reader_in(country: str) -> Reader:
    """Return the reader for a country; it holds no state, and takes seconds to build."""
    return Reader(load_packs(), _phone_reader(country))


def _phone_reader(country: str) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        try:
            return normalise(text, country)
        except NumberRefused:
            return None

    return read
