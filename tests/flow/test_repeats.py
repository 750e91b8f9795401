"""A step that goes back: what the check makes sure of."""

from __future__ import annotations

from checkin.flow.issue import Code
from checkin.flow.load import load_flow
from checkin.flow.program import Program


def test_going_back_is_no_way_to_forget_whoever_asked(english: Program) -> None:
    source = """\
flow: f
title: f
start: [{ staff: true }]
steps:
  offer:
    ask: Want a person?
    answer: yes_no
    then: [{ if: answer == yes, go: again }, { go: end }]
    no_reply: [{ after: 1d, go: end }]
  again:
    repeat: offer
    at_most: 1
    go: bring
  bring:
    alert: low
    go: end
  end:
    end: done
"""
    found = load_flow(source, file="f", program=english)
    assert [(issue.code, issue.step) for issue in found.issues] == [(Code.NO_ALERT, "offer")]
