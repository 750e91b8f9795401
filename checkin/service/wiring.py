"""One place builds the real things: from settings to a service that is ready to work.

Everything that touches the world is made here and handed down: the store, the clock, the ids, the carrier.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

from checkin.carrier.base import Carrier
from checkin.carrier.emulator import PretendPhones
from checkin.flow.load import FlowSet, load_flow, load_folder
from checkin.flow.model import Flow
from checkin.flow.program import Program
from checkin.service.app import App, Lane
from checkin.service.clocks import PretendClock, SystemClock
from checkin.service.publishing import know_staff, refresh
from checkin.service.settings import Settings
from checkin.service.words import ReaderOnDemand, make_reader
from checkin.store.lot import Lot
from checkin.store.migrate import NewerDatabase, current_revision, head_revision, is_newer
from checkin.store.store import Store, open_store
from checkin.store.vault import keys_of_dev
from checkin.timing.clock import Clock
from checkin.timing.pacing import SLOWEST, CallPace, Pace


class NotMigrated(Exception):
    """The database is not at the revision that this code needs. Run `checkin migrate`."""


_IDS = Lot(10)


def new_id() -> str:
    """Return a new id: 32 characters that name nobody, when it was made in front and then 80 random bits.

    What is made together is then written together: ids drawn at random would let every row touch pages of its
    own in every index (RFC 9562, 6.11, says so of UUIDs; these are ordered as its version 7 is).
    """
    return f"{time.time_ns() // 1_000_000:012x}{_IDS.draw().hex()}"


def keys_of(settings: Settings) -> tuple[bytes, ...]:
    """Return the key ring: CHECKIN_SECRET_KEYS, or the development key under `var/`."""
    return settings.secret_keys or tuple(keys_of_dev(settings.var / "secret.keys"))


def open_migrated(settings: Settings, *, answers: bool = False) -> Store:
    """Open the database, for `answers` or not.

    Raises NotMigrated or NewerDatabase where its revision is not the code's.
    """
    current = current_revision(settings.database_url)
    if is_newer(current):
        raise NewerDatabase
    if current != head_revision():
        raise NotMigrated
    return open_store(settings.database_url, keys_of(settings), answers=answers)


def reaches_nobody(settings: Settings) -> bool:
    """Whether no real phone can be reached: pretend phones, or a stand-in for Twilio on loopback."""
    host = urlsplit(settings.twilio_api_url).hostname or ""
    return settings.carrier == "emulator" or host in ("localhost", "::1") or host.startswith("127.")


def carrier_of(settings: Settings) -> Carrier:
    """Return the carrier that the settings ask for."""
    if settings.carrier == "emulator":
        return PretendPhones(new_id)
    from checkin.carrier.twilio import TwilioCarrier

    assert settings.twilio_account_sid is not None
    assert settings.twilio_auth_token is not None
    return TwilioCarrier(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        from_number=settings.twilio_from,
        messaging_service_sid=settings.twilio_messaging_service_sid,
        public_url=settings.public_url,
        api_url=settings.twilio_api_url,
    )


def open_app(
    settings: Settings,
    flow_set: FlowSet,
    *,
    wake: Callable[[Lane], None] = lambda _lane: None,
    answers: bool = False,
) -> App:
    """Return the wired service, on a migrated database, with what is published there live.

    With `answers` it is the one to which people's texts and calls come. Raises NotMigrated or NewerDatabase.
    The caller closes `app.store`.
    """
    store = open_migrated(settings, answers=answers)
    try:
        clock: Clock = SystemClock()
        if reaches_nobody(settings):
            clock = PretendClock(store, SystemClock())
        program = flow_set.program
        app = App(
            store=store,
            clock=clock,
            new_id=new_id,
            carrier=carrier_of(settings),
            reader=ReaderOnDemand(lambda: make_reader(program)),
            program=program,
            load=_loader(program),
            wake=wake,
            pace=Pace(settings.sender_rate or SLOWEST) if settings.carrier == "twilio" else None,
            call_pace=_call_pace(settings),
            rest=time.sleep,
        )
        know_staff(app)
        refresh(app)
    except BaseException:
        store.close()
        raise
    return app


def _call_pace(settings: Settings) -> CallPace | None:
    if settings.carrier != "twilio":
        return None
    return CallPace(settings.calls_a_second, settings.calls_at_once)


def read_flows(settings: Settings, today: date | None = None) -> FlowSet:
    """Read the folder of flows. Raises ProgramRefused where the program itself can't be read.

    With `today` it is also told whether the crisis texts were reviewed lately.
    """
    return load_folder(settings.flows, today)


def _loader(program: Program) -> Callable[[str, str, int], Flow | None]:
    def load(name: str, source: str, version: int) -> Flow | None:
        return load_flow(source, file=f"{name}.yaml", program=program, version=version).flow

    return load
