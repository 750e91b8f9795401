"""Steers a stand-in in another process, by JSON over HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

from tests.standin.rows import plain_json
from tests.standin.standin import Refusal, StandIn

ACTIONS = frozenset(
    {
        "refuse",
        "rate_limit",
        "hang",
        "release",
        "accept_then_reset",
        "reset_before",
        "http_500",
        "http_500_after_accept",
        "garbage_after_accept",
        "callback_before_answer",
        "deliver_pending",
        "report",
        "route",
        "point_webhooks_at",
    }
)
"""Methods of `StandIn` that `/control/NAME` calls with `{"args": [...], "kwargs": {...}}`."""


def act(standin: StandIn, name: str, body: bytes) -> Any:
    """Do what a control request asks, and return something that JSON can say."""
    if name == "rows":
        with standin.changed:
            return [plain_json(row) for row in standin.rows]
    if name == "requests":
        with standin.changed:
            return list(standin.requests)
    wanted = json.loads(body or b"{}")
    if name == "opt_out":
        standin.opted_out.update(wanted["args"])
        return None
    if name not in ACTIONS:
        raise Refusal(20404, 404)
    result = getattr(standin, name)(*wanted.get("args", ()), **wanted.get("kwargs", {}))
    return [answer.status for answer in result] if isinstance(result, list) else None


class RemoteStandIn:
    """A stand-in in another process: `remote("refuse", 21211)`, `remote.rows()`."""

    def __init__(self, url: str, timeout: float = 10) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout

    def __call__(self, action: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the stand-in and return its result."""
        body = json.dumps({"args": args, "kwargs": kwargs}).encode()
        request = Request(f"{self.url}/control/{action}", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=self._timeout) as response:
            return json.load(response)

    def rows(self) -> list[dict[str, Any]]:
        """Return every message and call that it has accepted."""
        rows: list[dict[str, Any]] = self("rows")
        return rows
