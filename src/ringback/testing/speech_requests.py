"""What a scripted speech server was asked, and what it may answer beside the troubles of `model_answers`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringback.speech.audio import Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedToSpeak:
    """One request for speech, as it came."""

    number: int
    """1 for the server's first request of any kind."""
    provider: str
    """Whose protocol it came in: `openai`, `deepgram`, `deepgram-live` or `elevenlabs`."""
    headers: Mapping[str, str]
    query: Mapping[str, str]
    text: str
    voice: str
    model: str
    """The same as the voice with Deepgram."""
    speed: float
    language: str | None
    """Where the protocol has it and it was told."""
    rate: int
    """Hz that the sound is to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedToHear:
    """One request for a transcript, as it came."""

    number: int
    """1 for the server's first request of any kind."""
    provider: str
    """Whose protocol it came in: `openai`, `deepgram`, `deepgram-live` or `elevenlabs`."""
    headers: Mapping[str, str]
    query: Mapping[str, str]
    """Of the address; of a form, its other fields."""
    model: str
    language: str | None
    audio: bytes
    """As it came: a WAV file, or bare samples over a WebSocket."""
    rate: int | None
    """Hz, of bare samples; None: the file tells."""

    @property
    def sound(self) -> "Sound":
        """The sound that was to be heard."""
        from ringback.speech.audio import Sound  # noqa: PLC0415 - pytest loads this room, and numpy is not for all tests
        from ringback.speech.hosted_sound import samples_of, sound_of_wav  # noqa: PLC0415 - the same

        return sound_of_wav(self.audio) if self.rate is None else Sound(samples_of(self.audio), self.rate)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a scripted server says that it heard."""

    text: str
    confidence: float = 1.0
    """0 to 1; told in the way of each protocol."""


@dataclass(frozen=True, slots=True)
class CutShort:
    """The right answer, broken off: its head promises all of it, and only a share comes."""

    share: float = 0.5


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """A WebSocket that is closed before the answer is whole; over HTTP the connection is cut."""

    code: int = 1011
    reason: str = ""
