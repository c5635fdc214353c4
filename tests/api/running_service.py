"""A real server in this process: uvicorn on a free port, over the live objects and an SQLite file of its own."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from multidict import CIMultiDict

from ringback.api.app import create_app
from ringback.settings import Settings
from ringback.wiring.service import Services, open_services

ADMIN_KEY = "planted-admin-key-of-the-settings"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a request got: `status, body = await service.get(…)` works too."""

    status: int
    body: Any
    """JSON where it is JSON, else text."""
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict[str])

    def __iter__(self) -> Any:
        return iter((self.status, self.body))


class Service:
    """A running server and a client of it."""

    def __init__(self, url: str, services: Services, client: aiohttp.ClientSession) -> None:
        self.url = url
        self.services = services
        self.client = client
        self.key = ADMIN_KEY
        """A key of scope admin."""

    async def ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = ADMIN_KEY,
        headers: dict[str, str] | None = None,
        data: Any = None,
    ) -> Reply:
        """Make a request; no redirect is followed. `key=None` sends none."""
        sent = {**({"X-VOCERA-API-KEY": key} if key is not None else {}), **(headers or {})}
        given = {"json": json} if json is not None else {"data": data}
        async with self.client.request(
            method, self.url + path, headers=sent, allow_redirects=False, **given
        ) as response:
            is_json = response.content_type.endswith("json") and method != "HEAD"
            body = await response.json() if is_json else await response.text()
            return Reply(status=response.status, body=body, headers=CIMultiDict(response.headers))

    async def get(self, path: str, **options: Any) -> Reply:
        """GET."""
        return await self.ask("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Reply:
        """POST a JSON document."""
        return await self.ask("POST", path, json, **options)

    async def put(self, path: str, json: Any = None, **options: Any) -> Reply:
        """PUT a JSON document."""
        return await self.ask("PUT", path, json, **options)

    async def patch(self, path: str, json: Any = None, **options: Any) -> Reply:
        """PATCH with a JSON document."""
        return await self.ask("PATCH", path, json, **options)

    async def delete(self, path: str, json: Any = None, **options: Any) -> Reply:
        """DELETE."""
        return await self.ask("DELETE", path, json, **options)


ServeService = Callable[..., AbstractAsyncContextManager[Service]]


def settings_in(folder: Path, **changed: Any) -> Settings:
    """Settings for a server of its own, quick where waiting proves nothing."""
    values: dict[str, Any] = {
        "home": folder,
        "api_key": ADMIN_KEY,
        "settle": 0.05,
        "tool_settle": 0.05,
        "grace": 0.05,
        "opening_wait": 0.3,
        "queue_poll": 0.02,
        "heartbeat": 0.5,
    }
    return Settings.model_validate({**values, **changed})


_HOME: dict[str, bytes] = {}
"""The files of a home in which a server was for a moment, by name."""


async def _furnish(settings: Settings) -> None:
    """Put into a new home what a server makes there, which takes longer than most requests."""
    # A local file is not worth a trip to a thread.
    if settings.home.exists() and any(settings.home.iterdir()):
        return
    if not _HOME:
        with tempfile.TemporaryDirectory() as folder:
            async with open_services(settings_in(Path(folder)), {}):
                pass
            _HOME.update({path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()})  # noqa: ASYNC240 - as above
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, data in _HOME.items():
        path = settings.home / name
        path.touch(mode=0o600)
        path.write_bytes(data)


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Service]:
    """A server for as long as the context lasts."""
    if settings.database_url is None and settings.encryption_key is None:
        await _furnish(settings)
    async with open_services(settings, {}) as services:
        # Named as TCP, else asyncio leaves Nagle's algorithm on, and each answer waits 40 ms for an acknowledgement.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        app = create_app(services)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="on"))
        serving = asyncio.create_task(server.serve([listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            async with aiohttp.ClientSession() as client:
                yield Service(url, services, client)
        finally:
            server.should_exit = True
            await serving
            listening.close()
