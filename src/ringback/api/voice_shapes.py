"""What answers say of spoken calls; made in `results/reference_voice.py` and `results/reference_transcript.py`."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from ringback.api.score_shapes import Shape
from ringback.domain.voice import RecognitionMode

Mode = Annotated[str, WithJsonSchema({"type": "string", "enum": [one.value for one in RecognitionMode]})]
Stretches = list[tuple[float, float]]


class RecognitionEntry(Shape):
    """How words of the agent were heard."""

    mode: Mode = Field(description="`grammar`: one of the known lines; `open`: any words.")
    matched: bool = Field(description="False: what was said is none of the known lines; `content` is then empty.")
    confidence: float | None = Field(description="0 to 1, where what hears says so.")


class PressedKey(Shape):
    """A key of the telephone."""

    at: float = Field(description="Seconds from the beginning.")
    digit: str
    by: Literal["caller", "agent"]


class SendingLateness(Shape):
    """How late our own frames were sent, in seconds."""

    frames: int
    p50: float
    p99: float
    worst: float


class VoiceFacts(Shape):
    """What is known of a call's sound."""

    transport: str = Field(description="media-streams or chirp.")
    sample_rate: int = Field(description="Hz, of the line and of the recording.")
    duration: float = Field(description="Seconds of the recording.")
    recognition: Mode = Field(description="How the agent was heard: by `grammar` (known lines) or `open`.")
    speech_to_text: str = Field(description="What heard the agent.")
    text_to_speech: str = Field(description="What spoke for the caller.")
    main_speaking: Stretches = Field(description="Seconds between which the agent sounded.")
    testing_speaking: Stretches = Field(description="Seconds between which our caller sounded.")
    backchannels: Stretches = Field(description="Those of our caller that were meant to interrupt nobody.")
    protected: Stretches = Field(description="Those of our caller that nobody could interrupt.")
    keys: list[PressedKey]
    lateness: SendingLateness
    degraded: list[str] = Field(description="Why times of this call are not to be trusted; empty: they are.")
    seed: int = Field(description="Of chances and disturbances.")
