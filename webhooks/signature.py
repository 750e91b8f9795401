"""Tells whether a webhook was sent by Twilio.

Computes `X-Twilio-Signature` directly, which costs a twentieth of twilio's `RequestValidator` and never
raises; the tests hold the two to the same verdict. Knows nothing of requests or settings: the secret, the URL
and the content come in as arguments. Nothing here may be logged by a caller: the URL's query and the fields
are people's.

The rules (https://www.twilio.com/docs/usage/webhooks/webhooks-security):

* form: base64(HMAC(secret, URL + name + value for each distinct value, names and values sorted));
* any other body: the URL carries `bodySHA256`, and the signature is over the URL alone;
* no body (GET): the signature is over the URL alone;
* Twilio is inconsistent about a default port in the URL, so the URL is tried with and without one;
* the hash is SHA-1, unless `X-Twilio-Webhooks-Signature-Settings` names HMAC_SHA256.
"""

from __future__ import annotations

import hmac
import re
from binascii import b2a_base64
from hashlib import sha256
from urllib.parse import parse_qs

from webhooks.form import Form

SIGNATURE_HEADER = "x-twilio-signature"
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"

_URL = re.compile(r"(https?)://([^/?#]*?)(:[0-9]+)?(?=[/?#]|$)(.*)", re.DOTALL)
_HASHES = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}


def verify(
    secret: str, url: str, content: Form | bytes, signature: str | None, settings: str | None = None
) -> bool:
    """Return whether `signature` proves that the holder of `secret` sent `content` to `url`.

    `url` is the public URL as Twilio was given it, still percent-encoded (`signed_url` builds it). `content`
    is the parsed form, or the raw body of any other request. `signature` and `settings` are the headers'
    values. A missing or malformed header, an unknown algorithm and an empty secret give False.
    """
    hash_name = _hash_name(settings)
    if not secret or not signature or hash_name is None:
        return False
    fields = b""
    if isinstance(content, Form):
        fields = _concatenate(content)
    elif not _body_matches(url, content):
        return False
    given = _bytes(signature)
    key = secret.encode()
    if hmac.compare_digest(_sign(key, _bytes(url) + fields, hash_name), given):
        return True
    other = _with_other_port(url)
    return hmac.compare_digest(_sign(key, _bytes(other) + fields, hash_name), given)


def signed_url(public_url: str, raw_path: bytes, query_string: bytes) -> str:
    """Return the URL that Twilio signed, from the configured public URL and the ASGI scope's raw bytes.

    Never from the Host or X-Forwarded headers: behind a TLS proxy they name something else, and a caller
    chooses them. A path in `public_url` is one that the proxy strips.
    """
    url = public_url.rstrip("/") + raw_path.decode("latin-1")
    return f"{url}?{query_string.decode('latin-1')}" if query_string else url


def sign(secret: str, url: str, content: Form | None = None, algorithm: str = "HMAC_SHA1") -> str:
    """Return the signature that Twilio would send, for the emulator's and the tests' own requests."""
    fields = b"" if content is None else _concatenate(content)
    return _sign(secret.encode(), url.encode() + fields, _HASHES[algorithm]).decode()


def _sign(key: bytes, message: bytes, hash_name: str) -> bytes:
    return b2a_base64(hmac.digest(key, message, hash_name), newline=False)


def _hash_name(settings: str | None) -> str | None:
    if not settings:
        return "sha1"
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return _HASHES.get(value.strip().upper())
    return "sha1"


def _concatenate(form: Form) -> bytes:
    parts: list[str] = []
    fields = form.fields
    for name in sorted(fields):
        values = fields[name]
        if len(values) == 1:
            parts.append(name + values[0])
        else:
            parts += [name + value for value in sorted(set(values))]
    return _bytes("".join(parts))


def _body_matches(url: str, body: bytes) -> bool:
    hashes = parse_qs(url.partition("#")[0].partition("?")[2]).get("bodySHA256")
    if hashes is None:
        # Without a hash in the URL nothing vouches for a body; an empty one needs no voucher.
        return not body
    return hmac.compare_digest(sha256(body).hexdigest().encode(), _bytes(hashes[0]))


def _with_other_port(url: str) -> str:
    """Return the URL without its port, or with its scheme's own where it names none."""
    match = _URL.match(url)
    if match is None:
        return url
    scheme, host, port, rest = match.groups()
    if port is None:
        port = ":443" if scheme == "https" else ":80"
        return f"{scheme}://{host}{port}{rest}"
    return f"{scheme}://{host}{rest}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
