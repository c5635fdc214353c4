"""The contract of every line: how sound reaches the agent and comes back, in frames of 20 ms.

A line deals in bytes as they are on the wire; `Encoding` says what they mean. One clock for all calls takes a frame of
the agent's from every line (`played`) and gives it one of ours (`send`) each 20 ms, so neither may wait for anything.
What the agent sends faster than it can be played is queued by the line; `played` takes from that queue, silence where
there is nothing. `at` of events is `time.monotonic()`.
"""

from collections.abc import AsyncIterator, Mapping
from enum import Enum
from typing import Any, Protocol

from ringback.channels.channel import Dropped, Remark
from ringback.domain.fixed import fixed
from ringback.domain.voice import MediaRecord

FRAME_SECONDS = 0.02


class Encoding(Enum):
    """How sound is written on the wire: name, samples a second, bytes a frame of 20 ms, and a frame of silence."""

    MULAW = ("mu-law", 8_000, 160, b"\xff" * 160)
    """G.711 mu-law, one byte a sample."""
    PCM = ("pcm_s16le", 16_000, 640, bytes(640))
    """Signed 16-bit little-endian samples."""
    PCM_8K = ("pcm_s16le", 8_000, 320, bytes(320))
    """The same at the telephone's rate: G.711 is spoken by the process that carries the calls."""

    def __init__(self, label: str, rate: int, frame_bytes: int, silence: bytes) -> None:
        self.label = label
        self.rate = rate
        """Hz."""
        self.frame_bytes = frame_bytes
        self.frame_samples = rate // 50
        self.silence = silence


@fixed
class LineEvent:
    """What all events have in common."""

    at: float


@fixed
class SoundArrived(LineEvent):
    """Sound of the agent came and was queued."""

    seconds: float


@fixed
class MarkPlayed(LineEvent):
    """The agent's sound up to its mark has been played, and the agent was told."""

    name: str


@fixed
class Cleared(LineEvent):
    """The agent dropped what was queued of its sound."""

    seconds: float
    """How much had not been played."""


@fixed
class AgentStartedSpeaking(LineEvent):
    """The agent says that it begins to speak (CHIRP's `speech.started`): our caller stops at once."""


@fixed
class AgentStoppedSpeaking(LineEvent):
    """The agent says that it has spoken (CHIRP's `speech.completed`)."""


@fixed
class KeyPressed(LineEvent):
    """The agent pressed a key, where the protocol says so."""

    digit: str


@fixed
class AgentHeard(LineEvent):
    """What the agent says that it heard of our caller."""

    text: str


@fixed
class MetadataCame(LineEvent):
    """Metadata of the agent."""

    values: Mapping[str, Any]


@fixed
class AgentHungUp(LineEvent):
    """The agent ended the call by the protocol's own word (`stop`, or the telephone company's REST endpoint)."""


@fixed
class PutOnHold(LineEvent):
    """The agent put us on hold (SIP: a media direction that sends or takes no sound)."""


@fixed
class TakenOffHold(LineEvent):
    """The agent took us back."""


@fixed
class Transferred(LineEvent):
    """The agent passes the call on (SIP: REFER); the line does not follow, and is of no use any more."""

    target: str
    """Whom to, as the agent named them, without URI parameters and passwords."""


@fixed
class Remarked(LineEvent):
    """A frame that makes no sense, or something else to be found in the record; the call goes on."""

    remarks: tuple[Remark, ...]


Happened = (
    SoundArrived
    | MarkPlayed
    | Cleared
    | AgentStartedSpeaking
    | AgentStoppedSpeaking
    | KeyPressed
    | AgentHeard
    | MetadataCame
    | AgentHungUp
    | PutOnHold
    | TakenOffHold
    | Transferred
    | Remarked
    | Dropped
)


@fixed
class LineReport:
    """What a telephone line knows of its call when it is over."""

    ringing: float | None = None
    """Seconds from the first ringing to the answer; None: it did not ring."""
    call_id: str | None = None
    """What the transport calls the call (SIP: its Call-ID)."""
    media: MediaRecord | None = None
    degraded: tuple[str, ...] = ()
    """Why the sound is not to be trusted, one sentence a reason, which names the side where it can be told."""


class Line(Protocol):
    """One line to the agent, for one call: `open` once, then frames and `events` side by side, `close` at the end."""

    @property
    def transport(self) -> str:
        """`media-streams`, `chirp` or `sip`."""
        ...

    @property
    def report(self) -> LineReport:
        """What the line knows of its call; complete once it is closed."""
        ...

    @property
    def encoding(self) -> Encoding:
        """How sound is written on the wire, both ways."""
        ...

    @property
    def carries_keys(self) -> bool:
        """Whether `press` tells the agent of a key; False: the key's tone has to be in the sound."""
        ...

    @property
    def waiting(self) -> float:
        """Seconds of the agent's sound that have come and are yet to be played, also when the line is closed."""
        ...

    async def open(self) -> None:
        """Dial. Raises `ChannelError` with the cause in words."""
        ...

    def played(self) -> bytes:
        """The agent's next 20 ms, exactly one frame long; tells the agent of marks that were reached by it."""
        ...

    def send(self, frame: bytes) -> None:
        """Send our next 20 ms, exactly one frame long. Never waits; on a line that is closed it does nothing."""
        ...

    def press(self, digit: str) -> None:
        """Tell the agent that our caller pressed a key, where the protocol can."""
        ...

    def began_speaking(self) -> None:
        """Our caller begins to speak (CHIRP's `speech.started`); nothing where the protocol has no word for it."""
        ...

    def stopped_speaking(self) -> None:
        """Our caller has spoken, or stopped because the agent spoke."""
        ...

    def events(self) -> AsyncIterator[Happened]:
        """What happens on the line, ending with exactly one `Dropped`."""
        ...

    async def hang_up(self) -> None:
        """Say the end of the call by the protocol's own word, then close; returns when the line is closed."""
        ...

    async def close(self) -> None:
        """Let the line go; safe to call at any time and more than once."""
        ...
