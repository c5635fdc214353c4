"""Ten minutes of kills, pauses, cut networks and database restarts under 10,000 runs: `make soak`."""

import asyncio
import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import psycopg
from cable import Cable
from service_process import Client, Process, Server, environment

from ringback.testing import AgentCall, ScriptedAgentServer

RUNS = int(os.environ.get("SOAK_RUNS", "10000"))
SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
"""For how long there is trouble; afterwards what is left is waited for."""

BATCHES = 10


class DatabaseServer(Protocol):
    """What `postgresql_server` is, as far as it is used here."""

    url: str

    def restart(self) -> None:
        """Break every connection, and come back."""


async def polite(call: AgentCall) -> None:
    """Answers after a little thought."""
    while await call.hear():
        await asyncio.sleep(0.05)
        await call.say("Certainly.")


async def pause(process: Process, seconds: float) -> None:
    """Stop it in its tracks, past its sign of life now and then."""
    process.send(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    process.send(signal.SIGCONT)


async def kill(process: Process) -> None:
    """Kill it, and start it again."""
    await process.kill()
    await process.start()


async def cut(cable: Cable, seconds: float) -> None:
    """Pull the cable out, and put it back."""
    cable.cut()
    await asyncio.sleep(seconds)
    cable.mend()


async def make_trouble(
    chance: random.Random, processes: list[Process], cable: Cable, database: DatabaseServer, seconds: float
) -> Counter[str]:
    """One misfortune after another; how often each happened."""
    happened: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(chance.uniform(0.5, 4))
        # A starting process needs its database, so those that need it are done one at a time.
        match chance.choices(("kill", "pause", "cut", "restart"), (40, 35, 20, 5))[0]:
            case "kill":
                await kill(chance.choice(processes))
                happened["kill"] += 1
            case "pause":
                await pause(chance.choice(processes), chance.uniform(0.2, 4))
                happened["pause"] += 1
            case "cut":
                await cut(cable, chance.uniform(0.2, 4))
                happened["cut"] += 1
            case _:
                await asyncio.to_thread(database.restart)
                happened["restart"] += 1
    return happened


async def ask_for(client: Client, agent_url: str) -> list[int]:
    """Ask for all batches; their results' numbers."""
    agent = await client.made(
        "/aiagents/", {"agent_name": "Agent", "description": "It answers.", "inbound": True, "websocket_url": agent_url}
    )
    scenario = await client.made(
        "/scenarios/", {"name": "Books", "agent": agent["id"], "script": ["Hello", "A table for two", "Bye"]}
    )
    asked = {"agent_id": agent["id"], "scenarios": [scenario["id"]], "frequency": RUNS // BATCHES}
    return [int((await client.made("/scenarios/run_scenarios_text/", asked))["id"]) for _ in range(BATCHES)]


async def test_nothing_is_lost_doubled_or_stuck_in_ten_minutes_of_trouble(
    postgresql_server: DatabaseServer, tmp_path: Path
) -> None:
    chance = random.Random(int(os.environ.get("SOAK_SEED", "4")))  # noqa: S311 - repeatable, no secret
    few = {"RINGBACK_WORKER_CONCURRENCY": "20", "RINGBACK_MAX_WORKER_LOSSES": "1000"}
    if SECONDS > 60:
        few["RINGBACK_STARTS_PER_SECOND"] = str(RUNS / SECONDS)  # the work is to last as long as the trouble
    seen = environment(tmp_path, postgresql_server.url, **few)
    async with (
        Cable(postgresql_server.url) as cable,
        ScriptedAgentServer(polite) as agent,
        aiohttp.ClientSession() as session,
    ):
        server = Server(("serve", "--port", "0"), seen, tmp_path)
        away = Process(("worker",), environment(tmp_path, cable.url, **few), tmp_path)
        processes = [server, Process(("worker",), seen, tmp_path), away]
        for process in processes:
            await process.start()
        try:
            client = Client(server, session)
            results = await ask_for(client, agent.url)
            happened = await make_trouble(chance, processes, cable, postgresql_server, SECONDS)
            details: list[dict[str, Any]] = [await client.over(result, 300) for result in results]
        finally:
            codes = [await process.stop() for process in processes]
    assert codes == [0, 0, 0], [process.lines[-5:] for process in processes]
    runs = {int(number): run for detail in details for number, run in detail["runs"].items()}
    assert len(runs) == RUNS, happened
    assert {run["status"] for run in runs.values()} == {"completed"}
    assert sum(detail["success_runs_count"] for detail in details) == RUNS
    calls = Counter(int(call.header("X-VOCERA-RUN-ID") or 0) for call in agent.calls)
    assert set(calls) == set(runs)
    assert {run: count for run, count in calls.items() if count > runs[run]["attempt"]} == {}
    with psycopg.connect(postgresql_server.url) as connection:
        left = connection.execute("SELECT count(*) FROM runs WHERE status <> 'done'").fetchone()
    assert left == (0,)
