"""Messages of Deepgram's sockets that are rare, or that make no sense."""

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import numpy as np
import pytest
import trustme
from aiohttp import web

from ringback.errors import SpeechError, SpeechRejected, SpeechUnavailable
from ringback.models.retrying import Retries
from ringback.speech import deepgram_live
from ringback.speech.audio import Sound
from ringback.speech.build import open_speech_to_text, open_text_to_speech
from ringback.speech.text_to_speech import Voice

TURN = Sound((9000 * np.sin(np.arange(1600) / 5)).astype(np.int16), 8000)
ONCE = Retries(attempts=1)

Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A server that answers the last message of a client with the messages given, then closes the socket."""
    runners: list[web.AppRunner] = []

    async def serving(*messages: Any, ssl_context: ssl.SSLContext | None = None) -> str:
        async def handle(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT and json.loads(message.data)["type"] in (
                    "CloseStream",
                    "Flush",
                ):
                    break
            for message in messages:
                if isinstance(message, bytes):
                    await socket.send_bytes(message)
                else:
                    await socket.send_str(message if isinstance(message, str) else json.dumps(message))
            await socket.close()
            return socket

        application = web.Application()
        application.router.add_get("/v1/{path}", handle)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context).start()
        return f"{'https' if ssl_context else 'http'}://127.0.0.1:{runner.addresses[0][1]}/v1"

    yield serving
    for runner in runners:
        await runner.cleanup()


def result(text: str, confidence: float = 1.0, *, final: bool = True) -> dict[str, Any]:
    best = {"transcript": text, "confidence": confidence}
    return {"type": "Results", "is_final": final, "channel": {"alternatives": [best]}}


METADATA = {"type": "Metadata", "request_id": "1"}


async def test_only_final_results_count_and_longer_ones_weigh_more(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    url = await serve(
        {"type": "SpeechStarted"},
        result("which", 0.1, final=False),
        b"binary",
        result("Which day", 1.0),
        result("", 0.0),
        result("?", 0.0),
        METADATA,
    )
    heard = await open_speech_to_text("deepgram-live:nova-3", base_url=url, session=session).hear(TURN)
    assert heard.text == "Which day ?"
    assert heard.recognition.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("messages", "kind", "words"),
    [
        ([{"type": "Error", "err_msg": "No such model."}], SpeechRejected, "No such model"),
        ([result("Which day?")], SpeechUnavailable, "closed the socket with code 1000 before the answer was whole"),
        (["not JSON"], SpeechUnavailable, "it is no JSON"),
        (["5"], SpeechRejected, "no JSON object"),
        ([{"type": "Results", "is_final": True, "channel": 7}], SpeechRejected, "it has no transcript"),
        ([result("")] * 30, SpeechRejected, "it is larger than"),
        ([result("x" * 5000)] * 3, SpeechRejected, "it is larger than"),
    ],
)
async def test_messages_that_make_no_sense_are_told(  # noqa: PLR0917 - pytest passes them by name
    messages: list[Any],
    kind: type[SpeechError],
    words: str,
    serve: Serve,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deepgram_live, "_MOST_MESSAGES", 20)
    monkeypatch.setattr(deepgram_live, "LARGEST_TRANSCRIPT", 10_000)
    url = await serve(*messages)
    ear = open_speech_to_text("deepgram-live:nova-3", base_url=url, session=session, retries=ONCE)
    with pytest.raises(kind, match=words):
        await ear.hear(TURN)


@pytest.mark.parametrize(
    ("messages", "kind", "words"),
    [
        ([{"type": "Metadata"}, {"type": "Flushed"}], SpeechUnavailable, "no sound in it"),
        ([b"\0\1\2", {"type": "Flushed"}], SpeechUnavailable, "in the middle of a sample"),
        ([b"\0\1" * 9], SpeechUnavailable, "before the answer was whole"),
        ([b"\0\1" * 900, b"\0\1" * 900], SpeechRejected, "it is larger than"),
    ],
)
async def test_sound_that_is_not_whole_is_told(  # noqa: PLR0917 - pytest passes them by name
    messages: list[Any],
    kind: type[SpeechError],
    words: str,
    serve: Serve,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deepgram_live, "LARGEST_ANSWER", 2000)
    url = await serve(*messages)
    voice = open_text_to_speech("deepgram-live:aura-2-thalia-en", base_url=url, session=session, retries=ONCE)
    with pytest.raises(kind, match=words):
        await voice.speak("Hello.", Voice())


async def test_a_certificate_that_is_not_trusted_is_not_tried_again(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)  # pyright: ignore[reportUnknownMemberType] - also takes contexts of a package not here
    url = await serve(METADATA, ssl_context=context)
    for name in ("deepgram-live:nova-3", "deepgram:nova-3"):
        with pytest.raises(SpeechRejected, match=r"no connection \(certificate: "):
            await open_speech_to_text(name, base_url=url, session=session).hear(TURN)
