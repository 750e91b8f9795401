"""The long-running commands: they put the rooms together and serve until they are told to stop."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext

import structlog
import uvicorn
from starlette.applications import Starlette

from checkin.cli.start import flows_or_exit, stop, tell_issues
from checkin.flow.issue import errors
from checkin.service import phones
from checkin.service.app import App, Lane
from checkin.service.publishing import publish
from checkin.service.reloading import Watch
from checkin.service.settings import Settings
from checkin.service.wiring import open_app
from checkin.service.words import ReaderOnDemand
from checkin.store.migrate import migrate
from webhooks.app import create_web
from workers import worker
from workers.broker import close_queues, open_queues
from workers.clock import ClockThreads
from workers.embedded import Embedded
from workers.wake import Waker

log = structlog.get_logger()


def serve_dev(settings: Settings) -> None:
    """Migrate, publish what is in the flows folder, and serve everything from this process."""
    if settings.carrier != "emulator":
        stop(
            "`checkin dev` is for pretend phones, but TWILIO_ACCOUNT_SID is set.",
            "Unset the TWILIO_ settings, or run `checkin web`.",
        )
    flow_set = flows_or_exit(settings)
    migrate(settings.database_url)
    app = open_app(settings, flow_set)
    publish(app, flow_set.flows.values(), author="dev", note="read from the flows folder")
    broken = len({issue.file for issue in errors(flow_set.issues)})
    where = f"http://localhost:{settings.port}/phones"
    print(f"{app.program.name} is ready. Open {where} and text JOIN from Alice's phone.", flush=True)
    if broken:
        print(f"{broken} flow files are left out; see above how to mend them.", flush=True)
    stopping = threading.Event()
    watcher = threading.Thread(target=_keep_in_step, args=(app, settings, stopping), daemon=True)
    watcher.start()
    try:
        _serve_embedded(app, settings)
    finally:
        stopping.set()


def _keep_in_step(app: App, settings: Settings, stopping: threading.Event) -> None:
    """Take up every change of the flows folder; what has an error is told, and what is live stays."""
    watch = Watch(settings.flows)
    while not stopping.wait(LOOK_SECONDS):
        try:
            reloaded = watch.look(app)
        except Exception:
            log.exception("flows could not be taken up")
            continue
        if reloaded is None:
            continue
        tell_issues(reloaded.issues)
        for one in reloaded.published:
            print(f"{one.flow}: version {one.version} is live.", flush=True)
        if reloaded.issues:
            print("What has an error is not taken up; what was live stays.", flush=True)


LOOK_SECONDS = 1.0
"""How often the flows folder is looked at while developing."""


def serve_web(app: App, settings: Settings) -> None:
    """Serve the webhooks; with the embedded broker, everything."""
    if settings.embedded:
        _serve_embedded(app, settings)
        return
    queues = open_queues(settings.broker_url, lambda _lane: None)
    waker = Waker(queues)
    app.wake = _waking(app, waker)
    stopping = threading.Event()
    refresher = threading.Thread(target=_keep_fresh, args=(app, stopping), daemon=True)

    def stop_all() -> None:
        stopping.set()
        waker.close()
        close_queues(queues)
        app.store.close()

    def start_all() -> None:
        refresher.start()
        _warm(app)

    _run(create_web(app, settings, start=start_all, stop=stop_all), settings)


def serve_worker(app: App, settings: Settings, lane: Lane, stopping: threading.Event) -> None:
    """Work at one lane until told to stop."""
    queues = open_queues(settings.broker_url, lambda one: worker.look(app, one, stopping.is_set))
    waker = Waker(queues)
    app.wake = _waking(app, waker)
    if lane == "routine":
        os.nice(NICER)
    leave_standing()
    log.info("worker started", lane=lane)
    refresher = threading.Thread(target=_keep_fresh, args=(app, stopping), daemon=True)
    refresher.start()
    # An alert that another process has decided has the right of way here as well.
    with queues["alerts"].hearing(app.way.claim) if lane == "routine" else nullcontext():
        worker.serve(app, queues[lane], lane, stopping)
    waker.close()
    close_queues(queues)
    app.store.close()


NICER = 10
"""By how much a worker of check-ins and a clock let all else on a busy machine go first: alerts, texts."""


def serve_clock(app: App, settings: Settings, stopping: threading.Event) -> None:
    """Wake whatever is due until told to stop."""
    queues = open_queues(settings.broker_url, lambda _lane: None)
    waker = Waker(queues)
    app.wake = _waking(app, waker)
    threads = ClockThreads(app)
    os.nice(NICER)
    leave_standing()
    log.info("clock started")
    with queues["alerts"].hearing(app.way.claim):
        threads.start()
        stopping.wait()
        threads.stop()
    waker.close()
    close_queues(queues)
    app.store.close()


def _waking(app: App, waker: Waker) -> Callable[[Lane], None]:
    """Return what wakes a lane's workers in other processes: an alert is out of this one's hands then."""

    def wake(lane: Lane) -> None:
        waker.wake(lane)
        if lane == "alerts":
            app.way.free()

    return wake


def _serve_embedded(app: App, settings: Settings) -> None:
    background = Embedded(app, after_sweep=_reports(app))

    def stop_all() -> None:
        background.stop()
        app.store.close()

    def start_all() -> None:
        background.start()
        _warm(app)

    _run(create_web(app, settings, start=start_all, stop=stop_all), settings)


def _reports(app: App) -> Callable[[], object]:
    """Return what takes the pretend carrier's reports after each sweep."""
    return lambda: phones.pump(app)


def _keep_fresh(app: App, stopping: threading.Event) -> None:
    """Take up newly published flows; a process that only answers has no sweep of its own."""
    from checkin.service.publishing import refresh

    while not stopping.wait(REFRESH_SECONDS):
        try:
            refresh(app)
        except Exception:
            log.exception("flows could not be refreshed")


REFRESH_SECONDS = 5.0


def _warm(app: App) -> None:
    """Make a start beside everything else, so that the first text needn't wait for it."""
    threading.Thread(target=make_ready, args=(app,), name="reader", daemon=True).start()


def make_ready(app: App) -> None:
    """Build the reader of replies, and leave all that stands by then out of the search for garbage.

    Its hundred thousand parts live as long as the process. The collector would look at every one of them each
    time it looks at everything, a text that comes in then would wait for it, and it was a twentieth of what a
    text costs.
    """
    if isinstance(app.reader, ReaderOnDemand):
        app.reader.ready().warm()
    leave_standing()


def leave_standing() -> None:
    """Let the garbage collector pass over all that stands now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, *gc.get_threshold()[1:])


GARBAGE_AFTER = 20_000
"""After how many new objects that are still there the interpreter looks for garbage."""


def _run(web: Starlette, settings: Settings) -> None:
    # uvicorn shuts down on a signal and then raises it again, for whoever else minds. To us it is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        web,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[_listen(settings)])
    if not server.started:
        stop("Checkin could not start; its log says why.")


def _listen(settings: Settings) -> socket.socket:
    """Return the socket that requests come in by, or say why there is none."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        what = errno.errorcode.get(error.errno or 0, type(error).__name__)
        stop(
            f"Port {settings.port} of {settings.host} can't be listened on ({what}).",
            "Set PORT to one that is free, or end what listens there; CHECKIN_HOST is the address.",
        )
