"""An executor on a real store, talking to real servers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp
import pytest

from ringback.callers.build import build_caller
from ringback.channels.channel import CallIds
from ringback.channels.websocket import WebSocketChannel
from ringback.conversation.limits import Limits
from ringback.domain.event import Event
from ringback.domain.run import Provenance, Run, RunSpecification
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.domain.scenario import TestProfile as Profile
from ringback.models.model import LanguageModel
from ringback.runs.executor import Executor
from ringback.runs.planner import plan
from ringback.runs.talking import by_text
from ringback.storage.store import Store


@dataclass
class Bench:
    """What tests of this room work with."""

    store: Store
    session: aiohttp.ClientSession
    events: list[Event] = field(default_factory=list[Event])
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    limits: Limits = field(default_factory=lambda: Limits(settle=0.0, grace=0.0, opening_wait=0.0))
    invalid_retries: int = 1

    def executor(
        self, url: str, *, caller: LanguageModel | None = None, judge: LanguageModel | None = None
    ) -> Executor:
        def open_channel(ids: CallIds, profile: Profile | None) -> WebSocketChannel:
            return WebSocketChannel(url, {"X-VOCERA-RUN-ID": str(ids.run)}, session=self.session)

        return Executor(
            store=self.store,
            talk=by_text(open_channel, agent_speaks_first=False),
            build_caller=lambda specification, model, remark: build_caller(specification, model=model, remark=remark),
            caller_model=caller,
            judge_model=judge,
            limits=self.limits,
            on_event=self.events.append,
            stop=self.stop,
            invalid_retries=self.invalid_retries,
            connect_attempts=3,
        )

    async def runs(self, *scenarios: Scenario, repeat: int = 1) -> Sequence[Run]:
        keys = [scenario.key for scenario in scenarios]
        specifications = plan(scenarios, await self.store.scenario_ids("suite.yaml", keys), repeat=repeat)
        return await self.add(specifications)

    async def add(self, specifications: Sequence[RunSpecification]) -> Sequence[Run]:
        result = await self.store.add_result(
            name="test",
            agent_name="agent",
            agent_url="ws://agent",
            provenance=Provenance(ringback_version="test"),
            specifications=specifications,
        )
        return result.runs


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A store in memory, one HTTP client, and all events that happen."""
    store = await Store.temporary()
    async with aiohttp.ClientSession() as session:
        yield Bench(store, session)
    await store.close()


@pytest.fixture
def scenario() -> Callable[..., Scenario]:
    """Makes scripted scenarios."""

    def make(**fields: object) -> Scenario:
        return Scenario.model_validate(
            {"key": "k", "name": "K", "type": ScenarioType.SCRIPT, "script": ("Hello.", "Goodbye."), **fields}
        )

    return make
