"""A call to a voice agent that we did not write: Pipecat, with its own serializer, voice activity and hang-up."""

import asyncio
import contextlib
import os
import signal
import wave
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np

from ringback.callers.scripted import ScriptedCaller
from ringback.channels.channel import CallIds
from ringback.channels.hang_up_rest import CallsInProgress, serve_hang_ups
from ringback.channels.line_headers import media_streams_headers, media_streams_parameters
from ringback.channels.media_streams import MediaStreamsLine
from ringback.channels.websocket import agent_session
from ringback.conversation.call_clock import CallClock
from ringback.conversation.limits import Limits
from ringback.conversation.loop import Held
from ringback.conversation.manner import Manner
from ringback.conversation.recorder import Recorder
from ringback.conversation.voice_call import VoiceTools, converse_by_voice
from ringback.domain.agent import Agent
from ringback.domain.ending import EndingCode
from ringback.domain.scenario import TestProfile
from ringback.speech.activity import sounding
from ringback.speech.audio import Samples, Sound
from ringback.speech.flite import FliteVoice
from ringback.speech.pocketsphinx_ear import GrammarEar
from ringback.speech.voice_activity import VoiceActivity

ROOT = Path(__file__).parent.parent.parent
PYTHON = ROOT / ".tools" / "pipecat" / "bin" / "python"
PROGRAM = Path(__file__).parent / "pipecat_peer" / "agent.py"

GREETING, GOODBYE = "Hello, this is the Riverside Clinic.", "Thank you for calling. Goodbye!"
BOOK = "I would like to book an appointment."
AROUND = 0.2
"""Seconds of silence that are kept around what sounds."""


class Peer:
    """The agent's process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
        self.url = url
        self._process = process
        self._log = log

    def told(self) -> list[str]:
        """What it has printed so far."""
        return self._log.read_text().splitlines()

    async def over(self) -> None:
        """Wait until its pipeline has ended."""
        while "over" not in self.told():
            assert self._process.returncode is None, self.told()
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def peer(folder: Path, hang_up_url: str, *lines: str) -> AsyncGenerator[Peer]:
    port_file, log = folder / "port", folder / "log"
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            str(PYTHON),
            str(PROGRAM),
            str(port_file),
            hang_up_url,
            *lines,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
        )
    try:
        async with asyncio.timeout(60):
            while not port_file.exists():
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.05)
        yield Peer(process, f"ws://127.0.0.1:{port_file.read_text()}/ws", log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def call(url: str, calls: CallsInProgress, folder: Path, script: list[str]) -> Held:
    """One scripted call, as a run holds it."""
    ids, profile = CallIds(scenario=5, result=6, run=7), TestProfile(agent_variables={"X-Member": "4711"})
    agent = Agent.model_validate({"name": "pipecat", "url": url, "shown_url": url})
    voice, ear = FliteVoice(), GrammarEar([GREETING, GOODBYE])
    async with agent_session(connect_timeout=10.0) as session:
        line = MediaStreamsLine(
            url,
            media_streams_headers(agent, profile, ids),
            media_streams_parameters(agent, profile, ids),
            session=session,
            calls=calls,
        )
        try:
            return await converse_by_voice(
                line,
                ScriptedCaller(script),
                Recorder(7, lambda _: None, clock=asyncio.get_running_loop().time),
                tools=VoiceTools(
                    clock=CallClock(VoiceActivity()), text_to_speech=voice, speech_to_text=ear, recordings=folder
                ),
                manner=Manner(),
                limits=Limits(max_duration=60),
                end_of_turn=0.6,
                agent_speaks_first=True,
                stem="6/7-1",
            )
        finally:
            await voice.close()
            await ear.close()


def channels_of(path: Path) -> tuple[Sound, Sound]:
    """Caller and agent."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        return Sound(samples[:, 0], file.getframerate()), Sound(samples[:, 1], file.getframerate())


def without_pauses(side: Sound) -> Sound:
    """What sounds, one after the other: the ear fits itself to all that it is given, and long silence misleads it."""
    kept: list[Samples] = []
    for span in sounding(side.samples, side.rate, joined_gap=2 * AROUND):
        first, last = max(0.0, span.start - AROUND), span.end + AROUND
        kept.append(side.samples[round(first * side.rate) : round(last * side.rate)])
    return Sound(np.concatenate(kept), side.rate)


async def test_a_pipecat_agent_is_called_answers_and_hangs_up_by_the_telephone_company_s_rest(tmp_path: Path) -> None:
    calls = CallsInProgress()
    async with serve_hang_ups(calls) as hang_up_url, peer(tmp_path, hang_up_url, GREETING, GOODBYE) as agent:
        held = await call(agent.url, calls, tmp_path, [BOOK])
        async with asyncio.timeout(60):
            await agent.over()
        told = agent.told()
    conversation = held.conversation
    assert [entry.content for entry in conversation.entries if entry.content] == [GREETING, BOOK, GOODBYE]
    assert conversation.ending.code is EndingCode.AGENT_ENDED
    parameters = next(line for line in told if line.startswith("parameters"))
    for expected in ("'X-Run-Id': '7'", "'X-Result-Id': '6'", "'X-VOCERA-RUN-ID': '7'", "'X-Member': '4711'"):
        assert expected in parameters
    assert [line for line in told if line.startswith("caller ")] == ["caller started", "caller stopped"]
    of_caller, of_agent = channels_of(tmp_path / "6" / "7-1.wav")
    ear = GrammarEar([BOOK, GREETING, GOODBYE])
    assert (await ear.hear(without_pauses(of_caller))).text == BOOK
    assert (await ear.hear(without_pauses(of_agent))).text == f"{GREETING} {GOODBYE}"
    await ear.close()
