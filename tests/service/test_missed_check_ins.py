"""After a missed check-in: each rung only where it was chosen, and any word from the member stops it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from checkin.carrier.base import FailureKind
from checkin.flow.program import Missed
from tests.service.kit import MONDAY, NUMBERS, Chat

FIVE = MONDAY.replace(hour=22)
MISSED = FIVE + timedelta(hours=20)
"""One in the afternoon of Tuesday in New York: Monday's check-in is missed."""

ALL = Missed(call="always", staff="always", contacts="chosen")


def missed(chat: Chat, offers: Missed = ALL, *chosen: str) -> Chat:
    """Let Alice join with two contacts, choose, and miss Monday's check-in."""
    chat.joined("bob", "carmen")
    chat.as_program(missed=offers)
    for text in chosen:
        chat.alice(text)
    chat.reports_are_lost = True  # calls: nobody picks up
    chat.until(MISSED)
    return chat


def ladder(chat: Chat) -> str | None:
    """Return how the newest ladder ended; None while it goes on."""
    return [run.outcome for run in chat.all_runs() if run.flow == "missed_checkin"][-1]


def calls(chat: Chat) -> int:
    return sum(row.channel == "voice" for row in chat.rows(chat.alice))


def of_contacts(chat: Chat) -> dict[str, Sequence[str]]:
    heard = {"bob": chat.bob.new(), "carmen": chat.carmen.new()}
    chat.forget()
    return heard


def test_nothing_beyond_the_reminder_where_nobody_chose_it(chat: Chat) -> None:
    missed(chat, Missed())
    chat.forget()
    chat.later("3h")
    chat.expect()
    assert ladder(chat) == "left_alone"


@pytest.mark.parametrize("chosen", [(), ("CALLS OFF", "CONTACTS OFF")])
def test_what_the_program_offers_is_off_until_a_member_chooses_it(quick: Chat, chosen: Sequence[str]) -> None:
    missed(quick, Missed(call="chosen", contacts="chosen"), *chosen)
    assert ladder(quick) == "left_alone"
    quick.later("2d")
    assert (calls(quick), of_contacts(quick)) == (0, {"bob": [], "carmen": []})


def test_what_the_program_does_not_offer_cannot_be_chosen(quick: Chat) -> None:
    quick.joined("bob")
    quick.as_program(missed=Missed())
    for text in ("CALLS ON", "CONTACTS ON"):
        assert "does not do that" in quick.alice(text)[0]


def test_the_whole_ladder_rung_by_rung(chat: Chat) -> None:
    missed(chat, ALL, "CONTACTS ON")
    assert "Are you OK?" in chat.alice.new()[-1]
    chat.later("2h 1m")
    assert calls(chat) == 1
    chat.later("3h")
    [task] = [one for one in chat.tasks() if one.kind == "missed"]
    assert task.note == "Alice has missed a check-in and answers neither texts nor calls. Please look in."
    assert of_contacts(chat) == {"bob": [], "carmen": []}
    chat.later("19h")
    told = of_contacts(chat)
    assert told["bob"] == [
        "Harbor Circle: Alice asked us to tell you if we miss each other. No answer since November 23. "
        "It may be nothing. Could you say hi?"
    ]
    assert len(told["carmen"]) == 1
    chat.later("6d 1h")
    assert ladder(chat) == "no_answer"


def test_a_call_that_nobody_answers_is_made_three_times(quick: Chat) -> None:
    missed(quick, Missed(call="always"))
    for _ in range(4):
        quick.later("2h" if not calls(quick) else "20m")
        for row in quick.rows(quick.alice):
            if row.channel == "voice" and row.state == "sent":
                quick.report(row.id, "failed", carrier_id=row.carrier_id or "")
    assert calls(quick) == 3


@pytest.mark.parametrize(
    ("after", "told"), [("1h", False), ("3h", False), ("6h", False), ("25h", True), ("50h", True)]
)
@pytest.mark.parametrize("text", ["YES", "I was at my sister's", "4", "TIME 8pm"])
def test_any_word_at_any_rung_stops_it_and_who_was_told_hears_so(
    quick: Chat, after: str, told: bool, text: str
) -> None:
    missed(quick, ALL, "CONTACTS ON")
    quick.later(after)
    quick.forget()
    made = calls(quick)
    quick.alice(text)
    quick.alice.new()
    clear = ["Harbor Circle: good news, we have heard from Alice again. Thank you for being there."]
    assert of_contacts(quick) == dict.fromkeys(("bob", "carmen"), clear if told else [])
    assert [task for task in quick.tasks() if task.kind == "missed"] == []
    quick.later("20h")
    assert of_contacts(quick) == {"bob": [], "carmen": []}
    assert [task.kind for task in quick.tasks() if task.kind == "missed"] == []
    assert calls(quick) == made


def test_the_all_clear_comes_once(quick: Chat) -> None:
    missed(quick, ALL, "CONTACTS ON")
    quick.later("25h")
    quick.forget()
    for text in ("hello?", "YES", "thanks", "all good"):
        quick.alice(text)
    assert [len(texts) for texts in of_contacts(quick).values()] == [1, 1]


def test_a_phone_that_answers_by_itself_stops_nothing(quick: Chat) -> None:
    missed(quick, Missed(staff="always"))
    quick.alice("I'm driving with Do Not Disturb on. I'll see your message later. (auto-reply)")
    quick.later("5h 1m")
    assert "missed" in [task.kind for task in quick.tasks()]


def test_no_brings_somebody(quick: Chat) -> None:
    missed(quick, ALL, "CONTACTS ON")
    quick.forget()
    quick.alice("NO")
    assert "In 5 minutes I will ask Bob" in quick.alice.new()[0]
    assert ladder(quick) == "done"


def test_support_stops_the_ladder_and_is_a_request(quick: Chat) -> None:
    missed(quick, ALL, "CONTACTS ON")
    quick.later("6h")
    quick.forget()
    quick.alice("SUPPORT")
    quick.later("5m")
    assert "would like to hear from you" in quick.bob.new()[0]
    quick.bob("1")
    quick.forget()
    quick.later("20h")
    assert "asked us to tell you" not in " ".join(quick.carmen.new() + quick.bob.new())


@pytest.mark.parametrize("text", ["PAUSE", "STOP"])
def test_a_pause_or_stop_is_a_word_too(quick: Chat, text: str) -> None:
    missed(quick, ALL, "CONTACTS ON")
    quick.later("25h")
    quick.forget()
    quick.alice(text)
    assert all("heard from Alice" in texts[0] for texts in of_contacts(quick).values())
    quick.later("3d")
    assert of_contacts(quick) == {"bob": [], "carmen": []}


def test_the_wrong_person_is_no_all_clear(quick: Chat) -> None:
    missed(quick, ALL, "CONTACTS ON")
    quick.later("25h")
    quick.forget()
    quick.alice("wrong number")
    assert not any("good news" in text for texts in of_contacts(quick).values() for text in texts)


def test_a_question_that_does_not_arrive_climbs_nowhere(quick: Chat) -> None:
    quick.joined("bob")
    quick.as_program(missed=ALL)
    quick.alice("CONTACTS ON")
    quick.until(MISSED - timedelta(minutes=1))
    quick.carrier.refuse(NUMBERS["alice"], FailureKind.BAD_NUMBER, "30005")
    quick.later("26h")
    assert "missed" not in [task.kind for task in quick.tasks()]
    assert "asked us to tell you" not in " ".join(quick.bob.new())
    assert "undelivered" in [task.kind for task in quick.tasks()]


def test_a_second_missed_check_in_does_not_begin_the_ladder_anew(quick: Chat) -> None:
    missed(quick, ALL, "CONTACTS ON")
    quick.later("2d")
    started = [run for run in quick.all_runs() if run.flow == "missed_checkin"]
    assert len(started) == 1
    assert len([text for text in quick.bob.new() if "asked us to tell you" in text]) == 1


def test_contacts_are_told_at_an_allowed_hour_only(quick: Chat) -> None:
    missed(quick, ALL, "CONTACTS ON")
    # The rung falls due at one in the afternoon of Wednesday; the service stands still until the night.
    quick.later("23h")
    quick.clock.move_to(datetime(2026, 11, 26, 4, 0, tzinfo=UTC))
    quick.settle()
    assert of_contacts(quick)["bob"] == []
    quick.until(datetime(2026, 11, 26, 14, 1, tzinfo=UTC))
    sent = [at for at, out in quick.carrier.taken_at if "asked us to tell you" in out.body]
    assert len(sent) == 2
    assert all(9 <= at.astimezone(ZoneInfo("America/New_York")).hour < 21 for at in sent)


def test_a_notice_that_waits_is_not_sent_once_the_member_has_written(quick: Chat) -> None:
    missed(quick, ALL, "CONTACTS ON")
    quick.later("23h 59m")
    for name in ("bob", "carmen"):
        quick.carrier.refuse(NUMBERS[name], FailureKind.RETRY, after=timedelta(hours=1))
    quick.later("1m")
    quick.forget()
    quick.alice("hello")
    quick.later("2h")
    assert of_contacts(quick) == {"bob": [], "carmen": []}
