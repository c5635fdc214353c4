"""Speech of Deepgram over WebSockets.

`GET {base}/listen` (https://developers.deepgram.com/reference/speech-to-text/listen-streaming): sound goes out in
binary frames, `CloseStream` says that there is no more of it; `Results` come back, then `Metadata`, then the socket is
closed (https://developers.deepgram.com/docs/close-stream). `GET {base}/speak`
(https://developers.deepgram.com/reference/text-to-speech/speak-streaming): `Speak` and `Flush` go out; sound comes back
in binary frames, then `Flushed` (https://developers.deepgram.com/docs/tts-ws-flush).
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from ringback.models.http_troubles import too_large
from ringback.models.provider import Cause, Trouble
from ringback.speech.audio import Sound
from ringback.speech.deepgram_speech import LONGEST, RATE, best, hearing_query, speaking_query
from ringback.speech.hosted_client import LARGEST_ANSWER, LARGEST_TRANSCRIPT, HostedClient
from ringback.speech.hosted_ear import heard, json_object, text_of
from ringback.speech.hosted_refusals import refusal
from ringback.speech.hosted_sound import samples_of
from ringback.speech.speech_to_text import Hearing
from ringback.speech.text_to_speech import Voice

_PIECE = 0.1
"""Seconds of sound in one frame: 20 to 250 ms are usual
(https://developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors)."""

_REFUSED_SOUND = 1008
"""Close code `DATA-0000`: what was sent cannot be heard (same page). Others, as 1011, are the server's own trouble."""

_MOST_MESSAGES = 10_000
"""Taken of one socket."""

_LARGEST_MESSAGE = 1024 * 1024
"""Bytes."""

_REFUSED = 400
"""HTTP status that an `Error` message stands for."""


@dataclass(frozen=True, slots=True)
class DeepgramLiveHearing:
    """`/listen`: one socket for one turn."""

    client: HostedClient
    model: str

    async def hear_once(self, sound: Sound, language: str) -> Hearing:
        """One socket. Raises `Trouble`."""
        query = hearing_query(self.model, language)
        query |= {"encoding": "linear16", "sample_rate": str(sound.rate), "channels": "1", "interim_results": "false"}
        data = sound.samples.astype("<i2").tobytes()
        piece = round(_PIECE * sound.rate) * 2
        async with _socket(self.client, "/listen", query) as socket:
            for begin in range(0, len(data), piece):
                await socket.send_bytes(data[begin : begin + piece])
            await socket.send_json({"type": "CloseStream"})
            return await _transcript(socket)


@dataclass(frozen=True, slots=True)
class DeepgramLiveSpeaking:
    """`/speak`: one socket for one text."""

    client: HostedClient
    model: str
    longest: int = LONGEST

    async def speak_once(self, text: str, voice: Voice) -> Sound:
        """One socket. Raises `Trouble`."""
        sound = bytearray()
        async with _socket(self.client, "/speak", speaking_query(self.model, voice)) as socket:
            await socket.send_json({"type": "Speak", "text": text})
            await socket.send_json({"type": "Flush"})
            async for message in _messages(socket):
                if isinstance(message, bytes):
                    sound += message
                    if len(sound) > LARGEST_ANSWER:
                        raise too_large(LARGEST_ANSWER)
                elif message.get("type") == "Flushed":
                    await socket.send_json({"type": "Close"})
                    break
            else:
                raise _unfinished(socket)
        if not sound:
            raise Trouble(Cause.ANSWER, "it has no sound in it", retryable=True)
        return Sound(samples_of(bytes(sound)), RATE)


async def _transcript(socket: aiohttp.ClientWebSocketResponse) -> Hearing:
    """What the final results say, in their order; how sure they are is weighed by the length of their words."""
    texts: list[str] = []
    sure: list[tuple[int, float]] = []
    async for message in _messages(socket):
        if isinstance(message, bytes):
            continue
        kind = message.get("type")
        if kind == "Metadata":
            weight = sum(length for length, _ in sure)
            return heard(text_of(" ".join(texts)), sum(n * each for n, each in sure) / weight if weight else None)
        if kind == "Results" and message.get("is_final"):
            channel: Any = message.get("channel")
            text, confidence = best(channel if isinstance(channel, dict) else {})  # pyright: ignore[reportUnknownArgumentType] - JSON
            if text:
                texts.append(text)
            if text and confidence is not None:
                sure.append((len(text), confidence))
    raise _unfinished(socket)


@asynccontextmanager
async def _socket(
    client: HostedClient, path: str, query: dict[str, str]
) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    """An open socket; troubles with it become `Trouble`. The whole of its use has the client's time-out."""
    url = client.url(path, query)
    url = url.with_scheme({"http": "ws", "https": "wss"}.get(url.scheme, url.scheme))
    try:
        async with (
            asyncio.timeout(client.timeout),
            client.session.ws_connect(
                url, headers=client.headers, proxy=client.proxy, max_msg_size=_LARGEST_MESSAGE
            ) as socket,
        ):
            yield socket
    except aiohttp.WSServerHandshakeError as error:
        raise refusal(error.status, error.headers or {}, b"") from None
    except (aiohttp.ClientError, OSError) as error:
        raise client.no_answer(error) from None


async def _messages(socket: aiohttp.ClientWebSocketResponse) -> AsyncGenerator[bytes | dict[str, Any]]:
    """What comes until the socket is closed: binary frames, and JSON objects. An `Error` is raised as `Trouble`."""
    words = 0
    for _ in range(_MOST_MESSAGES):
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            yield message.data
        elif message.type is aiohttp.WSMsgType.TEXT:
            words += len(message.data)
            if words > LARGEST_TRANSCRIPT:
                raise too_large(LARGEST_TRANSCRIPT)
            event = json_object(message.data)
            if event.get("type") == "Error":
                raise refusal(_REFUSED, {}, json.dumps(event).encode())
            yield event
        else:
            return
    raise too_large(LARGEST_ANSWER)


def _unfinished(socket: aiohttp.ClientWebSocketResponse) -> Trouble:
    """The socket was closed before the answer was whole."""
    code = socket.close_code
    if code == _REFUSED_SOUND:
        return Trouble(Cause.REQUEST, f"the server closed the socket with code {code}", retryable=False)
    how = f" with code {code}" if code else ""
    return Trouble(Cause.ANSWER, f"the server closed the socket{how} before the answer was whole", retryable=True)
