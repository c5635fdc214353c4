"""What can be said of a personality, in the reference product's fields."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from ringback.conversation.manner import interruption_level, packet_loss
from ringback.domain.noise import BackgroundNoise
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
    "backchannels",
)

Object = dict[str, Any]

_LONGEST_DELAY = 2000
"""Milliseconds, of latency and of jitter."""


def _refused(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("voice_field", "{sentence}", {"sentence": sentence})


def _sentence_of(check: Callable[[object], object], value: object) -> None:
    try:
        check(value)
    except ValueError as error:
        raise _refused(str(error)) from None


def _level(value: str | float | None) -> str | float | None:
    if value is not None:
        _sentence_of(interruption_level, value)
    return value


def _within(fields: Object, high: float, *names: str) -> None:
    for name in names:
        value = fields.get(name)
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high
        if value is not None and not fits:
            raise _refused(f"`{name}` must be a number from 0 to {high:g}.")


def _network(value: Object | None) -> Object | None:
    if value is not None:
        if value.get("packet_loss") is not None:
            _sentence_of(packet_loss, value["packet_loss"])
        _within(value, _LONGEST_DELAY, "jitter", "jitter_ms", "latency", "latency_ms", "delay", "delay_ms")
        _within(value, 1, "clipping")
        if not isinstance(value.get("narrow_band", False), bool):
            raise _refused("`narrow_band` must be true or false.")
    return value


def _sound_volumes(value: Object | None) -> Object | None:
    _within(value or {}, 10, "base", "reduced")
    return value


def _generation(value: Object | None) -> Object | None:
    _within(value or {}, 2, "volume")
    return value


def _start(value: float | Object | None) -> float | Object | None:
    fields: Object = value if isinstance(value, dict) else {"seconds": value}
    _within(fields, 60, "seconds", "wait_seconds", "waitSeconds")
    return value


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
        default="off",
        max_length=2000,
        description=(
            f"Voice only: `off`, one of {', '.join(BackgroundNoise)}, or a sound file of the server's folder of noises "
            "by its bare name. Other names, and URLs of sounds, are kept and not played."
        ),
    )
    voice_model: Literal["eleven_flash_v2_5", "eleven_multilingual_v2", "eleven_turbo_v2_5", "sonic-3.5"] = Field(
        default="eleven_flash_v2_5", description="Voice only."
    )
    voice_id: str | None = Field(default=None, max_length=255, description="Voice only.")
    provider: Literal["11labs", "cartesia"] = Field(default="11labs", description="Voice only.")
    speed: float | None = Field(default=None, ge=0.8, le=1.2, description="Voice only: 1.0 is the normal pace.")
    interruption_level: str | float | None = Field(
        default=None,
        description="Voice only: `off`, `low`, `medium`, `high`, or the chance (0 to 1) of breaking into a turn.",
    )
    generation_config: Object | None = Field(
        default=None, description="Voice only: `volume` (0 to 2); `emotion` is kept."
    )
    network_simulation: Object | None = Field(
        default=None,
        description=(
            "Voice only: `packet_loss` (`5%`, or a share such as 0.05), `jitter` and `latency` in milliseconds; and of "
            "Ringback's own `clipping` (0 to 1) and `narrow_band`."
        ),
    )
    message_plan: MessagePlan = Field(default=MessagePlan(), description="What the caller does in silence.")
    start_speaking_plan: float | Object | None = Field(default=None, description="Voice only: seconds before speaking.")
    stop_speaking_plan: StopSpeakingPlan | None = Field(default=None, description="Voice only.")
    background_sound_volume: Object | None = Field(
        default=None, description="Voice only: `base`, and `reduced` while the caller speaks (0 to 10; 1 is normal)."
    )
    backchannels: bool = Field(
        default=False, description="Voice only: whether the caller says `Uh huh.` while the agent speaks at length."
    )
    end_call_enabled: bool = Field(default=True, description="Voice only: whether the caller may hang up.")
    provider_agent_id: str | None = Field(default=None, max_length=255, description="Kept and given back.")


class PersonalityForm(PersonalityFields, frozen=True):
    """A whole personality. What voice needs is checked here alone: one that is kept already is always readable."""

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

    _check_level = field_validator("interruption_level")(_level)
    _check_generation = field_validator("generation_config")(_generation)
    _check_network = field_validator("network_simulation")(_network)
    _check_start = field_validator("start_speaking_plan")(_start)
    _check_volumes = field_validator("background_sound_volume")(_sound_volumes)


def domain_personality(fields: PersonalityFields) -> Personality:
    """The record that runs use."""
    said = fields.model_dump(mode="json")
    voice = {name: said[name] for name in _VOICE if said[name] is not None}
    return Personality(name=fields.name, prompt=fields.prompt, language=fields.language, voice=voice)
