"""A broker that comes and goes on one port, as the tests tell it to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.servers.process import free_port
from tests.servers.valkey import running_valkey


class Broker:
    """A Valkey of a deployment's own. `url` stays the same whether it runs or not."""

    def __init__(self) -> None:
        self._port = free_port()
        self._running = ExitStack()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def begin(self) -> None:
        """Start it, empty."""
        assert self._running.enter_context(running_valkey(self._port)) == self.url

    def go(self) -> None:
        """Stop it, with all that it holds."""
        self._running.close()


@contextmanager
def broker() -> Iterator[Broker]:
    """Run a broker; it is gone after the block."""
    one = Broker()
    one.begin()
    try:
        yield one
    finally:
        one.go()
