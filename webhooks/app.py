"""The web application: which paths there are, and what starts and stops with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

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
        yield
        await run_in_threadpool(stop)

    routes = HealthPages(app).routes()
    if settings.twilio_account_sid and settings.twilio_auth_token:
        webhooks = Webhooks(
            app,
            auth_token=settings.twilio_auth_token,
            account_sid=settings.twilio_account_sid,
            public_url=settings.public_url,
        )
        routes = webhooks.routes() + routes
    else:
        routes += PhonePages(app, settings.public_url).routes()
    return Starlette(routes=routes, lifespan=lifespan)
