"""The service: throughput of a batch against the bare engine, two workers against one, how soon runs begin and end.

`python bench/service.py throughput|workers|start|cancel|all [--rounds N]`: real processes, a private PostgreSQL, SQLite
files.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp
from aiohttp import web

HERE = Path(__file__).parent
RINGBACK = Path(sys.executable).parent / "ringback"
KEY = "key-of-the-benchmark"
V1 = "/test_framework/v1"
RUNS = 2_000
THINKING = 0.5
"""Seconds that the agent of `workers` takes for each answer."""


@contextmanager
def program(
    *arguments: str, environment: dict[str, str] | None = None
) -> Generator[tuple[str, "subprocess.Popen[str]"]]:
    """A process, and the first line that it prints."""
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line)
                if line[0] in "{0123456789" or line.startswith("Ringback "):
                    break
            else:
                raise AssertionError("".join(lines))
            # What it logs from here on is read, and thrown away: a full pipe would stop it.
            Thread(target=process.stdout.read, daemon=True).start()
            yield lines[-1], process
        finally:
            process.terminate()


class Databases:
    """Fresh databases of both kinds."""

    def __init__(self, stack: ExitStack) -> None:
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        line, _ = stack.enter_context(program(sys.executable, str(HERE.parent / "tools" / "postgresql_server.py")))
        self._postgresql: str = json.loads(line)["url"]
        self._made = 0

    def fresh(self, kind: str) -> str:
        """The URL of an empty database."""
        self._made += 1
        if kind == "sqlite":
            return f"sqlite:///{self._folder}/{self._made}.db"
        import psycopg  # noqa: PLC0415 - only here

        name = f"bench{self._made}"
        with psycopg.connect(self._postgresql, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"{self._postgresql.rpartition('/')[0]}/{name}"


class Service:
    """A server as its client sees it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's body."""
        headers = {"X-CEKURA-API-KEY": KEY}
        async with self._session.request(method, self.url + V1 + path, json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status < 300, answer
            return answer

    async def prepare(self, agent_url: str) -> dict[str, Any]:
        """An agent and a scripted scenario of five lines; the body of a run request."""
        agent = await self.ask(
            "POST",
            "/aiagents/",
            {
                "agent_name": "Agent",
                "description": "Bench",
                "inbound": True,
                "websocket_url": agent_url,
                "agent_speaks_first": False,
            },
        )
        lines = ["Hello, I would like to change my appointment.", "Ada Quill.", "Any morning.", "Fine.", "That is all."]
        scenario = await self.ask("POST", "/scenarios/", {"name": "Five lines", "agent": agent["id"], "script": lines})
        return {"agent_id": agent["id"], "scenarios": [scenario["id"]]}

    async def finished(self, result: int) -> None:
        """Wait until a result is over. Asking is not measured: ten times a second took 6 % of the throughput."""
        while True:
            page = await self.ask("GET", "/results/?page_size=1")
            newest = page["results"][0]
            assert newest["id"] == result
            if newest["status"] in ("completed", "failed", "cancelled", "timeout"):
                assert newest["success_runs_count"] == newest["total_runs_count"], newest
                return
            await asyncio.sleep(0.5)


@asynccontextmanager
async def serving(url: str, *, workers: int = 1, **settings: str) -> AsyncGenerator[Service]:
    """A server, so many workers included."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "RINGBACK_HOME": home,
            "RINGBACK_DATABASE_URL": url,
            "RINGBACK_API_KEY": KEY,
            "RINGBACK_SETTLE": "0",
            "RINGBACK_GRACE": "0",
            "RINGBACK_OPENING_WAIT": "0",
            **{f"RINGBACK_{name.upper()}": value for name, value in settings.items()},
        }
        command = (str(RINGBACK), "serve", "--port", "0", "--workers", str(workers))
        with program(*command, environment=environment) as (line, _):
            async with aiohttp.ClientSession() as session:
                yield Service(line.split()[3], session)


@contextmanager
def agent(delay: float = 0.0) -> Generator[str]:
    """The URL of an agent that thinks for so many seconds."""
    with program(sys.executable, str(HERE / "servers.py"), "agent", "--delay", str(delay)) as (port, _):
        yield f"ws://127.0.0.1:{int(port)}/"


async def batch(service: Service, agent_url: str, runs: int) -> float:
    """Runs a second from the request to the end of the last one."""
    request = await service.prepare(agent_url)
    warm = await service.ask("POST", "/scenarios/run_scenarios_text/", {**request, "frequency": 20})
    await service.finished(warm["id"])
    started = time.perf_counter()
    asked = await service.ask("POST", "/scenarios/run_scenarios_text/", {**request, "frequency": runs})
    await service.finished(asked["id"])
    return runs / (time.perf_counter() - started)


def throughput(databases: Databases, rounds: int) -> None:
    """A batch of 2,000 against as many empty workflows of the bare engine."""
    for kind in ("sqlite", "postgresql"):
        bare: list[float] = []
        ours: list[float] = []
        for _ in range(rounds):
            line = subprocess.run(
                [sys.executable, str(HERE / "engine.py"), "--bare-only", databases.fresh(kind)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            bare.append(float(json.loads(line.splitlines()[-1])["bare"]))
            ours.append(asyncio.run(_ours(databases.fresh(kind))))
        ratio = statistics.median(ours) / statistics.median(bare)
        print(
            f"{kind}: bare engine {_shown(bare)}, ours {_shown(ours)} runs/s, ratio {ratio:.2f} (target 0.6)",
            flush=True,
        )


async def _ours(url: str) -> float:
    with agent() as agent_url:
        async with serving(url) as service:
            return await batch(service, agent_url, RUNS)


def workers(databases: Databases, rounds: int) -> None:
    """Two workers against one, each held to 50 conversations, with an agent that thinks."""
    one: list[float] = []
    two: list[float] = []
    for _ in range(rounds):
        one.append(asyncio.run(_held(databases.fresh("postgresql"), 1)))
        two.append(asyncio.run(_held(databases.fresh("postgresql"), 2)))
    ratio = statistics.median(two) / statistics.median(one)
    print(f"workers: one {_shown(one)}, two {_shown(two)} runs/s, ratio {ratio:.2f} (target 1.8)", flush=True)


async def _held(url: str, count: int) -> float:
    with agent(THINKING) as agent_url:
        async with serving(url, workers=count, worker_concurrency="50") as service:
            return await batch(service, agent_url, 900)


def start(databases: Databases, rounds: int) -> None:
    """From the request for one run to the agent's being reached, as the run's own times tell."""
    for kind in ("sqlite", "postgresql"):
        latencies = [one for _ in range(rounds) for one in asyncio.run(_starts(databases.fresh(kind)))]
        _show(f"start on {kind}", latencies, target="p95 250")


async def _starts(url: str) -> list[float]:
    """Seconds from sending a request for one run to the agent's being connected to, fifty times."""
    reached: asyncio.Queue[float] = asyncio.Queue()

    async def talk(request: web.Request) -> web.WebSocketResponse:
        reached.put_nowait(time.perf_counter())
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for message in socket:
            if "end_call" in message.data:
                break
            await socket.send_str('{"content": "Noted."}')
        return socket

    async with _talking(talk) as agent_url, serving(url) as service:
        request = await service.prepare(agent_url)
        latencies: list[float] = []
        for number in range(52):
            await asyncio.sleep(0.2 + 0.0137 * (number % 8))  # at any point between two looks at the queue
            asked = time.perf_counter()
            await service.ask("POST", "/scenarios/run_scenarios_text/", request)
            latencies.append(await reached.get() - asked)
        return latencies[2:]


def cancel(databases: Databases, rounds: int) -> None:
    """From the request to end a run that another process holds to the agent's `end_call`."""
    times = [one for _ in range(rounds) for one in asyncio.run(_cancels(databases.fresh("postgresql")))]
    _show("cancel", times, target="1,000")


def _show(name: str, times: list[float], *, target: str) -> None:
    """Print how seconds are spread, in ms."""
    p50, p95, worst = (
        1000 * one for one in (statistics.median(times), statistics.quantiles(times, n=20)[-1], max(times))
    )
    print(
        f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, worst {worst:.0f} ms of {len(times)} (target {target})",
        flush=True,
    )


async def _cancels(url: str) -> list[float]:
    """Seconds from sending `end_call` of a run, its agent silent, to the `end_call` at the agent, forty times."""
    heard: asyncio.Queue[float] = asyncio.Queue()

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for message in socket:
            heard.put_nowait(time.perf_counter())  # the caller's opening, then its end_call
            if "end_call" in message.data:
                break
        return socket

    async with _talking(talk) as agent_url, serving(url, workers=2) as service:
        request = await service.prepare(agent_url)
        times: list[float] = []
        for number in range(42):
            run = (await service.ask("POST", "/scenarios/run_scenarios_text/", request))["runs"][0]
            await heard.get()
            await asyncio.sleep(0.1 + 0.037 * (number % 8))  # at any point between two looks for cancellations
            asked = time.perf_counter()
            await service.ask("POST", f"/runs/{run['id']}/end_call/")
            times.append(await heard.get() - asked)
        return times[2:]


@asynccontextmanager
async def _talking(talk: Callable[[web.Request], Awaitable[web.WebSocketResponse]]) -> AsyncGenerator[str]:
    """The URL of an agent in this process."""
    app = web.Application()
    app.router.add_get("/", talk)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def _shown(rates: list[float]) -> str:
    return f"{statistics.median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f})"


MEASUREMENTS: dict[str, Callable[[Databases, int], None]] = {
    "throughput": throughput,
    "workers": workers,
    "start": start,
    "cancel": cancel,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*MEASUREMENTS, "all"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with ExitStack() as stack:
        databases = Databases(stack)
        for name, measure in MEASUREMENTS.items():
            if options.what in (name, "all"):
                measure(databases, options.rounds)


if __name__ == "__main__":
    main()
