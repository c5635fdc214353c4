"""The contract of one telephone call, whoever dialled: what `Telephone` gives, and lines and servers are built on."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from ringback.channels.line import LineReport
from ringback.domain.fixed import fixed


@fixed
class CallEvent:
    """What all events have in common."""

    at: float
    """`time.monotonic()`."""


@fixed
class Ringing(CallEvent):
    """The other side's telephone rings (180, 183)."""


@fixed
class Established(CallEvent):
    """Answered, and media is agreed on: frames go both ways from here on."""

    codec: str
    """`PCMU` or `PCMA`."""


@fixed
class Pressed(CallEvent):
    """The other side pressed a key (RFC 4733, or SIP INFO)."""

    digit: str


@fixed
class HoldChanged(CallEvent):
    """The other side put us on hold, or took us back."""

    held: bool


@fixed
class TransferAsked(CallEvent):
    """The other side passes us on (REFER)."""

    target: str


@fixed
class Remark(CallEvent):
    """Something to be found in the record."""

    code: str
    """Value of a `FindingCode`."""
    sentence: str


@fixed
class Closed(CallEvent):
    """The call is over; always the last event."""

    status: int | None
    """SIP status of the refusal; None: nobody refused (BYE, CANCEL, a time-out, no transport, death of the process)."""
    reason: str
    """Reason phrase or cause, cleaned of control characters."""
    cause: str = ""
    """Value of an `EndingCode` where the cause is known to be none of the other side's words: `telephone_failed`,
    `no_media`, `media_stopped`, `not_connected`, `credentials_refused`; empty: hung up, or refused with `status`."""
    by_us: bool = False


CallHappened = Ringing | Established | Pressed | HoldChanged | TransferAsked | Remark | Closed


class SipCall(Protocol):
    """One call. Frames are 20 ms of signed 16-bit little-endian samples, 8 kHz: 320 bytes."""

    @property
    def call_id(self) -> str:
        """SIP Call-ID; empty before it is known."""
        ...

    @property
    def peer(self) -> str:
        """The other side's address: who called, or who was called."""
        ...

    @property
    def called(self) -> str:
        """The user that was called (of an incoming call: which of ours)."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Of an incoming call: those `X-` headers of its INVITE that the process was told to look for."""
        ...

    @property
    def waiting(self) -> float:
        """Seconds of the other side's sound that have come and are yet to be read."""
        ...

    def read(self) -> bytes:
        """The other side's next 20 ms, exactly one frame; silence where there is nothing."""
        ...

    def write(self, frame: bytes) -> None:
        """Send 20 ms, exactly one frame. Never waits; on a call that is over it does nothing."""
        ...

    def press(self, digit: str) -> None:
        """Press a key (RFC 4733)."""
        ...

    async def accept(self) -> None:
        """Answer an incoming call (200)."""
        ...

    async def refuse(self) -> None:
        """Do not answer an incoming call (486)."""
        ...

    async def hang_up(self) -> None:
        """BYE, or CANCEL while it rings; returns when the call is over, or after two seconds."""
        ...

    def events(self) -> AsyncIterator[CallHappened]:
        """What happens, ending with exactly one `Closed`. For one reader."""
        ...

    @property
    def report(self) -> LineReport:
        """What is known of the call; complete once it is over."""
        ...
