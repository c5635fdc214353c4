"""Runs that somebody ends, and processes that are asked to end: in order, or at once."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from command_line import RINGBACK
from service_process import V1, Client, Process, Server, environment

from ringback.testing import AgentCall, ScriptedAgentServer

Talk = Callable[[AgentCall], Awaitable[None]]


@dataclass(frozen=True)
class Ready:
    """A server that only answers requests, and a worker in another process."""

    client: Client
    worker: Process
    agent: ScriptedAgentServer

    async def batch(self, runs: int) -> int:
        """Ask for so many conversations; their result's number, when all of them are under way."""
        made = {"agent_name": "Agent", "description": "It talks.", "inbound": True, "websocket_url": self.agent.url}
        agent = await self.client.made("/aiagents/", made)
        scenario = await self.client.made(
            "/scenarios/", {"name": "Talks", "agent": agent["id"], "script": ["Hello", "Bye"]}
        )
        asked = {"agent_id": agent["id"], "scenarios": [scenario["id"]], "frequency": runs}
        result = int((await self.client.made("/scenarios/run_scenarios_text/", asked))["id"])
        await self.agent.call(runs)
        return result

    async def post(self, path: str) -> None:
        status, answer = await self.client("POST", f"{V1}/{path}/", {})
        assert status == 200, answer


@asynccontextmanager
async def ready(
    url: str, folder: Path, talk: Talk, measured: bool = False, /, **settings: str
) -> AsyncGenerator[Ready]:
    seen = environment(folder, url, measured, **settings)
    server, worker = (
        Server(("serve", "--port", "0", "--workers", "0"), seen, folder),
        Process(("worker",), seen, folder),
    )
    await server.start()
    try:
        await worker.start()
        async with ScriptedAgentServer(talk) as agent, aiohttp.ClientSession() as session:
            yield Ready(Client(server, session), worker, agent)
    finally:
        codes = [await process.stop() for process in (server, worker)]
    assert codes[0] == 0, server.lines


async def silent(call: AgentCall) -> None:
    """Says nothing until the call is over."""
    await call.closed.wait()


async def test_a_run_and_a_result_are_cancelled_wherever_they_run(postgresql_url: str, tmp_path: Path) -> None:
    now = asyncio.get_running_loop().time
    async with ready(postgresql_url, tmp_path, silent) as there:
        result = await there.batch(3)
        calls = {int(call.header("X-VOCERA-RUN-ID") or 0): call for call in there.agent.calls}
        one, *others = calls
        begun = now()
        await there.post(f"runs/{one}/end_call")
        await calls[one].closed.wait()
        took = [now() - begun]
        assert calls[one].ended_by_caller
        assert not any(calls[other].closed.is_set() for other in others)

        begun = now()
        await there.post(f"results/{result}/end_calls")
        for other in others:
            await calls[other].closed.wait()
            assert calls[other].ended_by_caller
        detail = await there.client.over(result)
        took.append(now() - begun)
    assert detail["status"] == "cancelled"
    assert {run["status"] for run in detail["runs"].values()} == {"cancelled"}
    assert {run["success"] for run in detail["runs"].values()} == {None}
    assert max(took) < 15, took  # a second, and what a busy machine needs; the agent says nothing for ever


async def test_a_worker_that_is_told_to_stop_lets_some_end_and_hands_the_others_back(
    postgresql_url: str, tmp_path: Path
) -> None:
    stopping, gone = asyncio.Event(), asyncio.Event()

    async def talk(call: AgentCall) -> None:
        wait = stopping if call.number <= 5 else gone
        while await call.hear():
            waits = [asyncio.create_task(event.wait()) for event in (wait, call.closed)]
            _, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                other.cancel()
            await call.say("Certainly.")

    async with ready(postgresql_url, tmp_path, talk, True, RINGBACK_DRAIN_TIMEOUT="2") as there:
        result = await there.batch(12)
        there.worker.send(signal.SIGTERM)
        await there.worker.says("Stopping")
        stopping.set()
        async with asyncio.timeout(30):
            code = await there.worker.gone()
        gone.set()
        handed_back = [call for call in there.agent.calls if call.number > 5]
        assert all(call.ended_by_caller for call in handed_back)
        _, detail = await there.client("GET", f"{V1}/results/{result}/")
        assert Counter(run["status"] for run in detail["runs"].values())["completed"] == 5

        await there.worker.start()
        detail = await there.client.over(result)
    assert code == 0, there.worker.lines
    assert detail["success_runs_count"] == 12
    assert Counter(run["attempt"] for run in detail["runs"].values()) == {1: 5, 2: 7}


async def test_a_second_signal_ends_a_worker_at_once_and_its_runs_are_begun_again(
    postgresql_url: str, tmp_path: Path
) -> None:
    hangs = True

    async def talk(call: AgentCall) -> None:
        if hangs:
            await silent(call)
        while await call.hear():
            await call.say("Certainly.")

    async with ready(postgresql_url, tmp_path, talk, RINGBACK_DRAIN_TIMEOUT="60") as there:
        result = await there.batch(4)
        there.worker.send(signal.SIGINT)
        await there.worker.says("Stopping:")
        there.worker.send(signal.SIGINT)
        async with asyncio.timeout(30):  # half of what it would have to drain
            code = await there.worker.gone()
        hangs = False
        await there.worker.start()
        detail: dict[str, Any] = await there.client.over(result)
    assert code == 130, there.worker.lines
    assert detail["success_runs_count"] == 4
    assert {run["attempt"] for run in detail["runs"].values()} == {2}


async def test_a_worker_that_is_told_to_stop_before_it_has_begun_ends_in_order(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(str(RINGBACK), "worker", cwd=tmp_path, env=environment(tmp_path))
    caught = 0
    while not caught >> (signal.SIGTERM - 1) & 1:
        assert process.returncode is None
        await asyncio.sleep(0.005)
        status = Path(f"/proc/{process.pid}/status").read_text()  # noqa: ASYNC240 - no file that has to be waited for
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    process.terminate()
    assert await process.wait() == 0
