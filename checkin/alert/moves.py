"""What an event decides about an alert, before the transition table has made it a state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from checkin.alert.model import Alert, Effect


class Move(StrEnum):
    """What an accepted event does to the state; the events themselves decide which."""

    OPEN = "open"
    TELL = "tell"
    HAND_OVER = "hand_over"
    TAKE = "take"
    STAY = "stay"
    CANCEL = "cancel"
    CLOSE = "close"
    PUT_OFF = "put_off"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one event decides. `alert` carries every changed field but state, transition and timer."""

    move: Move
    alert: Alert
    effects: tuple[Effect, ...]
