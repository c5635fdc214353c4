"""How long a request for 1,000 runs takes to be answered, by how many scenarios they are of, over HTTP.

`python bench/run_requests.py [--rounds N]`: a server process that only answers requests, SQLite and
a private PostgreSQL. Time from the first byte of the request to the last of the answer, as its client sees it, and the
processor time of the server process for it, which other work on the machine disturbs less.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import aiohttp
from service import KEY, V1, Databases, Service, serving

from ringback.library.scenario_form import ScenarioForm
from ringback.library.scenarios import ScenarioLibrary
from ringback.storage.database import Database

RUNS = 1_000
PER_REQUEST = (1, 10, 100, 1_000)
"""Scenarios of a request; each is repeated so that there are 1,000 runs."""
_TICK = os.sysconf("SC_CLK_TCK")


async def _scenarios(service: Service, url: str) -> list[int]:
    agent = await service.ask(
        "POST",
        "/aiagents/",
        {"agent_name": "Agent", "description": "Bench", "inbound": True, "websocket_url": "ws://127.0.0.1:9/"},
    )
    body = {"agent": agent["id"], "script": ["Hello, I would like to change my appointment.", "That is all."]}
    database = await Database.open(url, busy_timeout=10)
    library = ScenarioLibrary(database)
    forms = [ScenarioForm.model_validate({**body, "name": f"Scenario {i}"}) for i in range(PER_REQUEST[-1])]
    made = [(await library.add(form)).id for form in forms]
    await database.close()
    return made


def _server() -> int:
    """The process that was started by this one and serves."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text(encoding="ascii", errors="replace")
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == os.getpid() and b"\0serve\0" in command:
                return int(entry.name)
    raise AssertionError("no server runs")


def _cpu(process: int) -> float:
    """Seconds of processor time that a process has used, all threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


async def _measure(kind: str, url: str, rounds: int) -> None:
    async with serving(url, workers=0) as service, aiohttp.ClientSession() as session:
        numbers = await _scenarios(service, url)
        process = _server()
        for count in PER_REQUEST:
            body = {"scenarios": numbers[:count], "frequency": RUNS // count}
            took: list[float] = []
            before = 0.0
            for number in range(rounds + 3):
                if number == 3:
                    before, took = _cpu(process), []
                started = time.perf_counter()
                path = f"{service.url}{V1}/scenarios/run_scenarios_text/"
                async with session.post(path, json=body, headers={"X-VOCERA-API-KEY": KEY}) as response:
                    answer = await response.read()
                took.append(1000 * (time.perf_counter() - started))
                assert response.status == 201, answer
            _show(kind, count, took, 1000 * (_cpu(process) - before) / rounds)


def _show(kind: str, count: int, took: Sequence[float], cpu: float) -> None:
    print(
        f"{kind:10} {RUNS:,} runs of {count:5,} scenarios: median {statistics.median(took):5.0f} ms, least"
        f" {min(took):5.0f} ms, processor {cpu:5.0f} ms (target 100 ms)",
        flush=True,
    )


def main() -> None:
    """Measure on both kinds of database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with ExitStack() as stack:
        databases = Databases(stack)
        for kind in ("sqlite", "postgresql"):
            asyncio.run(_measure(kind, databases.fresh(kind), rounds))


if __name__ == "__main__":
    main()
