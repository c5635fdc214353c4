"""Servers and workers that are killed and paused at any moment: nothing is lost, doubled or stuck."""

import asyncio
import contextlib
import random
import signal
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from service_process import V1, Client, Process, Server, environment

from ringback.testing import AgentCall, ScriptedAgentServer

RUNS = 2_000


async def batch(client: Client, agent_url: str, runs: int) -> int:
    """Ask for a batch with a new agent and scenario; its result's number."""
    agent = await client.made(
        "/aiagents/", {"agent_name": "Agent", "description": "It answers.", "inbound": True, "websocket_url": agent_url}
    )
    scenario = await client.made(
        "/scenarios/", {"name": "Books", "agent": agent["id"], "script": ["Hello", "A table for two", "Bye"]}
    )
    asked = {"agent_id": agent["id"], "scenarios": [scenario["id"]], "frequency": runs}
    return int((await client.made("/scenarios/run_scenarios_text/", asked))["id"])


async def harass(processes: list[Process], chance: random.Random, enough: asyncio.Event) -> None:
    """Kill or pause one of the processes after another, until it is enough; then all of them are there again."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0.5, 1.5)):
                await enough.wait()
                return
        victim = chance.choice(processes)
        if chance.random() < 0.6:
            await victim.kill()
            await victim.start()
        else:
            victim.send(signal.SIGSTOP)
            await asyncio.sleep(chance.uniform(0.2, 3.5))  # past its heartbeat, now and then
            victim.send(signal.SIGCONT)


@pytest.mark.timeout(300)  # on a machine that has other things to do
async def test_nothing_is_lost_doubled_or_stuck_while_servers_and_workers_are_killed_and_paused(
    postgresql_url: str, tmp_path: Path
) -> None:
    seen = environment(tmp_path, postgresql_url, RINGBACK_WORKER_CONCURRENCY="20")
    server = Server(("serve", "--port", "0"), seen, tmp_path)
    workers = [Process(("worker",), seen, tmp_path) for _ in range(2)]
    processes = [server, *workers]
    for process in processes:
        await process.start()
    try:
        async with ScriptedAgentServer(_polite) as agent, aiohttp.ClientSession() as session:
            client = Client(server, session)
            result = await batch(client, agent.url, RUNS)
            enough = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(harass(processes, random.Random(4), enough))  # noqa: S311 - repeatable, no secret
                try:
                    detail = await client.over(result, 240)
                finally:
                    enough.set()
            calls = Counter(int(call.header("X-VOCERA-RUN-ID") or 0) for call in agent.calls)
    finally:
        codes = [await process.stop() for process in processes]

    assert codes == [0, 0, 0], [process.lines[-5:] for process in processes]
    assert (detail["total_runs_count"], detail["success_runs_count"]) == (RUNS, RUNS), detail
    assert {run["status"] for run in detail["runs"].values()} == {"completed"}
    assert set(calls) == {int(number) for number in detail["runs"]}
    # An attempt is begun once, so a run was talked about no more often than it has attempts.
    attempts = {int(number): run["attempt"] for number, run in detail["runs"].items()}
    assert {run: count for run, count in calls.items() if count > attempts[run]} == {}
    assert max(attempts.values()) > 1, "nothing was killed in the middle of a run"


async def _polite(call: AgentCall) -> None:
    while await call.hear():
        await call.say("Certainly.")


async def test_a_killed_server_takes_its_work_up_again_when_it_is_started_again(tmp_path: Path) -> None:
    server = Server(("serve", "--port", "0"), environment(tmp_path, RINGBACK_WORKER_CONCURRENCY="10"), tmp_path)
    await server.start()
    try:
        async with ScriptedAgentServer(_polite) as agent, aiohttp.ClientSession() as session:
            client = Client(server, session)
            result = await batch(client, agent.url, 150)
            await agent.call(20)
            await server.kill()
            await server.start()
            detail = await client.over(result)
    finally:
        await server.stop()

    assert (detail["total_runs_count"], detail["success_runs_count"]) == (150, 150)
    assert f"{V1}/" in server.lines[0]
