"""The web application: which paths there are, and what starts and stops with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from checkin.service.app import App
from checkin.service.settings import Settings
from webhooks.health import HealthPages
from webhooks.phones import PhonePages
from webhooks.twilio import Webhooks


def create_web(
    app: App,
    settings: Settings,
    *,
    start: Callable[[], None] = lambda: None,
    stop: Callable[[], None] = lambda: None,
) -> Starlette:
    """Return the application for this service.

    `start` and `stop` bracket its life: the threads of a one-process service, or the waker of a larger one.
    Twilio's webhooks are there where Twilio is set up, the pretend phones where it is not.
    """

    @asynccontextmanager
    async def lifespan(_web: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(start)
        async with app.store.in_loop():
            yield
        await run_in_threadpool(stop)

    routes = HealthPages(app).routes()
    if not (settings.twilio_account_sid and settings.twilio_auth_token):
        routes += PhonePages(app, settings.public_url).routes()
        return Web({}, routes=routes, lifespan=lifespan)
    webhooks = Webhooks(
        app,
        auth_token=settings.twilio_auth_token,
        account_sid=settings.twilio_account_sid,
        public_url=settings.public_url,
    )
    endpoints = webhooks.endpoints()
    routes += [Route(path, endpoint, methods=["POST"]) for path, endpoint in endpoints.items()]
    return Web(endpoints, routes=routes, lifespan=lifespan)


class Web(Starlette):
    """The application, with a short way in for what Twilio posts.

    Every text of every member comes that way. Starlette's own, with its handlers of errors and its search
    for a route, costs as much as checking the signature. What is no POST to one of these paths goes it, and
    so is answered as usual.
    """

    def __init__(self, posted: Mapping[str, ASGIApp], **options: Any) -> None:
        super().__init__(**options)
        self._posted = posted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "POST":
            endpoint = self._posted.get(scope["path"])
            if endpoint is not None:
                await endpoint(scope, receive, send)
                return
        await super().__call__(scope, receive, send)
