"""Makes Twilio's own client, and turns what goes wrong in it into our errors.

Importing this costs a second or more, so only `checkin.carrier.twilio` imports it, at the first request.
The texts of Twilio's exceptions hold numbers and bodies: none of them leaves here, not even as a cause.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from checkin.carrier.base import CarrierError, FailureKind, InDoubt, Refused
from checkin.carrier.twilio_words import failure_of_request, wait_before_retry

_Answer = TypeVar("_Answer")

_MAX_RETRY_AFTER = timedelta(hours=1)


def make_client(account_sid: str, auth_token: str, timeout: float, api_url: str | None) -> Any:
    """Return a `twilio.rest.Client` whose every request ends within `timeout` seconds a read.

    With `api_url`, requests to any of Twilio's hosts go to that base URL instead: `edge` and `region` can
    only name hosts under twilio.com.
    """
    return Client(account_sid, auth_token, http_client=_Http(timeout, api_url))


def attempt(request: Callable[[], _Answer]) -> _Answer:
    """Return what the request returns; raise `Refused` or `InDoubt` for whatever goes wrong in it.

    The library meets garbage from a broken proxy with any of the errors below, depending on the garbage.
    """
    try:
        return request()
    except (
        TwilioException,
        OSError,  # all of requests' errors are OSErrors
        HTTPError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
    ) as exc:
        error = _translated(exc)
    # Raised outside of the handler: as a context, the original would take its text into a report.
    raise error


class _Http:
    """Twilio's HTTP client with a timeout, a base URL and no log; it keeps the wait that a 429 asks for."""

    is_async = False

    def __init__(self, timeout: float, api_url: str | None) -> None:
        # Its log of requests holds numbers (`To=` in a query). A logger of its own has no handlers and no
        # parents, whatever the program's logging is set to.
        silent = logging.Logger("twilio", level=logging.CRITICAL + 1)
        self._client = TwilioHttpClient(timeout=timeout, logger=silent)
        self._api_url = api_url

    def request(self, method: str, url: str, **details: Any) -> Any:
        if self._api_url:
            parts = urlsplit(url)
            url = self._api_url.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")
        response = self._client.request(method, url, **details)
        if response.status_code == 429:
            raise Refused(FailureKind.RETRY, "20429", retry_after(response.headers))
        return response


def retry_after(headers: Any) -> timedelta | None:
    """Return the wait that an answer asks for, an hour at most; None where it asks for none."""
    try:
        wait = timedelta(seconds=float(headers["Retry-After"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return min(max(wait, timedelta()), _MAX_RETRY_AFTER)


def _translated(exc: Exception) -> CarrierError:
    if isinstance(exc, TwilioRestException | TwilioServiceException):
        return answered(exc.status, exc.code)
    if isinstance(exc, TwilioException):
        # A page of a listing that was not answered with 200: its second argument is the response.
        return answered(getattr(exc.args[-1], "status_code", None) if exc.args else None, None)
    if isinstance(exc, CarrierError):
        return exc
    if isinstance(exc, requests.exceptions.SSLError | SSLError) and _caused_by(
        exc, ssl.SSLCertVerificationError
    ):
        return Refused(FailureKind.CONFIG, "certificate")
    if isinstance(exc, requests.exceptions.ConnectTimeout) or _caused_by(
        exc, NewConnectionError, ProxyError, ConnectTimeoutError
    ):
        return Refused(FailureKind.RETRY, "not_connected")
    if isinstance(
        exc, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | LocationValueError
    ):
        return Refused(FailureKind.CONFIG, "api_url")
    return InDoubt(type(exc).__name__)


def answered(status: Any, code: Any) -> CarrierError:
    """Return the error that an answer with this HTTP status and error code is."""
    if not isinstance(status, int):
        return InDoubt("unreadable error")
    word = str(code) if isinstance(code, int) else str(status)
    kind = failure_of_request(status, word)
    return InDoubt(f"HTTP {status}") if kind is None else Refused(kind, word, wait_before_retry(word))


def _caused_by(exc: BaseException, *kinds: type[BaseException]) -> bool:
    """Return whether one of these lies under `exc`; requests and urllib3 wrap by argument or attribute."""
    pending: list[object] = [exc]
    for _ in range(8):
        if not pending:
            break
        error = pending.pop()
        if isinstance(error, kinds):
            return True
        if isinstance(error, BaseException):
            pending += [arg for arg in (*error.args, getattr(error, "reason", None)) if arg is not None]
    return False
