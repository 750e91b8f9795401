"""What a name can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checkin.flow.model import Value

Type = Literal["text", "number", "truth", "date", "time", "any"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a name can hold: its type and, where they can be counted, all its values.

    A date is a text like `2027-01-14`, a time like `17:30`: as texts they are in the order of the calendar.
    """

    type: Type
    values: tuple[Value, ...] | None = None

    def merged(self, other: Kind) -> Kind:
        """Return what a name holds that is set in two places."""
        type_: Type = self.type if self.type == other.type else "any"
        if self.values is None or other.values is None:
            return Kind(type_)
        return Kind(type_, tuple(dict.fromkeys((*self.values, *other.values))))


def fits(kind: Kind, field: Kind) -> bool:
    """Whether what has this kind can be kept in a field of that kind."""
    values = kind.values
    if field.values is not None and values is not None:
        return set(values) <= {*field.values, None}
    return field.values is None and (kind.type == field.type or values == (None,))


TRUTH = Kind("truth", (True, False))
YES_NO = Kind("text", ("yes", "no"))
TEXT = Kind("text")
NUMBER = Kind("number")
DATE = Kind("date")
TIME = Kind("time")
