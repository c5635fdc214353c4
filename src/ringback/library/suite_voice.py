"""What a suite file says of a caller on a spoken line."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ringback.conversation.manner import INTERRUPTION_LEVELS, interruption_level, packet_loss
from ringback.library.suite_entry import Entry


def _checked(check: Callable[[object], object]) -> AfterValidator:
    def carry_out(value: float | str) -> float | str:
        try:
            check(value)
        except ValueError as error:
            raise PydanticCustomError("voice", "{sentence}", {"sentence": str(error).rstrip(".")}) from None
        return value

    return AfterValidator(carry_out)


PacketLoss = Annotated[
    float | str,
    _checked(packet_loss),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 100}, {"type": "string", "pattern": r"^\d+(\.\d+)?%?$"}]}
    ),
]
InterruptionLevel = Annotated[
    float | str,
    _checked(interruption_level),
    WithJsonSchema({"anyOf": [{"enum": list(INTERRUPTION_LEVELS)}, {"type": "number", "minimum": 0, "maximum": 1}]}),
]


class NetworkEntry(Entry):
    """Voice only: a bad line between the caller and the agent."""

    packet_loss: PacketLoss = 0.0
    """Frames that are lost: a share under 1, or per cent from 1 on (or written as `5%`)."""
    jitter: float = Field(default=0, ge=0, le=2000)
    """Milliseconds that a frame may come late."""
    latency: float = Field(default=0, ge=0, le=2000)
    """Milliseconds that every frame takes."""
    clipping: float = Field(default=0, ge=0, le=1)
    """How hard the microphone is overdriven."""
    narrow_band: bool = False
    """Whether only 300 to 3400 Hz get through."""


class SoundVolumeEntry(Entry):
    """Voice only: how loud the background noise is; 1 is 15 dB under speech."""

    base: float = Field(default=1, ge=0, le=10)
    """While the caller is silent."""
    reduced: float | None = Field(default=None, ge=0, le=10)
    """While the caller speaks; `base` where it is left out."""


class MessagePlanEntry(Entry):
    """Voice only: what the caller does when the agent is silent."""

    idle_timeout_seconds: float = Field(default=10, ge=1)
    """Seconds of silence before the caller asks whether anybody is there."""
    idle_message_max_spoken_count: int = Field(default=3, ge=1)
    """How often the caller asks before it gives up."""


class StopSpeakingEntry(Entry):
    """Voice only: when a caller who is interrupted stops speaking."""

    num_words: int = Field(default=0, ge=0)
    """Words of the agent that it takes."""
    voice_seconds: float = Field(default=0.2, ge=0)
    """Seconds of speech that it takes."""
    backoff_seconds: float = Field(default=1, ge=0)
    """Seconds before the caller speaks again."""


class GenerationEntry(Entry):
    """Voice only: how words are spoken."""

    volume: float = Field(default=1, ge=0, le=2)
    """1 is the normal level of speech."""
    emotion: str | None = None
    """Kept."""
