"""`ringback run` with agents that are spoken to, as its user meets it: real calls over real sockets, heard again."""

import asyncio
import json
import signal
import wave
from pathlib import Path

import numpy as np
import pytest
from command_line import CommandLine, Finished

from ringback.speech.audio import Sound
from ringback.speech.flite import FliteVoice
from ringback.speech.pocketsphinx_ear import GrammarEar
from ringback.speech.text_to_speech import Voice
from ringback.testing.agent_server import ScriptedAgentServer
from ringback.testing.voice_agent_call import VoiceAgentCall
from ringback.testing.voice_agent_server import VoiceAgentServer

HELLO, DAY = "Hello, this is the clinic.", "Which day would you like?"
BOOK = "I would like to book a visit."
SUITE = f"""\
version: "1"
scenarios:
  - name: Books a visit
    script: ["{BOOK}"]
    checks:
      - {{type: agent_said, text: "Which day"}}
"""
TEXT_SUITE = 'version: "1"\nscenarios:\n  - {name: Greets, script: ["Hello."]}\n'
QUICK = {"RINGBACK_END_OF_TURN": "0.4", "RINGBACK_GRACE": "0"}
TELEPHONE = ("baresip", "ringback.channels.sip", "ringback.wiring.telephone", "ringback.runs.phone_pool")
VOICE_ONLY = (
    "onnxruntime",
    "soundfile",
    "soxr",
    "pocketsphinx",
    "numpy",
    "ringback.speech",
    "ringback.wiring.voice",
    *TELEPHONE,
)


async def spoken(text: str) -> Sound:
    return await FliteVoice("rms").speak(text, Voice())


def project(ringback: CommandLine, agent: VoiceAgentServer) -> None:
    ringback.write("suite.yaml", SUITE)
    ringback.write("text.yaml", TEXT_SUITE)
    ringback.write("lines.txt", f"{HELLO}\n{DAY}\n")
    ringback.write(
        "ringback.toml",
        "".join(
            f'[agents.{channel}]\nurl = "{url}"\nchannel = "{channel}"\nknown_lines = "lines.txt"\n'
            "agent_speaks_first = true\n"
            for channel, url in (("media-streams", agent.media_streams_url), ("chirp", agent.chirp_url))
        ),
    )


def reports(name: str) -> tuple[str, ...]:
    return "--json", f"{name}.json", "--html", f"{name}.html"


def channels_of(path: Path) -> tuple[Sound, Sound]:
    """Caller and agent."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        return Sound(samples[:, 0], file.getframerate()), Sound(samples[:, 1], file.getframerate())


def imported(done: Finished) -> set[str]:
    """What a process imported that was told to say so."""
    assert done.code == 0, done.text
    return {line.rsplit("|", 1)[1].strip() for line in done.err.splitlines() if line.startswith("import time:")}


async def test_both_sides_of_a_spoken_call_are_heard_in_its_recording_on_both_transports(
    ringback: CommandLine,
) -> None:
    async def run(channel: str) -> Finished:
        home = {"RINGBACK_HOME": channel, **QUICK}
        return await ringback("run", "suite.yaml", "--agent", channel, "-v", *reports(channel), **home)

    hello, day = await spoken(HELLO), await spoken(DAY)

    async def desk(call: VoiceAgentCall) -> None:
        await call.say(hello, real_time=False)  # at once, so that a busy machine leaves no gaps in it
        if await call.listen(silence=0.3) is not None:
            await call.say(day, real_time=False)
            await call.closed.wait()

    async with VoiceAgentServer(desk) as agent:
        project(ringback, agent)
        finished = await asyncio.gather(run("media-streams"), run("chirp"))
    ear = GrammarEar([BOOK, HELLO])  # what the agent said later was recognised by the run itself
    for channel, done in zip(("media-streams", "chirp"), finished, strict=True):
        assert done.code == 0, done.text
        assert all(line in done.out for line in (HELLO, BOOK, DAY, "(hangs up)"))
        folder = ringback.folder / channel / "recordings" / "1"
        assert {path.name for path in folder.iterdir()} == {"1-1.wav", "1-1.mp3", "1-1.events.jsonl"}
        assert f'src="{channel}.recordings/1-1.mp3"' in (ringback.folder / f"{channel}.html").read_text()
        assert same(ringback.folder / f"{channel}.recordings" / "1-1.mp3", folder / "1-1.mp3")
        caller, called = channels_of(folder / "1-1.wav")
        entries = entries_of(ringback.folder / f"{channel}.json")
        assert [await words(ear, called, entries[0]), await words(ear, caller, entries[1])] == [HELLO, BOOK]
    await ear.close()


def same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


async def words(ear: GrammarEar, side: Sound, entry: tuple[float, float]) -> str:
    """What a channel says between the times of an entry."""
    start, end = (round(seconds * side.rate) for seconds in entry)
    return (await ear.hear(Sound(side.samples[start:end], side.rate))).text


def entries_of(report: Path) -> list[tuple[float, float]]:
    conversation = json.loads(report.read_text())["result"]["runs"][0]["conversation"]
    assert conversation["voice"]["recording"] == "1/1-1"
    entries = [entry for entry in conversation["entries"] if entry["content"]]
    assert [entry["content"] for entry in entries] == [HELLO, BOOK, DAY]
    return [(entry["start"], entry["end"]) for entry in entries]


async def test_ctrl_c_ends_the_call_and_keeps_what_was_recorded(ringback: CommandLine) -> None:
    talking = asyncio.Event()

    async def talk(call: VoiceAgentCall) -> None:
        await call.say(await spoken(HELLO), real_time=False)
        await call.reaches(2 * call.rate)  # a frame of ours is played for each of the caller's
        talking.set()
        await call.closed.wait()

    async with VoiceAgentServer(talk) as agent:
        project(ringback, agent)
        process = await ringback.start("run", "suite.yaml", "--agent", "chirp", "--recordings", "kept", **QUICK)
        await talking.wait()
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert process.returncode == 130, out.decode() + err.decode()
    assert b"Traceback" not in err
    called = channels_of(ringback.folder / "kept" / "1" / "1-1.wav")[1]
    assert np.abs(called.samples).max() > 1000


async def test_runs_over_text_and_reading_take_nothing_of_the_voice_into_the_process(ringback: CommandLine) -> None:
    ringback.write("text.yaml", TEXT_SUITE)
    async with ScriptedAgentServer(otherwise="Hi.") as agent:
        for words in (("run", "text.yaml", "--agent", agent.url), ("results", "show", "1"), ("run", "--help")):
            found = imported(await ringback(*words, PYTHONPROFILEIMPORTTIME="1"))
            assert "ringback.cli.main" in found
            assert not [name for name in found if name.startswith(VOICE_ONLY)], words


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [({"RINGBACK_TEXT_TO_SPEECH": "flite:nobody"}, "flite has no voice 'nobody'"), ({"PATH": "/nowhere"}, "flite")],
)
async def test_what_this_machine_lacks_for_a_spoken_run_is_said_before_anything_runs(
    ringback: CommandLine, environment: dict[str, str], sentence: str
) -> None:
    async with VoiceAgentServer() as agent:
        project(ringback, agent)
        done = await ringback("run", "suite.yaml", "--agent", "chirp", **environment)
        assert (done.code, done.out, agent.calls) == (2, "", []), done.text
    assert sentence in done.err
    assert "Traceback" not in done.text


async def test_flags_for_voice_do_not_go_with_text(ringback: CommandLine) -> None:
    ringback.write("text.yaml", TEXT_SUITE)
    done = await ringback("run", "text.yaml", "--agent", "ws://127.0.0.1:9/", "--hang-up-port", 0)
    assert done.code == 2
    assert "--hang-up-port is for agents that are spoken to" in done.err


async def test_an_agent_of_the_project_that_is_spoken_to_cannot_be_written_to(ringback: CommandLine) -> None:
    ringback.write("ringback.toml", '[agents.desk]\nurl = "ws://127.0.0.1:9/"\nchannel = "chirp"\n')
    done = await ringback("chat", "desk")
    assert done.code == 2
    assert "spoken to" in done.err
