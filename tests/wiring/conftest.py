"""The service without its door: live objects and hands over a database, and an agent on the loopback."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from ringback.domain.agent import Agent
from ringback.domain.run import Asked, Provenance, Result, Run, RunOrigin
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.runs.agent_snapshot import seal_agent
from ringback.runs.planner import plan
from ringback.settings import Settings, load_settings
from ringback.wiring.hands import Hands, open_hands
from ringback.wiring.service import Services, open_services

SCRIPT = Scenario(
    key="books", name="Books a table", type=ScenarioType.SCRIPT, script=("Hello", "A table for two", "Thanks, bye")
)


@dataclass(frozen=True)
class Working:
    """A service that works in this process."""

    services: Services
    hands: Hands

    async def ask(self, url: str, count: int, *, scenario: Scenario = SCRIPT, limit: int | None = None) -> Result:
        """Ask for runs with an agent."""
        agent = Agent(name="agent", url=SecretStr(url), shown_url=url, agent_speaks_first=False)
        specifications = plan([scenario], {scenario.key: 1}, repeat=count)
        asked = Asked(
            agent_id=1,
            sealed_agent=seal_agent(agent, self.services.seal),
            run_type="Text",
            request={},
            origins=tuple(RunOrigin(agent_id=1) for _ in specifications),
            concurrency_limit=limit,
        )
        result = await self.services.store.add_result(
            name="nightly",
            agent_name="agent",
            agent_url=url,
            provenance=Provenance(ringback_version="0"),
            specifications=specifications,
            asked=asked,
        )
        self.services.queue.wake()
        return result

    async def over(self, result: Result) -> Result:
        """The result, once it is over."""
        while (await self.services.store.result(result.id, with_runs=False)).finished_at is None:  # noqa: ASYNC110 - the database tells
            await asyncio.sleep(0.1)
        return await self.services.store.result(result.id)

    async def until(self, run_id: int, is_so: Callable[[Run], bool]) -> Run:
        """The run, once something holds for it."""
        while not is_so(run := await self.services.store.run(run_id)):  # noqa: ASYNC110 - the database tells
            await asyncio.sleep(0.1)
        return run


Start = Callable[..., AbstractAsyncContextManager[Working]]


@pytest.fixture
def settings_with(database_url: str, tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a service on an empty database, quick where the protocol lets it."""

    def settings(**given: str) -> Settings:
        environ = {
            "RINGBACK_HOME": str(tmp_path / "service"),
            "RINGBACK_DATABASE_URL": database_url,
            "RINGBACK_SETTLE": "0",
            "RINGBACK_GRACE": "0.2",
            "RINGBACK_HEARTBEAT": "0.3",
            "RINGBACK_WORKER_TIMEOUT": "2",
            "RINGBACK_DRAIN_TIMEOUT": "0",
            **{f"RINGBACK_{name.upper()}": value for name, value in given.items()},
        }
        return load_settings(environ)

    return settings


@pytest.fixture
def working(settings_with: Callable[..., Settings]) -> Start:
    """Starts a service that works in this process, on SQLite and on PostgreSQL."""

    @asynccontextmanager
    async def start(*, places: int = 10, **given: str) -> AsyncGenerator[Working]:
        async with (
            open_services(settings_with(**given), {}) as services,
            open_hands(services, places=places) as hands,
        ):
            yield Working(services, hands)

    return start
