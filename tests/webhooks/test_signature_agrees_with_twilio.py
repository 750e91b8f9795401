"""The signature check gives the same verdict as twilio's own validator, and never raises."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator, get_signature_algorithm

from webhooks.form import Form, parse_form
from webhooks.signature import sign, signed_url, verify

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = Form(
    {
        "CallSid": ["CA1234567890ABCDE"],
        "Digits": ["1234"],
        "From": ["+14158675309"],
        "To": ["+18005551212"],
        "Caller": ["+14158675309"],
    }
)
REPEATED = Form({"Sid": ["CA123"], "SidAccount": ["AC123"], "Digits": ["5678", "1234", "1234"]})
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_URL = URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

# From twilio-python's tests/unit/test_request_validator.py.
PUBLISHED = [
    (URL, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (URL.replace(".com", ".com:1234"), CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (URL, CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    (URL.replace("https", "http"), CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    (URL.replace("https", "http").replace(".com", ".com:1234"), CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    (URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    (JSON_URL, JSON_BODY, "a9nBmqA0ju/hNViExpshrM61xv4="),
]


@pytest.mark.parametrize(("url", "content", "signature"), PUBLISHED)
def test_twilios_published_vectors_hold(url: str, content: Form | bytes, signature: str) -> None:
    assert verify(TOKEN, url, content, signature)
    assert not verify("54321", url, content, signature)
    assert not verify(TOKEN, url + "x", content, signature)


@pytest.mark.parametrize("header", [None, "", " ", "?", "é", "\udc80", "A" * 100_000])
def test_a_missing_or_garbled_header_is_refused_without_an_exception(header: str | None) -> None:
    assert verify(TOKEN, URL, CALL, header) is False
    assert verify(TOKEN, URL, JSON_BODY, header) is False


@pytest.mark.parametrize(
    "url", ["", "nonsense", "https://h:99999999/", "https://[::1", "//", "https://:/", "é\n"]
)
def test_a_strange_url_is_refused_without_an_exception(url: str) -> None:
    assert verify(TOKEN, url, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=") is False
    assert verify(TOKEN, url, b"", "RSOYDt4T1cUTdK1PDd93/VVr8B8=") is False


def test_an_empty_secret_proves_nothing() -> None:
    assert not verify("", URL, CALL, RequestValidator("").compute_signature(URL, CALL))


def test_a_body_that_the_url_does_not_vouch_for_is_refused() -> None:
    signature = sign(TOKEN, URL)
    assert verify(TOKEN, URL, b"", signature)
    assert not verify(TOKEN, URL, JSON_BODY, signature)
    assert not verify(TOKEN, JSON_URL, JSON_BODY + b" ", sign(TOKEN, JSON_URL))


def test_the_algorithm_comes_from_the_settings_header() -> None:
    settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    signature = sign(TOKEN, URL, CALL, "HMAC_SHA256")
    assert RequestValidator(TOKEN).validate(URL, CALL, signature, algorithm="HMAC_SHA256")
    assert verify(TOKEN, URL, CALL, signature, settings)
    assert not verify(TOKEN, URL, CALL, signature)
    assert not verify(TOKEN, URL, CALL, signature, "algorithm=HMAC_MD5")


def test_the_signed_url_keeps_escapes_and_the_public_name() -> None:
    url = signed_url("https://checkin.example.org/", b"/cb/a%2Fb%20c", b"token=a%2Bb&x=")
    assert url == "https://checkin.example.org/cb/a%2Fb%20c?token=a%2Bb&x="
    assert signed_url("https://checkin.example.org/here", b"/twilio/sms", b"").endswith("/here/twilio/sms")


# ---------------------------------------------------------------- fuzzed, against the vendor's validator

hosts = st.sampled_from(["checkin.example.org", "h", "127.0.0.1", "a-b.example", "USER.Example.org", "u:p@h"])
ports = st.sampled_from(["", ":443", ":80", ":8443", ":1", ":65535"])
quoted = st.text(max_size=12).filter(str.isprintable).map(lambda text: quote(text, safe="-._~"))
pairs = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=12)), max_size=8).filter(
    lambda fields: all(
        char < "\ud800" or char > "\udfff" for pair in fields for part in pair for char in part
    )
)
settings_headers = st.sampled_from(
    [
        None,
        "",
        "key=k",
        "key=k,algorithm=HMAC_SHA256",
        "algorithm= hmac_sha256 ",
        "algorithm=",
        "algorithm=MD5",
    ]
)


@st.composite
def urls(draw: st.DrawFn) -> str:
    host, port = draw(hosts), draw(ports)
    if "@" in host:
        port = ""  # The validator cuts "user:secret@host:port" down to "user"; ours does not.
    query = draw(st.lists(st.tuples(quoted, quoted), max_size=3))
    return signed_url(
        f"{draw(st.sampled_from(['https', 'http']))}://{host}{port}",
        b"/" + "/".join(draw(st.lists(quoted, max_size=3))).encode(),
        "&".join(f"{name}={value}" for name, value in query).encode(),
    )


def signatures(draw: st.DrawFn, url: str, params: Form | None, algorithm: str) -> str:
    """A right signature, one for the URL with or without a port, one by the other hash, or nonsense."""
    validator = RequestValidator(draw(st.sampled_from([TOKEN, TOKEN, TOKEN, "other"])))
    signed = draw(st.sampled_from([url, url.replace(".org", ".org:443"), url.replace(":443", "")]))
    if draw(st.booleans()):
        algorithm = draw(st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]))
    signature = validator.compute_signature(signed, params, algorithm)
    return draw(st.sampled_from([signature, signature, signature[:-1], signature.swapcase(), ""]))


def known(settings: str | None) -> str:
    algorithm = get_signature_algorithm(settings).upper()
    return algorithm if algorithm in ("HMAC_SHA1", "HMAC_SHA256") else "HMAC_SHA1"


@settings(deadline=None)
@given(st.data(), urls(), pairs, settings_headers)
def test_forms_get_the_validators_verdict(
    data: st.DataObject, url: str, fields: list[tuple[str, str]], settings: str | None
) -> None:
    form = parse_form(urlencode(fields).encode())
    assert form is not None
    signature = signatures(data.draw, url, form, known(settings))
    algorithm = get_signature_algorithm(settings)
    expected = RequestValidator(TOKEN).validate(url, form, signature, algorithm=algorithm)
    assert verify(TOKEN, url, form, signature, settings) is expected


@settings(deadline=None)
@given(st.data(), urls(), st.text(max_size=40).filter(lambda text: text.isascii() or text.isprintable()))
def test_json_bodies_get_the_validators_verdict(data: st.DataObject, url: str, body: str) -> None:
    right = sha256(body.encode()).hexdigest()
    digest = data.draw(st.sampled_from([right, right, right.upper(), right[:-1], "0"]))
    url += f"{'&' if '?' in url else '?'}bodySHA256={digest}"
    signature = signatures(data.draw, url, None, "HMAC_SHA1")
    expected = RequestValidator(TOKEN).validate(url, body, signature)
    assert verify(TOKEN, url, body.encode(), signature) is expected


@settings(deadline=None)
@given(urls(), pairs)
def test_what_is_signed_here_is_valid_there(url: str, fields: list[tuple[str, str]]) -> None:
    form = parse_form(urlencode(fields).encode())
    assert form is not None
    assert RequestValidator(TOKEN).validate(url, form, sign(TOKEN, url, form))


@settings(deadline=None)
@given(st.binary(max_size=60), st.text(max_size=40), st.text(max_size=30), st.text(max_size=30))
def test_nothing_a_stranger_sends_raises(body: bytes, url: str, signature: str, settings: str) -> None:
    form = parse_form(body)
    assert form is not None
    assert verify(TOKEN, url, form, signature, settings) is False
    assert verify(TOKEN, url, body, signature, settings) is False
