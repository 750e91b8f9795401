"""The pretend member's telephone, in plays that go by phone: it is picked up, spoken into, and put down.

Whoever plays says the same words as by text; digits are pressed. A call that rings is answered at once, and
who is there is said. Silence lasts until the program hangs up. Must not know test conversations.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from checkin.conversation.call import Document
from checkin.service import calls, pretend_calls
from checkin.service.app import App
from checkin.service.calls import CallRequest
from checkin.service.pretend_calls import DIALLED, PretendCall

_KEYS = re.compile(r"[\d() .+*#-]*\d[\d() .*#-]*")
_OUR_NUMBER = "+12025550100"


@dataclass(slots=True)
class Telephone:
    """One person's telephone. `documents` is everything that was asked of the service and what it said."""

    app: App
    number: str
    documents: list[tuple[CallRequest, Document]] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _call: str | None = None
    _ours: PretendCall | None = None
    _turn: int = 0
    _asked: Document | None = None

    @property
    def in_use(self) -> bool:
        """Whether a call is open."""
        return self._call is not None

    def rings(self) -> PretendCall | None:
        """Return the call that rings here, if one does and the line is free."""
        if self.in_use:
            return None
        calls_here = self.app.store.read(pretend_calls.open_calls)
        mine = (pretend_calls.call_of(self.app, call.id, self.number) for call in calls_here if call.rings)
        return next((call for call in mine if call is not None), None)

    def picks_up(self, call: PretendCall) -> list[str]:
        """Answer a call and say who is there; return what is said then."""
        self._call, self._ours, self._turn = call.id, call, 0
        self._hear()
        return self._hear(digits="1")

    def says(self, words: str) -> list[str]:
        """Say something, or press it where it is digits; call the program first where no call is open."""
        heard = [] if self.in_use else self._dial()
        if not self.in_use:
            return heard
        keys = "" if not _KEYS.fullmatch(words.strip()) else re.sub(r"[^\d*#]", "", words)
        listen = None if self._asked is None else self._asked.listen
        if keys and listen is not None and (listen.keys is None or listen.keys == len(keys)):
            return [*heard, *self._hear(digits=keys)]
        return [*heard, *self._hear(speech=words)]

    def is_silent(self) -> None:
        """Say nothing until the call is over."""
        while self.in_use:
            self._hear()

    def _dial(self) -> list[str]:
        self._call, self._ours, self._turn = f"{DIALLED}{next(self._ids):06d}", None, 0
        return self._hear()

    def _hear(self, *, digits: str = "", speech: str = "") -> list[str]:
        assert self._call is not None, "no call is open"
        app, outbound = self.app, self._ours is not None
        request = CallRequest(
            self._call,
            self._turn,
            self.number,
            digits=digits,
            speech=speech,
            outbound=outbound,
            our_number=_OUR_NUMBER,
        )
        said = app.store.run(lambda unit: calls.answer(app, unit, request, app.clock.now()))
        self.documents.append((request, said))
        self._turn, self._asked = self._turn + 1, said
        if said.listen is None:
            self._puts_down()
        words = " ".join([*said.says, *(text for _, text in said.others)])
        return [words] if words else []

    def _puts_down(self) -> None:
        app, call, number = self.app, self._call, self.number
        assert call is not None
        if self._ours is not None:
            pretend_calls.end(app, self._ours, "hang_up")
        else:
            app.store.run(lambda unit: calls.hung_up(app, unit, call, number, app.clock.now()))
        self._call = self._ours = self._asked = None
