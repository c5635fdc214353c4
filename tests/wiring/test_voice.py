"""Spoken runs of the service, and what is checked before any."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.wiring.conftest import Start

from ringback.domain.agent import Agent, Transport
from ringback.domain.conversation import Role
from ringback.domain.outcome import Outcome
from ringback.errors import UsageError
from ringback.library.agents import AgentChanges
from ringback.library.scenario_form import ScenarioForm
from ringback.runs.selection import Selector
from ringback.runs.submission_request import Over, RunsWanted
from ringback.settings import Settings
from ringback.speech.flite import FliteVoice
from ringback.speech.text_to_speech import Voice
from ringback.storage.recordings import files_of, recording_files
from ringback.testing.voice_agent_call import VoiceAgentCall
from ringback.testing.voice_agent_server import VoiceAgentServer
from ringback.wiring.lines import connect_attempts
from ringback.wiring.models import speech_names

HELLO, DAY = "Hello, this is the clinic.", "Which day would you like?"
SERVERS_OWN = {"api_key": "api-key-of-the-server", "websocket_secret": "socket-secret-of-the-server"}


def agent_of(channel: Transport = Transport.CHIRP, **changed: Any) -> Agent:
    return Agent(name="desk", url=SecretStr("ws://a/"), shown_url="ws://a/", channel=channel, **changed)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # a database of another kind hears nothing else
async def test_a_spoken_run_of_the_service_is_heard_recorded_and_deleted(working: Start) -> None:
    voice = FliteVoice("rms")
    hello, day = [await voice.speak(line, Voice()) for line in (HELLO, DAY)]

    async def talk(call: VoiceAgentCall) -> None:
        await call.say(hello, real_time=False)  # at once, so that a busy machine leaves no gaps in it
        if await call.listen(silence=0.3) is not None:
            await call.say(day, real_time=False)
            await call.closed.wait()

    async with (
        VoiceAgentServer(talk, credentials=("desk", "the-word")) as desk,
        working(**SERVERS_OWN, end_of_turn="0.4") as service,
    ):
        changes = AgentChanges(
            fields={"name": "Desk", "agent_speaks_first": True, "known_lines": [HELLO, DAY]},
            secrets={"websocket_voice_url": desk.chirp_url, "websocket_auth": "desk:the-word"},
        )
        agent = await service.services.agents.add(changes)
        form = ScenarioForm.model_validate({"name": "Books", "agent": agent.id, "script": ["A visit, please."]})
        scenario = await service.services.scenarios.add(form)
        wanted = RunsWanted(
            operation="run_scenarios", over=Over.VOICE, selector=Selector(scenarios=(scenario.id,)), frequency=1
        )
        [run] = (await service.over(await service.services.submission.submit(wanted))).runs
        sent = " ".join(f"{name}: {value}" for name, value in desk.calls[0].headers.items())
    assert run.outcome is Outcome.PASSED, run.evaluation
    assert run.conversation is not None
    assert [entry.content for entry in run.conversation.said_by(Role.AGENT)] == [HELLO, DAY]
    record = run.conversation.voice
    assert record is not None
    assert (record.transport, record.rate, record.text_to_speech) == ("chirp", 16000, "flite:slt")
    spoken, heard = run.usage["text_to_speech"], run.usage["speech_to_text"]
    assert (spoken.utterances, spoken.characters, spoken.cost) == (1, len("A visit, please."), 0.0)
    assert (heard.utterances, heard.cost) == (2, 0.0)
    assert heard.sound_seconds > hello.duration
    folder = service.services.settings.effective_recordings
    kept = recording_files(record, folder)
    assert kept is not None
    assert kept.compressed is not None
    assert kept.wav.stat().st_size > 16000 * 4
    assert folder.stat().st_mode & 0o077 == 0
    assert f"X-Run-Id: {run.id}" in sent
    assert not any(secret in sent for secret in SERVERS_OWN.values())
    await service.services.remove_recordings(run.result_id)
    assert recording_files(record, folder) is None


def test_text_needs_nothing_that_speaks() -> None:
    broken = Settings(text_to_speech="nothing", speech_to_text="nothing")
    assert speech_names(agent_of(Transport.TEXT), broken, {}) == {}


@pytest.mark.parametrize(
    ("settings", "known_lines", "sentence"),
    [
        ({"text_to_speech": "flight:slt"}, (HELLO,), "flite:slt"),
        ({"speech_to_text": "deepgram:nova-3"}, (), "set DEEPGRAM_API_KEY"),
        ({"text_to_speech": "elevenlabs:someone"}, (HELLO,), "set ELEVENLABS_API_KEY"),
        ({}, (), "has none"),
        ({}, (" ",), "has none"),
    ],
)
def test_what_is_missing_is_said_before_anything_runs(
    settings: dict[str, Any], known_lines: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        speech_names(agent_of(known_lines=known_lines), Settings(**settings), {})


def test_what_speaks_and_hears_is_named_with_its_key_there() -> None:
    settings = Settings(speech_to_text="deepgram:nova-3")
    names = speech_names(agent_of(), settings, {"DEEPGRAM_API_KEY": "k"})
    assert names == {"text_to_speech": "flite:slt", "speech_to_text": "deepgram:nova-3"}


def test_chirp_is_dialled_three_times_more() -> None:
    attempts = {channel: connect_attempts(agent_of(channel), Settings()) for channel in Transport}
    assert attempts == {Transport.TEXT: 3, Transport.MEDIA_STREAMS: 3, Transport.CHIRP: 4, Transport.SIP: 1}


@pytest.mark.parametrize(
    "stem", ["", "1", "1/1", "../1-1", "1/../1-1", "1/1-1/", "0/1-1", "1/1-1\n", "/1/1-1", "\u0661/1-1"]
)
def test_no_name_from_outside_becomes_a_path(tmp_path: Path, stem: str) -> None:
    (tmp_path / "1-1.wav").touch()
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "1-1.wav").touch()
    assert files_of(stem, tmp_path / "1") is None
    assert files_of(stem, tmp_path) is None
    assert files_of("1/1-1", tmp_path) is not None
