"""What speaks and what hears, from a setting; everything that may be wrong with one, in words."""

import subprocess
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from ringback.domain.voice import RecognitionMode
from ringback.errors import SpeechRejected, UsageError
from ringback.speech import faster_whisper_ear
from ringback.speech.build import (
    check_speech_to_text,
    check_text_to_speech,
    open_speech_to_text,
    open_text_to_speech,
    speech_key_variables,
)
from ringback.speech.hosted_ear import HostedEar
from ringback.speech.hosted_voice import HostedVoice
from ringback.speech.text_to_speech import Voice
from ringback.testing import ScriptedSpeechServer


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("openai:tts-1", ("OPENAI_API_KEY",)),
        ("deepgram:nova-3", ("DEEPGRAM_API_KEY",)),
        ("deepgram-live:nova-3", ("DEEPGRAM_API_KEY",)),
        ("elevenlabs:scribe_v2", ("ELEVENLABS_API_KEY",)),
        ("groq:whisper-large-v3", ("GROQ_API_KEY",)),
        ("flite:slt", ()),
        ("pocketsphinx", ()),
        ("mine:own", ()),
    ],
)
def test_keys_are_looked_for_under_their_providers_usual_names(name: str, variables: tuple[str, ...]) -> None:
    assert speech_key_variables(name) == variables


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", r"RINGBACK_TEXT_TO_SPEECH is ''; write it as provider:name, as flite:slt"),
        ("openai", r"write it as provider:name, for example openai:gpt-4o-mini-tts/alloy\."),
        ("elevenlabs:", r"for example elevenlabs:VOICE_ID\."),
        ("piper", r"for example piper:"),
        ("deepgrm:aura-2-thalia-en", r"'deepgrm', which is not known\. Did you mean deepgram:aura-2-thalia-en\?"),
        (
            "polly:Joanna",
            r"not known\. Take one of .*RINGBACK_TEXT_TO_SPEECH_BASE_URL to the address of an OpenAI-comp",
        ),
        ("pocketsphinx", r"not known"),
    ],
)
async def test_a_voice_that_is_none_is_told_with_a_remedy(
    name: str, words: str, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(UsageError, match=words):
        open_text_to_speech(name, session=session)
    with pytest.raises(UsageError, match=words):
        check_text_to_speech(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", r"RINGBACK_SPEECH_TO_TEXT is ''; write it as provider:name, as pocketsphinx"),
        ("pocketsphnx", r"Did you mean pocketsphinx\?"),
        ("fasterwhisper:tiny", r"Did you mean faster-whisper:"),
        ("deepgram", r"for example deepgram:nova-3\."),
        ("flite:slt", r"not known"),
    ],
)
async def test_an_ear_that_is_none_is_told_with_a_remedy(name: str, words: str, session: aiohttp.ClientSession) -> None:
    with pytest.raises(UsageError, match=words):
        open_speech_to_text(name, session=session)
    with pytest.raises(UsageError, match=words):
        check_speech_to_text(name)


async def test_a_hosted_provider_needs_its_key(session: aiohttp.ClientSession) -> None:
    with pytest.raises(UsageError, match=r"deepgram:nova-3 needs a key; set DEEPGRAM_API_KEY in the environment\."):
        open_speech_to_text("deepgram:nova-3", session=session)
    with pytest.raises(UsageError, match=r"set ELEVENLABS_API_KEY in"):
        open_text_to_speech("elevenlabs:x", api_key="  ", session=session)
    with pytest.raises(UsageError, match="OPENAI_API_KEY holds characters that no key has") as caught:
        open_text_to_speech("openai:tts-1", api_key="sk-planted\nsecret", session=session)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://host/v1", "http://", "http://a b/v1", "ws://host/v1", f"http://{'x' * 70}.de"]
)
async def test_a_base_url_that_is_none_is_told(url: str, session: aiohttp.ClientSession) -> None:
    with pytest.raises(UsageError, match="RINGBACK_TEXT_TO_SPEECH_BASE_URL is no http:// or https:// address"):
        open_text_to_speech("openai:tts-1", base_url=url, session=session)


async def test_a_key_and_a_user_name_cannot_both_be_sent(session: aiohttp.ClientSession) -> None:
    with pytest.raises(UsageError, match="SPEECH_TO_TEXT_BASE_URL carries a user name, and OPENAI_API_KEY is set"):
        open_speech_to_text("openai:whisper-1", base_url="http://me:pw@host/v1", api_key="k", session=session)


async def test_any_name_may_stand_with_the_address_of_a_compatible_server(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        url = server.url + "/"
        voice = open_text_to_speech("kokoro:tts/af_bella", base_url=url, session=session)
        ear = open_speech_to_text("speaches:whisper-large", base_url=url, session=session)
        sound = await voice.speak("Hello there.", Voice())
        assert (await ear.hear(sound)).text == "Hello."
    assert isinstance(voice, HostedVoice)
    assert isinstance(ear, HostedEar)
    assert (voice.name, ear.name) == ("kokoro:tts/af_bella", "speaches:whisper-large")


async def test_an_address_of_a_socket_is_as_good_where_sockets_are_used(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        url = server.url.replace("http:", "ws:")
        sound = await open_text_to_speech("deepgram-live:aura-2-thalia-en", base_url=url, session=session).speak(
            "Hello.", Voice()
        )
    assert sound.duration > 0.3


async def test_a_proxy_is_asked_for_strangers_and_not_for_the_loopback(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    asked: list[str] = []

    async def forward(request: web.BaseRequest) -> web.Response:
        asked.append(str(request.url))
        return web.json_response({"text": "By way of the proxy."})

    async with ScriptedSpeechServer() as server, RawTestServer(forward) as proxy:
        monkeypatch.setenv("http_proxy", str(proxy.make_url("/")))
        turn = await open_text_to_speech("openai:tts-1", base_url=server.url, session=session).speak("Hi.", Voice())
        far = open_speech_to_text("openai:whisper-1", base_url="http://voices.example/v1", session=session)
        near = open_speech_to_text("openai:whisper-1", base_url=server.url, session=session)
        assert (await far.hear(turn)).text == "By way of the proxy."
        assert (await near.hear(turn)).text == "Hello."
    assert asked == ["http://voices.example/v1/audio/transcriptions"]


async def test_a_wrong_path_says_how_base_urls_end(session: aiohttp.ClientSession) -> None:
    async with ScriptedSpeechServer() as server:
        voice = open_text_to_speech("openai:tts-1", base_url=server.url.removesuffix("/v1"), session=session)
        with pytest.raises(SpeechRejected, match=r"HTTP 404.*most base URLs end in /v1"):
            await voice.speak("Hello.", Voice())


async def test_a_grammar_needs_lines(session: aiohttp.ClientSession) -> None:
    with pytest.raises(UsageError, match=r"pocketsphinx, which hears only lines that it knows.*known_lines"):
        open_speech_to_text("pocketsphinx", session=session, known_lines=["", "  "])


async def test_flite_speaks_without_a_server(session: aiohttp.ClientSession) -> None:
    voice = open_text_to_speech("flite:slt", session=session)
    assert (await voice.speak("Hello.", Voice())).duration > 0.2
    await voice.close()
    with pytest.raises(UsageError, match="no voice"):
        open_text_to_speech("flite:nobody", session=session)


async def test_known_lines_are_heard_without_a_server(session: aiohttp.ClientSession) -> None:
    ear = open_speech_to_text("pocketsphinx", session=session, known_lines=["Which day would you like?"])
    assert (ear.name, ear.mode) == ("pocketsphinx:en-us", RecognitionMode.GRAMMAR)
    await ear.close()


async def test_what_is_not_installed_is_named_with_the_line_to_type(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(faster_whisper_ear, "find_spec", _nothing)
    with pytest.raises(UsageError, match=r"program flite.*apt-get install flite"):
        open_text_to_speech("flite:slt", session=session)
    with pytest.raises(UsageError, match=r"program piper.*pip install"):
        open_text_to_speech("piper:/voices/en.onnx", session=session)
    with pytest.raises(UsageError, match=r"pip install 'ringback\[faster-whisper\]'"):
        open_speech_to_text("faster-whisper", session=session)


def test_asking_for_key_variables_loads_nothing_of_the_voice() -> None:
    program = (
        "import sys; from ringback.speech.build import speech_key_variables, check_text_to_speech\n"
        "speech_key_variables('openai:tts-1'); check_text_to_speech('flite:slt')\n"
        "print([name for name in ('numpy', 'soundfile', 'onnxruntime', 'voice_prices') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _nothing(name: str) -> None:
    """No package is found under any name."""
