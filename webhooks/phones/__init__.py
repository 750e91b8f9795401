"""The pretend phones in the browser: a page, its state as JSON, and what is typed on it.

Served only where the carrier is the emulator. Knows how moments are written on the page; what the handsets
show and what a text does is the service's business.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from checkin.service import phones
from checkin.service.app import App
from checkin.service.handset_log import Bubble
from checkin.service.pretend_calls import PretendCall
from checkin.timing.words import clock_words, length_words
from webhooks.form import parse_form
from webhooks.phones import calls
from webhooks.phones.assets import ASSETS, CONTENT_SECURITY_POLICY, FOLDER, PAGE

MOST_CHARACTERS = 1600
STEPS: dict[str, timedelta | Literal["next"]] = {
    "10m": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "next": "next",
}
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
# Short enough for the button; times of day stand before them.
_WHAT = {
    "silence": "no answer by then",
    "wait": "the conversation goes on",
    "window": "the request goes out",
    "put_off": "quiet hours are over",
    "notifying": "the next person is asked",
    "with_staff": "staff are reminded",
    "acknowledged": "did somebody come?",
    "invitation": "no answer to an invitation",
    "pause": "a pause ends",
    "follow_up": "a follow-up",
    "ring": "the phone stops ringing",
    "talk": "the call ends",
}


class PhonePages:
    """The routes under `/phones`."""

    def __init__(self, app: App, public_url: str) -> None:
        self._app = app
        self._calls = calls.PretendCalls(app, public_url)
        # One hand on the desk at a time: a text never falls into the middle of a moving clock.
        self._hand = threading.Lock()

    def routes(self) -> list[Route]:
        """Return the page, its state and its buttons."""
        return [
            Route("/", self.home),
            Route("/phones", self.page),
            Route("/phones/assets/{name}", self.asset),
            Route("/phones/state", self.state),
            Route("/phones/clock", self.clock, methods=["POST"]),
            Route("/phones/start-over", self.start_over, methods=["POST"]),
            Route("/phones/{id}/send", self.send, methods=["POST"]),
            Route("/phones/{id}/call", self.call, methods=["POST"]),
        ]

    async def home(self, _request: Request) -> Response:
        """Show a newcomer where to look."""
        return RedirectResponse("/phones")

    async def page(self, _request: Request) -> Response:
        """Return the page."""
        return FileResponse(PAGE, media_type="text/html", headers=_HEADERS)

    async def asset(self, request: Request) -> Response:
        """Return a style sheet, script or picture of the page."""
        name = request.path_params["name"]
        if name not in ASSETS:
            raise HTTPException(404)
        return FileResponse(FOLDER / name, media_type=ASSETS[name], headers=_HEADERS)

    async def state(self, _request: Request) -> Response:
        """Return what the handsets show now."""
        return JSONResponse(await run_in_threadpool(self._state))

    async def send(self, request: Request) -> Response:
        """Send what was typed on one handset."""
        handset = phones.handset(request.path_params["id"])
        text = await _field(request, "text")
        if handset is None or not _from_this_page(request):
            return _problem("There is no such phone here.", "Reload the page.")
        if len(text) > MOST_CHARACTERS:
            return _problem("A text has at most 1,600 characters.", "Send it in parts.")
        return await self._after(lambda: phones.type_text(self._app, handset, text))

    async def call(self, request: Request) -> Response:
        """Do what somebody does with a call on one handset, and return what is heard then."""
        handset = phones.handset(request.path_params["id"])
        form = parse_form(await request.body())
        if handset is None or form is None or not _from_this_page(request):
            return _problem("There is no such phone here.", "Reload the page.")
        names = ("do", "call", "url", "digits", "speech")
        step = calls.Step(**{name: form.get(name)[: calls.MOST_HEARD] for name in names})
        heard: dict[str, Any] = {}

        def act() -> None:
            heard["call"] = self._calls.take(handset, step)
            phones.settle(self._app)

        try:
            return await self._after(act, heard)
        except calls.CallIsOver:
            return _problem("That call is over.", "Wait for the next one, or call the program.")
        except ValueError:
            return _problem("A phone can't do that.", "Reload the page.")

    async def clock(self, request: Request) -> Response:
        """Move the service's clock forward."""
        by = STEPS.get(await _field(request, "by"))
        if by is None or not _from_this_page(request):
            return _problem("The clock can't be moved so.", "Use 10m, 1h, 1d or next.")
        return await self._after(lambda: phones.move_clock(self._app, by))

    async def start_over(self, request: Request) -> Response:
        """Forget the sample people and all they said."""
        if not _from_this_page(request):
            return _problem("This was not asked for by the page.", "Reload the page.")
        return await self._after(lambda: phones.start_over(self._app))

    async def _after(
        self, act: Callable[[], None], more: Mapping[str, Any] = MappingProxyType({})
    ) -> Response:
        """Do this with nobody else at the desk, and return what the handsets show then, and `more`."""

        def work() -> dict[str, Any]:
            with self._hand:
                act()
                return {**self._state(), **more}

        return JSONResponse(await run_in_threadpool(work))

    # ------------------------------------------------------------ what the page shows

    def _state(self) -> dict[str, Any]:
        screen = phones.screen(self._app)
        zone = ZoneInfo(self._app.program.timezone)
        language = self._app.program.languages[0]
        now = screen.now.astimezone(zone)
        return {
            "program": self._app.program.name,
            "now": screen.now.isoformat(),
            "clock": f"{_day(now)}, {clock_words(now, 'en')}",
            "ahead": length_words(screen.ahead, language) if screen.ahead >= timedelta(minutes=1) else "",
            "next_due": self._next(screen, zone),
            "busy": screen.busy,
            "phones": [
                {
                    "id": handset.id,
                    "name": handset.name,
                    "role": handset.role,
                    "number": _spaced(handset.number),
                    "hint": handset.hint,
                    "suggestions": list(screen.suggestions[handset.id]),
                    "messages": [_bubble(bubble, zone) for bubble in screen.bubbles[handset.id]],
                    "call": _call(screen.calls.get(handset.id)),
                }
                for handset in phones.HANDSETS
            ],
        }

    def _next(self, screen: phones.Screen, zone: ZoneInfo) -> dict[str, str] | None:
        if screen.next_due is None:
            return None
        due = screen.next_due
        what = _WHAT.get(due.kind) or (due.title or "something").lower()
        local = due.at.astimezone(zone)
        clock = f"{local:%a} {clock_words(local, 'en')}"
        return {"at": due.at.isoformat(), "clock": clock, "what": what}


def _call(call: PretendCall | None) -> dict[str, Any] | None:
    return None if call is None else {"id": call.id, "rings": call.rings}


def _bubble(bubble: Bubble, zone: ZoneInfo) -> dict[str, str]:
    local = bubble.at.astimezone(zone)
    return {
        "id": bubble.id,
        "direction": "to_phone" if bubble.to_phone else "from_phone",
        "text": bubble.text,
        "at": bubble.at.isoformat(),
        "clock": clock_words(local, "en"),
        "day": _day(local),
        "status": bubble.status,
        "channel": bubble.channel,
    }


def _day(local: datetime) -> str:
    return f"{local:%a, %b} {local.day}"


def _spaced(number: str) -> str:
    return f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"


async def _field(request: Request, name: str) -> str:
    form = parse_form(await request.body())
    return "" if form is None else form.get(name)


def _from_this_page(request: Request) -> bool:
    """Whether a browser says that this came from the page itself (Fetch Metadata); scripts say nothing."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _problem(problem: str, mend: str) -> Response:
    return JSONResponse({"problem": problem, "mend": mend}, status_code=422)
