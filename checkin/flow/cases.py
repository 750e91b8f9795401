"""Goes through every case that conditions can tell apart.

The language of conditions only compares, so a name's values fall into finitely many classes: for a text, each
text that is compared with it, any other, and none; for a number, each number compared with it, the gaps
between them, and none. One value of each class stands for all, which makes the proofs exact.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Mapping

from checkin.flow.condition import compares_names, constants
from checkin.flow.kinds import Kind
from checkin.flow.model import Condition, Value

MAX_CASES = 4_096
OTHER = "any other text"

Case = dict[str, Value]


def cases(conditions: Iterable[Condition], names: Mapping[str, Kind]) -> list[Case] | None:
    """Return a value for every name that these conditions use, in every combination that matters.

    None where there are more than `MAX_CASES`.
    """
    conditions = tuple(condition for condition in conditions if condition.names)
    fixed = tuple(dict.fromkeys(value for condition in conditions for value in constants(condition)))
    used = sorted({name for condition in conditions for name in condition.names})
    fixed = tuple(dict.fromkeys((*fixed, *_of_others(names[name] for name in used))))
    domains = [_domain(names[name], fixed, alone=len(used) == 1) for name in used]
    if math.prod(map(len, domains)) > MAX_CASES:
        return None
    return [dict(zip(used, values, strict=True)) for values in itertools.product(*domains)]


@functools.lru_cache(maxsize=2_048)
def classes(
    kind: Kind, conditions: tuple[Condition, ...], *, missing: bool, others: tuple[Value, ...] = ()
) -> tuple[Value, ...]:
    """Return one value for all those of this kind that none of these conditions can tell apart.

    `conditions` are all that use the name; `others` are values of names that they compare it with. `missing`
    is whether there may also be no value.
    """
    fixed = tuple(dict.fromkeys((*(value for one in conditions for value in constants(one)), *others)))
    together = any(compares_names(one) for one in conditions)
    values = _domain(kind, fixed, alone=not together)
    if not together:
        values = tuple({_place(value, fixed): value for value in reversed(values)}.values())
    return values if missing or kind.values is not None else tuple(v for v in values if v is not None)


def _place(value: Value, fixed: tuple[Value, ...]) -> object:
    """Return where a value lies among those with which it is compared."""
    if isinstance(value, bool) or value is None:
        return value is None, value
    alike = [one for one in fixed if isinstance(one, str) is isinstance(value, str) and one is not None]
    return type(value).__name__, tuple((value < one, value == one) for one in alike)  # type: ignore[operator]


def _domain(kind: Kind, fixed: tuple[Value, ...], *, alone: bool) -> tuple[Value, ...]:
    """Return one value of each class; a second "other" lets two unknown texts differ from each other."""
    if kind.values is not None:
        return kind.values
    written = [value for value in fixed if isinstance(value, str)]
    texts: list[Value] = [*written, *([OTHER] if alone else [OTHER, OTHER + " still"])]
    numbers = _with_gaps([v for v in fixed if isinstance(v, int | float) and not isinstance(v, bool)])
    match kind.type:
        case "text":
            return (*texts, None)
        case "number":
            return (*numbers, None)
        case "date" | "time":
            return (*_moments(written), None)
        case "truth":
            return (True, False)
        case "any":
            return (*texts, *numbers, True, False, None)


def _moments(written: list[str]) -> list[Value]:
    """Return the days or times, two before all of them, and two after each: as texts they are in order."""
    after = [f"{value} {later}" for value in written for later in ("a", "b")]
    return [" a", " b", *written, *after]


def _with_gaps(numbers: list[int | float]) -> list[Value]:
    """Return the numbers, two between each two neighbours (they may be compared), and two beyond each end."""
    if not numbers:
        return [0, 1]
    ordered = sorted(set(numbers))
    inside = [low + (high - low) * part / 3 for low, high in itertools.pairwise(ordered) for part in (1, 2)]
    low, high = ordered[0], ordered[-1]
    return [low - 2, low - 1, *ordered, *inside, high + 1, high + 2]


def _of_others(kinds: Iterable[Kind]) -> list[Value]:
    """Return the values of counted kinds that a name without such a count may be ordered against."""
    kinds = tuple(kinds)
    open_types = {kind.type for kind in kinds if kind.values is None} & {"number", "date", "time"}
    counted = [kind for kind in kinds if kind.values is not None and kind.type in open_types]
    return [value for kind in counted for value in kind.values or () if value is not None]
