"""What becomes of runs whose workers die: begun again so many times and no more, and never held again to be judged."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from service_process import V1, Client, Process, Server, environment
from test_models import agent, verdict

from ringback.testing import AgentCall, ScriptedAgentServer
from ringback.testing.model_answers import Asked, Stall
from ringback.testing.model_server import ScriptedModelServer


async def ask(client: Client, agent_url: str, **scenario: Any) -> int:
    """Ask for one run; its result's number."""
    made = {"agent_name": "Agent", "description": "It answers.", "inbound": True, "websocket_url": agent_url}
    agent_id = (await client.made("/aiagents/", made))["id"]
    body = {"name": "Books", "agent": agent_id, "script": ["I would like a visit."], **scenario}
    number = (await client.made("/scenarios/", body))["id"]
    asked = {"agent_id": agent_id, "scenarios": [number]}
    return int((await client.made("/scenarios/run_scenarios_text/", asked))["id"])


async def _silent(call: AgentCall) -> None:
    await call.closed.wait()


async def test_a_run_whose_workers_keep_dying_is_given_up_with_its_attempts_in_the_record(
    postgresql_url: str, tmp_path: Path
) -> None:
    seen = environment(tmp_path, postgresql_url, RINGBACK_MAX_WORKER_LOSSES="1")
    server = Server(("serve", "--port", "0", "--workers", "0"), seen, tmp_path)
    worker = Process(("worker",), seen, tmp_path)
    await server.start()
    try:
        async with ScriptedAgentServer(_silent) as silent, aiohttp.ClientSession() as session:
            client = Client(server, session)
            result = await ask(client, silent.url)
            for begun in (1, 2):
                await worker.start()
                await silent.call(begun)
                await worker.kill()
            # Nobody is left to carry it out, and yet it does not stay as it was.
            detail = await client.over(result, 30)
            [run_id] = detail["runs"]
            _, run = await client("GET", f"{V1}/runs/{run_id}/")
            attempts = [int(call.header("X-VOCERA-RUN-ID") or 0) for call in silent.calls]
    finally:
        await server.stop()

    assert (detail["status"], detail["failed_runs_count"]) == ("failed", 1)
    assert (run["status"], run["outcome"]) == ("failed", "error")
    assert run["error_message"].startswith("Worker lost")
    assert [attempt["number"] for attempt in run["earlier_attempts"]] == [1]
    assert (run["attempt"], attempts) == (2, [int(run_id)] * 2)


async def test_a_conversation_is_not_held_again_when_its_judging_was_killed(tmp_path: Path) -> None:
    judging = asyncio.Event()

    def stall(_: Asked) -> Stall:
        judging.set()
        return Stall()

    async with agent() as clinic, ScriptedModelServer() as model, aiohttp.ClientSession() as session:
        model.on(wants_object=True, answer=stall, times=1)
        judge: Mapping[str, str] = {
            "RINGBACK_JUDGE_MODEL": "openai:scripted",
            "RINGBACK_JUDGE_BASE_URL": model.url,
            "OPENAI_API_KEY": "sk-of-the-test",
        }
        server = Server(("serve", "--port", "0"), environment(tmp_path, **judge), tmp_path)
        await server.start()
        try:
            client = Client(server, session)
            result = await ask(client, clinic.url, expected_outcome_prompt="The agent books the visit.")
            async with asyncio.timeout(30):
                await judging.wait()
            await server.kill()
            model.on(wants_object=True, answer=verdict("Your visit is booked for Monday."))
            await server.start()
            detail = await client.over(result, 30)
        finally:
            await server.stop()

    [run] = detail["runs"].values()
    assert (run["status"], run["outcome"], run["expected_outcome"]["score"]) == ("completed", "passed", 100), run
    assert len(clinic.calls) == 1, "the conversation was held once"
    assert len(model.requests) == 2, "and only the judge was asked again"
