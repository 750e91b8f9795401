"""What differs between two versions of a flow, in words."""

from __future__ import annotations

import pytest

from checkin.flow.bundle import bundle
from checkin.flow.changes import Change, changes

FLOW = """\
flow: walk
title: A walk
start:
  - staff: true
steps:
  ask:
    ask: { en: "Shall we walk?", es: "¿Damos un paseo?" }
    answer: yes_no
    then:
      - if: answer == yes
        go: good
      - go: done
    no_reply:
      - after: 3h
        go: done
  good:
    say: { en: "Good.", es: "Bien." }
    go: done
  done:
    end: done
"""


def test_nothing_differs_where_only_the_writing_does() -> None:
    assert changes(FLOW, FLOW) == ()
    otherwise = FLOW.replace('{ en: "Good.", es: "Bien." }', "{en: Good., es: Bien.}")
    assert changes(FLOW, "# words of praise\n" + otherwise) == ()


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ('en: "Good."', 'en: "Lovely."', Change("changed", "good", "say (en)", "Good.", "Lovely.")),
        ("after: 3h", "after: 4h", Change("changed", "ask", "no_reply, line 1, after", "3h", "4h")),
        ("== yes", "== no", Change("changed", "ask", "then, line 1, if", "answer == yes", "answer == no")),
        ("title: A walk", "title: Walking", Change("changed", "", "title", "A walk", "Walking")),
        ("  - staff: true", "  - joined: true", None),
        (', es: "Bien."', "", Change("removed", "good", "say (es)", "Bien.", None)),
        ("    end: done", "    end: done\n  more:\n    wait: 2d\n    go: done",
         Change("added", "more", "", None, "wait: 2d\ngo: done")),
        ("  done:\n    end: done\n", "", Change("removed", "done", "", "end: done", None)),
    ],
)  # fmt: skip
def test_each_change_is_told_with_its_place(old: str, new: str, change: Change | None) -> None:
    assert old in FLOW
    found = changes(FLOW, FLOW.replace(old, new))
    if change is None:
        assert [(one.kind, one.where) for one in found] == [
            ("removed", "start, line 1, staff"),
            ("added", "start, line 1, joined"),
        ]
    else:
        assert found == (change,)


def test_another_first_step_is_told() -> None:
    steps = FLOW.replace("steps:\n", 'steps:\n  hello:\n    say: { en: "Hi.", es: "Hola." }\n    go: ask\n')
    first, hello = changes(FLOW, steps)
    assert str(first) == "it begins with the step:\n    - ask\n    + hello"
    assert str(hello).splitlines()[0] == "new: step hello"
    assert "    + say (en): Hi." in str(hello)


def test_a_flow_that_is_run_inside_is_compared_as_well() -> None:
    inner = FLOW.replace("flow: walk", "flow: inner")
    (change,) = changes(
        bundle(FLOW, {"inner": inner}), bundle(FLOW, {"inner": inner.replace("Good.", "Fine.")})
    )
    assert (change.where, change.step) == ("in the flow inner: say (en)", "good")


def test_a_file_that_cannot_be_read_has_lost_everything() -> None:
    assert {one.kind for one in changes(FLOW, "{")} == {"removed"}
