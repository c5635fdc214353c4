"""Spoken calls of `ringback serve` and `ringback worker` as processes: many callers, killed servers, calls ended."""

import asyncio
import io
import json
import signal
import wave
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from service_process import V1, Client, Process, Server, environment

from ringback.speech.audio import Sound
from ringback.speech.flite import FliteVoice
from ringback.speech.text_to_speech import Voice
from ringback.testing.voice_agent_call import VoiceAgentCall
from ringback.testing.voice_agent_server import VoiceAgentServer

HELLO, DAY = "Hello, this is the clinic.", "Which day would you like?"
BOOK = "I would like to book a visit."
WORD = "pa55-w0rd-Xy3"
QUICK_SPEECH = {"RINGBACK_END_OF_TURN": "0.4", "RINGBACK_GRACE": "0"}


async def spoken(text: str) -> Sound:
    return await FliteVoice("rms").speak(text, Voice())


async def clinic(client: Client, desk: VoiceAgentServer, *, media: bool) -> dict[str, Any]:
    """An agent with a voice connection and a scenario: the body of a run request for them."""
    url = {"media_streams_url": desk.media_streams_url} if media else {"websocket_url": desk.chirp_url}
    made = {
        "name": "Desk",
        "description": "It books.",
        "telephony": {"inbound": True, "websocket_auth": f"desk:{WORD}", "known_lines": [HELLO, DAY], **url},
        "agent_speaks_first": True,
    }
    status, agent = await client("POST", V1.replace("v1", "v2") + "/aiagents/", made)
    assert status == 201, agent
    assert WORD not in str(agent)
    checks = [{"type": "agent_said", "text": "Which day"}]
    scenario = await client.made(
        "/scenarios/", {"name": "Books", "agent": agent["id"], "script": [BOOK], "checks": checks}
    )
    return {"agent_id": agent["id"], "scenarios": [scenario["id"]]}


async def test_a_killed_server_takes_its_spoken_calls_up_again_for_each_personality_and_profile(
    tmp_path: Path,
) -> None:
    hello, day = await spoken(HELLO), await spoken(DAY)
    killed = asyncio.Event()

    async def talk(call: VoiceAgentCall) -> None:
        await call.say(hello, real_time=False)
        if killed.is_set() and await call.listen(silence=0.3) is not None:
            await call.say(day, real_time=False)
        await call.closed.wait()

    seen = environment(tmp_path, **QUICK_SPEECH)
    noise_file(Path(seen["RINGBACK_HOME"]) / "noises" / "station.wav")
    server = Server(("serve", "--port", "0"), seen, tmp_path)
    await server.start()
    try:
        async with VoiceAgentServer(talk, credentials=("desk", WORD)) as desk, aiohttp.ClientSession() as session:
            client = Client(server, session)
            asked = await clinic(client, desk, media=True)
            asked["personality_ids"] = [await personality(client, noise) for noise in ("street", "station")]
            asked["test_profile_ids"] = [await profile(client, asked["agent_id"], tier) for tier in ("gold", "blue")]
            answer = await client.made("/scenarios/run_scenarios/", asked)
            assert (answer["run_type"], answer["status"], len(answer["runs"])) == ("Voice", "in_progress", 4)
            last = await desk.call(4)
            await last.speaks()
            _, detail = await client("GET", f"{V1}/results/{answer['id']}/")
            assert {run["status"] for run in detail["runs"].values()} == {"in_progress"}
            await server.kill()
            killed.set()
            await server.start()
            detail = await client.over(answer["id"])
            runs = [(await client("GET", f"{V1}/runs/{number}/"))[1] for number in detail["runs"]]
            sounds = [await sound_at(session, run["voice_recording_url"]) for run in runs]
    finally:
        code = await server.stop()

    assert (code, detail["success_runs_count"]) == (0, 4), detail
    assert {run["attempt"] for run in detail["runs"].values()} == {2}
    for run, sound in zip(runs, sounds, strict=True):
        assert sound.startswith(b"RIFF")
        assert len(sound) > 50_000
        log = tmp_path / "home" / "recordings" / str(answer["id"]) / f"{run['id']}-2.events.jsonl"
        frames = [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == "sound_arrived"]
        assert sum(frame["seconds"] for frame in frames) == pytest.approx(hello.duration + day.duration, abs=0.1)
        assert hums(sound) == (run["personality_name"] == "In station")
    for run in runs:
        agents = [entry for entry in run["transcript_object"] if entry["role"] == "Main Agent"]
        assert {entry["recognition"]["mode"] for entry in agents} == {"grammar"}
        assert [entry["content"] for entry in agents] == [HELLO, DAY]
    # Each profile's `X-` fields come with the handshake and with the stream; the word for the line with the first only.
    tiers = Counter((call.header("X-Tier"), call.parameters["X-Tier"]) for call in desk.calls)
    assert tiers == {("gold", "gold"): 4, ("blue", "blue"): 4}
    assert not any(WORD in str(call.parameters) for call in desk.calls)
    assert not any(WORD in line for line in server.lines)
    assert {call.parameters["X-Run-Id"] for call in desk.calls} == set(detail["runs"])


def noise_file(path: Path) -> None:
    """A background noise of the user's own: a tone of 1 kHz."""
    path.parent.mkdir(parents=True)
    wave_of_tone = 8_000 * np.sin(2 * np.pi * 1000 * np.arange(16_000) / 8_000)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(wave_of_tone.astype("<i2").tobytes())


def hums(recording: bytes) -> bool:
    """Whether the tone is what sounds behind the caller before it speaks."""
    with wave.open(io.BytesIO(recording)) as file:
        samples = np.frombuffer(file.readframes(2 * file.getframerate()), np.int16).reshape(-1, 2)[:, 0]
        power = np.abs(np.fft.rfft(samples.astype(np.float64))) ** 2
        middle = round(1000 * len(samples) / file.getframerate())
        return bool(power[middle - 10 : middle + 11].sum() > 0.5 * power.sum())


async def personality(client: Client, noise: str) -> int:
    body = {
        "name": f"In {noise}",
        "background_noise": noise,
        "background_sound_volume": {"base": 0.3},
        "interruption_level": "off",
        "network_simulation": {"packet_loss": "1%", "jitter": 20, "latency": 40, "clipping": 0.1, "narrow_band": True},
        "message_plan": {"idle_timeout_seconds": 20, "idle_message_max_spoken_count": 2},
    }
    return int((await client.made("/personalities/", body))["id"])


async def profile(client: Client, agent: int, tier: str) -> int:
    information = {"main_agent_variables": {"X-Tier": tier, "plan": "x"}, "testing_agent_variables": {}}
    return int((await client.made("/test-profiles/", {"name": tier, "agent": agent, "information": information}))["id"])


async def sound_at(session: aiohttp.ClientSession, url: str) -> bytes:
    """Without a key, as a browser asks."""
    async with session.get(url) as response:
        assert (response.status, response.content_type) == (200, "audio/wav")
        return await response.read()


async def test_spoken_calls_of_a_worker_are_ended_handed_back_and_run_again_over_rest(
    postgresql_url: str, tmp_path: Path
) -> None:
    hello, day = await spoken(HELLO), await spoken(DAY)
    answers = asyncio.Event()

    async def talk(call: VoiceAgentCall) -> None:
        await call.say(hello, real_time=False)
        if answers.is_set() and await call.listen(silence=0.3) is not None:
            await call.say(day, real_time=False)
        await call.closed.wait()

    seen = environment(tmp_path, postgresql_url, RINGBACK_DRAIN_TIMEOUT="1", **QUICK_SPEECH)
    server = Server(("serve", "--port", "0", "--workers", "0"), seen, tmp_path)
    worker = Process(("worker",), seen, tmp_path)
    await server.start()
    try:
        await worker.start()
        async with VoiceAgentServer(talk, credentials=("desk", WORD)) as desk, aiohttp.ClientSession() as session:
            client = Client(server, session)
            asked = await clinic(client, desk, media=False)
            answer = await client.made("/scenarios/run_scenarios/", {**asked, "frequency": 2})
            calls = {(await desk.call(number)).header("X-Run-Id"): await desk.call(number) for number in (1, 2)}
            one, other = calls
            assert (await client("POST", f"{V1}/runs/{one}/end_call/", {}))[0] == 200
            async with asyncio.timeout(30):
                await calls[one].closed.wait()
            assert not calls[other].closed.is_set()
            assert (await client("POST", f"{V1}/results/{answer['id']}/end_calls/", {}))[0] == 200
            detail = await client.over(answer["id"])
            assert detail["status"] == "cancelled"

            status, again = await client("POST", f"{V1}/results/{answer['id']}/rerun/", {})
            assert (status, again["run_type"], len(again["runs"])) == (200, "Voice", 2)
            await desk.call(4)
            worker.send(signal.SIGTERM)
            async with asyncio.timeout(60):
                assert await worker.gone() == 0, worker.lines
            answers.set()
            await worker.start()
            detail = await client.over(again["id"])
            _, run = await client("GET", f"{V1}/runs/{next(iter(detail['runs']))}/")
            assert (await sound_at(session, run["voice_recording_url"])).startswith(b"RIFF")
    finally:
        codes = [await process.stop() for process in (server, worker)]
    assert codes == [0, 0], worker.lines
    assert detail["success_runs_count"] == 2, detail
    assert {run["attempt"] for run in detail["runs"].values()} == {2}
