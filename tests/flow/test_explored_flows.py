"""What the checker proves holds in every run of random flows; and where it proves nothing, that is noticed.

`python -m tests.flow.explorer` does the same with ten thousand flows.
"""

from __future__ import annotations

import itertools

import pytest

from checkin.flow.issue import Code
from checkin.flow.load import load_folder
from checkin.flow.program import Program
from tests.flow.explorer import FLOWS, PROOFS, SORTS, SPOILT, breaks, checked, explore, sort_of

CAUGHT = {
    Code.UNREACHABLE: 199, Code.NO_END: 36, Code.CIRCLE: 67, Code.NOT_EXHAUSTIVE: 91, Code.NEVER: 20,
    Code.NOT_SET: 14, Code.LADDER: 86, Code.NO_TIMEOUT: 18, Code.NO_ALERT: 41, Code.ALERT_TWICE: 675,
    Code.CONSENT: 151, Code.COLLISION: 224, Code.LANGUAGE: 71, Code.AT_ONCE: 3, Code.UNLINKED: 3,
}  # fmt: skip
"""For each proof, a seed whose flow a checker without that proof would accept (`--broken` finds them)."""


def test_no_run_breaks_what_was_proved(program: Program) -> None:
    drawn = (checked(seed, program, sort=sort_of(seed)) for seed in itertools.count(50_000))
    good = (one.flow for one in drawn if one.flow is not None and not one.errors)
    for flow in itertools.islice(good, 100):
        assert breaks(flow) == {}, flow.source


@pytest.mark.parametrize("code", PROOFS)
def test_a_checker_without_this_proof_is_caught(code: Code, program: Program) -> None:
    one = checked(CAUGHT[code], program, SPOILT, SORTS.get(code, "plain"))
    assert one.errors == {code}
    assert one.flow is not None
    assert breaks(one.flow), one.flow.source


def test_the_shipped_flows_hold_what_was_proved() -> None:
    shipped = load_folder(FLOWS)
    for flow in shipped.flows.values():
        found = explore(flow, shipped.program.fields)
        assert found.broken == {}, flow.name


def test_an_alert_right_after_that_of_a_flow_inside_is_told(program: Program) -> None:
    one = checked(4459, program, sort="wide")
    assert one.errors == {Code.ALERT_TWICE}
    assert one.flow is not None
    assert Code.ALERT_TWICE in breaks(one.flow)


def test_a_request_that_is_forgotten_where_a_question_is_left_out_is_told(program: Program) -> None:
    one = checked(134057, program, sort="wide")
    assert one.errors == {Code.NO_ALERT}
    assert one.flow is not None
    assert Code.NO_ALERT in breaks(one.flow)
