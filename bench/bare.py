"""The bare loop: the same conversations with the same client library, and nothing else."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import aiohttp

TURNS = 5
LINES = tuple(f"This is line {number} of what I have to say." for number in range(1, TURNS + 1))
PROMPT = "You are a caller. " * 105
"""About as long as the prompt and the one tool of Ringback's persona, so that both sides send bodies of one size."""


async def scripted(
    session: aiohttp.ClientSession, agent_url: str, gate: asyncio.Semaphore, delays: list[float]
) -> None:
    """Five lines, five answers, end_call, close."""
    async with gate:
        socket = await session.ws_connect(agent_url, compress=0)
    async with socket:
        for line in LINES:
            sent = time.monotonic()
            await socket.send_str(json.dumps({"content": line}))
            message = await socket.receive()
            delays.append(time.monotonic() - sent)
            json.loads(message.data)
        await socket.send_str(json.dumps({"content": "", "type": "end_call"}))


async def model_driven(session: aiohttp.ClientSession, agent_url: str, model_url: str) -> None:
    """Five model calls for the caller's lines and one for the verdict."""
    messages: list[dict[str, str]] = [{"role": "system", "content": PROMPT}]

    async def ask(*, judge: bool = False) -> str:
        body: dict[str, object] = {"model": "m", "messages": messages}
        if judge:
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": {}}}
        async with session.post(f"{model_url}/chat/completions", json=body) as response:
            answer = await response.json()
        return answer["choices"][0]["message"]["content"]

    async with session.ws_connect(agent_url, compress=0) as socket:
        for _ in range(TURNS):
            line = await ask()
            messages.append({"role": "assistant", "content": line})
            await socket.send_str(json.dumps({"content": line}))
            message = await socket.receive()
            messages.append({"role": "user", "content": json.loads(message.data)["content"]})
        await socket.send_str(json.dumps({"content": "", "type": "end_call"}))
    json.loads(await ask(judge=True))


async def hold(conversations: int, concurrency: int, one: Callable[[aiohttp.ClientSession], Awaitable[None]]) -> None:
    """So many conversations, so many side by side."""
    waiting = iter(range(conversations))

    async def work(session: aiohttp.ClientSession) -> None:
        for _ in waiting:
            await one(session)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work(session))
