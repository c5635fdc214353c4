"""A chat over plain HTTP whose server and worker are processes of their own, and whose worker is killed."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from service_process import V1, Client, Process, Server, environment


async def until(client: Client, path: str, key: str, *wanted: str) -> dict[str, Any]:
    """What is at a path, once it says one of these."""
    async with asyncio.timeout(60):
        while True:
            _, answer = await client("GET", path)
            if answer.get(key) in wanted:
                return answer
            await asyncio.sleep(0.05)


async def test_a_chat_goes_on_with_another_worker_when_its_own_is_killed(postgresql_url: str, tmp_path: Path) -> None:
    seen = environment(tmp_path, postgresql_url)
    server = Server(("serve", "--port", "0", "--workers", "0"), seen, tmp_path)
    first, second = Process(("worker",), seen, tmp_path), Process(("worker",), seen, tmp_path)
    for process in (server, first):
        await process.start()
    try:
        async with aiohttp.ClientSession() as session:
            await converse(Client(server, session), first, second)
    finally:
        codes = [await process.stop() for process in (server, second)]
    assert codes == [0, 0], [server.lines[-5:], second.lines[-5:]]


async def converse(client: Client, first: Process, second: Process) -> None:
    """Begin with one worker, kill it, and hold the whole conversation with the other."""
    agent = await client.made("/aiagents/", {"agent_name": "Agent", "description": "It answers.", "inbound": True})
    script = ["Hello", "A table for two", "Bye"]
    await client.made("/scenarios/", {"name": "Books", "agent": agent["id"], "script": script})
    asked = await client.made("/scenarios/run_scenarios_api_chat/", {"agent_id": agent["id"], "scenarios": "all"})
    run = f"{V1}/runs/{asked['runs'][0]['id']}/"

    async def say(words: str) -> dict[str, Any]:
        status, submitted = await client("POST", f"{run}chat/", {"content": words})
        assert status == 202, submitted
        return await until(client, f"{run}chat/{submitted['turn_id']}/", "status", "ready")

    await until(client, run, "status", "in_progress")
    await until(client, f"{run}chat/0/", "message", "Hello")
    assert (await say("Good morning."))["message"] == "A table for two"

    await first.kill()
    await second.start()
    async with asyncio.timeout(60):
        while (await client("GET", f"{run}chat/1/"))[1]["status"] != "error":  # noqa: ASYNC110 - another process says so
            await asyncio.sleep(0.05)

    await until(client, run, "status", "in_progress")
    opening = await until(client, f"{run}chat/0/", "status", "ready")
    assert opening["message"] == "Hello"
    turns = [opening]
    while not turns[-1]["ended"]:
        turns.append(await say("Certainly."))
    assert [turn["message"] for turn in turns] == ["Hello", "A table for two", "Bye", None]
    assert [turn["turn_id"] for turn in turns] == [0, 2, 3, 4]
    done = await until(client, run, "status", "completed")
    assert [attempt["number"] for attempt in done["earlier_attempts"]] == [1]
