"""Speech of OpenAI, and of any server that speaks its protocol.

`POST {base}/audio/speech` and `POST {base}/audio/transcriptions`, as OpenAI's API reference has them
(https://platform.openai.com/docs/api-reference/audio) and its package `openai` 2 sends them.
"""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from ringback.speech.audio import Sound
from ringback.speech.hosted_client import LARGEST_TRANSCRIPT, HostedClient
from ringback.speech.hosted_ear import heard, json_object, likely, objects, text_of
from ringback.speech.hosted_sound import sound_of, wav_of
from ringback.speech.speech_to_text import Hearing
from ringback.speech.text_to_speech import Voice

_RAW_RATE = 24_000
"""Hz: of `pcm` answers (https://platform.openai.com/docs/guides/text-to-speech, supported output formats)."""

_SLOWEST, _FASTEST = 0.25, 4.0
"""API reference, `speed`."""

_TELL_TOKENS = ("gpt-4o-transcribe", "gpt-4o-mini-transcribe")
"""The models that give logarithms of probabilities when asked to (API reference, `include`)."""


def openai_headers(api_key: str | None) -> dict[str, str]:
    """The key as a bearer token; servers of one's own may want none."""
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


@dataclass(frozen=True, slots=True)
class OpenAiSpeaking:
    """`POST /audio/speech`; WAV is asked for, because it tells its own rate, which differs between servers."""

    client: HostedClient
    model: str
    voice: str
    longest: int = 4096
    """Characters (API reference, `input`)."""

    async def speak_once(self, text: str, voice: Voice) -> Sound:
        """One request. Raises `Trouble`."""
        wanted: dict[str, Any] = {
            "model": self.model,
            "input": text,
            "voice": voice.id or self.voice,
            "response_format": "wav",
        }
        if voice.speed != 1.0:
            wanted["speed"] = min(_FASTEST, max(_SLOWEST, voice.speed))
        answer = await self.client.post("/audio/speech", json.dumps(wanted).encode(), content_type="application/json")
        return sound_of(answer, raw_rate=_RAW_RATE)


@dataclass(frozen=True, slots=True)
class OpenAiHearing:
    """`POST /audio/transcriptions` with a WAV file of the turn."""

    client: HostedClient
    model: str

    async def hear_once(self, sound: Sound, language: str) -> Hearing:
        """One request. Raises `Trouble`."""
        form = aiohttp.FormData()
        form.add_field("file", wav_of(sound), filename="turn.wav", content_type="audio/wav")
        form.add_field("model", self.model)
        # ISO-639-1, as the reference asks for: `en`, not `en-US`.
        form.add_field("language", language.partition("-")[0])
        # Whisper tells how sure it is with each segment, in its longer answer only.
        form.add_field("response_format", "verbose_json" if "whisper" in self.model else "json")
        if self.model in _TELL_TOKENS:
            form.add_field("include[]", "logprobs")
        answer = await self.client.post("/audio/transcriptions", form, largest=LARGEST_TRANSCRIPT)
        said = json_object(answer.body)
        tokens = likely(token.get("logprob") for token in objects(said.get("logprobs")))
        segments = likely(segment.get("avg_logprob") for segment in objects(said.get("segments")))
        return heard(text_of(said.get("text")), segments if tokens is None else tokens)
