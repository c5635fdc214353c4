"""Spoken calls whose machine lets them down: processes killed, disks full, providers that fail, users in a hurry."""

import asyncio
import json
import resource
import signal
import wave
from pathlib import Path
from typing import Any

import numpy as np
from command_line import CommandLine
from planted import Planted, sqlite_files

from ringback.speech.audio import Sound
from ringback.speech.flite import FliteVoice
from ringback.speech.text_to_speech import Voice
from ringback.testing.model_answers import RawAnswer, refused
from ringback.testing.speech_server import ScriptedSpeechServer
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
TWO_SECONDS = 100_000
"""Bytes of a recording of 16 kHz that is so long, at least."""
QUICK = {"RINGBACK_END_OF_TURN": "0.4", "RINGBACK_GRACE": "0"}


async def spoken(text: str) -> Sound:
    return await FliteVoice("rms").speak(text, Voice())


def project(ringback: CommandLine, url: str, **more: str) -> None:
    ringback.write("suite.yaml", SUITE)
    ringback.write("lines.txt", f"{HELLO}\n{DAY}\n")
    lines = {"url": url, "channel": "chirp", "known_lines": "lines.txt", **more}
    ringback.write(
        "ringback.toml",
        "[agents.desk]\nagent_speaks_first = true\n" + "".join(f'{key} = "{value}"\n' for key, value in lines.items()),
    )


def sound_of(path: Path) -> tuple[float, int]:
    """Seconds of a recording, and the agent's loudest sample."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        return len(samples) / file.getframerate(), int(np.abs(samples[:, 1].astype(np.int32)).max(initial=0))


def children_of(process: int) -> set[int]:
    """All processes under one, by /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


async def gone(processes: set[int]) -> None:
    """Wait until all of them have ended."""
    async with asyncio.timeout(60):
        while any(map(alive, processes)):  # noqa: ASYNC110 - nobody tells of the end of another's processes
            await asyncio.sleep(0.05)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_killed_run_leaves_a_recording_and_no_process_and_is_resumed(ringback: CommandLine) -> None:
    talking = asyncio.Event()
    hello, day = await spoken(HELLO), await spoken(DAY)

    async def talk(call: VoiceAgentCall) -> None:
        await call.say(hello, real_time=False)  # at once, here and below: a busy machine would leave gaps in it
        if call.number == 1:
            await call.speaks()
            talking.set()
        elif await call.listen(silence=0.3):
            await call.say(day, real_time=False)
        await call.closed.wait()

    kept = ringback.folder / ".ringback" / "recordings" / "1" / "1-1.wav"
    async with VoiceAgentServer(talk) as agent:
        project(ringback, agent.chirp_url)
        process = await ringback.start("run", "suite.yaml", **QUICK)
        await talking.wait()
        while kept.stat().st_size < TWO_SECONDS:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
        below = children_of(process.pid)
        process.kill()
        await process.communicate()  # which nobody below holds open
        await gone(below)
        assert below
        seconds, loudest = sound_of(kept)
        assert seconds >= 1
        assert loudest > 1000
        resumed = await ringback("run", "--resume", 1, **QUICK)
    assert resumed.code == 0, resumed.text
    assert sound_of(kept)[0] > seconds
    assert kept.with_suffix(".mp3").is_file()


async def test_a_second_ctrl_c_ends_calls_at_once_and_leaves_no_process(ringback: CommandLine) -> None:
    talking = asyncio.Event()
    hello = await spoken(HELLO)

    async def talk(call: VoiceAgentCall) -> None:
        while not call.closed.is_set():
            await call.say(hello)
            talking.set()

    async with VoiceAgentServer(talk) as agent:
        project(ringback, agent.chirp_url)
        process = await ringback.start("run", "suite.yaml", **QUICK)
        await talking.wait()
        below = children_of(process.pid)
        assert process.stdout is not None
        process.send_signal(signal.SIGINT)
        said = await process.stdout.readuntil(b"at once.")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            out, err = await process.communicate()
        await gone(below)
    text = (said + out + err).decode()
    assert process.returncode == 130, text
    assert "Traceback" not in text
    assert not list(ringback.folder.rglob("*.wav"))  # of a call that was given up


async def test_a_full_disk_costs_the_recording_and_not_the_call(ringback: CommandLine) -> None:
    async with VoiceAgentServer(greeting=await spoken(HELLO), replies=[await spoken(DAY)], silence=0.3) as agent:
        project(ringback, agent.chirp_url)
        process = await ringback.start(
            "run", "suite.yaml", "--json", "r.json", "--recordings", "full", "--no-store", **QUICK
        )
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (150_000, 150_000))
        out, err = await process.communicate()
    text = (out + err).decode()
    assert "Traceback" not in text
    assert "1-1.wav is not whole: File too large." in text
    conversation = run_of(ringback.folder / "r.json")["conversation"]
    assert conversation["ending"]["code"] == "caller_ended"
    assert conversation["voice"]["recording"] is None
    assert "The call could not be recorded" in conversation["voice"]["degraded"][0]
    assert sound_of(ringback.folder / "full" / "1" / "1-1.wav")[0] >= 1


def run_of(report: Path) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(report.read_text())["result"]["runs"][0]
    return run


SECRETS = {
    "key": "sk-5eech-9vQ2mLpZ+/x",
    "password": "pa55-w0rd-Xy3",
    "header": "t0ken-Qq81Zz",
    "secret": "s3cr3t-Kk92Lm",
}


BUSY = RawAnswer(500, "Down.", {"Retry-After": "0"})


async def test_speech_servers_that_fail_end_the_call_as_our_error_and_no_secret_is_kept(ringback: CommandLine) -> None:
    """The agent, too, tells all secrets that it was told, in every kind of frame."""
    hello, day = await spoken(HELLO), await spoken(DAY)

    async def talk(call: VoiceAgentCall) -> None:
        for name, value in [item for item in SECRETS.items() if item[0] != "key"]:
            await call.transcript(f"I heard {value}.")
            await call.metadata({f"{name} {value}": [value]})
            await call.send_event(value, {"a": value})
            await call.mark(value)
        await call.say(hello, real_time=False)
        await call.listen(silence=0.3)
        talking = call.transport == "media-streams"
        server, fault = (tts, refused(401, f"Incorrect API key: {SECRETS['key']}")) if talking else (stt, BUSY)
        server.fail(fault, times=100)
        await call.say(day, real_time=False)
        await call.closed.wait()

    async with (
        VoiceAgentServer(talk, credentials=("me", SECRETS["password"])) as agent,
        ScriptedSpeechServer(flite=True, api_key=SECRETS["key"]) as tts,
        ScriptedSpeechServer(hears=HELLO, api_key=SECRETS["key"]) as stt,
    ):
        ringback.write("suite.yaml", SUITE.replace(f'["{BOOK}"]', f'["{BOOK}", "{BOOK}"]'))
        ringback.write("lines.txt", f"{HELLO}\n{DAY}\n")
        ringback.write("ringback.toml", agents(agent))
        runs = {
            "media-streams": {"RINGBACK_TEXT_TO_SPEECH": "openai:it", "RINGBACK_TEXT_TO_SPEECH_BASE_URL": tts.url},
            "chirp": {"RINGBACK_SPEECH_TO_TEXT": "openai:it", "RINGBACK_SPEECH_TO_TEXT_BASE_URL": stt.url},
        }
        done = await asyncio.gather(*(run(ringback, channel, **settings) for channel, settings in runs.items()))
    planted, found = Planted(SECRETS), list[str]()
    for channel, text in zip(runs, done, strict=True):
        conversation = run_of(ringback.folder / f"{channel}.json")["conversation"]
        assert conversation["ending"]["code"] == "caller_failed"
        assert [entry["content"] for entry in conversation["entries"]][:2] == [HELLO, BOOK]
        assert sound_of(ringback.folder / channel / "recordings" / "1" / "1-1.wav")[0] > 3
        assert "[secret]" in text
        found += planted.found_in(f"the terminal, {channel}", text)
    for place, data in sqlite_files(ringback.folder):
        found += planted.found_in(place, data) if place not in ("suite.yaml", "ringback.toml") else []
    assert found == [], chr(10).join(sorted({line.partition(": …")[0] for line in found}))
    assert {"1-1.events.jsonl", "chirp.json", "chirp.html", "1-1.mp3"} <= planted.seen


def agents(agent: VoiceAgentServer) -> str:
    user = f"//me:{SECRETS['password']}@"
    urls = {"media-streams": agent.media_streams_url, "chirp": agent.chirp_url}
    return "".join(
        f'[agents.{channel}]\nchannel = "{channel}"\nknown_lines = "lines.txt"\nagent_speaks_first = true\n'
        f'url = "{url.replace("//", user)}"\nheaders = {{ X-Token = "Bearer env:TOKEN" }}\n'
        for channel, url in urls.items()
    )


async def run(ringback: CommandLine, channel: str, **settings: str) -> str:
    """All that it shows, with all that it writes."""
    reports = (f"--{kind}={channel}.{kind}" for kind in ("json", "html", "junit", "markdown"))
    secrets = {"TOKEN": "header", "RINGBACK_WEBSOCKET_SECRET": "secret", "OPENAI_API_KEY": "key"}
    known = {variable: SECRETS[name] for variable, name in secrets.items()}
    words = ("run", "suite.yaml", "--agent", channel, *reports, "-v")
    done = await ringback(*words, RINGBACK_HOME=channel, **settings, **known, **QUICK)
    assert done.code == 3, done.text
    return done.text
