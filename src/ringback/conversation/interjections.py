"""What our caller says into a turn of the agent's: a phrase that breaks in, and `mm-hm`."""

import random

from ringback.conversation.manner import Manner
from ringback.conversation.voice_steps import Backchannel, BreakIn

BACKCHANNEL_AFTER = 4.0
"""Seconds of the agent's voice between two of our `mm-hm`, and up to two more by chance."""


class Interjections:
    """When they are due in the turn that the agent has begun; without I/O, like the rules that ask it."""

    def __init__(self, manner: Manner, seed: int) -> None:
        """For one call.

        Args:
            manner: The caller's.
            seed: Of the chances: the same seed breaks into the same turns.
        """
        self._manner = manner
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._break_in_at: float | None = None
        self._backchannel_at: float | None = None

    def turn_begins(self, at: float, *, listening: bool) -> None:
        """The agent begins a turn; nothing is said into one that the caller does not listen to."""
        self.none()
        chance, more = self._chance.random(), self._chance.random()  # drawn for every turn: seeds mean the same turns
        if not listening:
            return
        if chance < self._manner.interruption_chance:
            self._break_in_at = at + self._manner.interruption_after
        if self._manner.backchannels:
            self._backchannel_at = at + BACKCHANNEL_AFTER + 2 * more

    def none(self) -> None:
        """Nothing more in this turn."""
        self._break_in_at = self._backchannel_at = None

    def due(self, now: float) -> BreakIn | Backchannel | None:
        """What is to be said now; each is given once."""
        if self._break_in_at is not None and now >= self._break_in_at:
            self._break_in_at = None
            return BreakIn()
        if self._backchannel_at is not None and now >= self._backchannel_at:
            self._backchannel_at = now + BACKCHANNEL_AFTER + 2 * self._chance.random()
            return Backchannel()
        return None
