"""What the webhooks make of what Twilio sends: opt-outs it has answered itself, reports, and calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service import delivery, due
from checkin.service.settings import Settings
from checkin.store import outbox
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat, load_shipped, new_reader
from tests.standin.standin import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from tests.standin.webhook_sender import TwilioSender
from webhooks.app import create_web
from webhooks.form import Form
from webhooks.signature import sign

PUBLIC_URL = "https://checkin.example.org"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@pytest.fixture(scope="module")
def shipped() -> tuple[FlowSet, Reader]:
    """The flows that the program ships with, and a reader with the shipped packs."""
    flow_set = load_shipped()
    return flow_set, new_reader(flow_set)


@pytest.fixture
def chat(sqlite_url: str, shipped: tuple[FlowSet, Reader]) -> Iterator[Chat]:
    """Alice has joined, and Bob is her trusted contact."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, *shipped)
    yield chat.joined("bob")
    chat.close()


@pytest.fixture
def web(chat: Chat) -> Iterator[TestClient]:
    """The web application over this service, as Twilio reaches it."""
    settings = Settings(
        public_url=PUBLIC_URL,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        flows=Path("flows"),
    )
    with TestClient(create_web(chat.app, settings), base_url="http://10.0.0.7:8000") as client:
        yield client


@pytest.fixture
def post(web: TestClient) -> Callable[..., str]:
    """Posts signed fields and returns the answer's body."""

    def signed(path: str, fields: list[tuple[str, str]], status: int = 200) -> str:
        form = Form({name: [value] for name, value in fields})
        headers = {"X-Twilio-Signature": sign(AUTH_TOKEN, PUBLIC_URL + path, form)}
        response = web.post(path, data=dict(fields), headers=headers)
        assert response.status_code == status
        return response.text

    return signed


def text_from(number: str, body: str, **extra: str) -> list[tuple[str, str]]:
    fields = TwilioSender(PUBLIC_URL, AUTH_TOKEN).sms_fields(number, NUMBER, body)
    return [*fields, *extra.items()]


def is_stopped(chat: Chat) -> bool:
    person = chat.person(chat.alice)
    assert person is not None
    return person.stopped


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        ("STOP", {}),
        (" Unsubscribe ", {}),
        ("stop", {"OptOutType": "STOP"}),
        ("ya basta", {"OptOutType": "STOP"}),
    ],
)
def test_an_opt_out_that_twilio_confirms_is_not_confirmed_again(
    chat: Chat, post: Callable[..., str], body: str, extra: dict[str, str]
) -> None:
    assert post("/twilio/sms", text_from(chat.alice.number, body, **extra)) == EMPTY
    assert is_stopped(chat)


def test_an_opt_out_in_other_words_is_confirmed_once(chat: Chat, post: Callable[..., str]) -> None:
    answer = post("/twilio/sms", text_from(chat.alice.number, "please stop texting me"))
    assert answer.count("<Message>") == 1
    assert "you will get no more texts from us" in answer
    assert is_stopped(chat)
    assert post("/twilio/sms", text_from(chat.alice.number, "please stop texting me")) == EMPTY


def test_whom_twilio_lets_in_again_is_in_again(chat: Chat, post: Callable[..., str]) -> None:
    """The words for it are the operator's own at Twilio, which has told the member that it worked."""
    post("/twilio/sms", text_from(chat.alice.number, "STOP", OptOutType="STOP"))
    assert post("/twilio/sms", text_from(chat.alice.number, "de vuelta")) == EMPTY
    assert is_stopped(chat)
    answer = post("/twilio/sms", text_from(chat.alice.number, "de vuelta", OptOutType="START"))
    assert answer.count("welcome back") == 1
    assert not is_stopped(chat)


def test_a_yes_that_twilio_takes_for_start_is_a_yes_to_what_was_asked(
    chat: Chat, post: Callable[..., str]
) -> None:
    chat.alice("SUPPORT")
    chat.alice("NO")
    chat.alice("ADD")
    chat.alice("Carmen")
    chat.alice("202 555 0103")
    (invited,) = [one for one in chat.carmen.new() if "asks you to be a trusted contact" in one]
    assert invited
    answer = post("/twilio/sms", text_from(chat.carmen.number, "YES", OptOutType="START"))
    assert "Thank you! If Alice wants to hear from you" in answer


def test_help_that_twilio_has_given_is_not_given_twice(chat: Chat, post: Callable[..., str]) -> None:
    assert post("/twilio/sms", text_from(chat.alice.number, "HELP", OptOutType="HELP")) == EMPTY
    assert "reply SUPPORT to hear from a person" in post("/twilio/sms", text_from(chat.alice.number, "HELP"))


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ([("MessageStatus", "queued")], "sent"),
        ([("MessageStatus", "delivered")], "delivered"),
        ([("CallStatus", "no-answer")], "failed"),
        ([("MessageStatus", "undelivered"), ("ErrorCode", "30005")], "failed"),
        ([("MessageStatus", "something new")], "sent"),
    ],
)
def test_a_report_moves_the_message_that_it_is_about(
    chat: Chat, post: Callable[..., str], words: list[tuple[str, str]], state: str
) -> None:
    chat.alice("SUPPORT")
    chat.clock.move_to(chat.clock.now() + chat.flow_set.program.support.window)
    due.run_due(chat.app, "alerts")
    delivery.deliver(chat.app, "alerts")
    row = _notification(chat)
    assert row.state == "sent"
    fields = [("MessageSid", "SM1"), ("AccountSid", ACCOUNT_SID), *words]
    assert post(f"/twilio/status?token={row.id}", fields, status=204) == ""
    assert _notification(chat).state == state


def _notification(chat: Chat) -> outbox.Message:
    return next(row for row in chat.rows(chat.bob) if row.kind == "notification")


def test_the_pretend_phones_are_not_there_where_twilio_is(web: TestClient) -> None:
    assert web.get("/phones").status_code == 404
    assert web.get("/healthz").text == "ok\n"
