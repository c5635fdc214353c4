"""The live feed when the database is away for a moment."""

import asyncio
from typing import Any

from sqlalchemy import update

from ringback.domain.run import Provenance, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.errors import StorageError
from ringback.results.progress import ProgressFeed
from ringback.storage.database import Database
from ringback.storage.owner import Owner
from ringback.storage.readings import Readings
from ringback.storage.store import Store
from ringback.storage.tables import runs


class AwayForAWhile(Readings):
    """Fails as often as it is told to."""

    failures = 0

    async def counts(self, result_id: int) -> Any:
        if self.failures:
            self.failures -= 1
            raise StorageError("The database went away.")
        return await super().counts(result_id)


async def test_followers_go_on_when_the_database_is_back() -> None:
    database = await Database.open("sqlite://")
    store = Store(database, Owner.this_process("service"))
    scenario = Scenario(key="s", name="S", type=ScenarioType.SCRIPT)
    result = await store.add_result(
        name="one",
        agent_name="a",
        agent_url="ws://a",
        provenance=Provenance(ringback_version="1"),
        specifications=[RunSpecification(scenario=scenario, scenario_id=1, repeat=1)],
    )
    readings = AwayForAWhile(database)
    feed = ProgressFeed(readings, interval=0.01, spacing=0.0)
    names: list[str] = []
    async with asyncio.timeout(20):
        async for event in feed.follow(result.id):
            names.append(event.name)
            if len(names) == 1:
                readings.failures = 3
                await database.write(
                    lambda connection: connection.execute(
                        update(runs).values(status=RunStatus.DONE, outcome="passed", ending="caller_ended")
                    )
                )
    assert names[0] == "result.progress"
    assert names[-1] == "result.completed"
    assert readings.failures == 0
    assert feed.followed == 0
    await database.close()
