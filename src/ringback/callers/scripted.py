"""A caller that says given lines, verbatim and in order. Nothing here knows a model, so it costs next to nothing."""

from collections.abc import Sequence
from functools import lru_cache

from ringback.callers.caller import Caller, HangUp, Heard, Move, Say
from ringback.domain.utterance import Utterance

HELLO = Say(Utterance.of("Hello"))
"""What a caller says that must open and has nothing to say."""

SCRIPT_OUT = HangUp("the script is out")


@lru_cache(maxsize=256)  # all repeats of a scenario say the same
def _moves(lines: tuple[str, ...]) -> tuple[Say, ...]:
    return tuple(Say(Utterance.of(line)) for line in lines)


class ScriptedCaller:
    """Says its lines, then hangs up or goes on as another caller does.

    Lines are verbatim: directives in them are words like any other.
    """

    def __init__(self, lines: Sequence[str], *, then: Caller | None = None) -> None:
        """A caller for one call.

        Args:
            lines: what to say; a scenario's first message is the first of them.
            then: who improvises when the lines are out; None hangs up.
        """
        self._moves = _moves(tuple(lines))
        self._then = then
        self._next = 0

    @property
    def waits_for_agent_first(self) -> bool:
        """A script says nothing about who opens."""
        return False

    async def open(self) -> Move:
        """The first line."""
        if self._moves:
            return self._moves[0]
        return await self._then.open() if self._then else HELLO

    async def reply(self, heard: Heard) -> Move:
        """The next line, whatever the agent said."""
        if self._next < len(self._moves):
            return self._moves[self._next]
        return await self._then.reply(heard) if self._then else SCRIPT_OUT

    def said(self, move: Move) -> None:
        """The line was sent."""
        if self._next < len(self._moves):
            self._next += isinstance(move, Say)
        elif self._then:
            self._then.said(move)
