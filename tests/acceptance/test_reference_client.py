"""The reference product's own command line (the package `cekura`), unchanged, as a CI job calls it."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from service_process import Client, Server, environment

from ringback.testing import AgentCall, ScriptedAgentServer

CEKURA = Path(sys.executable).parent / "cekura"

SCRIPT = ["When are you open?", "No, that is all. Goodbye."]
SCENARIOS: dict[str, dict[str, Any]] = {
    "passing": {"script": SCRIPT, "checks": [{"type": "agent_said", "text": "8:00 to 17:00"}]},
    "failing": {"script": SCRIPT, "checks": [{"type": "agent_said", "text": "Here is the moon"}]},
}


@dataclass(frozen=True)
class Commands:
    """The command line against one server."""

    client: Client
    folder: Path
    agent: int
    silent: int
    """An agent that never says a word."""
    scenarios: dict[str, int]
    own: ScriptedAgentServer

    async def __call__(self, *arguments: object) -> tuple[int | None, str]:
        """Exit code and output of one command."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "COLUMNS": "200",
            "CEKURA_API_URL": self.client.server.url,
            "CEKURA_API_KEY": self.client.key,
        }
        process = await asyncio.create_subprocess_exec(
            str(CEKURA),
            *map(str, arguments),
            cwd=self.folder,
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    async def run(self, *arguments: object) -> tuple[int | None, dict[str, Any]]:
        """Start runs and wait for them: the exit code, and the result that the output names."""
        code, out = await self("run", "start", *arguments, "--wait", "--fail-on-threshold", 0.9)
        found = re.search(r"result ID: (\d+)", out)
        assert found is not None, out
        _, result = await self.client("GET", f"/test_framework/v1/results/{found[1]}/")
        return code, result


async def never_speak(call: AgentCall) -> None:
    """Hear everything, until the caller has enough."""
    async for _ in call:
        pass


@pytest.fixture
async def cekura(tmp_path: Path) -> AsyncGenerator[Commands]:
    """The command line, a server, two agents and a scenario for each way to end."""
    hours = ScriptedAgentServer(otherwise="We are open from 8:00 to 17:00.", secret="of-the-agent")
    async with hours as own, ScriptedAgentServer(never_speak) as silent, aiohttp.ClientSession() as session:
        limits = {"RINGBACK_INACTIVITY": "10"}
        server = Server(("serve", "--port", "0"), environment(tmp_path, **limits), tmp_path)
        await server.start()
        try:
            client = Client(server, session)
            made = [
                await client.made("/aiagents/", {"description": "It answers.", "inbound": True, **agent})
                for agent in (
                    {"agent_name": "Clinic", "websocket_url": own.url, "websocket_secret": "of-the-agent"},
                    {"agent_name": "Silence", "websocket_url": silent.url},
                )
            ]
            scenarios = {
                name: (await client.made("/scenarios/", {"name": name, "agent": made[0]["id"], **body}))["id"]
                for name, body in SCENARIOS.items()
            }
            yield Commands(client, tmp_path, made[0]["id"], made[1]["id"], scenarios, own)
        finally:
            code = await server.stop()
        assert code == 0, server.lines


async def test_the_references_own_client_runs_waits_and_tells_by_its_exit_code(cekura: Commands) -> None:
    number = cekura.scenarios
    passing, both, over_socket, unheard, listed = await asyncio.gather(
        cekura.run("--agent-id", cekura.agent, "--scenario-ids", number["passing"], "--mode", "text", "--frequency", 2),
        cekura.run(
            "--agent-id", cekura.agent, "--scenario-ids", f"{number['passing']},{number['failing']}", "--mode", "text"
        ),
        cekura.run("--agent-id", cekura.agent, "--scenario-ids", number["passing"], "--mode", "websocket"),
        cekura.run("--agent-id", cekura.silent, "--scenario-ids", number["passing"], "--mode", "text"),
        cekura("agents", "list"),
    )

    assert (passing[0], passing[1]["status"], passing[1]["success_rate"]) == (0, "completed", 100)
    assert (both[0], both[1]["status"], both[1]["success_rate"]) == (1, "completed", 50)
    # It sends bare numbers: they stand for scenarios at the agent's own URL, with the agent's own secret.
    assert (over_socket[0], over_socket[1]["run_type"]) == (0, "WebSocket")
    assert len(cekura.own.calls) == 2 + 2 + 1
    # It knows of completed, failed and cancelled only, and waits for one of them.
    assert (unheard[0], unheard[1]["status"]) == (1, "failed")
    assert [run["status"] for run in unheard[1]["runs"].values()] == ["timeout"]
    assert listed[0] == 0, listed[1]
    assert "Clinic" in listed[1]
    assert "Silence" in listed[1]

    code, out = await cekura("results", "get", passing[1]["id"], "--format", "json")
    assert code == 0, out
    assert json.loads(out)["success_runs_count"] == 2
