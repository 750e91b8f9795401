"""Many decisions in one transaction: the rows that they insert leave many at a time.

Everybody who is due at nine is asked the same, so their decisions write by the same statements, and each
statement runs once for all of them. The statements of one decision stay in their order. Between decisions
there is none, so they must not touch one another's rows: each is about another member.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checkin.store.unit import Deciding, Unit


def collect(unit: Unit, made: Sequence[Deciding]) -> None:
    """Give one unit all that was decided in others, and what is to follow each of them."""
    alike: dict[tuple[Any, ...], list[Deciding]] = {}
    for one in made:
        alike.setdefault(tuple(one.statements), []).append(one)
    for statements, units in alike.items():
        for index, (statement, expect) in enumerate(statements):
            unit.write_many(statement, [one.decided[index] for one in units], expect=expect)
    for one in made:
        for action in one.follows:
            unit.after_commit(action)
