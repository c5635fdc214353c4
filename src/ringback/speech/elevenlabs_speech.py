"""Speech of ElevenLabs.

`POST {base}/text-to-speech/{voice}` (https://elevenlabs.io/docs/api-reference/text-to-speech/convert) and
`POST {base}/speech-to-text` (https://elevenlabs.io/docs/api-reference/speech-to-text/convert).
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import aiohttp

from ringback.models.provider import Cause, Trouble
from ringback.speech.audio import Sound
from ringback.speech.hosted_client import LARGEST_TRANSCRIPT, HostedClient
from ringback.speech.hosted_ear import heard, json_object, likely, objects, text_of
from ringback.speech.hosted_sound import sound_of, wav_of
from ringback.speech.speech_to_text import Hearing
from ringback.speech.text_to_speech import Voice

_RATE = 16_000
"""Hz: `pcm_16000`, which every plan has (`pcm_44100` needs a dearer one)."""

_SLOWEST, _FASTEST = 0.7, 1.2
"""What `voice_settings.speed` may be, for all models (ElevenLabs' help, "Can I change the pace of the voice?")."""

_LANGUAGE_MAY_BE_TOLD = re.compile(r"eleven_(?:turbo|flash)_v2_5|eleven_v3")
"""Models that do not refuse `language_code` (API reference, `language_code`)."""

_VOICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What may stand in the path of a request."""


def elevenlabs_headers(api_key: str | None) -> dict[str, str]:
    """The key in a header of its own (https://elevenlabs.io/docs/api-reference/authentication)."""
    return {"xi-api-key": api_key} if api_key else {}


@dataclass(frozen=True, slots=True)
class ElevenLabsSpeaking:
    """`POST /text-to-speech/{voice}`."""

    client: HostedClient
    voice: str
    model: str
    longest: int = 5000
    """Characters: well within the least that a model takes, 10,000 (https://help.elevenlabs.io/hc/en-us/articles/13298164480913)."""

    async def speak_once(self, text: str, voice: Voice) -> Sound:
        """One request. Raises `Trouble`."""
        who = voice.id or self.voice
        if not _VOICE.fullmatch(who):
            raise Trouble(Cause.REQUEST, "its voices are named by letters and figures alone", retryable=False)
        wanted: dict[str, Any] = {"text": text, "model_id": self.model}
        if voice.speed != 1.0:
            wanted["voice_settings"] = {"speed": min(_FASTEST, max(_SLOWEST, voice.speed))}
        if _LANGUAGE_MAY_BE_TOLD.match(self.model):
            wanted["language_code"] = voice.language.partition("-")[0]
        answer = await self.client.post(
            f"/text-to-speech/{who}",
            json.dumps(wanted).encode(),
            query={"output_format": f"pcm_{_RATE}"},
            content_type="application/json",
        )
        return sound_of(answer, raw_rate=_RATE)


@dataclass(frozen=True, slots=True)
class ElevenLabsHearing:
    """`POST /speech-to-text` with a WAV file of the turn."""

    client: HostedClient
    model: str

    async def hear_once(self, sound: Sound, language: str) -> Hearing:
        """One request. Raises `Trouble`."""
        form = aiohttp.FormData()
        form.add_field("file", wav_of(sound), filename="turn.wav", content_type="audio/wav")
        form.add_field("model_id", self.model)
        form.add_field("language_code", language.partition("-")[0])
        # Else `(laughter)` and the like stand among the words.
        form.add_field("tag_audio_events", "false")
        answer = await self.client.post("/speech-to-text", form, largest=LARGEST_TRANSCRIPT)
        said = json_object(answer.body)
        words = [word for word in objects(said.get("words")) if word.get("type") == "word"]
        return heard(text_of(said.get("text")), likely(word.get("logprob") for word in words))
