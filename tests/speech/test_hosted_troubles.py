"""Everything that can go wrong with a hosted provider, for each protocol, against a real server."""

import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp.abc import AbstractResolver

from ringback.errors import SpeechError, SpeechRejected, SpeechUnavailable
from ringback.models.retrying import Retries
from ringback.speech import deepgram_live, deepgram_speech, elevenlabs_speech, hosted_client, openai_speech
from ringback.speech.audio import Sound
from ringback.speech.build import open_speech_to_text, open_text_to_speech
from ringback.speech.hosted_ear import HostedEar
from ringback.speech.hosted_usage import SpeechUsage
from ringback.speech.hosted_voice import HostedVoice
from ringback.speech.speech_to_text import Hearing
from ringback.speech.text_to_speech import Voice
from ringback.testing import (
    CutShort,
    DropConnection,
    RawAnswer,
    ScriptedSpeechServer,
    Stall,
    html_page,
    malformed_json,
    rate_limited,
    refused,
    server_error,
)

KEY = "sk-planted-secret-4711"
TURN = Sound((9000 * np.sin(np.arange(8000) / 5)).astype(np.int16), 8000)
VOICES = ["openai:tts-1", "deepgram:aura-2-thalia-en", "deepgram-live:aura-2-thalia-en", "elevenlabs:Rachel21"]
EARS = ["openai:whisper-1", "deepgram:nova-3", "deepgram-live:nova-3", "elevenlabs:scribe_v2"]
OVER_HTTP = [name for name in VOICES if "live" not in name]
EARS_OVER_HTTP = [name for name in EARS if "live" not in name]

Ask = Callable[[], Awaitable[Any]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def server() -> AsyncIterator[ScriptedSpeechServer]:
    async with ScriptedSpeechServer() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """Seconds that would have been waited before another try."""
    return []


@pytest.fixture
def retries(waits: list[float]) -> Retries:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return Retries(attempts=3, sleep=sleep, jitter=lambda: 0.0)


def voice(name: str, url: str, session: aiohttp.ClientSession, retries: Retries, timeout: float = 5.0) -> HostedVoice:
    made = open_text_to_speech(name, base_url=url, api_key=KEY, timeout=timeout, session=session, retries=retries)
    assert isinstance(made, HostedVoice)
    return made


def ear(name: str, url: str, session: aiohttp.ClientSession, retries: Retries, timeout: float = 5.0) -> HostedEar:
    made = open_speech_to_text(name, base_url=url, api_key=KEY, timeout=timeout, session=session, retries=retries)
    assert isinstance(made, HostedEar)
    return made


def asking(name: str, url: str, session: aiohttp.ClientSession, retries: Retries, timeout: float = 5.0) -> Ask:
    """What speaks a text, or hears a turn, by the provider."""
    if name in VOICES:
        return partial(voice(name, url, session, retries, timeout).speak, "Hello.", Voice())
    return partial(ear(name, url, session, retries, timeout).hear, TURN)


@pytest.fixture
def ask(server: ScriptedSpeechServer, session: aiohttp.ClientSession, retries: Retries) -> Callable[[str], Ask]:
    return lambda name: asking(name, server.url, session, retries)


@pytest.mark.parametrize("name", VOICES + EARS)
async def test_a_provider_that_asks_to_wait_is_waited_for(
    name: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer, waits: list[float]
) -> None:
    server.fail(rate_limited(retry_after=2))
    await ask(name)()
    assert waits == [2.0]


@pytest.mark.parametrize("name", VOICES + EARS)
async def test_a_server_in_trouble_is_asked_again_and_then_given_up(
    name: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer, waits: list[float]
) -> None:
    server.fail(server_error(503), times=3)
    with pytest.raises(SpeechUnavailable, match=r"at 127\.0\.0\.1:\d+: the server had an error .*tried 3 times"):
        await ask(name)()
    assert waits == [0.25, 0.5]


@pytest.mark.parametrize("name", VOICES + EARS)
async def test_a_connection_that_is_cut_is_tried_again(
    name: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer, waits: list[float]
) -> None:
    server.fail(DropConnection(), times=2)
    await ask(name)()
    # The HTTP client itself tries a handshake, which changes nothing, a second time.
    assert len(waits) == (1 if "live" in name else 2)


@pytest.mark.parametrize("name", VOICES + EARS)
async def test_an_answer_that_breaks_off_is_asked_for_again(
    name: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer, waits: list[float]
) -> None:
    server.fail(CutShort())
    await ask(name)()
    assert len(waits) == 1


@pytest.mark.parametrize("name", VOICES + EARS)
async def test_no_error_ever_carries_the_key(
    name: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer, waits: list[float]
) -> None:
    assert KEY not in repr(ask(name))
    server.fail(refused(401, f"Incorrect API key provided: {KEY}."))
    with pytest.raises(SpeechRejected, match="the key was refused") as caught:
        await ask(name)()
    error: BaseException | None = caught.value
    while error is not None:
        assert KEY not in repr(error)
        error = error.__cause__ or error.__context__
    assert waits == []


@pytest.mark.parametrize("name", VOICES + EARS)
async def test_silence_of_the_server_ends_after_the_time_out(
    name: str, server: ScriptedSpeechServer, session: aiohttp.ClientSession
) -> None:
    server.fail(Stall())
    once = Retries(attempts=1)
    with pytest.raises(SpeechUnavailable, match=r"no answer came in time \(within 0\.05 s\).*RINGBACK_SPEECH_TIMEOUT"):
        await asking(name, server.url, session, once, timeout=0.05)()


@pytest.mark.parametrize("name", VOICES + EARS)
async def test_a_server_that_is_not_there_is_named(name: str, session: aiohttp.ClientSession, retries: Retries) -> None:
    url = "http://127.0.0.1:9/v1"
    with pytest.raises(SpeechUnavailable, match=r"at 127\.0\.0\.1:9: no connection .*_BASE_URL is right"):
        await asking(name, url, session, retries)()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (html_page(), "it is a web page, not sound"),
        (RawAnswer(body='{"audio": ""}'), "it is application/json, not sound"),
        (RawAnswer(body=b"\0\1\2\3" * 9, content_type="video/x-strange"), "it is video/x-strange and cannot be read"),
        (RawAnswer(301, headers={"Location": "https://elsewhere.example/"}), "HTTP 301"),
    ],
)
@pytest.mark.parametrize("name", OVER_HTTP)
async def test_what_is_no_sound_is_not_asked_for_again(
    name: str, fault: RawAnswer, words: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer
) -> None:
    server.fail(fault, times=9)
    with pytest.raises(SpeechRejected, match=words):
        await ask(name)()
    assert len(server.spoken) == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (RawAnswer(body=b"", content_type="audio/wav"), "it is empty"),
        (RawAnswer(body=b"\0\0\0", content_type="audio/pcm"), "in the middle of a sample"),
        (RawAnswer(body=b"RIFF\0\0\0\0WAVEfmt ", content_type="audio/wav"), "the sound broke off"),
    ],
)
@pytest.mark.parametrize("name", OVER_HTTP)
async def test_half_of_a_sound_is_asked_for_again(
    name: str, fault: RawAnswer, words: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer
) -> None:
    server.fail(fault, times=2)
    await ask(name)()
    server.fail(fault, times=9)
    with pytest.raises(SpeechUnavailable, match=words):
        await ask(name)()


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (html_page(), SpeechRejected, "it is a web page, not a transcript"),
        (malformed_json(), SpeechUnavailable, "it is no JSON"),
        (RawAnswer(body="[]"), SpeechRejected, "it is no JSON object"),
        (RawAnswer(body="{}"), SpeechRejected, "it has no transcript"),
        (RawAnswer(body='{"text": 5, "results": {"channels": [{"alternatives": [{}]}]}}'), SpeechRejected, "no transc"),
        (RawAnswer(body='{"results": [], "text": null}'), SpeechRejected, "it has no transcript"),
    ],
)
@pytest.mark.parametrize("name", EARS_OVER_HTTP)
async def test_what_is_no_transcript_is_told(  # noqa: PLR0917 - pytest passes them by name
    name: str,
    fault: RawAnswer,
    kind: type[SpeechError],
    words: str,
    ask: Callable[[str], Ask],
    server: ScriptedSpeechServer,
) -> None:
    server.fail(fault, times=9)
    with pytest.raises(kind, match=words):
        await ask(name)()


@pytest.mark.parametrize("name", OVER_HTTP + EARS_OVER_HTTP)
async def test_an_endless_answer_is_not_read_to_its_end(
    name: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosted_client, "LARGEST_ANSWER", 4096)
    for module in (openai_speech, deepgram_speech, elevenlabs_speech):
        monkeypatch.setattr(module, "LARGEST_TRANSCRIPT", 4096)
    server.fail(RawAnswer(body=b"RIFF" * 2048, content_type="audio/wav"))
    with pytest.raises(SpeechRejected, match="it is larger than"):
        await ask(name)()


async def test_a_transcript_is_no_longer_than_a_turn_can_be(
    ask: Callable[[str], Ask], server: ScriptedSpeechServer
) -> None:
    server.fail(RawAnswer(body=json.dumps({"text": "word " * 30_000})))
    with pytest.raises(SpeechRejected, match="more than 100,000 characters"):
        await ask("openai:whisper-1")()


@pytest.mark.parametrize("sure", ["1e999", "-Infinity", "NaN", "9" * 400, '"much"', "null", "true", "[]"])
async def test_how_sure_a_provider_is_may_be_anything(
    sure: str, ask: Callable[[str], Ask], server: ScriptedSpeechServer
) -> None:
    texts = f'"text": "Yes.", "words": [{{"type": "word", "logprob": {sure}}}], "segments": [{{"avg_logprob": {sure}}}]'
    best = f'{{"transcript": "Yes.", "confidence": {sure}}}'
    server.fail(RawAnswer(body=f'{{{texts}, "results": {{"channels": [{{"alternatives": [{best}]}}]}}}}'), times=3)
    for name in EARS_OVER_HTTP:
        heard: Hearing = await ask(name)()
        assert (heard.text, heard.recognition.confidence) == ("Yes.", None)


async def test_an_endless_socket_is_not_read_to_its_end(
    ask: Callable[[str], Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deepgram_live, "LARGEST_ANSWER", 4096)
    with pytest.raises(SpeechError):
        await ask("deepgram-live:aura-2-thalia-en")()


async def test_only_what_was_answered_is_counted(
    server: ScriptedSpeechServer, session: aiohttp.ClientSession, retries: Retries
) -> None:
    speaking = voice("openai:tts-1", server.url, session, retries)
    hearing = ear("openai:whisper-1", server.url, session, retries)
    server.fail(server_error())
    await speaking.speak("Hello there.", Voice())
    await speaking.speak("  ", Voice())
    await hearing.hear(TURN)
    await hearing.hear(Sound(TURN.samples[:100], 8000))
    server.fail(refused(400))
    with pytest.raises(SpeechRejected):
        await hearing.hear(TURN)
    assert speaking.usage == SpeechUsage(calls=1, characters=12, seconds=0.72)
    assert hearing.usage == SpeechUsage(calls=1, seconds=1.0)
    assert len(server.spoken) == 2  # one of them in vain; nothing was asked for no words
    assert len(server.heard) == 2


class NobodyKnows(AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Any]:
        raise OSError(f"{host} is not known")

    async def close(self) -> None: ...


async def test_a_host_that_nobody_knows_is_named(retries: Retries, waits: list[float]) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NobodyKnows())) as session:
        with pytest.raises(
            SpeechUnavailable, match=r"at voices\.example: no connection \(the host's name is not known\)"
        ):
            await asking("openai:tts-1", "http://voices.example/v1", session, retries)()
    assert len(waits) == 2


async def test_credentials_in_a_base_url_are_kept_out_of_errors(session: aiohttp.ClientSession) -> None:
    once = Retries(attempts=1)
    speaking = open_text_to_speech(
        "local:tts/x", base_url="http://me:hunter2secret@127.0.0.1:9/v1?token=abcdef123", session=session, retries=once
    )
    with pytest.raises(SpeechUnavailable) as caught:
        await speaking.speak("Hello.", Voice())
    assert "hunter2secret" not in str(caught.value)
    assert "abcdef123" not in str(caught.value)
    await speaking.close()
