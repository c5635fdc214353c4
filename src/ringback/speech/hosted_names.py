"""What a setting means by `provider:name`, for each hosted provider.

| Setting | Speaks | Hears |
|---|---|---|
| `openai:` | `MODEL` or `MODEL/VOICE` | `MODEL` |
| `deepgram:`, `deepgram-live:` | `VOICE` (its models are voices) | `MODEL` |
| `elevenlabs:` | `VOICE` or `VOICE/MODEL` | `MODEL` |

Any other provider's name may stand with a base URL of an OpenAI-compatible server, and is then read as `openai:`.
"""

from dataclasses import dataclass

OPENAI_VOICE = "alloy"
"""Where a setting names a model only."""

ELEVENLABS_MODEL = "eleven_flash_v2_5"
"""Where a setting names a voice only: ElevenLabs' model for conversations, https://elevenlabs.io/docs/models."""

_MODEL_NAMED_BY_VOICE = "elevenlabs"
_MODELS_ARE_VOICES = ("deepgram", "deepgram-live")


@dataclass(frozen=True, slots=True)
class SpeakingName:
    """What is to speak."""

    provider: str
    model: str
    voice: str


def speaking_name(name: str) -> SpeakingName:
    """The parts of a `text_to_speech` setting of a hosted provider; those that it leaves out have their defaults."""
    provider, _, rest = name.partition(":")
    if provider in _MODELS_ARE_VOICES:
        return SpeakingName(provider, rest, rest)
    if provider == _MODEL_NAMED_BY_VOICE:
        voice, _, model = rest.partition("/")
        return SpeakingName(provider, model or ELEVENLABS_MODEL, voice)
    # Names of models may have slashes of their own (`hexgrad/Kokoro-82M`); the voice stands last.
    model, slash, voice = rest.rpartition("/")
    return SpeakingName(provider, model, voice) if slash else SpeakingName(provider, rest, OPENAI_VOICE)
