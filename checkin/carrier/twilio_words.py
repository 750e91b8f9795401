"""Twilio's words for statuses and errors, in ours, and the paths at which it finds this service.

Plain tables; knows no client and no network, so that the web process can read a callback without paying for
Twilio's library. The codes are from https://www.twilio.com/docs/api/errors.
"""

from __future__ import annotations

from datetime import timedelta

from checkin.carrier.base import DeliveryStatus, FailureKind

SMS_PATH = "/twilio/sms"
VOICE_PATH = "/twilio/voice"
STATUS_PATH = "/twilio/status"

_STATUSES = {
    # Messages. `sent` may be the last word: some carriers give no receipt.
    "accepted": DeliveryStatus.ACCEPTED,
    "scheduled": DeliveryStatus.ACCEPTED,
    "queued": DeliveryStatus.ACCEPTED,
    "sending": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "partially_delivered": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.DELIVERED,
    "undelivered": DeliveryStatus.FAILED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
    # Calls. A machine completes a call too: "delivered" says nothing about a person having heard it.
    "initiated": DeliveryStatus.ACCEPTED,
    "ringing": DeliveryStatus.SENT,
    "in-progress": DeliveryStatus.SENT,
    "completed": DeliveryStatus.DELIVERED,
    "busy": DeliveryStatus.FAILED,
    "no-answer": DeliveryStatus.FAILED,
}

_RETRY = FailureKind.RETRY
_BAD_NUMBER = FailureKind.BAD_NUMBER
_CONFIG = FailureKind.CONFIG
_PERMANENT = FailureKind.PERMANENT

_KINDS = {
    "14107": _RETRY,  # reply loop: replies between the two numbers fail for half a minute
    "20003": _CONFIG,  # wrong account or auth token
    "20005": _CONFIG,  # account not active
    "20404": _CONFIG,  # no such account
    "20429": _RETRY,  # too many at once: "never processed and always safe to retry"
    "21210": _CONFIG,  # caller id not verified
    "21211": _BAD_NUMBER,  # not a phone number, or our own
    "21212": _CONFIG,  # not a sender
    "21214": _BAD_NUMBER,  # call: number cannot be reached
    "21215": _CONFIG,  # call: country not switched on
    "21217": _BAD_NUMBER,  # call: not a phone number
    "21219": _CONFIG,  # trial account: number not verified
    "21408": _CONFIG,  # country not switched on
    "21602": _PERMANENT,  # no body
    "21603": _CONFIG,  # no sender
    "21604": _PERMANENT,  # no recipient
    "21606": _CONFIG,  # sender belongs to somebody else
    "21608": _CONFIG,  # trial account: number not verified
    "21609": _CONFIG,  # status callback is no URL
    "21610": FailureKind.OPTED_OUT,
    "21611": _RETRY,  # sender's queue is full
    "21612": _BAD_NUMBER,  # no route from this sender to this number
    "21614": _BAD_NUMBER,  # not a mobile phone
    "21617": _PERMANENT,  # longer than 1600 characters
    "30001": _RETRY,  # sender's queue overflowed
    "30002": _CONFIG,  # account suspended
    # These four may pass later, but a person who waits for help must not wait for that: the next one is told.
    "30003": _BAD_NUMBER,  # handset unreachable
    "30004": _BAD_NUMBER,  # blocked (also a STOP to a toll-free number)
    "30005": _BAD_NUMBER,  # unknown handset
    "30006": _BAD_NUMBER,  # landline or unreachable carrier
    "30007": _PERMANENT,  # filtered as spam
    "30008": _RETRY,  # unknown error
    "30022": _RETRY,  # rate of the 10DLC campaign
    "30023": _RETRY,  # daily cap of the brand
    "30027": _RETRY,  # daily cap of the campaign
    "30032": _CONFIG,  # toll-free number not verified
    "30034": _CONFIG,  # number not registered for 10DLC
    # "Not retried to avoid duplicates" by Twilio, and for the same reason not by us.
    "30410": _PERMANENT,  # the carrier's answer timed out
    "30450": _PERMANENT,  # taken for SMS pumping
    "30610": _CONFIG,  # Compliance Toolkit's quiet hours
    "30640": _BAD_NUMBER,  # Compliance Toolkit's list of litigators
    "35114": _PERMANENT,  # scheduling
    "35115": _PERMANENT,
    "35118": _CONFIG,
}

_WAITS = {
    "14107": timedelta(minutes=1),
    "21611": timedelta(minutes=5),
    "30001": timedelta(minutes=5),
    "30008": timedelta(minutes=5),
    # Daily caps end at midnight Pacific; trying every hour finds that without knowing the caller's clock.
    "30023": timedelta(hours=1),
    "30027": timedelta(hours=1),
}


CONGESTED = frozenset({"20429", "21611", "30001", "30022"})
"""Codes that say that we send too fast: all routine texts slow down, not only the one that was refused."""

NEVER_LEFT = frozenset({"14107", "30001", "30022", "30023", "30027"})
"""Codes of texts that were accepted and then not sent at all: there was no room, or a cap was reached."""


def status_from_twilio(word: str | None) -> DeliveryStatus | None:
    """Return what a `MessageStatus` or `CallStatus` means, or None for a word that is not about a delivery.

    Words unknown today give None too: Twilio adds some without notice, and an unknown report is answered
    and ignored.
    """
    return _STATUSES.get(word or "")


def unanswered(call_status: str) -> str | None:
    """Return the word that says why nobody answered a call; Twilio has no error code for it."""
    return call_status if call_status in ("busy", "no-answer", "canceled") else None


def failure_of_callback(error_code: str | None) -> FailureKind:
    """Return what to do about a message or call that failed after it was accepted.

    Calls that were busy or not answered carry no code of Twilio's. No code, and one unknown today, is
    `PERMANENT`: it is not sent again blindly, and the next person or channel is tried.
    """
    return _KINDS.get(error_code or "", _PERMANENT)


def failure_of_request(http_status: int, code: str) -> FailureKind | None:
    """Return why a request was refused, or None where the answer does not settle whether it was taken.

    `code` is Twilio's error code, or the HTTP status again where the answer carried none.
    """
    if http_status == 429:
        return _RETRY
    if http_status >= 500 or http_status == 408:
        return None
    if code in _KINDS:
        return _KINDS[code]
    # A redirect, 401, 403, 404, 405, 407 and such concern our account or the way to Twilio, not this message.
    return _PERMANENT if http_status in (400, 409, 413, 422) else _CONFIG


def wait_before_retry(code: str) -> timedelta | None:
    """Return how long this refusal is likely to last, where that is known."""
    return _WAITS.get(code)
