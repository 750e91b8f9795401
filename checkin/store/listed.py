"""Asking the same for many ids at once, in one statement whose ids are one value: a JSON list.

So a statement is the same for any number of ids, is planned once, and has no limit on how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import sqlalchemy as sa


def list_of(ids: Iterable[str]) -> str:
    """Return ids as the value of the parameter `ids`."""
    return orjson.dumps(list(ids)).decode()


def for_each(statement: sa.Select[Any], column: sa.ColumnElement[Any]) -> Mapping[str, sa.Select[Any]]:
    """Return a SELECT for all rows whose column is one of `ids`, for each database.

    Both look up id after id. PostgreSQL has to be made to (`LATERAL` with an `OFFSET`, which it does not
    rearrange): a plan for any list, made while a table was small, may read the whole table.
    """
    value = sa.bindparam("ids", type_=sa.Text)
    listed = sa.select(sa.func.json_each(value).table_valued("value").c.value)
    ids = sa.func.json_array_elements_text(sa.cast(value, sa.JSON)).table_valued("value").alias("listed")
    one = statement.where(column == ids.c.value).offset(sa.literal_column("0")).lateral("one")
    return {
        "sqlite": statement.where(column.in_(listed)),
        "postgresql": sa.select(*one.c).select_from(ids.join(one, sa.true())),
    }
