"""The reader of replies that one program uses: the shipped language packs, and how its country dials.

Knows where the reader is put together. Must not know what a reply means.
"""

from __future__ import annotations

from collections.abc import Callable

from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.flow.program import Program
from checkin.people.numbers import NumberRefused, normalise


def make_reader(program: Program) -> Reader:
    """Return the reader of replies to this program."""
    return Reader(load_packs(), _phone_reader(program))


def _phone_reader(program: Program) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        try:
            return normalise(text, program.country)
        except NumberRefused:
            return None

    return read
