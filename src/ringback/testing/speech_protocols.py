"""The three protocols of the scripted speech server: requests read, and answers written, as their providers do.

Sources: OpenAI's API reference (https://platform.openai.com/docs/api-reference/audio), Deepgram's
(https://developers.deepgram.com/reference) and ElevenLabs' (https://elevenlabs.io/docs/api-reference).
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from ringback.testing.speech_requests import AskedToHear, AskedToSpeak, Transcript

_OPENAI_RATE = 24_000
_DEEPGRAM_RATE = 24_000
_LONGEST_OPENAI = 4096


class Refused(Exception):
    """The request is none of the protocol's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def openai_to_speak(request: web.Request, number: int) -> tuple[AskedToSpeak, str]:
    """`POST /audio/speech`: what is asked for, and `wav` or `pcm`."""
    body = await _json(request)
    kind = str(body.get("response_format", "mp3"))
    if kind not in ("wav", "pcm"):
        raise Refused(400, f"This server makes wav and pcm, not {kind}.")
    text = _text(body, "input")
    if len(text) > _LONGEST_OPENAI:
        raise Refused(400, f"String should have at most {_LONGEST_OPENAI} characters.")
    asked = AskedToSpeak(
        number=number,
        provider="openai",
        headers=request.headers,
        query=request.query,
        text=text,
        voice=_text(body, "voice"),
        model=_text(body, "model"),
        speed=float(body.get("speed", 1.0)),
        language=None,
        rate=_OPENAI_RATE,
    )
    return asked, kind


async def openai_to_hear(request: web.Request, number: int) -> AskedToHear:
    """`POST /audio/transcriptions`."""
    audio, fields = await _form(request)
    return AskedToHear(
        number=number,
        provider="openai",
        headers=request.headers,
        query=fields,
        model=_text(fields, "model"),
        language=fields.get("language"),
        audio=audio,
        rate=None,
    )


async def deepgram_to_speak(request: web.Request, number: int) -> tuple[AskedToSpeak, str]:
    """`POST /speak`: what is asked for, and `wav` or `pcm`."""
    asked = deepgram_voice(request, number, "deepgram", _text(await _json(request), "text"))
    return asked, "pcm" if request.query.get("container", "wav") == "none" else "wav"


def deepgram_voice(request: web.Request, number: int, provider: str, text: str) -> AskedToSpeak:
    """A text for the voice of a query, over HTTP or a WebSocket."""
    if request.query.get("encoding", "linear16") != "linear16":
        raise Refused(400, "This server makes linear16 only.")
    return AskedToSpeak(
        number=number,
        provider=provider,
        headers=request.headers,
        query=request.query,
        text=text,
        voice=request.query.get("model", "aura-asteria-en"),
        model=request.query.get("model", "aura-asteria-en"),
        speed=float(request.query.get("speed", 1.0)),
        language=None,
        rate=int(request.query.get("sample_rate", _DEEPGRAM_RATE)),
    )


def deepgram_to_hear(request: web.Request, number: int, provider: str, audio: bytes) -> AskedToHear:
    """Sound for the model of a query, over HTTP or a WebSocket."""
    bare = request.query.get("encoding") == "linear16"
    return AskedToHear(
        number=number,
        provider=provider,
        headers=request.headers,
        query=request.query,
        model=request.query.get("model", "base"),
        language=request.query.get("language"),
        audio=audio,
        rate=int(request.query.get("sample_rate", 0)) or None if bare else None,
    )


async def elevenlabs_to_speak(request: web.Request, number: int) -> AskedToSpeak:
    """`POST /text-to-speech/{voice}`."""
    body = await _json(request)
    kind, _, rate = request.query.get("output_format", "mp3_44100_128").partition("_")
    if kind != "pcm":
        raise Refused(400, f"This server makes pcm, not {kind}.")
    settings: Any = body.get("voice_settings") or {}
    speed = float(settings.get("speed", 1.0))
    if not 0.7 <= speed <= 1.2:  # noqa: PLR2004 - the provider's own limits
        raise Refused(400, "Invalid setting for speed received, expected to be between 0.7 and 1.2.")
    return AskedToSpeak(
        number=number,
        provider="elevenlabs",
        headers=request.headers,
        query=request.query,
        text=_text(body, "text"),
        voice=request.match_info["voice"],
        model=str(body.get("model_id", "eleven_multilingual_v2")),
        speed=speed,
        language=body.get("language_code"),
        rate=int(rate),
    )


async def elevenlabs_to_hear(request: web.Request, number: int) -> AskedToHear:
    """`POST /speech-to-text`."""
    audio, fields = await _form(request)
    return AskedToHear(
        number=number,
        provider="elevenlabs",
        headers=request.headers,
        query=fields,
        model=_text(fields, "model_id"),
        language=fields.get("language_code"),
        audio=audio,
        rate=None,
    )


def transcript_body(asked: AskedToHear, said: Transcript, seconds: float) -> dict[str, Any]:
    """The transcript as the provider answers it over HTTP; how sure it is stands where each has it."""
    sure = math.log(max(1e-6, said.confidence))
    match asked.provider:
        case "openai":
            body: dict[str, Any] = {"text": said.text}
            if asked.query.get("response_format") == "verbose_json":
                body |= {"language": asked.language, "duration": seconds, "task": "transcribe"}
                body["segments"] = [{"id": 0, "text": said.text, "start": 0.0, "end": seconds, "avg_logprob": sure}]
            if asked.query.get("include[]") == "logprobs":
                body["logprobs"] = [{"token": word, "logprob": sure} for word in said.text.split()]
            return body
        case "elevenlabs":
            words = [{"text": word, "type": "word", "logprob": sure} for word in said.text.split()]
            return {"language_code": "eng", "language_probability": 1.0, "text": said.text, "words": words}
        case _:
            return {
                "metadata": {"request_id": str(asked.number), "duration": seconds, "channels": 1},
                "results": {"channels": [deepgram_channel(said)]},
            }


def live_results(said: Transcript) -> list[dict[str, Any]]:
    """The transcript as Deepgram sends it over a WebSocket: a result for each sentence, final ones only."""
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", said.text) if part] or [""]
    return [
        {
            "type": "Results",
            "channel_index": [0, 1],
            "start": 0.0,
            "duration": 0.0,
            "is_final": True,
            "speech_final": True,
            "channel": deepgram_channel(Transcript(sentence, said.confidence)),
        }
        for sentence in sentences
    ]


def deepgram_channel(said: Transcript) -> dict[str, Any]:
    """What was heard on one channel."""
    return {"alternatives": [{"transcript": said.text, "confidence": said.confidence, "words": []}]}


def refusal(path: str, status: int, message: str) -> web.Response:
    """A refusal in the form of the provider whose path it is."""
    if path.startswith("/v1/audio/"):
        body: dict[str, Any] = {"error": {"message": message, "type": "invalid_request_error", "code": None}}
    elif path.startswith(("/v1/speak", "/v1/listen")):
        body = {"err_code": "INVALID_AUTH" if status == 401 else "Bad Request", "err_msg": message, "request_id": "1"}  # noqa: PLR2004 - HTTP statuses are known by number
    else:
        code = "invalid_api_key" if status == 401 else "invalid_request"  # noqa: PLR2004 - HTTP statuses are known by number
        body = {"detail": {"status": code, "message": message}}
    return web.json_response(body, status=status)


async def _json(request: web.Request) -> Mapping[str, Any]:
    try:
        body: Any = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Refused(400, "The request is not JSON.") from None
    if not isinstance(body, dict):
        raise Refused(400, "The request is no object.")
    return cast("dict[str, Any]", body)


async def _form(request: web.Request) -> tuple[bytes, dict[str, str]]:
    """The file of a form, and its other fields."""
    fields: dict[str, str] = {}
    audio: bytes | None = None
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            audio = value.file.read()
        elif isinstance(value, str):
            fields[name] = value
    if audio is None:
        raise Refused(400, "The form has no file.")
    return audio, fields


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise Refused(400, f"{key} is missing.")
    return value
