"""The tests of this folder share `running_service`: `from running_service import Service`."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from running_service import Reply, ServeService, Service, running, settings_in


@pytest.fixture
def serve(tmp_path: Path) -> ServeService:
    """What starts a server with changed settings, for an `async with`."""

    def start(**changed: Any) -> AbstractAsyncContextManager[Service]:
        return running(settings_in(tmp_path, **changed))

    return start


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The OpenAPI document as it is served, which takes a second to make; only to be read."""

    async def asked() -> Reply:
        async with running(settings_in(tmp_path_factory.mktemp("document"))) as service:
            return await service.get("/openapi.json", key=None)

    reply = asyncio.run(asked())
    assert reply.status == 200
    body: dict[str, Any] = reply.body
    return body


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    """A server with usual settings."""
    async with running(settings_in(tmp_path)) as started:
        yield started
