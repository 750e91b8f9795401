"""Conditions: a closed language of comparisons, compiled to a closure.

    mood <= 2 and has_contact        answer == yes        plan in ["walk", "call"]        not has_contact

Python's own parser reads it (`ast`); everything but comparisons, `and`, `or`, `not`, `in`, names and
literals is refused, so a condition can neither call, look inside, nor compute anything. Where a value is
missing, every comparison is false; only `== none` and `!= none` ask whether it is. Knows which names there
are and what they hold; must not know what a step is.
"""

from __future__ import annotations

import ast
import functools
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checkin.flow.forms import read_date, read_time
from checkin.flow.guess import did_you_mean
from checkin.flow.kinds import Kind, Type
from checkin.flow.model import Condition, Value, Values

MAX_CHARACTERS = 300

Test = Callable[[Values], bool]
Get = Callable[[Values], Value]


class ConditionError(ValueError):
    """A condition that cannot be understood; `offset` is the character where, `mend` how to write it.

    Where a part only has to be written otherwise, `old` is that part and `new` how to write it.
    """

    def __init__(self, message: str, offset: int, mend: str, *, old: str = "", new: str = "") -> None:
        super().__init__(message)
        self.message, self.offset, self.mend = message, offset, mend
        self.old, self.new = old, new


class UnknownName(ConditionError):
    """A condition uses a name that does not exist; `near` is the one that was probably meant."""

    def __init__(self, name: str, near: str | None, offset: int) -> None:
        mend = f"Write `{near}`." if near else "Use a result that this flow saves, or a fact of the program."
        message = f"There is no `{name}` here." + (f" Did you mean `{near}`?" if near else "")
        super().__init__(message, offset, mend, old=name if near else "", new=near or "")
        self.name = name


def compile_condition(source: str, names: Mapping[str, Kind]) -> Condition:
    """Compile `source`; raise `ConditionError` where it is not a condition over `names`."""
    compiler = _Compiler(source, names)
    test = compiler.truth(_parse(source))
    return Condition(source, test, frozenset(compiler.used))


def constants(condition: Condition) -> tuple[Value, ...]:
    """Return the fixed values with which this (compiled) condition compares."""
    return _constants(condition.source)


@functools.lru_cache(maxsize=4_096)
def compares_names(condition: Condition) -> bool:
    """Whether this (compiled) condition holds two names against each other."""
    return any(
        sum(isinstance(one, ast.Name) and one.id in condition.names for one in (node.left, *node.comparators))
        > 1
        for node in ast.walk(_parse(condition.source))
        if isinstance(node, ast.Compare)
    )


@functools.lru_cache(maxsize=4_096)
def _constants(source: str) -> tuple[Value, ...]:
    found: list[Value] = []
    for node in ast.walk(_parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool):
            found.extend((node.value, -node.value) if isinstance(node.value, int | float) else (node.value,))
        elif isinstance(node, ast.Name) and node.id.lower() in _WORDS:
            found.append(_WORDS[node.id.lower()])
    return tuple(found)


_HINTS = (
    (re.compile(r"[<>=!] +=(?!=)"), "a space inside a sign", "Write <=, >=, == or != without a space."),
    (re.compile(r"\bis not\b|\bis\b|\bequals\b"), "a word in the place of a sign", "Write == or !=."),
    (
        re.compile(
            r"\b(?:less|lower|fewer|smaller|more|higher|greater|larger|bigger) than\b|\bat (?:least|most)\b"
        ),
        "a word in the place of a sign",
        "Write <, >, <= or >=.",
    ),
    (re.compile(r"\w+ between \w+ and \w+"), "the word `between`", "Write: mood >= 1 and mood <= 2"),
    (re.compile(r"[“”‘’„«»]"), "a curly quotation mark", 'Use straight quotation marks: "yes".'),
    (re.compile(r"(?<![=!<>])=(?!=)(?!<|>)"), "a single `=`", "Write == for “is equal to”."),
    (re.compile(r"=<|=>"), "`=<`", "Write <= or >=."),
    (re.compile(r"[≤≥≠]"), "a sign that cannot be read here", "Write <=, >= or !=."),
    (re.compile(r"&&?"), "`&&`", "Write `and`."),
    (re.compile(r"\|\|?"), "`||`", "Write `or`."),
    (re.compile(r"!(?!=)"), "`!`", "Write `not`."),
    (re.compile(r"\b(?:AND|OR|NOT|IN)\b"), "a word in capitals", "Write `and`, `or`, `not` and `in` small."),
    (re.compile(r"[\\\0\r\n]"), "a character that does not belong here", "Write the condition on one line."),
)
_INSTEAD: Mapping[str, str] = {
    "=": "==", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">=", "≠": "!=", "&": "and", "&&": "and",
    "|": "or", "||": "or", "AND": "and", "OR": "or", "NOT": "not", "IN": "in",
    "is": "==", "is not": "!=", "equals": "==", "at least": ">=", "at most": "<=",
}  # fmt: skip
"""What to write instead, where one part can simply be replaced by another."""


def _instead(old: str) -> str:
    """Return what to write instead of a part of a condition; nothing where that is not one thing."""
    words = old.split()
    if "between" in words:
        return f"{words[0]} >= {words[2]} and {words[0]} <= {words[4]}"
    if words[1:] == ["than"]:
        return "<" if words[0] in ("less", "lower", "fewer", "smaller") else ">"
    return "".join(words) if len(words) > 1 and words[1] == "=" else _INSTEAD.get(old, "")


_GENERAL = 'Write something like: mood <= 2 and answer == "yes"'


@functools.lru_cache(maxsize=4_096)
def _parse(source: str) -> ast.expr:
    if len(source) > MAX_CHARACTERS:
        raise ConditionError("This condition is too long.", 0, "Divide it into several branches.")
    for pattern, what, mend in _HINTS:
        if found := pattern.search(_without_literals(source)):
            old, message = found[0], f"There is {what} in this condition."
            raise ConditionError(message, found.start(), mend, old=old, new=_instead(old))
    stripped = source.lstrip()
    try:
        return ast.parse(stripped, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        # At the end of the text the parser counts 0.
        at = (error.offset or len(source)) - 1 if isinstance(error, SyntaxError) else 0
        offset = max(0, min(at + len(source) - len(stripped), len(source) - 1))
        raise ConditionError("This condition cannot be read.", offset, _GENERAL) from None


def _without_literals(source: str) -> str:
    return re.sub(r"\"[^\"\\]*\"|'[^'\\]*'", lambda m: "_" * len(m[0]), source)


@dataclass(frozen=True, slots=True)
class _Operand:
    get: Get
    type: Type
    constant: bool
    value: Value = None


_WORDS: Mapping[str, Value] = {"yes": "yes", "no": "no", "true": True, "false": False, "none": None}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


class _Compiler:
    def __init__(self, source: str, names: Mapping[str, Kind]) -> None:
        self.source, self.names = source, names
        self.used: set[str] = set()
        self.indent = len(source) - len(source.lstrip())

    def truth(self, node: ast.expr) -> Test:
        match node:
            case ast.BoolOp(op=ast.Or(), values=[ast.Compare(left=left, ops=[ast.Eq()]) as first, *rest]) if (
                rest and all(isinstance(one, ast.Constant) for one in rest)
            ):
                listed = ", ".join(self._written(one) for one in (first.comparators[0], *rest))
                mend = f"Write: {self._written(left)} in [{listed}]"
                raise self._error(rest[0], "Each side of `or` needs a comparison of its own.", mend)
            case ast.BoolOp(op=op, values=values):
                tests = tuple(self.truth(value) for value in values)
                if isinstance(op, ast.And):
                    return lambda facts: all(test(facts) for test in tests)
                return lambda facts: any(test(facts) for test in tests)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.truth(operand)
                return lambda facts: not inner(facts)
            case ast.Compare():
                return self._comparison(node)
            case ast.Name():
                return self._bare(node)
            case ast.Tuple(elts=[ast.Compare(left=left, ops=[ast.In()]) as first, *rest]):
                listed = ", ".join(self._written(one) for one in (first.comparators[0], *rest))
                mend = f"Write: {self._written(left)} in [{listed}]"
                raise self._error(first.comparators[0], "The values after `in` stand in brackets.", mend)
            case _:
                raise self._error(node, "This is not a comparison.", _GENERAL)

    def _written(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.source.lstrip(), node) or "…"

    def _bare(self, node: ast.Name) -> Test:
        operand = self._operand(node)
        if operand.type not in ("truth", "any") or operand.constant:
            message = f"`{node.id}` alone is neither true nor false."
            if operand.constant and "answer" in self.names:
                asked = f"answer == {node.id}"
                raise ConditionError(message, self._offset(node), f"Write: {asked}", old=node.id, new=asked)
            raise self._error(node, message, f"Compare it with something: {node.id} == …")
        get = operand.get
        return lambda facts: get(facts) is True

    def _comparison(self, node: ast.Compare) -> Test:
        tests: list[Test] = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            tests.append(self._pair(left, op, right))
            left = right
        if len(tests) == 1:
            return tests[0]
        return lambda facts: all(test(facts) for test in tests)

    def _pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        if isinstance(op, ast.In | ast.NotIn):
            return self._membership(left, right, wanted=isinstance(op, ast.In))
        compare = _COMPARE.get(type(op))
        if compare is None:  # `is`, which is told before anything is read
            raise self._error(right, "This is not a comparison.", _GENERAL)
        try:
            a, b = self._operand(left), self._operand(right)
        except UnknownName as error:
            raise self._word(error, left, right) from None
        if a.constant and b.constant:
            raise self._error(left, "This compares two fixed values.", "Compare a name with a value.")
        for this, other in ((a, b), (b, a)):
            if this.constant and this.value is None:
                return self._missing(other, op, left)
        self._fit(a, b, right, ordered=not isinstance(op, ast.Eq | ast.NotEq))
        return _comparing(a, b, compare)

    def _word(self, error: UnknownName, *sides: ast.expr) -> ConditionError:
        """Return a better reason where the unknown name is a word that the other side can be."""
        kinds = [
            self.names[side.id] for side in sides if isinstance(side, ast.Name) and side.id in self.names
        ]
        if any(error.name in (kind.values or ()) for kind in kinds):
            message = f"`{error.name}` is a word here, and words need quotation marks."
            quoted = f'"{error.name}"'
            return ConditionError(message, error.offset, f"Write {quoted}.", old=error.name, new=quoted)
        return error

    def _missing(self, operand: _Operand, op: ast.cmpop, node: ast.expr) -> Test:
        get = operand.get
        if isinstance(op, ast.Eq):
            return lambda facts: get(facts) is None
        if isinstance(op, ast.NotEq):
            return lambda facts: get(facts) is not None
        raise self._error(node, "Nothing is larger or smaller than `none`.", "Write == none or != none.")

    def _membership(self, left: ast.expr, right: ast.expr, *, wanted: bool) -> Test:
        if not isinstance(right, ast.List | ast.Tuple) or not right.elts:
            raise self._error(right, "After `in`, a list of values is expected.", 'Write: in ["a", "b"]')
        a = self._operand(left)
        values: list[Value] = []
        for element in right.elts:
            b = self._operand(element)
            if not b.constant:
                raise self._error(element, "Only fixed values can stand in this list.", "Write the value.")
            self._fit(a, b, element, ordered=False)
            values.append(b.value)
        get = a.get

        def test(facts: Values) -> bool:
            value = get(facts)
            return value is not None and any(_same(value, v) for v in values) is wanted

        return test

    def _operand(self, node: ast.expr) -> _Operand:
        match node:
            case ast.Name(id=name) if name in self.names:
                self.used.add(name)
                return _Operand(lambda facts: facts.get(name), self.names[name].type, constant=False)
            case ast.Name(id=name) if name.lower() in _WORDS:
                return _constant(_WORDS[name.lower()])
            case ast.Name(id=name):
                raise UnknownName(name, did_you_mean(name, self.names), self._offset(node))
            case ast.Constant(value=value) if value is None or isinstance(value, str | int | float | bool):
                return _constant(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return _constant(-value)
            case _:
                mend = "Use only names, values, comparisons, and, or, not, in."
                raise self._error(node, "This cannot stand in a condition.", mend)

    def _fit(self, a: _Operand, b: _Operand, node: ast.expr, *, ordered: bool) -> None:
        if "any" in (a.type, b.type):
            return
        if a.type != b.type:
            if _written_moment(a, b) or _written_moment(b, a):
                return
            what = {
                "text": "a text", "number": "a number", "truth": "true or false",
                "date": 'a day ("2027-01-14")', "time": 'a time of day ("17:30")',
            }  # fmt: skip
            message = f"This compares {what[a.type]} with {what[b.type]}; that never holds."
            raise self._error(node, message, f"Compare it with {what[a.type]}.")
        if ordered and a.type not in ("number", "date", "time"):
            message = "Only numbers, days and times can be larger or smaller."
            raise self._error(node, message, "Write == or !=.")

    def _offset(self, node: ast.expr) -> int:
        # ast counts in UTF-8 bytes.
        return self.indent + len(self.source.lstrip().encode()[: node.col_offset].decode(errors="ignore"))

    def _error(self, node: ast.expr, message: str, mend: str) -> ConditionError:
        return ConditionError(message, self._offset(node), mend)


def _written_moment(moment: _Operand, written: _Operand) -> bool:
    """Whether one is a day or a time of day, and the other such a one that is written out."""
    reads = {"date": read_date, "time": read_time}.get(moment.type)
    return reads is not None and written.constant and reads(written.value) is not None


def _constant(value: Value) -> _Operand:
    if isinstance(value, bool):
        type_: Type = "truth"
    elif isinstance(value, int | float):
        type_ = "number"
    else:
        type_ = "any" if value is None else "text"
    return _Operand(lambda _: value, type_, constant=True, value=value)


def _comparing(a: _Operand, b: _Operand, compare: Callable[[Any, Any], bool]) -> Test:
    left, right = a.get, b.get

    def test(facts: Values) -> bool:
        x, y = left(facts), right(facts)
        if x is None or y is None or isinstance(x, str) is not isinstance(y, str):
            return False
        return compare(x, y)

    return test


def _same(x: Value, y: Value) -> bool:
    return x == y and isinstance(x, str) is isinstance(y, str)
