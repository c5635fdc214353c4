"""The scripted speech server, asked by the providers' own clients and by bare HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from ringback.speech.audio import Sound
from ringback.speech.hosted_client import HostedAnswer
from ringback.speech.hosted_sound import sound_of, wav_of
from ringback.testing import AskedToHear, AskedToSpeak, ScriptedSpeechServer, Transcript


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_openais_own_client_is_spoken_to_and_heard() -> None:
    from openai import AsyncOpenAI  # a second, which only the process that is here has to take

    async with (
        ScriptedSpeechServer(hears=Transcript("Which day?", 0.5), api_key="sk-1") as server,
        AsyncOpenAI(base_url=server.url, api_key="sk-1", max_retries=0) as client,
    ):
        said = await client.audio.speech.create(
            model="gpt-4o-mini-tts", voice="nova", input="Hello.", response_format="wav", speed=1.25
        )
        heard = await client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=("turn.wav", said.content), language="en", include=["logprobs"]
        )
    sound = sound_of(HostedAnswer(said.content, ""), raw_rate=1)
    assert (sound.rate, sound.duration) == (24_000, pytest.approx(0.36))
    assert heard.text == "Which day?"
    assert heard.logprobs is not None
    assert [token.token for token in heard.logprobs] == ["Which", "day?"]
    assert (server.spoken[0].voice, server.spoken[0].speed, server.spoken[0].number) == ("nova", 1.25, 1)
    assert (server.heard[0].language, server.heard[0].number) == ("en", 2)
    assert server.heard[0].sound.duration == pytest.approx(0.36)


async def test_openais_own_client_is_refused_with_another_key() -> None:
    from openai import AsyncOpenAI, AuthenticationError  # a second, which only the process that is here has to take

    async with (
        ScriptedSpeechServer(api_key="sk-1") as server,
        AsyncOpenAI(base_url=server.url, api_key="sk-2", max_retries=0) as client,
    ):
        with pytest.raises(AuthenticationError, match="Incorrect API key"):
            await client.audio.speech.create(model="tts-1", voice="nova", input="Hello.", response_format="wav")
    assert server.spoken == []


async def test_transcripts_are_given_in_turn_and_the_last_again(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(hears=["One.", "Two."]) as server:
        body = wav_of(_sound())
        said: list[str] = []
        for _ in range(3):
            async with session.post(f"{server.url}/listen?model=nova-3", data=body) as response:
                answer = await response.json()
                said.append(answer["results"]["channels"][0]["alternatives"][0]["transcript"])
    assert said == ["One.", "Two.", "Two."]


async def test_functions_make_sounds_and_transcripts(session: aiohttp.ClientSession) -> None:
    def says(asked: AskedToSpeak) -> Sound:
        return Sound(_sound().samples[: len(asked.text) * 100], 8000)

    async def hears(asked: AskedToHear) -> Transcript:
        return Transcript(f"{len(asked.audio)} bytes", 0.3)

    async with ScriptedSpeechServer(says=says, hears=hears) as server:
        url = f"{server.url}/speak?encoding=linear16&container=none&sample_rate=8000"
        async with session.post(url, json={"text": "four"}) as response:
            assert len(await response.read()) == 800
        async with session.post(f"{server.url}/listen", data=wav_of(_sound())) as response:
            [best] = (await response.json())["results"]["channels"][0]["alternatives"]
            assert (best["transcript"], best["confidence"]) == ("16044 bytes", 0.3)


async def test_a_sound_has_the_rate_that_was_asked_for(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer(says=_sound()) as server:
        url = f"{server.url}/text-to-speech/Rachel21?output_format=pcm_24000"
        async with session.post(url, json={"text": "Hello."}) as response:
            assert len(await response.read()) == pytest.approx(24_000 * 2, rel=0.01)


async def test_flite_speaks_when_told_to(session: aiohttp.ClientSession) -> None:
    async with (
        ScriptedSpeechServer(flite=True) as server,
        session.post(f"{server.url}/speak", json={"text": "Hello."}) as response,
    ):
        sound = sound_of(HostedAnswer(await response.read(), ""), raw_rate=1)
    assert sound.rate == 24_000
    assert 0.2 < sound.duration < 1.0


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("audio/speech", {"model": "m", "voice": "v", "input": "x", "response_format": "mp3"}, "wav and pcm, not mp3"),
        ("audio/speech", {"model": "m", "voice": "v", "input": "", "response_format": "wav"}, "input is missing"),
        ("audio/speech", ["no object"], "The request is no object."),
        ("speak?encoding=mulaw", {"text": "x"}, "linear16 only"),
        ("text-to-speech/x?output_format=pcm_16000", {"text": "x", "voice_settings": {"speed": 2}}, "0.7 and 1.2"),
        ("text-to-speech/x", {"text": "x"}, "makes pcm, not mp3"),
        ("audio/transcriptions", {"model": "m"}, "The form has no file."),
        ("speech-to-text", {"model_id": "m"}, "The form has no file."),
    ],
)
async def test_what_no_provider_takes_is_refused(
    path: str, body: object, message: str, session: aiohttp.ClientSession
) -> None:
    async with ScriptedSpeechServer() as server, session.post(f"{server.url}/{path}", json=body) as response:
        assert response.status == 400
        assert message in await response.text()


async def test_a_mistake_in_a_script_is_never_silent(session: aiohttp.ClientSession) -> None:
    def hears(asked: AskedToHear) -> str:
        raise ValueError(asked.model)

    server = ScriptedSpeechServer(hears=hears)
    await server.start()
    async with session.post(f"{server.url}/listen?model=nova-3", data=wav_of(_sound())) as response:
        assert response.status == 500
    with pytest.raises(ValueError, match="nova-3"):
        await server.close()


async def test_a_socket_that_is_not_spoken_to_as_deepgram_wants_is_closed(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        for path in ("speak", "listen"):
            async with session.ws_connect(f"{server.url}/{path}".replace("http", "ws")) as socket:
                await socket.send_str("not JSON")
                await socket.receive()
                assert socket.close_code == 1008


def _sound() -> Sound:
    import numpy as np

    return Sound((8000 * np.sin(np.arange(8000) / 5)).astype(np.int16), 8000)
