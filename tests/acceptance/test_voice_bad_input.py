"""Voice agents that do what no agent should, against `ringback run`: each call ends, says why, and stays bounded.

All calls of one transport are held side by side by one process, so that the whole takes no longer than the longest.
"""

import asyncio
import base64
import json
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none; its signatures are annotated
from command_line import CommandLine

from ringback.speech.audio import Sound
from ringback.speech.codec import encode_mulaw
from ringback.speech.flite import FliteVoice
from ringback.speech.resampling import resampled
from ringback.speech.text_to_speech import Voice
from ringback.testing.voice_agent_call import VoiceAgentCall
from ringback.testing.voice_agent_server import VoiceAgentServer

HELLO = "Hello, this is the clinic."
QUICK = {"RINGBACK_END_OF_TURN": "0.4", "RINGBACK_GRACE": "0", "RINGBACK_MAX_CALL_BYTES": str(512 * 1024)}
LONGEST = 5
"""Seconds of a call."""
IDLE = 1.5
"""Seconds of silence after which the caller asks, once, and then gives up."""
MEMORY = 700_000_000
"""Bytes that the whole process may take at most."""


@dataclass(frozen=True)
class Case:
    """What an agent does, and what is to be said of it."""

    talk: Callable[[VoiceAgentCall, Sound], Awaitable[None]]
    outcome: str
    """Empty: what comes of it depends on what was recognised of such sound."""
    endings: frozenset[str]
    findings: frozenset[str] = frozenset()
    """That have to be there."""


def half(sound: Sound) -> Sound:
    return Sound(sound.samples[: len(sound.samples) // 2], sound.rate)


async def never_speaks(call: VoiceAgentCall, hello: Sound) -> None:
    del hello
    await call.closed.wait()


async def never_stops(call: VoiceAgentCall, hello: Sound) -> None:
    while not call.closed.is_set():
        await call.say(hello)


async def noise_of_8_bits(call: VoiceAgentCall, hello: Sound) -> None:
    await call.say(hello)
    noise = np.random.default_rng(0).integers(-128, 128, 4 * call.rate).astype(np.int16) * 256
    await call.say(Sound(noise, call.rate))
    await call.closed.wait()


async def samples_at_48_khz(call: VoiceAgentCall, hello: Sound) -> None:
    await call.say(Sound(resampled(hello, 48_000).samples, call.rate))
    await call.closed.wait()


async def other_samples(call: VoiceAgentCall, hello: Sound) -> None:
    """Linear samples where mu-law belongs, and the other way round."""
    samples = resampled(hello, call.rate).samples
    for first in range(0, len(samples), call.rate // 50):
        part = samples[first : first + call.rate // 50]
        if call.transport == "chirp":
            await call.send(encode_mulaw(part[: len(part) // 2 * 2]).tobytes())
        else:
            payload = base64.b64encode(part.tobytes()).decode()
            await call.send_event("media", {"payload": payload})
        await asyncio.sleep(0.01)
    await call.closed.wait()


async def odd_frames(call: VoiceAgentCall, hello: Sound) -> None:
    """Sound among frames that are none."""
    for _ in range(60):
        if call.transport == "chirp":
            await call.send(b"\x01\x02\x03")
            await call.send(b"")
        else:
            await call.send_event("media", {"payload": "abc"})
            await call.send(b"\x01\x02\x03")
    await call.say(hello)
    await call.closed.wait()


async def frame_of_10_mb(call: VoiceAgentCall, hello: Sound) -> None:
    await call.say(hello)
    await call.send("x" * 10_000_000 if call.transport == "media-streams" else bytes(10_000_000))
    await call.closed.wait()


async def floods(call: VoiceAgentCall, hello: Sound) -> None:
    await call.say(half(hello))
    samples = np.zeros(call.rate, np.int16)
    while not call.closed.is_set():
        await call.send_samples(samples)


async def floods_with_marks(call: VoiceAgentCall, hello: Sound) -> None:
    await call.say(half(hello))
    number = 0
    while not call.closed.is_set():
        number += 1
        await call.mark(f"{number}")


async def closes_mid_word(call: VoiceAgentCall, hello: Sound) -> None:
    await call.say(half(hello))
    call.drop()


async def events_without_sense(call: VoiceAgentCall, hello: Sound) -> None:
    """Marks and clears where nothing is queued, of other streams, of other types, events that there are not."""
    for body in ({"name": ""}, {"name": 7}, {"name": "x" * 3000}, None, {}):
        await call.send_event("mark", body)
    for kind in ("clear", "clear", "stopp", "speech.completed", "session.error", "connected", "start", "media"):
        await call.send_event(kind, {})
    for text in ('{"event": "clear", "streamSid": "another"}', '{"event": []}', '{"type": {}}', "[]", "", "{", '"x"'):
        await call.send(text)
    await call.send("[" * 100_000)
    await call.say(hello)
    await call.clear()
    await call.closed.wait()


async def closes_at_once(call: VoiceAgentCall, hello: Sound) -> None:
    del hello
    await call.close(1011, "out of <b>order</b>")


async def rest_is_queued(call: VoiceAgentCall, hello: Sound) -> None:
    """All its words at once, and then it closes cleanly: they are yet to be played."""
    await call.say(hello, real_time=False)
    await call.close()


SPOKEN_TO_THE_END = frozenset({"caller_ended", "agent_silent", "max_duration"})
CASES = {
    "never-speaks": Case(never_speaks, "error", frozenset({"agent_silent"})),
    "never-stops": Case(never_stops, "", frozenset({"max_duration"})),
    "noise": Case(noise_of_8_bits, "", SPOKEN_TO_THE_END),
    "48-khz": Case(samples_at_48_khz, "error", frozenset({"agent_silent"}), frozenset({"bad_frame"})),
    "other-samples": Case(other_samples, "", SPOKEN_TO_THE_END),
    "odd-frames": Case(odd_frames, "", SPOKEN_TO_THE_END, frozenset({"bad_frame"})),
    "10-mb": Case(frame_of_10_mb, "failed", frozenset({"frame_too_large"}), frozenset({"frame_too_large"})),
    "floods": Case(floods, "failed", frozenset({"agent_flooded"}), frozenset({"flood"})),
    "marks": Case(floods_with_marks, "failed", frozenset({"agent_flooded"}), frozenset({"flood"})),
    "mid-word": Case(closes_mid_word, "failed", frozenset({"agent_dropped"})),
    "no-sense": Case(events_without_sense, "", SPOKEN_TO_THE_END, frozenset({"bad_frame", "unknown_type", "not_json"})),
    "closes": Case(closes_at_once, "error", frozenset({"agent_dropped"})),
    "queued": Case(rest_is_queued, "", frozenset({"agent_closed"}), frozenset({"after_end"})),
}


def suite() -> str:
    scenarios = [
        {
            "name": name,
            "test_profile": name,
            "personality": "brisk",
            "script": ["I would like to book a visit.", "Thank you, goodbye."],
            "max_duration": LONGEST,
        }
        for name in CASES
    ]
    profiles = {name: {"agent_variables": {"X-Case": name}} for name in CASES}
    plan = {"idle_timeout_seconds": IDLE, "idle_message_max_spoken_count": 1}
    personalities = {"brisk": {"prompt": "You are brief.", "message_plan": plan}}
    return json.dumps({"version": "1", "profiles": profiles, "personalities": personalities, "scenarios": scenarios})


@pytest.mark.parametrize("channel", ["media-streams", "chirp"])
async def test_every_call_ends_with_its_reason_within_its_bounds_and_is_recorded(
    channel: str, ringback: CommandLine
) -> None:
    hello = await FliteVoice("rms").speak(HELLO, Voice())

    async def talk(call: VoiceAgentCall) -> None:
        case = call.header("X-Case")
        assert case is not None
        await CASES[case].talk(call, hello)

    async with VoiceAgentServer(talk) as agent:
        ringback.write("suite.yaml", suite())
        ringback.write("lines.txt", HELLO)
        url = agent.chirp_url if channel == "chirp" else agent.media_streams_url
        ringback.write(
            "ringback.toml",
            f'[agents.a]\nurl = "{url}"\nchannel = "{channel}"\nknown_lines = "lines.txt"\nagent_speaks_first = true\n',
        )
        words = ("run", "suite.yaml", "--json", "r.json", "--recordings", "kept", "--concurrency", len(CASES))
        process = await ringback.start(*words, **QUICK)
        watching = asyncio.create_task(peak_of(process.pid))
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    text = (out + err).decode()
    assert process.returncode == 1, text  # some failed
    assert "Traceback" not in text
    assert await watching < MEMORY
    runs = json.loads((ringback.folder / "r.json").read_text())["result"]["runs"]
    problems = [problem for name, run in zip(CASES, runs, strict=True) for problem in problems_of(name, run)]
    assert problems == [], "\n".join(problems)
    for run in runs:
        check_recording(ringback.folder / "kept", run["conversation"])


def problems_of(name: str, run: dict[str, Any]) -> list[str]:
    """What is not as it has to be."""
    case, conversation, outcome = CASES[name], run["conversation"], run["evaluation"]["outcome"]
    assert name == run["specification"]["scenario"]["name"]
    found = {finding["code"] for finding in conversation["findings"]}
    problems = {
        f"outcome {outcome}": case.outcome not in ("", outcome),
        f"ending {conversation['ending']}": conversation["ending"]["code"] not in case.endings,
        f"findings {found}": not case.findings <= found,
        # By the call's own time, its frames: a machine that is too busy takes longer for each of them.
        f"{conversation['voice']['duration']} s": conversation["voice"]["duration"] > LONGEST + 2,
        f"{len(conversation['findings'])} findings": len(conversation["findings"]) > 600,
    }
    return [f"{name}: {problem}" for problem, there in problems.items() if there]


def check_recording(folder: Path, conversation: dict[str, Any]) -> None:
    """It can be read in all its forms, and is as long as the call."""
    stem = folder / conversation["voice"]["recording"]
    duration = conversation["voice"]["duration"]
    with wave.open(f"{stem}.wav") as file:
        assert file.getnchannels() == 2
        assert file.getnframes() / file.getframerate() == pytest.approx(duration, abs=0.001)
    copy = soundfile.info(f"{stem}.mp3")
    assert copy.duration == pytest.approx(duration, abs=0.2)
    for line in Path(f"{stem}.events.jsonl").read_text().splitlines():
        assert {"event", "events_left_out"} & json.loads(line).keys()


async def peak_of(process: int) -> int:
    """Bytes of memory that it had at most, looked at until it has ended."""
    peak = 0
    while True:
        try:
            status = Path(f"/proc/{process}/status").read_text()  # noqa: ASYNC240 - no file that has to be waited for
        except OSError:
            return peak
        lines = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        if not lines:
            return peak
        peak = int(lines[0]) * 1024
        await asyncio.sleep(0.1)
