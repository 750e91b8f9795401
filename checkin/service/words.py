"""The reader of replies that one program uses: the shipped language packs, and how its country dials.

Knows where the reader is put together. Must not know what a reply means.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Question, Understanding
from checkin.flow.program import Program
from checkin.people.numbers import NumberRefused, normalise


class ReaderOnDemand:
    """A reader that is built when the first text needs it, or before (`ready`).

    Building one takes a third of a second; a worker and a clock never read a text, and a page need not
    wait for it.
    """

    def __init__(self, make: Callable[[], Reader]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._reader: Reader | None = None

    def ready(self) -> Reader:
        """Return the reader, building it where nobody has yet."""
        with self._lock:
            if self._reader is None:
                self._reader = self._make()
            return self._reader

    def understand(self, text: str, language: str, question: Question) -> Understanding:
        """Return what a text means as a reply to a question."""
        return (self._reader or self.ready()).understand(text, language, question)


def make_reader(program: Program) -> Reader:
    """Return the reader of replies to this program."""
    return _reader_in(program.country)


@functools.cache
def _reader_in(country: str) -> Reader:
    """Return the reader for a country; it holds no state, and takes a moment to build."""
    return Reader(load_packs(), _phone_reader(country))


def _phone_reader(country: str) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        try:
            return normalise(text, country)
        except NumberRefused:
            return None

    return read
