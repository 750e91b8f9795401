"""The way to Twilio: TLS, connections that are never made, threads, and the cost of the import."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from checkin.carrier.base import FailureKind, InDoubt, Outgoing, Refused
from tests.carrier.conftest import Twilio

ALICE = "+12025550101"
CHECK_IN = Outgoing("t1", ALICE, "How are you today?")


def self_signed(folder: Path) -> Path:
    """Write a key and a certificate for 127.0.0.1 that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "self-signed.pem"
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(pem, pkcs8, plain) + certificate.public_bytes(pem))
    return path


@contextmanager
def one_connection(answer: ssl.SSLContext | None) -> Iterator[int]:
    """Take one connection: shake hands with this certificate, or close at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, ExitStack() as stack:
                if answer is not None:
                    # The client turns the certificate down, which is an error on this side too.
                    stack.enter_context(pytest.raises((ssl.SSLError, ConnectionError)))
                    with answer.wrap_socket(connection, server_side=True) as shaken:
                        shaken.recv(1)
                        raise ssl.SSLError("the client shook hands")

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def test_a_certificate_that_cannot_be_trusted_is_for_the_operator(twilio: Twilio, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with one_connection(context) as port, pytest.raises(Refused) as refused:
        twilio.another(api_url=f"https://127.0.0.1:{port}").send(CHECK_IN)
    assert (refused.value.kind, refused.value.code) == (FailureKind.CONFIG, "certificate")


def test_a_connection_that_breaks_in_the_handshake_is_in_doubt(twilio: Twilio) -> None:
    with one_connection(None) as port, pytest.raises(InDoubt):
        twilio.another(api_url=f"https://127.0.0.1:{port}").send(CHECK_IN)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a full backlog swallow connections")
def test_a_connection_that_is_never_made_means_nothing_was_sent(twilio: Twilio) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = server.getsockname()
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        with pytest.raises(Refused) as refused:
            twilio.another(api_url=f"http://127.0.0.1:{address[1]}", timeout=0.2).send(CHECK_IN)
    assert (refused.value.kind, refused.value.code) == (FailureKind.RETRY, "not_connected")


def test_threads_may_share_a_carrier_and_its_connections(
    twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    texts = [Outgoing(f"t{number}", ALICE, f"Text {number}") for number in range(64)]
    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(twilio.carrier.send, texts))
    by_token = {row.token: row.sid for row in twilio.standin.messages}
    assert len(twilio.standin.messages) == 64
    assert [by_token[text.token] for text in texts] == [answer.carrier_id for answer in accepted]
    assert caplog.messages == []  # no connection was thrown away for want of a place


def test_a_process_that_sends_nothing_does_not_load_twilios_library() -> None:
    program = """
import sys
from checkin.carrier.twilio import TwilioCarrier
from checkin.carrier.twilio_words import failure_of_callback, status_from_twilio
carrier = TwilioCarrier("AC1", "token", public_url="https://checkin.example.org", from_number="+12025550100")
assert status_from_twilio("delivered") and failure_of_callback("21610")
sys.exit(any(name.split(".")[0] in ("twilio", "requests", "aiohttp") for name in sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
