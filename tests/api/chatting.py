"""A service that works, and a client of its chats."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from asking import CHAT, V1, made, make_agent, make_scenario
from running_service import Reply, Service, running

from ringback.settings import Settings
from ringback.wiring.hands import Hands, open_hands

_PATIENCE = 30.0
"""Seconds after which a test gives up waiting."""
_PAUSE = 0.05
"""Seconds between two looks: each is a request."""


class Chat:
    """One run's chat, spoken to over HTTP."""

    def __init__(self, service: Service, run_id: int, result_id: int) -> None:
        self.service = service
        self.run_id = run_id
        self.result_id = result_id
        self.path = f"{V1}/runs/{run_id}/"

    async def run(self) -> dict[str, Any]:
        """The run."""
        return (await self.service.get(self.path)).body

    async def until(self, *wanted: str) -> dict[str, Any]:
        """The run, once it has one of these statuses."""
        deadline = time.monotonic() + _PATIENCE
        while (run := await self.run())["status"] not in wanted:
            assert run["status"] not in {"completed", "failed", "timeout", "cancelled"}, run
            assert time.monotonic() < deadline, run
            await asyncio.sleep(_PAUSE)
        return run

    async def read(self, turn_id: int) -> Reply:
        """A turn as it is now."""
        return await self.service.get(f"{self.path}chat/{turn_id}/")

    async def turn(self, turn_id: int) -> dict[str, Any]:
        """A turn, once it is no longer generated."""
        deadline = time.monotonic() + _PATIENCE
        while (reply := await self.read(turn_id)).body["status"] == "generating":
            assert time.monotonic() < deadline, reply
            await asyncio.sleep(_PAUSE)
        return reply.body

    async def submit(self, content: str | None = None, **more: Any) -> Reply:
        """Submit a frame."""
        return await self.service.post(f"{self.path}chat/", {**({"content": content} if content else {}), **more})

    async def say(self, content: str, **more: Any) -> dict[str, Any]:
        """Submit words, and fetch the answer."""
        reply = await self.submit(content, **more)
        assert (reply.status, reply.body["status"]) == (202, "generating"), reply.body
        return await self.turn(reply.body["turn_id"])

    async def end(self, **body: Any) -> Reply:
        """End the chat."""
        return await self.service.post(f"{self.path}end-chat/", body)


@asynccontextmanager
async def working(settings: Settings, *, places: int = 20) -> AsyncGenerator[tuple[Service, Hands]]:
    """A server with a worker in this process."""
    async with running(settings) as service, open_hands(service.services, places=places) as hands:
        yield service, hands


async def ask_for_chat(service: Service, *, seconds: float | None = None, **scenario: Any) -> Chat:
    """Ask for one run in pull mode."""
    agent = await make_agent(service, secrets={})
    number = await make_scenario(service, agent, **scenario)
    body = {"agent_id": agent, "scenarios": [number], **({"timeout": seconds} if seconds else {})}
    answer = await made(service.post(CHAT, body))
    return Chat(service, answer["runs"][0]["id"], answer["id"])
