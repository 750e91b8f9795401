"""The TwiML that answers a text is what twilio's own builder writes, and is always readable."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse

from webhooks.twiml import message

SPOKEN = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))


def vendor(texts: list[str]) -> bytes:
    response = MessagingResponse()
    for text in texts:
        response.message(text)
    return response.to_xml().encode()


def test_a_reply_reads_exactly_so() -> None:
    assert message(["Hi Alice <3 & thanks"]) == (
        b'<?xml version="1.0" encoding="UTF-8"?><Response>'
        b"<Message>Hi Alice &lt;3 &amp; thanks</Message></Response>"
    )


def test_nothing_to_say_is_an_empty_response() -> None:
    assert message([]) == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert message(["", "\x00"]) == message([])


@settings(deadline=None)
@given(st.lists(SPOKEN.filter(bool), min_size=1, max_size=4))
def test_it_is_the_vendors_document(texts: list[str]) -> None:
    assert message(texts) == vendor(texts)


@settings(deadline=None)
@given(st.lists(st.text(), max_size=4))
def test_any_text_at_all_gives_readable_xml(texts: list[str]) -> None:
    root = ElementTree.fromstring(message(texts))
    assert root.tag == "Response"
    assert [child.tag for child in root] == ["Message"] * len(root)


def test_what_xml_cannot_carry_is_dropped_and_the_rest_is_said() -> None:
    root = ElementTree.fromstring(message(["a\x00b\x0bc\ufffed\ud800e\tf\ng"]))
    assert root[0].text == "abcde\tf\ng"
