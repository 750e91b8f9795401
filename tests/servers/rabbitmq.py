"""A real RabbitMQ: the one that AMQP_TEST_URL names, or the one that is installed on this machine.

No Python wheel carries it, so this is the one server that the test lock cannot bring.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pika
from pika.exceptions import AMQPConnectionError, AMQPError

from tests.servers.process import free_port, running, temporary_folder

# Debian's /usr/sbin scripts change to the user `rabbitmq` and its folders; the ones below run as they are.
PLACES = ("/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin")
MEND = (
    "install it (`apt-get install rabbitmq-server`), or set AMQP_TEST_URL to one of yours, "
    "for example amqp://guest:guest@localhost:5672"
)
SETTINGS = 'set_permissions(<<"guest">>, <<"{0}">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)'
ADD_HOST = 'rabbit_vhost:add(<<"{0}">>, <<"test">>), rabbit_auth_backend_internal:' + SETTINGS + "."


def find_rabbitmq(environ: Mapping[str, str]) -> str | None:
    """Return the URL of a given RabbitMQ, or the folder of an installed one, or None."""
    given = environ.get("AMQP_TEST_URL")
    return given or next((place for place in PLACES if Path(place, "rabbitmq-server").is_file()), None)


@dataclass
class Rabbitmq:
    """A running broker of our own. `environ` is what its tools need to find it."""

    programs: Path
    port: int
    environ: Mapping[str, str]
    _names: Iterator[int] = field(default_factory=lambda: count(1))

    def fresh_host(self) -> str:
        """Make an empty virtual host and return its URL."""
        name = f"test{next(self._names)}"
        command = [str(self.programs / "rabbitmqctl"), "eval", ADD_HOST.format(name)]
        subprocess.run(command, check=True, capture_output=True, env=dict(self.environ), timeout=60)
        return f"amqp://guest:guest@127.0.0.1:{self.port}/{name}"


@contextmanager
def running_rabbitmq(programs: Path) -> Iterator[Rabbitmq]:
    """Run the installed broker on free loopback ports; all that it writes is in a temporary folder."""
    with temporary_folder("rabbitmq") as folder:
        environ = _environment(folder)
        port = int(environ["RABBITMQ_NODE_PORT"])
        # Erlang's name server outlives the broker that starts it; as our own child it is ended with it.
        names = [shutil.which("epmd") or "epmd", "-port", environ["ERL_EPMD_PORT"]]
        with (
            running(names, log=folder / "epmd.log", answers=lambda: True, env=environ),
            running(
                [programs / "rabbitmq-server"],
                log=folder / "rabbitmq.log",
                answers=lambda: _answers(port),
                env=environ,
            ),
        ):
            yield Rabbitmq(programs, port, environ)


def _environment(folder: Path) -> dict[str, str]:
    plugins = folder / "plugins"
    plugins.write_text("[].\n")
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(free_port()),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_NODENAME": "checkin-tests@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
    }


def _answers(port: int) -> bool:
    try:
        pika.BlockingConnection(
            pika.ConnectionParameters("127.0.0.1", port, socket_timeout=5, blocked_connection_timeout=5)
        ).close()
    except (AMQPConnectionError, AMQPError, OSError):
        return False
    return True
