"""Health for machines: alive, ready, and figures without content."""

from __future__ import annotations

import structlog
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from checkin.service import health
from checkin.service.app import LANES, App

log = structlog.get_logger()

NOT_ASKED = "can't be asked: the log of this process says why"


class HealthPages:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, app: App) -> None:
        self._app = app

    def routes(self) -> list[Route]:
        """Return the three routes."""
        return [
            Route("/healthz", self.alive),
            Route("/readyz", self.ready),
            Route("/metrics", self.metrics),
        ]

    async def alive(self, _request: Request) -> Response:
        """Say that this process answers; nothing else is looked at."""
        return PlainTextResponse("ok\n")

    async def ready(self, _request: Request) -> Response:
        """Say whether the service is at work: 200, or 503 where no clock runs or the database can't be asked.

        A green or amber light is 200: texts must still come in when a person has to look at one request, be
        it a finding of the auditor's or a timer that is late.
        """
        found = await self._look()
        if found is None:
            return JSONResponse({"ready": False, "light": "red", "database": NOT_ASKED}, status_code=503)
        age = found.heartbeat_age
        body = {
            "ready": found.ready,
            "light": found.light,
            "clock": "running" if found.clock_runs else "not running: start `checkin clock`",
            "heartbeat_age_seconds": None if age is None else round(age.total_seconds(), 1),
            "overdue_alert_timers": found.overdue_alert_timers,
            "audit_findings": found.audit_findings,
            "audit_age_seconds": None
            if found.audit_age is None
            else round(found.audit_age.total_seconds(), 1),
        }
        return JSONResponse(body, status_code=200 if found.ready else 503)

    async def metrics(self, _request: Request) -> Response:
        """Return figures in Prometheus' text format; none of them names a person."""
        found = await self._look()
        if found is None:
            return PlainTextResponse(f"The database {NOT_ASKED}.\n", status_code=503)
        registry = CollectorRegistry()
        Gauge("checkin_open_alerts", "Alerts that are not closed", registry=registry).set(found.open_alerts)
        Gauge("checkin_overdue_alert_timers", "Timers of alerts that are late", registry=registry).set(
            found.overdue_alert_timers
        )
        Gauge("checkin_audit_findings", "Open alerts without a future", registry=registry).set(
            found.audit_findings
        )
        waiting = Gauge("checkin_outbox_due", "Outbox rows that are due", ["lane"], registry=registry)
        for lane in LANES:
            waiting.labels(lane).set(found.waiting.get(lane, 0))
        if found.heartbeat_age is not None:
            age = Gauge(
                "checkin_clock_heartbeat_age_seconds", "Since the clock's heartbeat", registry=registry
            )
            age.set(found.heartbeat_age.total_seconds())
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def _look(self) -> health.Health | None:
        """Return how the service stands, None where that can't be told. Whoever asks comes again soon."""
        try:
            return await run_in_threadpool(health.look, self._app)
        except Exception:
            log.exception("health can't be told")
            return None
