"""The contract of every caller: what a simulated customer says next.

A caller *proposes* moves. The agent may say more while a reply is being composed; then the conversation throws the
proposal away and asks again with all that was said. So `open` and `reply` change nothing about where the caller stands;
only `said` does, which the conversation calls when a move has been carried out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ringback.domain.conversation import Entry, FindingCode
from ringback.domain.fixed import fixed
from ringback.domain.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Say:
    """Say this (an utterance with `EndCall` hangs up with it)."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class HangUp:
    """Nothing more to say: end the call with an empty closing frame."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Say nothing; ask again when the agent said more, or with `waited=True` after so many seconds."""

    seconds: float | None = None
    """None: wait as long as the inactivity limit allows."""


Move = Say | HangUp | Wait


@fixed
class Heard:
    """What the caller knows when it is asked for its next move."""

    turn: tuple[Entry, ...]
    """Entries of the agent's turn that is to be answered: its words, tool calls and results."""
    transcript: tuple[Entry, ...]
    """Everything so far, `turn` included."""
    waited: bool = False
    """The timer of the last `Wait` ran out and the agent said nothing more."""

    @property
    def text(self) -> str:
        """The agent's words of this turn, one frame a line."""
        return "\n".join(entry.content for entry in self.turn if entry.tool is None and entry.content)


Remarker = Callable[[FindingCode, str, Any], None]
"""Callers note discards and other findings through this: code, sentence, detail (plain data)."""


class Caller(Protocol):
    """A simulated customer, for one call."""

    async def open(self) -> Move:
        """First words where the caller opens the call. Raises `CallerInvalid`, `ModelError`, `NotSupported`."""
        ...

    async def reply(self, heard: Heard) -> Move:
        """The next move after the agent's turn. Raises as `open` does."""
        ...

    def said(self, move: Move) -> None:
        """The move was carried out: words sent, or the wait begun."""
        ...

    @property
    def waits_for_agent_first(self) -> bool:
        """The scenario itself says that the agent opens (an empty FIRST_MESSAGE action)."""
        ...


@runtime_checkable
class FollowsUp(Protocol):
    """A caller that may know its next words whatever the agent is going to say: it can break into the agent's turn."""

    def follow_up(self) -> Say | None:
        """The next move, where it is known beforehand; asked after a move was carried out. `said` is told as ever."""
        ...
