"""PostgreSQL restarts and the network is cut in the middle of a batch: everything ends well, and nothing twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import psycopg
from cable import Cable
from service_process import KEY, V1, Client, Process, Server, environment

from ringback.testing import AgentCall, ScriptedAgentServer

RUNS = 200


class DatabaseServer(Protocol):
    """What `postgresql_server` is, as far as it is used here."""

    url: str

    def restart(self) -> None: ...
    def stop(self) -> None: ...
    def start(self) -> None: ...


async def patient(call: AgentCall) -> None:
    """Thinks a while before each answer."""
    while await call.hear():
        await asyncio.sleep(0.05)
        await call.say("Certainly.")


async def slow(call: AgentCall) -> None:
    """Thinks so long that both workers have runs under way at any time before the last ones."""
    while await call.hear():
        await asyncio.sleep(0.5)
        await call.say("Certainly.")


async def batch(client: Client, agent_url: str, runs: int) -> int:
    """Ask for a batch with a new agent and scenario; its result's number."""
    agent = await client.made(
        "/aiagents/", {"agent_name": "Agent", "description": "It answers.", "inbound": True, "websocket_url": agent_url}
    )
    scenario = await client.made("/scenarios/", {"name": "Books", "agent": agent["id"], "script": ["Hello", "Bye"]})
    asked = {"agent_id": agent["id"], "scenarios": [scenario["id"]], "frequency": runs}
    return int((await client.made("/scenarios/run_scenarios_text/", asked))["id"])


@asynccontextmanager
async def started(*processes: Process) -> AsyncGenerator[list[int]]:
    """Processes for as long as the context lasts; then their exit codes."""
    codes: list[int] = []
    for process in processes:
        await process.start()
    try:
        yield codes
    finally:
        codes.extend([await process.stop() for process in processes])


def assert_each_run_ended_once(detail: dict[str, Any], agent: ScriptedAgentServer) -> None:
    """Every run is done and passed, and was talked about no more often than it has attempts."""
    assert (detail["total_runs_count"], detail["success_runs_count"]) == (RUNS, RUNS), detail
    calls = Counter(int(call.header("X-VOCERA-RUN-ID") or 0) for call in agent.calls)
    attempts = {int(number): run["attempt"] for number, run in detail["runs"].items()}
    assert set(calls) == set(attempts)
    assert {run: count for run, count in calls.items() if count > attempts[run]} == {}


async def asked(session: aiohttp.ClientSession, server: Server, path: str) -> tuple[int, str | None]:
    """Status and `Retry-After` of one request."""
    async with session.get(server.url + path, headers={"X-VOCERA-API-KEY": KEY}) as answer:
        return answer.status, answer.headers.get("Retry-After")


async def one_says(processes: tuple[Process, ...], words: str) -> None:
    """Wait until one of the processes has said so."""
    _, others = await asyncio.wait(
        [asyncio.create_task(process.says(words)) for process in processes], return_when=asyncio.FIRST_COMPLETED
    )
    for other in others:
        other.cancel()


async def test_postgresql_may_restart_and_be_away_in_the_middle_of_a_batch(
    postgresql_server: DatabaseServer, tmp_path: Path
) -> None:
    seen = environment(tmp_path, postgresql_server.url, RINGBACK_WORKER_CONCURRENCY="20")
    server = Server(("serve", "--port", "0", "--workers", "0"), seen, tmp_path)
    worker = Process(("worker",), seen, tmp_path)
    async with (
        ScriptedAgentServer(patient) as agent,
        aiohttp.ClientSession() as session,
        started(server, worker) as codes,
    ):
        client = Client(server, session)
        result = await batch(client, agent.url, RUNS)
        await agent.call(30)
        await asyncio.to_thread(postgresql_server.restart)
        await agent.call(len(agent.calls) + 40)

        await asyncio.to_thread(postgresql_server.stop)
        # Short absences are waited through; after five seconds without a database a request is told so.
        answers = await asyncio.gather(*(asked(session, server, f"{V1}/{path}/") for path in ("results", "aiagents")))
        assert answers == [(503, "2"), (503, "2")]
        assert (await asked(session, server, "/healthz/ready"))[0] == 503
        assert (await asked(session, server, "/healthz"))[0] == 200
        await asyncio.to_thread(postgresql_server.start)

        async with asyncio.timeout(30):
            await agent.call(len(agent.calls) + 30)
        assert (await asked(session, server, f"{V1}/results/"))[0] == 200
        detail = await client.over(result)
    assert codes == [0, 0], (server.lines[-5:], worker.lines[-5:])
    assert_each_run_ended_once(detail, agent)


async def test_a_worker_whose_network_is_cut_loses_its_runs_to_others_and_comes_back_under_a_new_name(
    postgresql_url: str, tmp_path: Path
) -> None:
    async with (
        Cable(postgresql_url) as cable,
        ScriptedAgentServer(slow) as agent,
        ScriptedAgentServer(patient) as another,
        aiohttp.ClientSession() as session,
    ):
        few = {"RINGBACK_WORKER_CONCURRENCY": "10", "RINGBACK_WORKER_TIMEOUT": "5"}
        server = Server(
            ("serve", "--port", "0", "--workers", "0"), environment(tmp_path, postgresql_url, **few), tmp_path
        )
        there = Process(("worker",), environment(tmp_path, postgresql_url, **few), tmp_path)
        away = Process(("worker",), environment(tmp_path, cable.url, **few), tmp_path)
        async with started(server, there, away) as codes:
            client = Client(server, session)
            result = await batch(client, agent.url, RUNS)
            await agent.call(40)
            cable.cut()
            await asyncio.sleep(0.8)  # shorter than a worker's timeout: nobody has to notice
            cable.mend()
            await agent.call(len(agent.calls) + 40)
            assert not any("new name" in line for line in away.lines)
            cable.hold()
            await one_says((server, there), "workers are gone")
            cable.cut()
            await asyncio.sleep(1)
            cable.mend()
            await away.says("goes on under a new name")
            detail = await client.over(result)
            later = await batch(client, another.url, 60)
            await client.over(later)
        assert codes == [0, 0, 0], (server.lines[-5:], there.lines[-5:], away.lines[-5:])
    assert_each_run_ended_once(detail, agent)
    assert max(run["attempt"] for run in detail["runs"].values()) > 1, "nothing was taken over"
    with psycopg.connect(postgresql_url) as connection:
        done = connection.execute("SELECT DISTINCT owner FROM runs WHERE result_id = %s", [later]).fetchall()
    assert len(done) == 2, "the worker that came back did nothing any more"
