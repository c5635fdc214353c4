"""A server that is treated badly: huge, broken and endless requests, a thousand at once, a disk without room."""

import asyncio
import io
import resource
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from service_process import KEY, V1, Client, Server, environment

from ringback.testing import AgentCall, ScriptedAgentServer

MEBIBYTE = 1024 * 1024
HEADERS = {"X-VOCERA-API-KEY": KEY}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    server = Server(("serve", "--port", "0"), environment(tmp_path, RINGBACK_WORKER_CONCURRENCY="10"), tmp_path)
    await server.start()
    yield server
    assert await server.stop() == 0, server.lines
    assert not [line for line in server.lines if "Unhandled" in line]


async def is_well(server: Server, session: aiohttp.ClientSession) -> bool:
    async with asyncio.timeout(30), session.get(f"{server.url}{V1}/results/", headers=HEADERS) as answer:
        return answer.status == 200


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


async def said_to(server: Server, data: bytes, *, end: bool = False) -> bytes:
    """What comes back on a connection of its own until the server closes it, or nothing more comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
    try:
        writer.write(data)
        if end:
            writer.write_eof()
        async with asyncio.timeout(25):
            return await reader.read(65536)
    finally:
        writer.close()


async def endless() -> AsyncIterator[bytes]:
    for _ in range(64):
        yield b" " * MEBIBYTE


async def test_huge_bodies_are_refused_and_broken_requests_harm_nobody(server: Server) -> None:
    async with aiohttp.ClientSession() as session:
        for body in (io.BytesIO(b"x" * (11 * MEBIBYTE)), endless()):
            try:
                async with session.post(f"{server.url}{V1}/scenarios/", data=body, headers=HEADERS) as answer:
                    assert answer.status == 413
                    assert "detail" in await answer.json()
            except aiohttp.ClientConnectionError:
                pass  # closed while we were still sending, which is a refusal, too
        deep = b"[" * 100_000 + b"]" * 100_000
        for body in (deep, b'{"name": "\xff\xfe"}', b'{"name": NaN', b"\x00" * 1000, b'{"a":' * 50_000):
            async with session.post(f"{server.url}{V1}/scenarios/", data=body, headers=HEADERS) as answer:
                assert answer.status == 400, await answer.text()

        request = (
            f"GET {V1}/results/ HTTP/1.1\r\nHost: x\r\nX-VOCERA-API-KEY: {KEY}\r\nConnection: close\r\n\r\n".encode()
        )
        assert (await said_to(server, request)).startswith(b"HTTP/1.1 200")
        await said_to(server, request, end=True)  # half-closed: answered or not, never a hanging server
        await said_to(server, request[:40], end=True)
        assert (await said_to(server, b"\x16\x03\x01 this is no HTTP\r\n\r\n")).startswith(b"HTTP/1.1 400")
        assert (await said_to(server, b"GET / HTTP/1.1\r\n" + b"a" * 200_000 + b"\r\n\r\n"))[:12] in (
            b"HTTP/1.1 400",
            b"HTTP/1.1 431",
        )
        assert await is_well(server, session)


async def test_requests_that_never_end_and_a_thousand_at_once_are_borne(server: Server) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", port_of(server)) for _ in range(200)]
    for number, (_, writer) in enumerate(slow):
        begun = f"POST {V1}/scenarios/ HTTP/1.1\r\nHost: x\r\nX-VOCERA-API-KEY: {KEY}\r\n"
        writer.write((begun + ("Content-Length: 100\r\n\r\n{" if number % 2 else "X-")).encode())
    connector = aiohttp.TCPConnector(limit=300)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one(path: str) -> int:
            async with session.get(server.url + path, headers=HEADERS) as answer:
                await answer.read()
                return answer.status

        paths = (f"{V1}/results/", f"{V1}/scenarios/", f"{V1}/runs/?page_size=1", "/healthz")
        async with asyncio.timeout(60):
            statuses = Counter(await asyncio.gather(*(one(paths[number % 4]) for number in range(1000))))
        assert statuses == {200: 1000}
        assert await is_well(server, session)
    for _, writer in slow:
        writer.close()


async def test_a_full_disk_is_told_in_a_sentence_and_nothing_is_lost_when_there_is_room_again(
    server: Server, tmp_path: Path
) -> None:
    async def talk(call: AgentCall) -> None:
        while await call.hear():
            await asyncio.sleep(0.05)
            await call.say("Certainly.")

    assert server.process is not None
    async with ScriptedAgentServer(talk) as agent, aiohttp.ClientSession() as session:
        client = Client(server, session)
        made = {"agent_name": "Agent", "description": "It answers.", "inbound": True, "websocket_url": agent.url}
        agent_id = (await client.made("/aiagents/", made))["id"]
        script = {"name": "Books", "agent": agent_id, "script": ["Hello", "Bye"]}
        scenario = (await client.made("/scenarios/", script))["id"]
        asked = {"agent_id": agent_id, "scenarios": [scenario], "frequency": 60}
        result = (await client.made("/scenarios/run_scenarios_text/", asked))["id"]
        await agent.call(15)

        # No file of the server's may grow any more, which is what a full disk is to it.
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        await server.says("disk")
        status, answer = await client("POST", f"{V1}/scenarios/", script)
        assert (status, list(answer)) == (503, ["detail"])
        assert await is_well(server, session)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        detail = await client.over(result)
        calls = Counter(int(call.header("X-VOCERA-RUN-ID") or 0) for call in agent.calls)
    assert (detail["total_runs_count"], detail["success_runs_count"]) == (60, 60)
    attempts = {int(number): run["attempt"] for number, run in detail["runs"].items()}
    assert {run: count for run, count in calls.items() if count > attempts[run]} == {}
    with sqlite3.connect(tmp_path / "home" / "ringback.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
