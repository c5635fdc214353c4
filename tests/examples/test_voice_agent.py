"""The example voice agent answers, stops when it is interrupted and hangs up, as a telephone company sees it."""

import asyncio
import base64
import contextlib
import importlib.util
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import numpy as np
import pytest

from ringback.speech.codec import decode_mulaw, encode_mulaw

PROGRAM = Path(__file__).parents[2] / "examples" / "agents" / "voice_agent.py"
LOUD = base64.b64encode(encode_mulaw(np.tile(np.array([6000, -6000], np.int16), 80)).tobytes()).decode()
SILENCE = base64.b64encode(b"\xff" * 160).decode()


class Telephone:
    """The telephone company's side of one call."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line = line

    async def hears(self, event: str) -> dict[str, Any]:
        """The next message, which has to be this one."""
        message = await self._line.receive_json(timeout=30)
        assert message["event"] == event
        assert message["streamSid"] == "MZ1"
        return message

    async def sends(self, event: str, **body: object) -> None:
        await self._line.send_json({"event": event, "streamSid": "MZ1", **body})

    async def speaks(self) -> None:
        """Half a second of sound, and quiet for long enough to be taken for the end."""
        for payload in [LOUD] * 25 + [SILENCE] * 30:
            await self.sends("media", media={"payload": payload})


@contextlib.asynccontextmanager
async def call() -> AsyncGenerator[Telephone]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().split()[-1]
    try:
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as line:
            await line.send_json({"event": "connected", "protocol": "Call", "version": "1.0.0"})
            await line.send_json({"event": "start", "streamSid": "MZ1", "start": {"streamSid": "MZ1"}})
            yield Telephone(line)
    finally:
        process.terminate()
        await process.wait()


async def test_it_greets_answers_every_turn_with_the_next_line_and_hangs_up_when_the_last_was_played() -> None:
    async with call() as telephone:
        for _ in range(3):
            sound = np.frombuffer(base64.b64decode((await telephone.hears("media"))["media"]["payload"]), np.uint8)
            assert 1 < len(sound) / 8000 < 6
            assert np.abs(decode_mulaw(sound)).max() > 3000
            mark = (await telephone.hears("mark"))["mark"]["name"]
            await telephone.sends("mark", mark={"name": mark})
            if mark != "said 2":
                await telephone.speaks()
        await telephone.hears("stop")


async def test_it_clears_what_is_queued_once_when_the_caller_breaks_in() -> None:
    async with call() as telephone:
        await telephone.hears("media")
        await telephone.hears("mark")
        await telephone.speaks()
        await telephone.hears("clear")
        await telephone.hears("media")


@pytest.fixture
def program() -> ModuleType:
    specification = importlib.util.spec_from_file_location("voice_agent", PROGRAM)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_its_mu_law_is_the_standard_s(program: ModuleType) -> None:
    samples = np.arange(-32768, 32768, 37, dtype=np.int16)
    assert [program.encode(int(sample)) for sample in samples] == encode_mulaw(samples).tolist()
    every = np.arange(256, dtype=np.uint8)
    assert [program.decode(int(byte)) for byte in every] == decode_mulaw(every).tolist()


def test_the_lines_to_be_known_are_those_that_it_says(program: ModuleType) -> None:
    lines = PROGRAM.with_name("voice_agent_lines.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [program.GREETING, *program.ANSWERS]
