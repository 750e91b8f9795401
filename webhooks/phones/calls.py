"""A call on a pretend handset: rung, picked up, spoken in, put down.

It asks for each turn as Twilio does, with Twilio's fields, and plays the TwiML that comes back; the page
shows what was said and sends back what was pressed. Which address is asked next stands in the document, so
that the page holds nothing which a reload could lose, but for a call that it dialled itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from checkin.carrier.twilio_words import VOICE_PATH
from checkin.carrier.twiml import MOST_REDIRECTS, Line, Played, Unplayable, play
from checkin.flow.speech import seconds
from checkin.service import calls, pretend_calls
from checkin.service.app import App
from checkin.service.phones import Handset
from checkin.service.pretend_calls import DIALLED, ENDS, PretendCall
from webhooks import voice
from webhooks.form import Form
from webhooks.voice_twiml import SLOW

SLOWED = int(SLOW.removesuffix("%")) / 100

OUR_NUMBER = "+12025550100"
"""The program's own number where there is no real one."""

MOST_HEARD = 500


class CallIsOver(Exception):
    """What was done needs a call that is over, or that never was on this phone."""


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does on a handset. `url` is the address that the document on the phone names.

    do: `dial`, `answer`, `machine`, `resume`, `hear` (a key, a word, or silence), or a way to end a call.
    """

    do: str
    call: str = ""
    url: str = ""
    digits: str = field(default="", repr=False)
    speech: str = field(default="", repr=False)


class PretendCalls:
    """Takes the steps of calls on the handsets. `public_url` is only written into documents."""

    def __init__(self, app: App, public_url: str) -> None:
        self._app = app
        self._public_url = public_url

    def take(self, handset: Handset, step: Step) -> dict[str, Any] | None:
        """Do one step; return what the phone hears then, None where the call is over and said nothing.

        Raises CallIsOver, and ValueError for a step that nobody can take.
        """
        if step.do == "dial":
            return self._hear(handset, Step("hear", DIALLED + self._app.new_id(), VOICE_PATH))
        ours = None
        if not step.call.startswith(DIALLED):
            ours = pretend_calls.call_of(self._app, step.call, handset.number)
            if ours is None:
                raise CallIsOver
        if step.do in ENDS:
            if ours is not None:
                pretend_calls.end(self._app, ours, step.do)
            else:
                self._hang_up(handset, step.call)
            return None
        return self._hear(handset, _asking(step, ours), ours)

    def _hang_up(self, handset: Handset, call_id: str) -> None:
        app = self._app
        app.store.run(lambda unit: calls.hung_up(app, unit, call_id, handset.number, app.clock.now()))

    def _hear(self, handset: Handset, step: Step, ours: PretendCall | None = None) -> dict[str, Any]:
        """Ask for what is heard next, and follow it as far as it goes by itself."""
        url, lines, extra = step.url, list[Line](), step
        for _ in range(MOST_REDIRECTS):
            played = self._fetch(handset, extra, url, outbound=ours is not None)
            lines += played.lines
            if played.then is None:
                break
            url, extra = played.then, Step("hear", step.call)
        else:
            raise Unplayable("more redirects than Twilio follows (error 11215)")
        if played.over and ours is not None:
            pretend_calls.end(self._app, ours, "hang_up")
        return _shown(step.call, replace(played, lines=tuple(lines)))

    def _fetch(self, handset: Handset, step: Step, url: str, *, outbound: bool) -> Played:
        app, parts = self._app, urlsplit(url)
        if parts.path != VOICE_PATH:
            raise ValueError("no address of a call")
        from_, to = (OUR_NUMBER, handset.number) if outbound else (handset.number, OUR_NUMBER)
        fields = {
            "CallSid": step.call,
            "From": from_,
            "To": to,
            "Direction": "outbound-api" if outbound else "inbound",
            "CallStatus": "in-progress",
            "AnsweredBy": {"answer": "human", "machine": "machine_end_beep"}.get(step.do, ""),
            "Digits": step.digits,
            "SpeechResult": step.speech,
        }
        request = voice.request_of(
            Form({name: [value] for name, value in fields.items() if value}), parts.query
        )
        document = app.store.run(lambda unit: calls.answer(app, unit, request, app.clock.now()))
        return play(voice.written(document, request, self._public_url))


def _asking(step: Step, ours: PretendCall | None) -> Step:
    """Return the step with the address that it asks."""
    if step.do == "hear":
        return step
    if step.do in ("answer", "machine") and ours is not None and ours.rings:
        return replace(step, url=VOICE_PATH)
    if step.do == "resume" and ours is not None and not ours.rings:
        return replace(step, url=f"{VOICE_PATH}?turn={ours.turns - 1}")
    if ours is None or step.do not in ("answer", "machine", "resume"):
        raise ValueError("nothing that a phone can do")
    raise CallIsOver


def _line(line: Line) -> dict[str, Any]:
    """Return a line as the page shows it, with about how many seconds a voice takes to say it."""
    lasts = seconds(line.text, line.language.partition("-")[0]) / (SLOWED if line.slow else 1)
    return {"text": line.text, "language": line.language, "slow": line.slow, "seconds": round(lasts)}


def _shown(call: str, played: Played) -> dict[str, Any]:
    listens = played.listens
    return {
        "id": call,
        "lines": [_line(line) for line in played.lines],
        "over": played.over,
        "listens": None
        if listens is None
        else {
            "action": listens.action,
            "keys": listens.keys,
            "finish_on": listens.finish_on,
            "speech": listens.speech,
            "silence": listens.silence.then or "",
        },
    }
