"""What can be said of a personality, in the reference product's fields."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from ringback.domain.scenario import Personality
from ringback.library.form import Form
from ringback.library.suite_format import Language

_VOICE = (
    "accent",
    "background_noise",
    "voice_model",
    "voice_id",
    "provider",
    "speed",
    "interruption_level",
    "generation_config",
    "network_simulation",
    "message_plan",
    "start_speaking_plan",
    "stop_speaking_plan",
    "background_sound_volume",
    "end_call_enabled",
)

Object = dict[str, Any]


class MessagePlan(Form, frozen=True):
    """What a caller does when the agent is silent."""

    idle_timeout_seconds: float = Field(default=10, ge=1, description="Seconds of silence before the caller speaks up.")
    idle_message_max_spoken_count: int = Field(default=3, ge=1, description="How often the caller does so.")


class StopSpeakingPlan(Form, frozen=True):
    """When a caller who is interrupted stops speaking."""

    num_words: int = Field(default=0, ge=0, description="Words of the agent that it takes.")
    voice_seconds: float = Field(default=0.2, ge=0, description="Seconds of speech that it takes.")
    backoff_seconds: float = Field(default=1.0, ge=0, description="Seconds before the caller speaks again.")


class PersonalityFields(Form, frozen=True):
    """How a caller behaves and sounds. Only `prompt` and `language` matter in text; the rest is kept for voice."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": "You answer briefly and ask how long it will take."}]}
    )

    name: str = Field(default="", max_length=255, description="What lists and reports call it.")
    prompt: str = Field(default="", max_length=20_000, description="How the caller behaves.")
    language: Language = Field(default="en", description="Language that the caller speaks.")
    accent: str | None = Field(default=None, max_length=255, description="Voice only.")
    background_noise: str = Field(
        default="off", max_length=2000, description="Voice only: `off`, the name of a preset, or the URL of a sound."
    )
    voice_model: Literal["eleven_flash_v2_5", "eleven_multilingual_v2", "eleven_turbo_v2_5", "sonic-3.5"] = Field(
        default="eleven_flash_v2_5", description="Voice only."
    )
    voice_id: str | None = Field(default=None, max_length=255, description="Voice only.")
    provider: Literal["11labs", "cartesia"] = Field(default="11labs", description="Voice only.")
    speed: float | None = Field(default=None, ge=0.8, le=1.2, description="Voice only: 1.0 is the normal pace.")
    interruption_level: str | float | None = Field(default=None, description="Voice only.")
    generation_config: Object | None = Field(default=None, description="Voice only: `volume` and `emotion`.")
    network_simulation: Object | None = Field(default=None, description="Voice only: packet loss, jitter and latency.")
    message_plan: MessagePlan = Field(default=MessagePlan(), description="What the caller does in silence.")
    start_speaking_plan: float | Object | None = Field(default=None, description="Voice only: seconds before speaking.")
    stop_speaking_plan: StopSpeakingPlan | None = Field(default=None, description="Voice only.")
    background_sound_volume: Object | None = Field(default=None, description="Voice only: `base` and `reduced`.")
    end_call_enabled: bool = Field(default=True, description="Voice only: whether the caller may hang up.")
    provider_agent_id: str | None = Field(default=None, max_length=255, description="Kept and given back.")


class PersonalityForm(PersonalityFields, frozen=True):
    """A whole personality."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Hurried parent",
                    "prompt": "You answer briefly and ask how long it will take.",
                    "language": "en",
                    "background_noise": "office",
                    "voice_model": "eleven_flash_v2_5",
                }
            ]
        }
    )

    name: str = Field(min_length=1, max_length=255, description="What lists and reports call it.")


def domain_personality(fields: PersonalityFields) -> Personality:
    """The record that runs use."""
    said = fields.model_dump(mode="json")
    voice = {name: said[name] for name in _VOICE if said[name] is not None}
    return Personality(name=fields.name, prompt=fields.prompt, language=fields.language, voice=voice)
