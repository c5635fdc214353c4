"""What is kept of a spoken call beside its transcript.

Times are seconds from the call's start on the clock of the recording: sample position divided by sample rate, so that
a time in the transcript, an edge of speech and a place in the recording are the same number.
"""

from enum import StrEnum

from ringback.domain.fixed import fixed


class Side(StrEnum):
    """Whose sound or keys."""

    CALLER = "caller"
    """Left channel of a recording."""
    AGENT = "agent"
    """Right channel of a recording."""


class RecognitionMode(StrEnum):
    """How spoken words were turned into text."""

    GRAMMAR = "grammar"
    """Only lines that are known beforehand can be recognised; any other is no match."""
    OPEN = "open"
    """Any words."""


@fixed
class Recognition:
    """How one entry of the transcript was heard."""

    mode: RecognitionMode
    matched: bool = True
    """False: something was said that the recogniser could not tell; the entry's content is empty (`no_match`)."""
    confidence: float | None = None
    """0 to 1, where the recogniser gives one."""


@fixed
class Span:
    """A stretch of time in which somebody was heard."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


@fixed
class Key:
    """A key of the telephone that was pressed (0-9, *, #, A-D)."""

    at: float
    digit: str
    by: Side


@fixed
class AgentTranscript:
    """What the agent says that it heard of our caller, where its channel gives text."""

    at: float
    text: str


@fixed
class Lateness:
    """How late our own 20 ms frames were sent: seconds after their deadlines."""

    frames: int = 0
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0


@fixed
class MediaRecord:
    """What the telephone line did to the sound, by RTP and RTCP (RFC 3550)."""

    codec: str
    """`PCMU` or `PCMA`."""
    packets_sent: int = 0
    packets_received: int = 0
    lost_received: int = 0
    """Packets of the agent's that never came, by the gaps in their numbers."""
    lost_sent: int | None = None
    """Packets of ours that never came, as the agent's side reported; None: it reported nothing."""
    jitter_received: float | None = None
    """Seconds, of what came; None: it was not measured."""
    jitter_sent: float | None = None
    """Seconds, of ours, as the agent's side reported."""
    round_trip: float | None = None
    """Seconds there and back; None: it was not measured."""


@fixed
class VoiceRecord:
    """What is kept of a spoken call."""

    transport: str
    """`media-streams`, `chirp` or `sip`."""
    rate: int
    """Hz, of the line and of the recording."""
    duration: float
    """Seconds that were recorded."""
    recognition: RecognitionMode
    speech_to_text: str
    """`provider:name` of what heard the agent."""
    text_to_speech: str
    """`provider:name` of what spoke for the caller."""
    recording: str | None = None
    """Stem of the files in the folder of recordings, `RESULT/RUN-ATTEMPT`; None where nothing could be kept."""
    call_id: str | None = None
    """What the transport calls the call (media streams: `CA…`); None where it has no name for it."""
    caller_speech: tuple[Span, ...] = ()
    """Our own speech by sample positions."""
    agent_speech: tuple[Span, ...] = ()
    """The agent's sound by voice activity on what was played of it."""
    backchannels: tuple[Span, ...] = ()
    """Those of our own spans that are backchannels (`mm-hm`): not meant to take the turn."""
    protected: tuple[Span, ...] = ()
    """Those of our own spans that go on whatever the agent says (voicemail, IVR, `ignore_interruptions`)."""
    keys: tuple[Key, ...] = ()
    agent_transcripts: tuple[AgentTranscript, ...] = ()
    lateness: Lateness = Lateness()
    degraded: tuple[str, ...] = ()
    """Why figures of time of this call are not to be trusted, one sentence a reason; empty: they are."""
    seed: int = 0
    """Of the disturbances: the same seed gives the same ones."""
    ringing: float | None = None
    """Seconds from our call's first ringing (or the agent's call's arrival) to the answer; None: nothing rang."""
    media: MediaRecord | None = None
    """What the telephone line did to the sound; None where there is no such line."""
    holds: tuple[Span, ...] = ()
    """When the agent had put us on hold."""
    transfer: str | None = None
    """Whom the agent passed the call on to, as it named them."""
