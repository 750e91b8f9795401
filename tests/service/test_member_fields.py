"""What is kept with a member for good: used by every flow, a start of its own, and groups."""

from __future__ import annotations

from checkin.flow.load import load_flow
from checkin.service.publishing import publish, refresh
from tests.service.kit import Chat

BIRTHDAY = """\
flow: birthday
title: When is your birthday
start: [{ keyword: birthday }]
steps:
  when:
    ask: { en: "When is your birthday?", es: "¿Cuándo es tu cumpleaños?" }
    answer: { date: true, save_as: birthday }
    go: thanks
    no_reply: [{ after: 1d, go: done }]
  thanks:
    say: { en: "{birthday}, noted.", es: "{birthday}, anotado." }
    go: done
  done:
    end: done
"""

WISHES = """\
flow: wishes
title: Wishes
start:
  - { member_date: birthday, at: "10:00" }
steps:
  wish:
    say: { en: "Happy birthday, {first_name}!", es: "¡Feliz cumpleaños, {first_name}!" }
    go: done
  done:
    end: done
"""

NOTE = """\
flow: note
title: A note
start:
  - { member_date: joined, at: "10:00", wait: [1d, 3d] }
steps:
  note:
    say: { en: "Thinking of you.", es: "Pensamos en ti." }
    go: done
  done:
    end: done
"""

PUT_INTO = """\
flow: put_into
title: Into a group
start: [{ keyword: { en: into, es: entrar } }]
steps:
  put:
    set: { group: GROUP }
    go: done
  done:
    end: done
"""

FOR_GROUP = """\
flow: for_group
title: For one group
group: circle
start:
  - { every: day, at: "11:00" }
  - { keyword: { en: walk, es: paseo } }
steps:
  hello:
    say: { en: "Hello, circle.", es: "Hola, círculo." }
    go: done
  done:
    end: done
"""

WAITS = """\
flow: meet
title: A meeting
start: [{ keyword: { en: meet, es: reunir } }]
steps:
  day:
    ask: { en: "Which day?", es: "¿Qué día?" }
    answer: { date: true, save_as: day }
    go: hour
    no_reply: [{ after: 1d, go: done }]
  hour:
    ask: { en: "At what time?", es: "¿A qué hora?" }
    answer: { time: true, save_as: hour }
    go: before
    no_reply: [{ after: 1d, go: done }]
  before:
    wait: { until: day, at: hour, before: 2h }
    go: soon
  soon:
    say: { en: "It is on {day} at {hour}.", es: "Es el {day} a las {hour}." }
    go: done
  done:
    end: done
"""


def with_flows(chat: Chat, *sources: str) -> Chat:
    flows = []
    for source in sources:
        loaded = load_flow(source, file="f.yaml", program=chat.app.program)
        assert loaded.flow is not None, loaded.issues
        flows.append(loaded.flow)
    publish(chat.app, flows, author="dana", note="")
    refresh(chat.app)
    return chat


def only(chat: Chat, *sources: str) -> Chat:
    """Let Alice join a program that has only these flows besides joining."""
    chat.joined("bob")
    with_flows(chat, *sources)
    left_out = ("daily", "number_check")
    chat.app.go_live({name: flow for name, flow in chat.app.flows.items() if name not in left_out})
    chat.forget()
    return chat


def test_a_field_is_kept_for_good_and_known_in_every_flow(chat: Chat) -> None:
    only(chat, BIRTHDAY, WISHES)
    chat.alice("birthday")
    chat.expect(alice="When is your birthday?")
    chat.alice("the 2nd of December 1990")
    chat.expect(alice="December 2, noted.")
    assert chat.situation(chat.alice).fields == {"birthday": "1990-12-02"}
    chat.later("8d")
    chat.expect()
    chat.later("1d")
    chat.expect(alice="Happy birthday, Alice!")
    chat.later("364d")
    chat.expect()
    chat.later("1d")
    chat.expect(alice="Happy birthday, Alice!")


def test_a_changed_date_is_planned_again(quick: Chat) -> None:
    only(quick, BIRTHDAY, WISHES)
    for said in ("December 2", "December 20"):
        quick.alice("birthday")
        quick.alice(said)
    quick.forget()
    quick.later("20d")
    quick.expect()
    quick.later("8d")
    quick.expect(alice="Happy birthday, Alice!")


def test_days_after_joining(chat: Chat) -> None:
    left_out = ("daily", "number_check")
    chat.app.go_live({name: flow for name, flow in chat.app.flows.items() if name not in left_out})
    with_flows(chat, NOTE)
    left_out = ("daily", "number_check")
    chat.app.go_live({name: flow for name, flow in chat.app.flows.items() if name not in left_out})
    chat.joined("bob")
    chat.forget()
    chat.later("23h")
    chat.expect()
    chat.later("1d")
    chat.expect(alice="Thinking of you.")
    chat.later("2d")
    chat.expect(alice="Thinking of you.")
    chat.later("30d")
    chat.expect()


def test_a_flow_of_a_group_is_for_its_members(quick: Chat) -> None:
    only(quick, FOR_GROUP, PUT_INTO.replace("GROUP", "circle"))
    quick.later("1d")
    quick.expect()
    quick.alice("walk")
    quick.expect(alice="Thank you for writing.")
    quick.dana("DONE 1")
    quick.forget()
    quick.alice("into")
    quick.later("1d")
    quick.expect(alice="Hello, circle.")
    quick.alice("WALK")
    quick.expect(alice="Hello, circle.")
    with_flows(quick, PUT_INTO.replace("GROUP", "workplace"))
    quick.app.go_live({name: flow for name, flow in quick.app.flows.items() if name != "daily"})
    quick.alice("into")
    quick.later("2d")
    quick.expect()


def test_it_waits_until_two_hours_before(quick: Chat) -> None:
    only(quick, WAITS)
    quick.alice("meet")
    quick.alice("tomorrow")
    quick.alice("5:30 pm")
    quick.forget()
    quick.later("29h")
    quick.expect()
    quick.later("1h")
    quick.expect(alice="It is on November 24 at 5:30 PM.")


def test_a_moment_that_is_over_does_not_hold_up(quick: Chat) -> None:
    only(quick, WAITS)
    quick.alice("meet")
    quick.alice("today")
    quick.forget()
    quick.alice("9 am")
    quick.expect(alice="It is on November 23 at 9:00 AM.")
