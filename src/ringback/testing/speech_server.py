"""A scripted speech server: real, small, and fluent in the protocols of OpenAI, Deepgram and ElevenLabs."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from ringback.testing import speech_protocols as protocols
from ringback.testing.listening import ListeningServer
from ringback.testing.model_answers import DropConnection, RawAnswer, Stall
from ringback.testing.speech_requests import AskedToHear, AskedToSpeak, CloseSocket, CutShort, Transcript

if TYPE_CHECKING:
    from ringback.speech.audio import Sound

SpeechFault: TypeAlias = RawAnswer | Stall | DropConnection | CutShort | CloseSocket
"""Trouble in place of an answer."""

Saying: TypeAlias = "Sound | Callable[[AskedToSpeak], Sound | Awaitable[Sound]]"
"""A sound, or a function that makes one."""

Hearing: TypeAlias = (
    str
    | Transcript
    | Sequence[str | Transcript]
    | Callable[[AskedToHear], str | Transcript | Awaitable[str | Transcript]]
)
"""A transcript, several to be given in turn (the last again and again), or a function that makes one."""

_LARGEST_REQUEST = 64 * 1024 * 1024
_NOT_UNDERSTOOD = 1008
"""Close code `DATA-0000` of Deepgram."""
_PITCH = 440.0
_LOUDNESS = 8000
_SECONDS_PER_CHARACTER = 0.06


@dataclass(slots=True)
class _Fault:
    fault: SpeechFault
    left: int


class ScriptedSpeechServer(ListeningServer):
    """A speech server on the loopback, in the running event loop: give its `url` as any provider's base URL.

    ```python
    async with ScriptedSpeechServer(hears=["Which day?", Transcript("At ten?", confidence=0.7)]) as speech:
        speech.fail(rate_limited(retry_after=1), times=2)  # the next two requests
        ...  # speech.url, then speech.spoken and speech.heard
    ```
    """

    def __init__(
        self,
        *,
        says: "Saying | None" = None,
        hears: Hearing = "Hello.",
        flite: bool = False,
        latency: float = 0.0,
        api_key: str | None = None,
        port: int = 0,
    ) -> None:
        """Describe the server.

        Args:
            says: The sound of each text, whatever its rate; None: a tone of 60 ms a character.
            hears: What is said in each sound.
            flite: Texts are spoken by the program flite, in place of `says`.
            latency: Seconds before each answer.
            api_key: Requests with another key, or none, are refused with 401.
            port: 0 takes a free one.
        """
        super().__init__(port=port)
        self.spoken: list[AskedToSpeak] = []
        """Every request for speech, in the order in which they came."""
        self.heard: list[AskedToHear] = []
        """Every request for a transcript, in the order in which they came."""
        self.latency = latency
        self._says = _by_flite if flite else says
        self._hears = hears
        self._api_key = api_key
        self._faults: list[_Fault] = []
        self._number = 0

    @property
    def url(self) -> str:
        """The base URL of all three protocols, `http://127.0.0.1:PORT/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def fail(self, fault: SpeechFault, *, times: int = 1) -> None:
        """Answer the next requests with this."""
        self._faults.append(_Fault(fault, times))

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=_LARGEST_REQUEST)
        application.router.add_post("/v1/audio/speech", self._route(self._speak_openai))
        application.router.add_post("/v1/audio/transcriptions", self._route(self._hear_openai))
        application.router.add_post("/v1/speak", self._route(self._speak_deepgram))
        application.router.add_post("/v1/listen", self._route(self._hear_deepgram))
        application.router.add_get("/v1/speak", self._route(self._speak_live))
        application.router.add_get("/v1/listen", self._route(self._hear_live))
        application.router.add_post("/v1/text-to-speech/{voice}", self._route(self._speak_elevenlabs))
        application.router.add_post("/v1/speech-to-text", self._route(self._hear_elevenlabs))
        return application

    def _route(
        self, answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self._number += 1
            try:
                self._check_key(request)
                return await answer(request)
            except protocols.Refused as refused:
                return protocols.refusal(request.path, refused.status, str(refused))
            except (web.HTTPException, ConnectionError):
                raise  # the client has gone, or sent too much
            except Exception as error:  # noqa: BLE001 - the script is a stranger's code; its faults are raised by close()
                self._errors.append(error)
                return protocols.refusal(request.path, 500, f"The script failed with {type(error).__name__}.")

        return handle

    def _check_key(self, request: web.Request) -> None:
        sent = request.headers.get("xi-api-key") or request.headers.get("Authorization", "").partition(" ")[2]
        if self._api_key is not None and sent != self._api_key:
            raise protocols.Refused(401, "Incorrect API key provided.")

    async def _speak_openai(self, request: web.Request) -> web.StreamResponse:
        return await self._speak(request, *await protocols.openai_to_speak(request, self._number))

    async def _speak_deepgram(self, request: web.Request) -> web.StreamResponse:
        return await self._speak(request, *await protocols.deepgram_to_speak(request, self._number))

    async def _speak_elevenlabs(self, request: web.Request) -> web.StreamResponse:
        return await self._speak(request, await protocols.elevenlabs_to_speak(request, self._number), "pcm")

    async def _hear_openai(self, request: web.Request) -> web.StreamResponse:
        return await self._hear(request, await protocols.openai_to_hear(request, self._number))

    async def _hear_deepgram(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        return await self._hear(request, protocols.deepgram_to_hear(request, self._number, "deepgram", body))

    async def _hear_elevenlabs(self, request: web.Request) -> web.StreamResponse:
        return await self._hear(request, await protocols.elevenlabs_to_hear(request, self._number))

    async def _speak(self, request: web.Request, asked: AskedToSpeak, kind: str) -> web.StreamResponse:
        from ringback.speech.hosted_sound import wav_of  # noqa: PLC0415 - numpy is not for all tests

        self.spoken.append(asked)
        fault = self._fault()
        if isinstance(fault, RawAnswer | Stall | DropConnection | CloseSocket):
            return await self._trouble(fault, request)
        sound = await self._sound(asked)
        body = wav_of(sound) if kind == "wav" else sound.samples.astype("<i2").tobytes()
        content_type = "audio/wav" if kind == "wav" else "audio/pcm"
        return await self._send(request, body, content_type, fault)

    async def _hear(self, request: web.Request, asked: AskedToHear) -> web.StreamResponse:
        self.heard.append(asked)
        fault = self._fault()
        if isinstance(fault, RawAnswer | Stall | DropConnection | CloseSocket):
            return await self._trouble(fault, request)
        body = protocols.transcript_body(asked, await self._transcript(asked), asked.sound.duration)
        return await self._send(request, json.dumps(body).encode(), "application/json", fault)

    async def _send(
        self, request: web.Request, body: bytes, content_type: str, cut: CutShort | None
    ) -> web.StreamResponse:
        if cut is None:
            return web.Response(body=body, content_type=content_type)
        response = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: int(len(body) * cut.share)])
        if request.transport is not None:
            # Lets the bytes out before the cut.
            await asyncio.sleep(0)
            request.transport.abort()
        return response

    async def _trouble(self, fault: SpeechFault, request: web.Request) -> web.StreamResponse:
        match fault:
            case RawAnswer(status, body, headers, content_type):
                data = body.encode() if isinstance(body, str) else body
                return web.Response(status=status, body=data, headers={**headers, "Content-Type": content_type})
            case Stall():
                await self._closing.wait()
                return protocols.refusal(request.path, 503, "The server is closing.")
            case _:
                if request.transport is not None:
                    if isinstance(fault, DropConnection):
                        request.transport.write(fault.after)
                        await asyncio.sleep(0)
                    request.transport.abort()
                return web.Response()

    async def _speak_live(self, request: web.Request) -> web.StreamResponse:
        """Deepgram's `/speak` over a WebSocket: sound for all that was said before each `Flush`."""
        fault = self._fault()
        if isinstance(fault, RawAnswer | DropConnection):
            return await self._trouble(fault, request)
        socket, number, text = web.WebSocketResponse(), self._number, ""
        await socket.prepare(request)
        async for message in socket:
            event = _event(message)
            if event.get("type") == "Speak":
                text += str(event.get("text", ""))
            elif event.get("type") == "Flush":
                asked = protocols.deepgram_voice(request, number, "deepgram-live", text)
                self.spoken.append(asked)
                data = (await self._sound(asked)).samples.astype("<i2").tobytes()
                await self._reply(socket, request, fault, data, {"type": "Flushed", "sequence_id": 0})
                text = ""
            else:
                await socket.close(code=WSCloseCode.OK if event.get("type") == "Close" else _NOT_UNDERSTOOD)
        return socket

    async def _hear_live(self, request: web.Request) -> web.StreamResponse:
        """Deepgram's `/listen` over a WebSocket: each word group of the transcript is a result of its own."""
        fault = self._fault()
        if isinstance(fault, RawAnswer | DropConnection):
            return await self._trouble(fault, request)
        socket, number, audio = web.WebSocketResponse(), self._number, bytearray()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                audio += message.data
            elif _event(message).get("type") == "CloseStream":
                asked = protocols.deepgram_to_hear(request, number, "deepgram-live", bytes(audio))
                self.heard.append(asked)
                results = protocols.live_results(await self._transcript(asked))
                await self._reply(socket, request, fault, *results, {"type": "Metadata", "channels": 1})
                await socket.close()
            elif _event(message).get("type") != "KeepAlive":
                await socket.close(code=_NOT_UNDERSTOOD)
        return socket

    async def _reply(
        self,
        socket: web.WebSocketResponse,
        request: web.Request,
        fault: SpeechFault | None,
        *messages: bytes | dict[str, Any],
    ) -> None:
        """Send an answer, or what is to be in its place."""
        match fault:
            case Stall():
                await self._closing.wait()
                await socket.close()
            case CloseSocket(code, reason):
                await socket.close(code=code, message=reason.encode())
            case _:
                # Of an answer that is cut short, the message that says that it is whole is always missing.
                for message in messages[:-1] if fault else messages:
                    if isinstance(message, bytes):
                        await socket.send_bytes(message)
                    else:
                        await socket.send_json(message)
                if fault and request.transport is not None:
                    request.transport.abort()

    async def _sound(self, asked: AskedToSpeak) -> "Sound":
        from ringback.speech.resampling import resampled  # noqa: PLC0415 - numpy is not for all tests

        await self._wait()
        made: Any = self._says(asked) if callable(self._says) else self._says or _tone(asked)
        return resampled(await made if inspect.isawaitable(made) else made, asked.rate)

    async def _transcript(self, asked: AskedToHear) -> Transcript:
        await self._wait()
        said: Any = self._hears
        if callable(said):
            said = said(asked)
            said = await said if inspect.isawaitable(said) else said
        elif not isinstance(said, str | Transcript):
            said = said[min(len(self.heard), len(said)) - 1]
        return Transcript(said) if isinstance(said, str) else said

    async def _wait(self) -> None:
        if self.latency:
            await asyncio.sleep(self.latency)

    def _fault(self) -> SpeechFault | None:
        while self._faults and not self._faults[0].left:
            self._faults.pop(0)
        if not self._faults:
            return None
        self._faults[0].left -= 1
        return self._faults[0].fault


def _event(message: WSMessage) -> dict[str, Any]:
    """The JSON object of a text frame; empty for anything else."""
    if message.type is not WSMsgType.TEXT:
        return {}
    try:
        value: Any = json.loads(message.data)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _tone(asked: AskedToSpeak) -> "Sound":
    import numpy as np  # noqa: PLC0415 - not for all tests

    from ringback.speech.audio import Sound  # noqa: PLC0415 - the same

    at = np.arange(round(len(asked.text) * _SECONDS_PER_CHARACTER * asked.rate)) / asked.rate
    return Sound((_LOUDNESS * np.sin(2 * np.pi * _PITCH * at)).astype(np.int16), asked.rate)


async def _by_flite(asked: AskedToSpeak) -> "Sound":
    from ringback.speech.flite import FliteVoice  # noqa: PLC0415 - numpy is not for all tests
    from ringback.speech.text_to_speech import Voice  # noqa: PLC0415 - the same

    return await FliteVoice().speak(asked.text, Voice(speed=asked.speed))
