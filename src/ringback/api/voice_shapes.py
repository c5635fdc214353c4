"""What answers say of spoken calls; made in `results/reference_voice.py` and `results/reference_transcript.py`."""

from typing import Annotated, Literal

from pydantic import Field

from ringback.api.closed_sets import one_of
from ringback.api.score_shapes import Shape
from ringback.domain.agent import Transport
from ringback.domain.voice import RecognitionMode

Mode = Annotated[str, one_of(RecognitionMode)]
VoiceTransport = Annotated[str, one_of(one.value for one in Transport if one.is_voice)]
Codec = Annotated[str, one_of(("PCMU", "PCMA"))]
Stretches = list[tuple[float, float]]


class RecognitionEntry(Shape):
    """How words of the agent were heard."""

    mode: Mode = Field(description="`grammar`: one of the known lines; `open`: any words.")
    matched: bool = Field(description="False: what was said is none of the known lines; `content` is then empty.")
    confidence: float | None = Field(description="0 to 1, where what hears says so.")


class PressedKey(Shape):
    """A key of the telephone."""

    at: float = Field(description="Seconds from the beginning.")
    digit: str = Field(description="0 to 9, `*`, `#` or A to D.")
    by: Literal["caller", "agent"] = Field(description="Who pressed it.")


class SendingLateness(Shape):
    """How late our own frames were sent, in seconds."""

    frames: int = Field(description="How many frames were sent.")
    p50: float = Field(description="Half of them were no later than this.")
    p99: float = Field(description="99 % of them were no later than this.")
    worst: float = Field(description="The latest.")


class TelephoneMedia(Shape):
    """What the telephone line did to the sound, by RTP and RTCP (RFC 3550); null is what nobody measured."""

    codec: Codec = Field(description="How the sound was coded (ITU-T G.711).")
    packets_sent: int = Field(description="Packets of ours.")
    packets_received: int = Field(description="Packets of the agent's that came.")
    lost_received: int = Field(description="Packets of the agent's that never came.")
    lost_sent: int | None = Field(description="Packets of ours that never came, as the agent's side reported.")
    jitter_received: float | None = Field(description="Seconds, of what came.")
    jitter_sent: float | None = Field(description="Seconds, of ours, as the agent's side reported.")
    round_trip: float | None = Field(description="Seconds there and back.")


class VoiceFacts(Shape):
    """What is known of a call's sound."""

    transport: VoiceTransport = Field(description="What the call was carried by.")
    sample_rate: int = Field(description="Hz, of the line and of the recording.")
    duration: float = Field(description="Seconds of the recording.")
    recognition: Mode = Field(description="How the agent was heard: by `grammar` (known lines) or `open`.")
    speech_to_text: str = Field(description="What heard the agent.")
    text_to_speech: str = Field(description="What spoke for the caller.")
    main_speaking: Stretches = Field(description="Seconds between which the agent sounded.")
    testing_speaking: Stretches = Field(description="Seconds between which our caller sounded.")
    backchannels: Stretches = Field(description="Those of our caller that were meant to interrupt nobody.")
    protected: Stretches = Field(description="Those of our caller that nobody could interrupt.")
    keys: list[PressedKey] = Field(description="Keys of the telephone that either side pressed.")
    lateness: SendingLateness = Field(description="How late our own frames were sent.")
    degraded: list[str] = Field(
        description="Why times of this call are not to be trusted, and on whose side it was; empty: they are."
    )
    seed: int = Field(description="Of chances and disturbances.")
    ringing: float | None = Field(
        description="Seconds that the telephone rang until the answer; null: none rang.", examples=[1.25]
    )
    media: TelephoneMedia | None = Field(description="What the telephone line did to the sound; null: none was there.")
    holds: Stretches = Field(description="Seconds between which the agent had our caller on hold.")
    transferred_to: str | None = Field(description="Whom the agent passed the call on to, as it named them.")
