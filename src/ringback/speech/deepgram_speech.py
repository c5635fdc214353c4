"""Speech of Deepgram over HTTP.

`POST {base}/speak` (https://developers.deepgram.com/reference/text-to-speech/speak-request) and `POST {base}/listen`
(https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded); the WebSocket way is in
`deepgram_live.py`.
"""

import json
from dataclasses import dataclass
from typing import Any

from ringback.models.provider import Cause, Trouble
from ringback.speech.audio import Sound
from ringback.speech.hosted_client import LARGEST_TRANSCRIPT, HostedClient
from ringback.speech.hosted_ear import heard, json_object, number, objects, text_of
from ringback.speech.hosted_sound import sound_of, wav_of
from ringback.speech.speech_to_text import Hearing
from ringback.speech.text_to_speech import Voice

RATE = 16_000
"""Hz that are asked for; linear16 may have 8000, 16000, 24000, 32000 and 48000
(https://developers.deepgram.com/docs/tts-media-output-settings)."""

_SLOWEST, _FASTEST = 0.7, 1.5
"""https://developers.deepgram.com/docs/tts-voice-controls"""

LONGEST = 1000
"""Characters of one request: of longer ones aura-2 sounded worse ("Understanding Character Limits in Deepgram's
Text-to-Speech Service", https://github.com/deepgram/content)."""


def deepgram_headers(api_key: str | None) -> dict[str, str]:
    """The key, with the word `Token` before it; servers of one's own may want none."""
    return {"Authorization": f"Token {api_key}"} if api_key else {}


def speaking_query(model: str, voice: Voice) -> dict[str, str]:
    """What `/speak` is asked for, over HTTP and over a WebSocket. `speed` is known to Aura-2 alone."""
    wanted = voice.id or model
    query = {"model": wanted, "encoding": "linear16", "sample_rate": str(RATE)}
    if voice.speed != 1.0 and wanted.startswith("aura-2"):
        query["speed"] = f"{min(_FASTEST, max(_SLOWEST, voice.speed)):g}"
    return query


def hearing_query(model: str, language: str) -> dict[str, str]:
    """What `/listen` is asked for, over HTTP and over a WebSocket: punctuation, and numbers in figures."""
    return {"model": model, "language": language, "smart_format": "true"}


@dataclass(frozen=True, slots=True)
class DeepgramSpeaking:
    """`POST /speak`."""

    client: HostedClient
    model: str
    longest: int = LONGEST

    async def speak_once(self, text: str, voice: Voice) -> Sound:
        """One request. Raises `Trouble`."""
        answer = await self.client.post(
            "/speak",
            json.dumps({"text": text}).encode(),
            query=speaking_query(self.model, voice) | {"container": "wav"},
            content_type="application/json",
        )
        return sound_of(answer, raw_rate=RATE)


@dataclass(frozen=True, slots=True)
class DeepgramHearing:
    """`POST /listen` with a WAV file of the turn."""

    client: HostedClient
    model: str

    async def hear_once(self, sound: Sound, language: str) -> Hearing:
        """One request. Raises `Trouble`."""
        answer = await self.client.post(
            "/listen",
            wav_of(sound),
            query=hearing_query(self.model, language),
            content_type="audio/wav",
            largest=LARGEST_TRANSCRIPT,
        )
        results: Any = json_object(answer.body).get("results")
        channels = objects(results.get("channels")) if isinstance(results, dict) else []  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON
        return heard(*best(channels[0] if channels else {}))


def best(channel: dict[str, Any]) -> tuple[str, float | None]:
    """Transcript and confidence of a channel's first alternative. Raises `Trouble`."""
    alternatives = objects(channel.get("alternatives"))
    if not alternatives:
        raise Trouble(Cause.ANSWER, "it has no transcript", retryable=False)
    text = text_of(alternatives[0].get("transcript"))
    return text, number(alternatives[0].get("confidence")) if text else None
