"""CI jobs as users of the reference product have them, unchanged but for the base URL: curl, and Python's requests."""

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from command_line import RINGBACK
from service_process import Client, Server, environment

DATA = Path(__file__).parent / "data"
JOBS = {"curl": ("bash", str(DATA / "ci_job.sh")), "requests": (sys.executable, str(DATA / "ci_job.py"))}

ASKS_FOR_HOURS = {
    "name": "Asks for the opening hours",
    "script": ["When are you open?", "No, that is all. Goodbye."],
    "checks": [{"type": "agent_said", "text": "8:00 to 17:00"}],
}
WANTS_THE_MOON = {
    "name": "Wants the moon",
    "script": ["I would like the moon.", "Goodbye."],
    "checks": [{"type": "agent_said", "text": "Here is the moon"}],
}


@dataclass(frozen=True)
class Ready:
    """A server over the demo agent, and what somebody made there before any CI job ran."""

    url: str
    runner_key: str
    client: Client
    agent: int
    passing: int
    failing: int
    unreachable: int
    """An agent that nobody answers for."""

    async def job(self, kind: str, scenarios: list[int], folder: Path, **given: str) -> tuple[int | None, str]:
        """Exit code and output of a CI job."""
        environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "BASE_URL": self.url,
            "API_KEY": self.runner_key,
            "AGENT_ID": str(self.agent),
            "SCENARIO_IDS": ",".join(map(str, scenarios)),
            "FREQUENCY": "2",
            **given,
        }
        process = await asyncio.create_subprocess_exec(
            *JOBS[kind],
            cwd=folder,
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode, out.decode()


@contextlib.asynccontextmanager
async def demo_agent(folder: Path) -> AsyncGenerator[str]:
    """The address of the demo agent, a process."""
    process = await asyncio.create_subprocess_exec(
        str(RINGBACK), "agent", "demo", "--port", "0", cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        yield next(word.rstrip(".,") for word in line.split() if word.startswith("ws://"))
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def ready(tmp_path: Path) -> AsyncGenerator[Ready]:
    """Server, demo agent, two scenarios and a key that may only run."""
    async with demo_agent(tmp_path) as agent_url, aiohttp.ClientSession() as session:
        server = Server(("serve", "--port", "0"), environment(tmp_path), tmp_path)
        await server.start()
        try:
            client = Client(server, session)
            made = {"description": "It answers.", "inbound": True}
            agent = await client.made("/aiagents/", {**made, "agent_name": "Clinic", "websocket_url": agent_url})
            nobody = await client.made(
                "/aiagents/", {**made, "agent_name": "Nobody", "websocket_url": "ws://127.0.0.1:9/"}
            )
            scenarios = [
                await client.made("/scenarios/", {**body, "agent": agent["id"]})
                for body in (ASKS_FOR_HOURS, WANTS_THE_MOON)
            ]
            status, key = await client("POST", "/user/api/v1/user-api-key/", {"name": "CI", "scope": "run"})
            assert status == 201, key
            yield Ready(
                url=server.url,
                runner_key=str(key["key"]),
                client=client,
                agent=int(agent["id"]),
                passing=int(scenarios[0]["id"]),
                failing=int(scenarios[1]["id"]),
                unreachable=int(nobody["id"]),
            )
        finally:
            code = await server.stop()
        assert code == 0, server.lines


async def test_a_ci_job_tells_by_its_exit_code_what_became_of_the_runs(ready: Ready, tmp_path: Path) -> None:
    for kind, slash in itertools.product(JOBS, ("/", "")):  # without: as the SDK asks
        good, bad, gone = await asyncio.gather(
            ready.job(kind, [ready.passing], tmp_path, SLASH=slash),
            ready.job(kind, [ready.passing, ready.failing], tmp_path, SLASH=slash),
            ready.job(kind, [ready.passing], tmp_path, SLASH=slash, AGENT_ID=str(ready.unreachable)),
        )

        assert good[0] == 0, good[1]
        assert "2 runs" in good[1]
        assert "completed: 2 of 2 passed, 0 failed (100.0%)" in good[1]
        assert "shared: 200 text/html; charset=utf-8" in good[1]
        # Failed checks: the result is complete all the same, and the counts make the job fail.
        assert bad[0] == 1, bad[1]
        assert "completed: 2 of 4 passed, 2 failed (50.0%)" in bad[1]
        # Nothing could be carried out.
        assert gone[0] == 1, gone[1]
        assert "failed: 0 of 2 passed, 2 failed (0.0%)" in gone[1]


async def test_a_ci_job_with_a_wrong_key_or_scenario_fails_with_the_servers_sentence(
    ready: Ready, tmp_path: Path
) -> None:
    for kind in JOBS:
        code, out = await ready.job(kind, [ready.passing], tmp_path, API_KEY="wrong")
        assert code not in (0, None), out
        assert '"detail"' in out
        code, out = await ready.job(kind, [987_654], tmp_path)
        assert code not in (0, None), out
        assert "987654" in out


async def test_what_a_ci_job_reads_has_the_types_that_its_clients_expect(ready: Ready) -> None:
    asked = {"agent_id": str(ready.agent), "scenarios": [str(ready.failing)], "freq": "2"}
    answer = await ready.client.made("/scenarios/run_scenarios_text/", asked)
    runs: list[dict[str, Any]] = answer["runs"]  # an array here …
    assert type(runs) is list
    assert [run["number"] for run in runs] == [1, 2]
    assert {run["scenario"] for run in runs} == {ready.failing}
    assert answer["status"] == "running"

    detail: dict[str, Any] = await ready.client.over(int(answer["id"]))
    assert set(detail["runs"]) == {str(run["id"]) for run in runs}  # … an object there
    counts: list[int] = [detail[f"{what}_runs_count"] for what in ("total", "completed", "success", "failed")]
    assert counts == [2, 2, 0, 2]
    assert {type(count) for count in counts} == {int}
    assert (detail["status"], detail["success_rate"]) == ("completed", 0)
