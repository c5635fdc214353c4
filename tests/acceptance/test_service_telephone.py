"""Outbound agents of `ringback serve`, by `curl`: start, poll until pending, dial the number, poll until it is over."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from baresip_peer import BaresipPeer
from peer_process import PATIENCE, free_port
from peer_speech import words_wav
from service_process import KEY, V1, Server, environment
from sipp_peer import SippPeer

HELLO = "Hello, this is the clinic."
OURS, CONTACT, STRANGER = "+15550100", "+15550111", "+15550199"
TERMINAL = ("completed", "failed", "timeout", "cancelled")
AGENT = {
    "name": "Reminder",
    "description": "It calls patients.",
    "agent_speaks_first": True,
    "telephony": {"inbound": False, "phone_number": "+1 (555) 01-11", "known_lines": [HELLO]},
}
Ask = Callable[..., Awaitable[Any]]


@asynccontextmanager
async def serving(folder: Path, **more: str) -> AsyncGenerator[tuple[Server, str]]:
    """A server with one number, and where its telephone is."""
    listen = f"127.0.0.1:{free_port()}"
    given = {"RINGBACK_SIP_LISTEN": listen, "RINGBACK_PHONE_NUMBERS": "+1 555-0100", "RINGBACK_END_OF_TURN": "0.4"}
    server = Server(("serve", "--port", "0"), environment(folder, **{**given, **more}), folder)
    await server.start()
    try:
        yield server, listen
    finally:
        assert await server.stop() == 0, "\n".join(server.lines)


def curl(server: Server) -> Ask:
    """Asks by the program; the answer as JSON."""

    async def ask(method: str, path: str, body: Any = None) -> Any:
        sent = ["-H", f"X-CEKURA-API-KEY: {KEY}", "-H", "Content-Type: application/json"]
        given = ["-d", json.dumps(body)] if body is not None else []
        process = await asyncio.create_subprocess_exec(
            "curl",
            "-sS",
            "--fail-with-body",
            "-X",
            method,
            *sent,
            *given,
            server.url + path,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
        return json.loads(out)

    return ask


async def until(ask: Ask, run_id: int, *statuses: str) -> dict[str, Any]:
    """Poll as the clients of the reference do, until the run has one of these statuses."""
    async with asyncio.timeout(2 * PATIENCE):
        while True:
            (run,) = await ask("GET", f"{V1}/runs/bulk/?run_ids={run_id}")
            if run["status"] in statuses:
                return dict(run)
            assert run["status"] not in TERMINAL, run
            await asyncio.sleep(0.1)


async def started(ask: Ask, *, runs: int = 1, provider: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """An agent, its scenario and a run request for it; the runs as it was answered."""
    agent = await ask("POST", f"{V1.replace('v1', 'v2')}/aiagents/", {**AGENT, "provider": provider or {}})
    thanks = {"id": 0, "condition": "FIRST_MESSAGE", "action": "Thank you.<endcall/>", "type": "standard"}
    scenario = {"name": "Is reminded", "agent": agent["id"], "scenario_type": "conditional_actions"}
    scenario |= {"conditional_actions": {"role": "A patient", "conditions": [{**thanks, "fixed_message": True}]}}
    scenario |= {"checks": [{"type": "agent_said", "text": "this is the clinic"}]}
    made = await ask("POST", f"{V1}/scenarios/", scenario)
    profile = {"name": "Ada", "agent": agent["id"], "information": {"main_agent_variables": {"patient": "Ada"}}}
    ada = await ask("POST", f"{V1}/test-profiles/", profile)
    body = {"agent_id": agent["id"], "scenarios": [made["id"]], "frequency": runs, "test_profile_ids": [ada["id"]]}
    answer = await ask("POST", f"{V1}/scenarios/run_scenarios/", body)
    assert answer["status"] == "pending"
    return list(answer["runs"])


async def test_an_agent_calls_the_number_of_each_run_as_it_turns_pending(tmp_path: Path) -> None:
    says = await words_wav(tmp_path, 0.5, HELLO)
    async with serving(tmp_path) as (server, listen), BaresipPeer(tmp_path, user=CONTACT, says=says) as agent:
        ask = curl(server)
        first, second = await started(ask, runs=2)
        assert (first["number"], first["status"]) == (OURS, "pending")
        assert (second["number"], second["status"]) == (None, "in_queue")
        async with SippPeer(tmp_path, "dials", to=listen, user=OURS, calls=1, variables={"from": STRANGER}) as stranger:
            assert await stranger.over() == 0, stranger.troubles()
        assert len(stranger.all_of("SIP/2.0 486")) == 1
        (busy,) = await ask("GET", f"{V1}/phone-numbers/check_occupancy/")
        assert (busy["number"], busy["status"], busy["run_id"]) == (OURS, "pending", first["id"])
        for number, run in enumerate((first, second), 1):
            waiting = await until(ask, run["id"], "pending")
            await agent.dial(f"sip:{waiting['number']}@{listen}")  # at once: whether or not anybody listens yet
            await until(ask, run["id"], "in_progress", *TERMINAL)
            await agent.over(number)
            over = await until(ask, run["id"], *TERMINAL)
            assert (over["status"], over["success"]) == ("completed", True), over
            assert (over["number"], over["outbound_number"]) == (OURS, OURS)
            assert over["agent_number"] == CONTACT
            assert over["provider_call_id"]
        detail = await ask("GET", f"{V1}/results/1/")
        assert (detail["status"], detail["success_rate"]) == ("completed", 100.0)
        refused = (await until(ask, first["id"], "completed"))["findings"]
        assert [STRANGER in finding["sentence"] for finding in refused if finding["code"] == "call_refused"] == [True]


async def test_an_agent_that_does_not_call_in_time_leaves_its_run_and_its_number_behind(tmp_path: Path) -> None:
    async with serving(tmp_path, RINGBACK_DIAL_WINDOW="1") as (server, _):
        ask = curl(server)
        first, second = await started(ask, runs=2)
        over = await until(ask, first["id"], *TERMINAL)
        assert (over["status"], over["success"], over["metadata"]["ending"]) == ("timeout", None, "did_not_call")
        assert "did not call" in over["error_message"]
        assert over["outbound_dial_window_seconds"] == 1
        over = await until(ask, second["id"], *TERMINAL)
        assert (over["status"], over["number"]) == ("timeout", OURS)
        (free,) = await ask("GET", f"{V1}/phone-numbers/check_occupancy/")
        assert not free["is_occupied"]
        assert (await ask("GET", f"{V1}/results/1/"))["status"] == "failed"


async def test_a_cancelled_run_does_not_wait_for_its_call_and_one_of_a_killed_server_does(tmp_path: Path) -> None:
    says = await words_wav(tmp_path, 0.5, HELLO)
    async with serving(tmp_path) as (server, listen), BaresipPeer(tmp_path, user=CONTACT, says=says) as agent:
        ask = curl(server)
        first, second = await started(ask, runs=2)
        await ask("POST", f"{V1}/runs/{first['id']}/end_call/")
        await until(ask, first["id"], "cancelled")
        waiting = await until(ask, second["id"], "pending")
        await server.kill()
        await server.start()
        again = await until(ask, second["id"], "pending")
        window = "outbound_dial_window_closes_at"
        assert (again["number"], again[window]) == (waiting["number"], waiting[window])
        await agent.dial(f"sip:{OURS}@{listen}")
        over = await until(ask, second["id"], *TERMINAL)
        assert (over["status"], over["success"]) == ("completed", True), over


@pytest.mark.parametrize("status", [202, 500])
async def test_an_agent_is_asked_to_call_by_its_trigger(tmp_path: Path, status: int) -> None:
    says = await words_wav(tmp_path, 0.5, HELLO)
    asked: list[tuple[str | None, Any]] = []
    async with BaresipPeer(tmp_path, user=CONTACT, says=says) as agent, serving(tmp_path) as (server, listen):

        async def call(request: web.Request) -> web.Response:
            asked.append((request.headers.get("X-CEKURA-SECRET"), said := await request.json()))
            if status < 300:
                await agent.dial(f"sip:{said['to_number']}@{listen}")
            return web.json_response({"success": True, "call_id": "call-7"}, status=status)

        app = web.Application()
        app.router.add_post("/call", call)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/call?token=planted-token"
        ask = curl(server)
        provider = {"outbound_trigger_url": url, "outbound_trigger_secret": "planted-secret"}
        (run,) = await started(ask, provider={"auto_dial_outbound": True, **provider})
        over = await until(ask, run["id"], *TERMINAL)
        await runner.cleanup()
    body = {"from_number": CONTACT, "to_number": OURS, "dynamic_variables": {"patient": "Ada"}}
    assert asked == [("planted-secret", body)]
    if status < 300:
        assert (over["status"], over["success"], over["metadata"]["call_id"]) == ("completed", True, "call-7"), over
    else:
        assert (over["status"], over["metadata"]["ending"]) == ("failed", "not_triggered"), over
        assert "answered 500" in over["error_message"]
    assert "planted" not in json.dumps(over) + "\n".join(server.lines)
