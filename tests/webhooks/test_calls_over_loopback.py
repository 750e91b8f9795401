"""Calls over loopback: the real Twilio client makes them, a stand-in plays them as Twilio does, to the end.

A phone rings, is busy, is not answered, is taken by a machine, is put down at any point; status callbacks
come in any order, with their sequence numbers. Whatever happens, the conversation goes on where it was.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from checkin.alert.model import AlertState
from checkin.carrier.twilio import TwilioCarrier
from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service.settings import Settings
from checkin.store import inbox
from tests.browser.pretend_service import serving
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat, Phone, load_shipped, new_reader
from tests.standin.called import CalledPhone
from tests.standin.caller import PhoneCall
from tests.standin.standin import ACCOUNT_SID, AUTH_TOKEN, NUMBER, StandIn
from tests.standin.twilio_api import running
from webhooks.app import create_web

PUBLIC_URL = "https://checkin.example.org"
MOOD = "How are you feeling today?"
OFFER = "Would you like someone to get in touch with you?"


@pytest.fixture(scope="module")
def shipped() -> tuple[FlowSet, Reader]:
    """The flows that the program ships with, and a reader with the shipped packs."""
    flow_set = load_shipped()
    return flow_set, new_reader(flow_set)


class Town:
    """The service with Twilio's real client, the stand-in behind it, and people with telephones."""

    def __init__(self, chat: Chat, standin: StandIn) -> None:
        self.chat = chat
        self.standin = standin
        self._rung = 0

    def rings(self, phone: Phone) -> CalledPhone:
        """Return the next call that is made, which has to be to this person."""
        self.chat.settle()
        made = self.standin.calls
        assert len(made) > self._rung, "nobody is called"
        row = made[self._rung]
        self._rung += 1
        assert row.to == phone.number
        return CalledPhone(self.standin, row)

    def dials(self, phone: Phone) -> PhoneCall:
        """Let somebody call the program."""

        def post(path: str, fields: Sequence[tuple[str, str]]) -> str:
            answer = self.standin.post(PUBLIC_URL + path, fields)
            assert answer.status == 200
            return answer.body.decode()

        return PhoneCall(post, phone.number)

    def puts_down(self, call: PhoneCall) -> None:
        """Let who called put the phone down; Twilio tells it."""
        call.hang_up()
        fields = [
            ("CallSid", call.sid), ("AccountSid", ACCOUNT_SID), ("From", call.number), ("To", NUMBER),
            ("CallStatus", "completed"), ("Direction", "inbound"), ("SequenceNumber", "0"),
        ]  # fmt: skip
        assert self.standin.post(f"{PUBLIC_URL}/twilio/status", fields).status == 204

    def is_quiet(self) -> None:
        """Make sure that nobody else is called now."""
        self.chat.settle()
        assert len(self.standin.calls) == self._rung

    def texts(self, phone: Phone) -> list[str]:
        """Return the texts that Twilio was handed for somebody."""
        return [row.body for row in self.standin.messages if row.to == phone.number]


@pytest.fixture
def town(sqlite_url: str, shipped: tuple[FlowSet, Reader]) -> Iterator[Town]:
    """Alice takes part with Bob as her contact, and has chosen phone calls. It is Monday, five o'clock."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, *shipped).joined("bob")
    chat.reports_are_lost = True
    support = replace(chat.app.program.support, call_after=timedelta(minutes=10))
    chat.as_program(support=support)
    chat.alice("by phone")
    chat.alice("CALL")
    settings = Settings(
        public_url=PUBLIC_URL,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        flows=Path("flows"),
    )
    web = create_web(chat.app, settings)
    with running(StandIn(chat.clock.now)) as (standin, api), serving(web) as service:
        standin.route(PUBLIC_URL, service)
        chat.app.carrier = TwilioCarrier(
            ACCOUNT_SID, AUTH_TOKEN, public_url=PUBLIC_URL, from_number=NUMBER, api_url=api
        )
        chat.later("8h")
        yield Town(chat, standin)
    chat.close()


def test_a_check_in_and_the_alert_that_it_raises_are_played_to_the_end(town: Town) -> None:
    alice = town.rings(town.chat.alice)
    assert "Is that you?" in alice.answers()[0]
    assert MOOD in alice.press("1")[0]
    assert OFFER in alice.press("2")[0]
    assert "In 5 minutes I will ask Bob" in alice.say("yes, please")[0]
    alice.hang_up()
    town.is_quiet()
    town.chat.later("5m")
    assert any("Alice would like to hear from you" in text for text in town.texts(town.chat.bob))
    alice = town.rings(town.chat.alice)  # the news that Bob was told
    alice.answers()
    assert "I texted Bob" in alice.press("1")[0]
    assert alice.over
    town.chat.later("10m")  # Bob has not seen the text, and is called
    bob = town.rings(town.chat.bob)
    assert "Is that you?" in bob.answers()[0]
    assert "Alice would like to hear from you today." in bob.press("1")[0]
    assert "I told Alice that you will be in touch" in bob.press("1")[0]
    assert bob.over
    [alert] = town.chat.all_alerts()
    assert alert.state is AlertState.ACKNOWLEDGED
    alice = town.rings(town.chat.alice)
    alice.answers()
    assert "Bob answered" in alice.press("1")[0]


@pytest.mark.parametrize("heard", range(5))
def test_a_hang_up_at_any_point_loses_nothing(town: Town, heard: int) -> None:
    """After the greeting, the question, the second question, and the end; and before anything was said."""
    call = town.rings(town.chat.alice)
    steps = [call.answers, lambda: call.press("1"), lambda: call.press("2"), lambda: call.press("2")]
    for step in steps[:heard]:
        step()
    call.hang_up()
    texts = town.texts(town.chat.alice)
    town.chat.settle()
    offered = [text for text in town.texts(town.chat.alice) if text not in texts]
    [run] = [run for run in town.chat.all_runs() if run.flow == "daily"]
    if heard < 2:
        assert offered == []
        town.chat.later("16m")
        again = town.rings(town.chat.alice)
        again.answers()
        assert MOOD in again.press("1")[0]
        assert "Good to hear" in again.press("5")[0]
    elif heard < 4:
        assert len(offered) == 1
        assert (MOOD if heard == 2 else OFFER) in offered[0].replace("today, from", "today? from")
        assert town.chat.waiting(town.chat.alice) == [("daily", "mood" if heard == 2 else "offer")]
        assert town.chat.alice("no" if heard == 3 else "4")[0]
    else:
        assert offered == []
    [run] = [run for run in town.chat.all_runs() if run.flow == "daily"]
    assert run.outcome == "done"
    town.chat.later("2h")
    town.is_quiet()


@pytest.mark.parametrize("how", ["busy", "no-answer", "failed", "canceled", "machine", "fax", "not Alice"])
def test_a_call_that_nobody_answers_is_made_again(town: Town, how: str) -> None:
    for _ in range(3):
        call = town.rings(town.chat.alice)
        if how in ("machine", "fax"):
            said = call.answers("machine_end_beep" if how == "machine" else "fax")
            assert said == ["This is a message for Alice. Please call 2 0 2, 5 5 5, 0 1 0 0."]
            assert MOOD not in said[0]
        elif how == "not Alice":
            call.answers()
            assert call.press("2") == ["Thank you. Goodbye."]
        else:
            call.ends(how)
        assert call.over
        town.chat.later("16m")
    town.is_quiet()
    assert town.chat.waiting(town.chat.alice) == [("daily", "mood")], "the question waits on"


def test_silence_is_asked_again_slowly_and_then_the_call_ends(town: Town) -> None:
    call = town.rings(town.chat.alice)
    call.answers()
    asked = call.press("1")
    assert call.silence() == asked
    assert "nothing is lost" in call.silence()[0]
    assert call.over
    town.chat.settle()
    assert not any("broke off" in text for text in town.texts(town.chat.alice))


def asked_by_call(town: Town) -> CalledPhone:
    """Alice wants a person; Bob has not seen the text, and his phone rings."""
    chat = town.chat
    alice = town.rings(chat.alice)
    for step in (alice.answers, lambda: alice.press("1"), lambda: alice.press("2"), lambda: alice.press("1")):
        step()
    alice.hang_up()
    chat.later("5m")
    news = town.rings(chat.alice)
    news.answers()
    news.press("1")
    chat.later("10m")
    return town.rings(chat.bob)


@pytest.mark.parametrize("heard", range(4))
def test_a_contact_who_hangs_up_at_any_point_holds_nobody_up(town: Town, heard: int) -> None:
    """After ringing, the greeting, the request, and the thanks."""
    chat = town.chat
    call = asked_by_call(town)
    steps = [call.answers, lambda: call.press("1"), lambda: call.press("1")]
    for step in steps[:heard]:
        step()
    call.hang_up()
    before = len(town.texts(chat.bob))
    chat.settle()
    [alert] = chat.all_alerts()
    told = [text for text in town.texts(chat.dana) if "Please call" in text]
    new = town.texts(chat.bob)[before:]
    if heard < 2:
        assert told, "who was not reached is no longer waited for: the next one is asked at once"
        assert new == []
    elif heard == 2:
        assert told == [], "Bob has heard it, and has the rest of his time"
        assert new == [
            "Harbor Circle: our call broke off. Can you call or text Alice? Reply 1 if you can, 2 if not."
        ]
        assert chat.bob("1")[0].startswith("Thank you. I told Alice")
    [alert] = chat.all_alerts()
    assert alert.state is (AlertState.ACKNOWLEDGED if heard >= 2 else AlertState.NOTIFYING)


@pytest.mark.parametrize("how", ["busy", "no-answer", "failed", "canceled", "machine", "fax", "not Bob"])
def test_a_contact_who_is_not_reached_by_phone_is_followed_by_the_next(town: Town, how: str) -> None:
    call = asked_by_call(town)
    if how in ("machine", "fax"):
        said = call.answers("machine_end_beep" if how == "machine" else "fax")
        assert said == ["This is a message for Bob. Please call 2 0 2, 5 5 5, 0 1 0 0."]
    elif how == "not Bob":
        call.answers()
        assert call.press("2") == ["Thank you. Goodbye."]
    else:
        call.ends(how)
    assert call.over
    town.chat.settle()
    assert any("Alice asks for a person" in text for text in town.texts(town.chat.dana))
    assert len([row for row in town.standin.calls if row.to == town.chat.bob.number]) == 1


def test_who_calls_back_and_hangs_up_has_lost_nothing(town: Town) -> None:
    """A menu, a question and a request, each put down when it was heard."""
    chat = town.chat
    call = asked_by_call(town)
    call.ends("no-answer")
    before = len(town.texts(chat.bob))
    back = town.dials(chat.bob)
    assert "Alice would like to hear from you" in back.begin()[0]
    town.puts_down(back)
    chat.settle()
    [offer] = town.texts(chat.bob)[before:]
    assert "our call broke off" in offer
    town.puts_down(back)
    chat.settle()
    assert town.texts(chat.bob)[before:] == [offer], "once for each call"
    sent = len(town.texts(chat.alice))
    menu = town.dials(chat.alice)
    assert "Hello, this is Harbor Circle." in menu.begin()[0]
    town.puts_down(menu)
    chat.settle()
    assert town.texts(chat.alice)[sent:] == [], "nobody was asked anything"
    again = town.dials(chat.alice)
    again.begin()
    assert MOOD in again.press("1")[0], "nothing of it is left behind"
    town.puts_down(again)
    chat.settle()
    [offer] = town.texts(chat.alice)[sent:]
    assert "our call broke off" in offer
    assert MOOD.removesuffix("?") in offer


STATUSES = ("initiated", "ringing", "in-progress", "completed")


@pytest.mark.parametrize("order", list(itertools.permutations(STATUSES))[::4])
def test_status_callbacks_in_any_order_come_to_the_same(town: Town, order: tuple[str, ...]) -> None:
    call = town.rings(town.chat.alice)
    call.keeps_quiet = True
    call.answers()
    call.press("1")
    call.press("5")
    assert call.over
    for status in (*order, *order):
        call.reports(status, STATUSES.index(status))
    [row] = [row for row in town.chat.rows(town.chat.alice) if row.channel == "voice"]
    assert (row.state, row.carrier_id) == ("delivered", call.row.sid)
    said = town.chat.app.store.read(lambda unit: inbox.callbacks_of(unit, row.id))
    assert {(one.status, one.sequence) for one in said} >= {("accepted", 0), ("delivered", 3)}
    town.chat.later("1h")
    town.is_quiet()


def test_of_two_words_about_a_call_the_later_one_counts_whatever_came_last(town: Town) -> None:
    """A word that Twilio said earlier cannot undo a later one, even if it would end the call otherwise."""
    call = town.rings(town.chat.alice)
    call.keeps_quiet = True
    call.answers()
    call.press("1")
    call.press("5")
    call.reports("in-progress", 2)
    call.reports("busy", 1)
    [row] = [row for row in town.chat.rows(town.chat.alice) if row.channel == "voice"]
    assert row.state == "sent"
    call.reports("completed", 3)
    [row] = [row for row in town.chat.rows(town.chat.alice) if row.channel == "voice"]
    assert row.state == "delivered"


def test_requests_that_come_again_or_late_hear_the_same_and_move_nothing(town: Town) -> None:
    call = town.rings(town.chat.alice)
    call.answers()
    call.press("1")
    call.press("2")
    call.press("1")
    runs, alerts = town.chat.all_runs(), town.chat.all_alerts()
    for index, (_, _, document) in enumerate(list(call.call.requests)):
        assert call.call.again(index) == document
    assert (town.chat.all_runs(), town.chat.all_alerts()) == (runs, alerts)
    assert len(alerts) == 1
