"""Creates texts and calls at Twilio over a kept connection, without Twilio's library between.

That library spends a millisecond of CPU on a request; this a seventh. What goes out is what the library would
send, and every answer and failure means what it would mean there: `tests/carrier` puts both before the same
stand-in. Like `twilio_client`, this lets no text of an error out: it may hold numbers and bodies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

import certifi
import orjson
import urllib3
from requests.utils import get_environ_proxies, select_proxy

from checkin.carrier.base import FailureKind, InDoubt, Refused
from checkin.carrier.twilio_client import answered, retry_after

TWILIO = "https://api.twilio.com"
_VERSION = "2010-04-01"

KEPT = 8
"""Connections that are kept for the next texts: more than a process has threads that send."""

Fields = Mapping[str, str | Sequence[str]]


class Creator:
    """Posts to one account's resources. May be shared by threads."""

    def __init__(self, account_sid: str, auth_token: str, timeout: float, api_url: str | None) -> None:
        base = (api_url or TWILIO).rstrip("/")
        self._url = f"{base}/{_VERSION}/Accounts/{account_sid}"
        self._timeout = urllib3.Timeout(connect=timeout, read=timeout)
        self._headers = {
            **urllib3.make_headers(basic_auth=f"{account_sid}:{auth_token}", user_agent="checkin"),
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
        }
        self._connections = _connections(base)

    def create(self, resource: str, fields: Fields) -> Any:
        """Create a `Messages` or a `Calls`; return what Twilio says of it, each field an attribute.

        Raises what `twilio_client.attempt` knows: `Refused`, `InDoubt`, or an error of the connection.
        """
        response = self._connections.urlopen(
            "POST",
            f"{self._url}/{resource}.json",
            body=urlencode(fields, doseq=True),
            headers=self._headers,
            timeout=self._timeout,
            retries=False,
            redirect=False,
        )
        if response.status == 429:
            raise Refused(FailureKind.RETRY, "20429", retry_after(response.headers))
        if not 200 <= response.status < 300:
            raise answered(response.status, _code(response.data))
        row = orjson.loads(response.data)
        if not isinstance(row, dict):
            raise InDoubt("answer that is no object")
        code = row.get("error_code") if resource == "Messages" else None  # a call has none
        return SimpleNamespace(sid=row.get("sid"), status=row.get("status"), error_code=code)


def _code(body: bytes) -> Any:
    """Return the error code in an answer, None where there is none that can be read."""
    try:
        told = orjson.loads(body)
    except ValueError:
        return None
    return told.get("code") if isinstance(told, dict) else None


def _connections(url: str) -> urllib3.PoolManager:
    """Return the kept connections, by the proxy and the certificates that the environment names.

    They are those that Twilio's library would use, for it leaves both to `requests`.
    """
    trusted = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    proxy = select_proxy(url, get_environ_proxies(url))
    if proxy is None:
        return urllib3.PoolManager(ca_certs=trusted, maxsize=KEPT)
    auth = urlsplit(proxy)
    known = None if auth.username is None else f"{auth.username}:{auth.password or ''}"
    headers = urllib3.make_headers(proxy_basic_auth=known)
    return urllib3.ProxyManager(proxy, proxy_headers=headers, ca_certs=trusted, maxsize=KEPT)
