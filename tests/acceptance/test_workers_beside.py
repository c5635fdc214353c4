"""`ringback serve --workers N`: its workers come back when they die, and do not outlive it."""

import asyncio
import os
import signal
from pathlib import Path

from service_process import Server, environment

from ringback.storage.database import Database
from ringback.storage.workers import Workers


async def others(workers: Workers, server: Server, count: int) -> list[int]:
    """Processes of live workers but the server's own, once there are so many."""
    assert server.process is not None
    async with asyncio.timeout(30):
        while True:
            pids = [one.pid for one in await workers.alive() if one.is_alive() and one.pid != server.process.pid]
            if len(pids) == count:
                return pids
            await asyncio.sleep(0.1)


async def gone(pids: list[int]) -> None:
    """Wait until these processes have ended."""
    async with asyncio.timeout(30):
        while any(os.path.exists(f"/proc/{pid}") for pid in pids):  # noqa: ASYNC110, ASYNC240, PTH110 - nobody tells
            await asyncio.sleep(0.1)


async def test_a_worker_that_dies_comes_back_and_all_stop_with_the_server(postgresql_url: str, tmp_path: Path) -> None:
    seen = environment(tmp_path, postgresql_url, True)
    server = Server(("serve", "--port", "0", "--workers", "2"), seen, tmp_path)
    await server.start()
    database = await Database.open(postgresql_url)
    workers = Workers(database)
    try:
        [first] = await others(workers, server, 1)
        os.kill(first, signal.SIGKILL)
        await gone([first])
        [second] = await others(workers, server, 1)
        assert second != first

        assert await server.stop() == 0
        await gone([second])

        await server.start()
        [third] = await others(workers, server, 1)
        await server.kill()
        await gone([third])  # nobody told it
    finally:
        await database.close()
        await server.stop()
