"""How the text of one setting is read: one function a kind of value.

Each takes the text (never empty) and returns the value, or raises `Wrong` with what is wrong in words. The
words never repeat the text: it may be a password that was pasted into the wrong line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from checkin.store.vault import key_from_text
from checkin.timing.pacing import read_rate

EMBEDDED = "embedded"
BROKER_SCHEMES = ("redis", "rediss", "amqp", "amqps")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
PSYCOPG = "postgresql+psycopg"
POSTGRES_SPELLINGS = ("postgres", "postgresql", PSYCOPG)


class Wrong(ValueError):
    """A setting can't be used; the text continues a sentence that begins with the setting's name."""


def port(text: str) -> int:
    """Read a TCP port, 1 to 65535."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise Wrong("is not a port number")
    return int(text)


def host(text: str) -> str:
    """Read a host name or address to listen on."""
    if ":" in text:
        try:
            return str(ip_address(text))
        except ValueError:
            raise Wrong("is not a host name or an address") from None
    if not re.fullmatch(r"[A-Za-z0-9.\-]+", text):
        raise Wrong("is not a host name or an address")
    return text


def log_level(text: str) -> str:
    """Read a log level, in any case."""
    if text.upper() not in LOG_LEVELS:
        raise Wrong("is not a log level")
    return text.upper()


def folder_of_flows(text: str) -> Path:
    """Read the path of a folder that is there."""
    if not Path(text).is_dir():
        raise Wrong("names a folder that is not there")
    return Path(text)


def database_url(text: str) -> str:
    """Read an SQLAlchemy URL, with every spelling of PostgreSQL made `postgresql+psycopg`."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise Wrong("is not a database URL")
    if scheme == "sqlite":
        if not rest.startswith("/") or rest[1:].split("?")[0] in ("", ":memory:"):
            raise Wrong("names no file, and what is kept in memory is lost when the process ends")
        return text
    if scheme not in POSTGRES_SPELLINGS:
        raise Wrong("names a database that Checkin does not run on")
    url = f"{PSYCOPG}://{rest}"
    try:
        database = make_url(url).database
    except (ArgumentError, ValueError):
        raise Wrong("is not a database URL") from None
    if not database:
        raise Wrong("names no database after the host")
    return url


def broker_url(text: str) -> str:
    """Read `embedded`, or the URL of Redis or RabbitMQ."""
    if text.removesuffix("://") == EMBEDDED:
        return EMBEDDED
    parts = _split(text)
    if parts.scheme not in BROKER_SCHEMES:
        raise Wrong("names a broker that Checkin does not run on")
    if not parts.hostname:
        raise Wrong("names no host")
    return text


def public_url(text: str) -> str:
    """Read the absolute URL under which the world reaches this service."""
    parts = _http(text)
    if text.endswith("/"):
        raise Wrong("ends with a slash")
    if "_" in (parts.hostname or ""):
        # Twilio takes no status callback to such a host.
        raise Wrong("has an underscore in its host name, which Twilio does not accept")
    return text


def twilio_api_url(text: str) -> str:
    """Read the base URL of Twilio's API, or of a stand-in for it on this machine."""
    parts = _http(text)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise Wrong("would send the auth token over the network unencrypted")
    return text.rstrip("/")


def sender_rate(text: str) -> float:
    """Read a kind of sender, or its segments a second."""
    try:
        return read_rate(text)
    except ValueError:
        raise Wrong("is neither a kind of sender nor a rate") from None


def calls_a_second(text: str) -> float:
    """Read how many calls may begin in a second."""
    try:
        number = float(text)
    except ValueError:
        raise Wrong("is not a number") from None
    if not 0.1 <= number <= 1000:
        raise Wrong("is not between 0.1 and 1000")
    return number


def calls_at_once(text: str) -> int:
    """Read how many calls there may be at one time."""
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise Wrong("is not a whole number from 1 to 10000")
    return int(text)


def secret_keys(text: str) -> tuple[bytes, ...]:
    """Read keys of 32 bytes in base64, separated by commas."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    keys: list[bytes] = []
    for position, word in enumerate(words, start=1):
        try:
            keys.append(key_from_text(word))
        except ValueError:
            raise Wrong(
                f"has a key that is not 32 bytes of base64: number {position} of {len(words)}"
            ) from None
    if not keys:
        raise Wrong("has no key in it")
    if len(set(keys)) < len(keys):
        raise Wrong("has the same key twice")
    return tuple(keys)


def matching(pattern: str, wrong: str) -> Callable[[str], str]:
    """Return a reader of texts that match this pattern as a whole."""
    whole = re.compile(pattern)

    def read(text: str) -> str:
        if not whole.fullmatch(text):
            raise Wrong(wrong)
        return text

    return read


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # Python checks the port only when it is asked for.
    except ValueError:
        raise Wrong("is not a URL") from None
    return parts


def _http(text: str) -> SplitResult:
    parts = _split(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong("is not an absolute http or https URL")
    if parts.username or parts.password:
        raise Wrong("has a user name or password in it")
    if re.search(r"[?#\s]", text):
        raise Wrong("has a question mark, a hash or a space in it")
    return parts


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
