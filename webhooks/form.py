"""Reads the form bodies that Twilio posts.

Knows `application/x-www-form-urlencoded` and nothing of what the fields mean. Blank and repeated fields are
kept, since the signature is over all of them. Garbage never raises: bytes that are not UTF-8 become U+FFFD,
and then the signature does not match.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote_to_bytes

MAX_BODY = 64 * 1024
"""Bytes. Twilio's largest form (1600 characters of percent-encoded emoji, and geography) is near 20 KiB."""

MAX_FIELDS = 500
"""Twilio sends some 20 to 60 fields."""


class Form:
    """The fields of one request, in order of first appearance; a name may have several values.

    `fields` holds them all, never with an empty list of values. Works as `params` of twilio's
    `RequestValidator` too.
    """

    __slots__ = ("fields",)

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = fields

    def get(self, name: str, default: str = "") -> str:
        """Return the first value under this name, or `default` where there is none."""
        values = self.fields.get(name)
        return values[0] if values else default

    def getall(self, name: str) -> Sequence[str]:
        """Return every value under this name, in the order received."""
        return self.fields.get(name, ())

    def items(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield each name once, with all its values."""
        yield from self.fields.items()

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __contains__(self, name: object) -> bool:
        return name in self.fields

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        # The values are numbers and words of people: they must not reach a log by way of a repr.
        return f"Form({len(self.fields)} fields)"


def parse_form(body: bytes) -> Form | None:
    """Return the fields of a form body, or None where it is larger than `MAX_BODY` or `MAX_FIELDS` allow."""
    if len(body) > MAX_BODY or body.count(b"&") >= MAX_FIELDS:
        return None
    # One decoding of the whole costs less than one for each part. `+` may be undone at once, for a plus sign
    # that was meant arrives as %2B.
    text = body.decode("utf-8", "replace").replace("+", " ")
    fields: dict[str, list[str]] = {}
    for pair in text.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair:
            name, value = _unquote(name), _unquote(value)
        if name in fields:
            fields[name].append(value)
        else:
            fields[name] = [value]
    return Form(fields)


def _unquote(quoted: str) -> str:
    return unquote_to_bytes(quoted).decode("utf-8", "replace") if "%" in quoted else quoted
