"""What calls that we make and calls that come to us have in common, as a `Line`: sound, keys, holds, the end."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace

from ringback.channels.bounds import Thinned
from ringback.channels.channel import Dropped
from ringback.channels.channel import Remark as FrameRemark
from ringback.channels.line import (
    AgentHungUp,
    Encoding,
    Happened,
    KeyPressed,
    LineReport,
    PutOnHold,
    Remarked,
    TakenOffHold,
    Transferred,
)
from ringback.channels.sip.call import (
    CallHappened,
    Closed,
    Established,
    HoldChanged,
    Pressed,
    Remark,
    Ringing,
    SipCall,
    TransferAsked,
)
from ringback.channels.wire_reading import cleaner
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor

_SENTENCES = {
    FindingCode.NO_MEDIA: "The call was answered, and no sound came.",
    FindingCode.MEDIA_STOPPED: "The sound stopped for good, and nobody had hung up.",
}


class TelephoneLine:
    """One telephone call; a `Line`, but for `open`. Made by `SipLine` and `AwaitedLine`.

    Its sound comes all the time, as that of telephones does, so no `SoundArrived` is told.
    """

    def __init__(self, redactor: Redactor | None = None) -> None:
        self._clean = cleaner(redactor)
        self._call: SipCall | None = None
        self._happening: AsyncIterator[CallHappened] | None = None
        self._remarks: list[FrameRemark] = []
        """Made before the line was open."""
        self._thinned = Thinned()
        self._before = LineReport()

    def _take(self, call: SipCall, happening: AsyncIterator[CallHappened]) -> None:
        """The call that the line is for, and what happens on it."""
        self._call = call
        self._happening = happening

    def _cleaned(self, closed: Closed) -> Closed:
        return replace(closed, reason=self._clean(closed.reason))

    @property
    def transport(self) -> str:
        """`sip`."""
        return "sip"

    @property
    def encoding(self) -> Encoding:
        """Samples at the telephone's rate."""
        return Encoding.PCM_8K

    @property
    def carries_keys(self) -> bool:
        """True: keys go as RFC 4733 events."""
        return True

    @property
    def waiting(self) -> float:
        """Seconds of the agent's sound that have come and are yet to be played, also when the line is closed."""
        return self._call.waiting if self._call is not None else 0.0

    @property
    def report(self) -> LineReport:
        """Ringing, Call-ID, and what the line did to the sound; complete once it is closed."""
        return self._call.report if self._call is not None else self._before

    def played(self) -> bytes:
        """The agent's next 20 ms, exactly one frame long."""
        return self._call.read() if self._call is not None else Encoding.PCM_8K.silence

    def send(self, frame: bytes) -> None:
        """Send our next 20 ms, exactly one frame long. Never waits; on a line that is closed it does nothing."""
        if self._call is not None:
            self._call.write(frame)

    def press(self, digit: str) -> None:
        """Press a key."""
        if self._call is not None:
            self._call.press(digit)

    def began_speaking(self) -> None:
        """Nothing: a telephone has no word for it."""

    def stopped_speaking(self) -> None:
        """Nothing: a telephone has no word for it."""

    async def events(self) -> AsyncIterator[Happened]:  # noqa: C901 - a table: one event, one case
        """What happens on the line, ending with exactly one `Dropped`."""
        if self._call is None or self._happening is None:
            return
        if self._remarks:
            yield Remarked(at=time.monotonic(), remarks=tuple(self._remarks))
        async for event in self._happening:
            match event:
                case Pressed():
                    yield KeyPressed(at=event.at, digit=event.digit)
                case HoldChanged():
                    yield PutOnHold(at=event.at) if event.held else TakenOffHold(at=event.at)
                case TransferAsked():
                    yield Transferred(at=event.at, target=self._clean(event.target))
                case Remark():
                    if kept := self._thinned.of((FrameRemark(code=FindingCode(event.code), sentence=event.sentence),)):
                        yield Remarked(at=event.at, remarks=kept)
                case Closed():
                    if rest := self._thinned.rest():
                        yield Remarked(at=event.at, remarks=rest)
                    if not event.cause and not event.by_us:
                        yield AgentHungUp(at=event.at)
                    yield _dropped(self._cleaned(event))
                case Ringing() | Established():
                    pass

    async def hang_up(self) -> None:
        """BYE, or CANCEL while it rings; returns when the call is over, or after two seconds."""
        if self._call is not None:
            await self._call.hang_up()

    async def close(self) -> None:
        """Let the line go; safe to call at any time and more than once."""
        await self.hang_up()


def _dropped(closed: Closed) -> Dropped:
    cause = FindingCode(closed.cause) if closed.cause in set(FindingCode) else None
    reason = _SENTENCES.get(cause, closed.reason) if cause is not None else ""
    return Dropped(at=closed.at, close_code=None, reason=reason, cause=cause, closed_by_us=cause is None)
