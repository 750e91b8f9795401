"""Reads the answer that a question accepts from the form in which a flow's `answer:` holds it.

Knows that one form. Must not know where it stands: it serves whoever tries a reply without a flow.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from checkin.flow.answer_shape import AnswerForm, AnswerShape
from checkin.flow.kept import answer_of
from checkin.flow.model import Answer


class AnswerFormRefused(Exception):
    """This is no answer as a flow would hold it; the text says what is wrong."""


def read_answer(form: object, languages: Sequence[str]) -> Answer:
    """Return the answer that this form describes: `"yes_no"`, `{"scale": [1, 5]}`, `{"choice": {...}}`.

    `languages` are those of words that are given without one. Raises `AnswerFormRefused`.
    """
    adapter: TypeAdapter[str | AnswerShape] = TypeAdapter(AnswerForm)
    try:
        shape = adapter.validate_python(form)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"] if not str(part).startswith("<"))
        raise AnswerFormRefused(f"{where}: {first['msg']}" if where else first["msg"]) from error
    return answer_of(shape, tuple(languages))
