"""A scripted model server, and a model that asks it without ever really waiting."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from ringback.models.build import open_model
from ringback.models.model import CallKey, LanguageModel
from ringback.models.retrying import Retries
from ringback.testing import ScriptedModelServer

KEY = "sk-planted-secret"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModelServer]:
    async with ScriptedModelServer() as running:
        yield running


@pytest.fixture
def key() -> CallKey:
    return CallKey(role="caller", run="booking", repeat=1, number=1)


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the model would have waited before it tried again."""
    return []


@pytest.fixture
def retries(waits: list[float]) -> Retries:
    def sleep(seconds: float) -> Awaitable[None]:
        async def at_once() -> None:
            waits.append(seconds)

        return at_once()

    return Retries(sleep=sleep, jitter=lambda: 1.0)


@pytest.fixture
async def open_at(retries: Retries) -> AsyncIterator[Callable[..., LanguageModel]]:
    """Opens models that are closed after the test."""
    opened: list[LanguageModel] = []

    def start(base_url: str, name: str = "openai:gpt-4o-mini", **options: Any) -> LanguageModel:
        options.setdefault("api_key", KEY)
        options.setdefault("retries", retries)
        opened.append(open_model(name, base_url=base_url, **options))
        return opened[-1]

    yield start
    for model in opened:
        await model.close()


@pytest.fixture
def model(server: ScriptedModelServer, open_at: Callable[..., LanguageModel]) -> LanguageModel:
    return open_at(server.url)
