"""The agent's voice on a spoken call, cut into turns by its silences."""

from ringback.conversation.voice_steps import Hear

LONGEST_TURN = 60.0
"""Seconds after which a turn of the agent is heard and answered although it goes on."""

_JOINED = 0.2
"""Seconds: a voice that comes back within them had not stopped."""


class AgentVoice:
    """When the agent speaks. Times are seconds from the call's start."""

    __slots__ = ("_end_of_turn", "_until", "since", "sounds", "turn_from")

    def __init__(self, end_of_turn: float) -> None:
        """Silence so far.

        Args:
            end_of_turn: Seconds of silence that end a turn.
        """
        self._end_of_turn = end_of_turn
        self._until = -1.0
        self.sounds = False
        """The agent is speaking."""
        self.since = 0.0
        """Since when it speaks, or did when it spoke last; short gaps do not count."""
        self.turn_from: float | None = None
        """When the turn began that has not been heard yet."""

    def began(self, at: float) -> bool:
        """Voice is heard from this time on; True: a turn begins with it."""
        if not self.sounds and at - self._until > _JOINED:
            self.since = at
        self.sounds = True
        if self.turn_from is not None:
            return False
        self.turn_from = at
        return True

    def ended(self, at: float) -> None:
        """Voice is heard no more from this time on."""
        self.sounds = False
        self._until = at

    def lasts(self, now: float) -> float:
        """Seconds for which the agent has been speaking; 0 where it is not."""
        return now - self.since if self.sounds else 0.0

    def turn_over(self, now: float) -> Hear | None:
        """The turn that is over now, or is as long as one may become; what follows on that is a turn of its own."""
        start = self.turn_from
        if start is None:
            return None
        if self.sounds:
            if now - start < LONGEST_TURN:
                return None
            self.turn_from = now
            return Hear(start, now)
        if now - self._until < self._end_of_turn:
            return None
        self.turn_from = None
        return Hear(start, self._until)
