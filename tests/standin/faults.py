"""The ways in which a request to the stand-in can go wrong, each for the next request only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

On = Literal["create", "list"]
Outcome = Literal["answer", "hang", "reset", "normal"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request.

    `accept` says whether the message is kept first. `answer` sends `status`, `headers` and `body`; `hang`
    answers only when released; `reset` tears the connection down; `normal` answers as ever, after the status
    callbacks in `early` were posted.
    """

    outcome: Outcome
    accept: bool = False
    status: int = 500
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    early: tuple[str, ...] = ()
    on: On = "create"


def refusal(code: int, status: int = 400, *, problem: bool = False, on: On = "create") -> Fault:
    """Refuse with one of Twilio's error codes; `problem` uses the newer RFC 9457 shape."""
    return Fault("answer", status=status, body=error_body(code, status, problem=problem), on=on)


def rate_limit(retry_after: int | None = None, on: On = "create") -> Fault:
    """Answer 429, as beyond the concurrency limit: nothing was processed."""
    headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return Fault("answer", status=429, body=error_body(20429, 429), headers=headers, on=on)


def error_body(code: int, status: int, *, problem: bool = False) -> bytes:
    """Return an error's JSON. Like Twilio's, its text names the number: it must not reach a log."""
    if problem:
        title = "The number +12025550101 cannot be used"
        url = f"https://www.twilio.com/docs/api/errors/{code}"
        return json.dumps({"type": url, "title": title, "status": status, "code": code}).encode()
    more = f"https://www.twilio.com/docs/errors/{code}"
    message = "The number +12025550101 cannot be used for: I feel low"
    return json.dumps({"code": code, "message": message, "more_info": more, "status": status}).encode()
