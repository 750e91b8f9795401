"""One request about a call: Twilio's form in, TwiML out. Twilio's webhook and the pretend phones share it.

Knows the names of Twilio's fields (https://www.twilio.com/docs/voice/twiml#request-parameters); what a call
hears next is `checkin.service.calls`' business.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from checkin.carrier.twilio_words import VOICE_PATH
from checkin.conversation.call import Document
from checkin.people.numbers import is_e164
from checkin.service.calls import CallRequest
from webhooks import voice_twiml
from webhooks.form import Form

_MOST_DIGITS = 6


def request_of(form: Form, query: str) -> CallRequest:
    """Return what a call asks. Whoever hides their number has none; a turn that is no number is the first."""
    turn = parse_qs(query).get("turn", ["0"])[0]
    outbound = form.get("Direction").startswith("outbound")
    number = form.get("To" if outbound else "From")
    return CallRequest(
        form.get("CallSid"),
        int(turn) if turn.isdecimal() and len(turn) < _MOST_DIGITS else 0,
        number if is_e164(number) and form.get("CallSid") else None,
        digits=form.get("Digits"),
        speech=form.get("SpeechResult"),
        outbound=outbound,
        machine=form.get("AnsweredBy").startswith(("machine", "fax")),
        our_number=form.get("From"),
    )


def written(document: Document, request: CallRequest, public_url: str) -> bytes:
    """Return the TwiML that answers this request; what is heard comes back as the next turn."""
    return voice_twiml.call(document, f"{public_url.rstrip('/')}{VOICE_PATH}?turn={request.turn + 1}")
