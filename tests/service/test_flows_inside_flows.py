"""A flow that another runs, published, changed and published again while somebody is in it."""

from __future__ import annotations

from checkin.flow.load import load_flow
from checkin.service.publishing import publish, refresh
from tests.service.kit import Chat

INNER = """\
flow: inner
title: Inner
start: [{ by_flow: true }]
steps:
  name:
    ask: { en: "QUESTION", es: "QUESTION" }
    answer: { text: true, save_as: pet }
    go: said
    no_reply: [{ after: 1d, go: out }]
  said:
    say: { en: "{pet}, ANSWER", es: "{pet}, ANSWER" }
    go: out
  out:
    end: out
"""

OUTER = """\
flow: outer
title: Outer
start: [{ keyword: { en: pets, es: mascotas } }]
steps:
  inner:
    run: inner
    go: thanks
  thanks:
    say: { en: "Thanks for {pet}.", es: "Gracias por {pet}." }
    go: done
  done:
    end: done
"""


def published(chat: Chat, question: str, answer: str) -> None:
    inner = INNER.replace("QUESTION", question).replace("ANSWER", answer)
    found = [
        load_flow(source, file="f.yaml", program=chat.app.program, parts={"inner": inner})
        for source in (inner, OUTER.replace("Thanks for {pet}.", "Thanks.").replace("por {pet}.", "."))
    ]
    flows = [one.flow for one in found if one.flow is not None]
    assert len(flows) == 2, [one.issues for one in found]
    publish(chat.app, flows, author="dana", note="")
    refresh(chat.app)


def test_whoever_is_in_it_ends_in_what_they_began_and_the_next_one_begins_anew(chat: Chat) -> None:
    published(chat, "Which pet?", "how nice")
    chat.joined("bob")
    chat.forget()
    chat.alice("pets")
    chat.expect(alice="Which pet?")
    published(chat, "Which animal?", "lovely")
    chat.restart()
    chat.alice("a cat")
    chat.expect(alice=["a cat, how nice", "Thanks."])
    chat.alice("pets")
    chat.expect(alice="Which animal?")
    runs = [(run.version, run.outcome) for run in chat.all_runs() if run.flow == "outer"]
    assert sorted(runs, key=str) == [(1, "done"), (2, None)]


def test_publishing_the_same_again_makes_no_version(chat: Chat) -> None:
    for _ in range(2):
        published(chat, "Which pet?", "how nice")
    assert chat.app.flows["outer"].version == 1
    published(chat, "Which animal?", "how nice")
    assert (chat.app.flows["outer"].version, chat.app.flows["inner"].version) == (2, 2)
