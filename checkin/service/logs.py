"""Logs that hold what an operator needs, and nothing that a person said.

It knows which keys and values may leave, and how every logger of the process is led through one handler. It
must not know what is logged. Message texts, names and numbers are kept back by construction, not by care:

1. An event's text is written only where it is a literal of the function that logged it. What was put
   together with an f-string, `%` or an exception's text is not, and is replaced by `WITHHELD`. Arguments of a
   record are never filled in.
2. A key is written only if `KEYS` or a suffix in `SUFFIXES` allows it, and a value only if it is a number, a
   truth value, or a short word that could be an identifier and could not be a phone number.
3. An exception is written as its type, its code and the places that it went through, without its text.

So a line may say less than its author meant; the keys that were dropped are named under `withheld`.
"""

from __future__ import annotations

import errno
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from types import FrameType, TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

WITHHELD = "(withheld)"
KEYS = frozenset(
    """
    action actor attempt attempts carrier channel code count effect flow kind lane method outcome port process
    queue reason rows setting signal size state status step subject tier tries version worker
    """.split()  # noqa: SIM905 - thirty quoted words would be harder to read
)
SUFFIXES = ("_id", "_count", "_ms", "_s", "_code", "_at", "_version")
QUIET = ("alembic", "asyncio", "dramatiq", "httptools", "pika", "sqlalchemy", "twilio", "urllib3")
"""Loggers that are heard only from WARNING on, whatever the level is."""

_WORD = re.compile(r"[A-Za-z0-9_.:/+\-]{1,80}")
_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{16,40}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")
_SEPARATORS = re.compile(r"[.:/+\-]")
_PHONE_NUMBER = re.compile(r"[0-9]{7,}")
_MACHINERY = ("logging", "structlog")
_DEEPEST = 12
"""How many places of one traceback are written, the innermost last."""


def configure_logs(level: str, stream: TextIO, *, as_json: bool) -> None:
    """Lead every logger of this process to `stream`: one JSON object a line, or lines for a person.

    For a program's entry point, once. Uncaught exceptions of the process and of its threads are logged too.
    uvicorn has to be started with `log_config=None, access_log=False`, so that it keeps what is set here.
    """
    renderer: Processor
    if as_json:
        renderer = structlog.processors.JSONRenderer(sort_keys=True)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty())
    shape = _safe if as_json else _for_a_person
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[shape, renderer], use_get_message=False)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # Its lines hold the path and the query of every request.
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; a line that can't be written is not shown with its contents, as Python's own would be."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[0]
        sys.stderr.write(f"a log line of {record.name} was lost: {error.__name__ if error else 'unknown'}\n")


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("checkin").critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(caught: threading.ExceptHookArgs) -> None:
    error = caught.exc_value
    if error is not None and not isinstance(error, SystemExit):
        _log_uncaught(caught.exc_type, error, caught.exc_traceback)


def _safe(_logger: Any, _method: str, entry: EventDict) -> EventDict:
    """Make the entry that may leave out of the one that was logged."""
    record: logging.LogRecord = entry.pop("_record")
    ours = entry.pop("_from_structlog")
    # Some libraries log an exception as the message itself.
    error = record.msg if isinstance(record.msg, BaseException) else _exception(entry.pop("exc_info", None))
    out: EventDict = {
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _literal(entry.pop("event", None)),
    }
    if not ours:
        out["place"] = f"{_short(record.pathname)}:{record.lineno}"
    out.update((key, _value(value)) for key, value in entry.items() if _may_leave(key))
    dropped = sorted(key for key in entry if not _may_leave(key))
    if dropped:
        out["withheld"] = dropped
    if error is not None:
        out["errors"] = list(_told(error))
    return out


def _for_a_person(logger: Any, method: str, entry: EventDict) -> EventDict:
    """Make the entry that may leave, with an exception as lines of text under it."""
    out = _safe(logger, method, entry)
    errors = out.pop("errors", ())
    lines = [f"{error['type']} {error['code'] or ''}\n  " + "\n  ".join(error["places"]) for error in errors]
    if lines:
        out["exception"] = "\nfrom ".join(lines)
    return out


def _literal(event: object) -> str:
    """Return the event where it is a literal of the function that logged it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals is globals():
        frame = frame.f_back
    while frame is not None and _is_machinery(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    if isinstance(event, str) and frame is not None and event in frame.f_code.co_consts:
        return event
    return WITHHELD


def _is_machinery(module: str) -> bool:
    return module.partition(".")[0] in _MACHINERY


def _may_leave(key: str) -> bool:
    return key in KEYS or key.endswith(SUFFIXES)


def _value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.isoformat() if isinstance(value, datetime) else value
    if not isinstance(text, str) or not _WORD.fullmatch(text):
        return WITHHELD
    if _ID.fullmatch(text) or _INSTANT.fullmatch(text):
        return str(text)
    return WITHHELD if _PHONE_NUMBER.search(_SEPARATORS.sub("", text)) else str(text)


def _exception(info: object) -> BaseException | None:
    """Return the exception that `exc_info` means: itself, its triple, or the one being handled."""
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple):
        return info[1] if isinstance(info[1], BaseException) else None
    return sys.exc_info()[1] if info else None


def _told(error: BaseException) -> Iterator[dict[str, Any]]:
    """Tell an exception and what it came from, the first cause last; never with its text."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        places = traceback.extract_tb(at.__traceback__)[-_DEEPEST:]
        yield {
            "type": f"{type(at).__module__}.{type(at).__qualname__}",
            "code": _code(at),
            "places": [f"{_short(place.filename)}:{place.lineno} {place.name}" for place in places],
        }
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def _code(error: BaseException) -> object:
    """Return the machine's word for what happened: an errno's name, an SQLSTATE, a carrier's code."""
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, error.errno)
    for name in ("sqlstate", "code"):
        code = getattr(error, name, None)
        if isinstance(code, str | int):
            return _value(code)
    return None


def _short(path: str) -> str:
    """Return the end of a file's path: enough to find it, without the folders of this machine."""
    return "/".join(PurePath(path).parts[-3:])
