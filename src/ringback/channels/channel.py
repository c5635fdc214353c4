"""The contract of every channel: how words, tool calls and metadata reach the agent and come back.

A channel yields one event for every frame that reaches it, in order, and nothing else decides what a frame means.
`at` is `time.monotonic()` at the frame's arrival; the conversation turns it into seconds from the call's start.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from ringback.domain.conversation import FindingCode, ToolData
from ringback.domain.fixed import fixed
from ringback.domain.utterance import Utterance


@fixed
class CallIds:
    """The numbers that a call carries to the agent: positive integers from the store."""

    scenario: int
    result: int
    run: int


@fixed
class Remark:
    """What the protocol layer has to say of a frame."""

    code: FindingCode
    sentence: str
    detail: Any = None


@fixed
class Arrival:
    """What all frames have in common."""

    at: float
    metadata: Mapping[str, Any] | None = None
    """Metadata carried by the frame (whatever else it carried)."""
    remarks: tuple[Remark, ...] = ()
    extra: Mapping[str, Any] | None = None
    """Keys that the protocol does not know."""


@fixed
class Said(Arrival):
    """The agent said something."""

    text: str


@fixed
class CalledTool(Arrival):
    """The agent called a tool."""

    tool: ToolData
    text: str = ""


@fixed
class ToolReturned(Arrival):
    """A tool of the agent returned."""

    tool: ToolData
    text: str = ""


@fixed
class Noted(Arrival):
    """A frame that is no turn: metadata alone, an unknown type, binary data, an array: recorded, never answered."""


@fixed
class ReportedError(Arrival):
    """An error frame: recorded, not answered; the reason of the ending if a close follows."""

    text: str


@fixed
class EndedCall(Arrival):
    """The agent sent end_call, perhaps with last words."""

    text: str


@fixed
class Dropped(Arrival):
    """The line is closed; always the last event of a channel."""

    close_code: int | None
    """WebSocket close code as received: 1005 for a close frame without one, None for no close frame at all."""
    reason: str
    cause: FindingCode | None = None
    """FRAME_TOO_LARGE, INVALID_UTF8 or FLOOD where the channel closed because of what the agent sent; on a telephone
    line NO_MEDIA, MEDIA_STOPPED or TELEPHONE_FAILED, and `reason` is a sentence."""
    unresponsive: bool = False
    """Our ping stayed without a pong."""
    closed_by_us: bool = False


ChannelEvent = Said | CalledTool | ToolReturned | Noted | ReportedError | EndedCall | Dropped


class Overtaken(Exception):
    """The words were not sent: the agent said more before they could be; `events` tells what."""


class Channel(Protocol):
    """One line to the agent, for one call. `open` once, then `send` and `events` side by side, `close` at the end."""

    async def open(self) -> None:
        """Connect. Raises `ChannelError` with the cause in words."""
        ...

    async def send(self, utterance: Utterance) -> float:
        """Send the words (and the end of the call, where the utterance ends it); returns the monotonic write time.

        Sending on a line that the agent has closed does not raise; `events` tells of the closing. Raises `Overtaken`,
        unless the utterance ends the call, where the channel knows of words that the agent said before.
        """
        ...

    def events(self) -> AsyncIterator[ChannelEvent]:
        """What the agent did, one event a frame, ending with exactly one `Dropped`."""
        ...

    async def close(self) -> None:
        """Close the line; safe to call at any time and more than once."""
        ...
