"""A measure asked again and again: what one conversation knows of the ones before it."""

from __future__ import annotations

from checkin.flow.load import load_flow
from checkin.service.publishing import publish, refresh
from tests.service.kit import Chat

FLOW = """\
flow: wellbeing
title: How the last two weeks were
start: [{ keyword: fortnight }]
steps:
  q:
    measure: phq2
    then:
      - if: phq2_change >= 2
        go: worse
      - go: thanks
    no_reply: [{ after: 1d, go: end }]
  worse:
    say: { en: "It got harder.", es: "Fue a peor." }
    go: end
  thanks:
    say: { en: "Thank you.", es: "Gracias." }
    go: end
  end:
    end: done
"""


def test_a_score_is_compared_with_the_members_own_last_one(chat: Chat) -> None:
    flow = load_flow(FLOW, file="wellbeing.yaml", program=chat.app.program).flow
    assert flow is not None
    publish(chat.app, [flow], author="dana", note="")
    refresh(chat.app)
    chat.joined("bob")
    chat.forget()
    for answers, told in (
        (("1", "1"), "Thank you."),
        (("1", "2"), "Thank you."),
        (("3", "2"), "It got harder."),
    ):
        chat.later("1m")
        chat.alice("fortnight")
        for answer in answers:
            chat.alice(answer)
        chat.expect(alice=["1 of 2. Over the last 2 weeks", "2 of 2. Over the last 2 weeks", told])
    runs = [run.results for run in chat.all_runs() if run.flow == "wellbeing"]
    scores = {(run["last_phq2_score"], run["phq2_score"], run["phq2_change"]) for run in runs}
    assert scores == {(None, 2, None), (2, 3, 1), (3, 5, 2)}


def test_an_unfinished_measure_leaves_the_last_score_as_it_was(quick: Chat) -> None:
    flow = load_flow(FLOW, file="wellbeing.yaml", program=quick.app.program).flow
    assert flow is not None
    publish(quick.app, [flow], author="dana", note="")
    refresh(quick.app)
    quick.joined("bob")
    for texts in (("fortnight", "1", "1"), ("fortnight", "3"), ("fortnight", "2", "2")):
        quick.later("1m")
        for text in texts:
            quick.alice(text)
    finished = [run for run in quick.all_runs() if run.results.get("phq2_score") == 4]
    assert [run.results["last_phq2_score"] for run in finished] == [2]
