"""What a caller has decided to say, and the pauses that go with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringback.callers.caller import Say
from ringback.conversation.turn_taking import Pause
from ringback.domain.utterance import EndCall, Hold, Silence, Utterance


@dataclass(slots=True)
class Chosen:
    """What the caller is going to say."""

    move: Say
    text: str
    paused: bool
    hold: float
    """Seconds of hold after the words."""


def pauses_of(utterance: Utterance, text: str) -> tuple[Sequence[Pause], float]:
    """The pauses before the words (one frame carries them all), and the seconds of hold after them."""
    if len(utterance.parts) == 1 and text:
        return (), 0.0
    before: list[Pause] = []
    after: list[Pause] = []
    for part in utterance.parts:
        if isinstance(part, Silence | Hold):
            after.append(Pause(part.seconds, hold=isinstance(part, Hold)))
        elif isinstance(part, EndCall) or part.text.strip():
            before += after
            after = []
    if not text and not utterance.ends_call:
        return after, 0.0
    return before, sum(pause.seconds for pause in after if pause.hold)
