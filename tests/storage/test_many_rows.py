"""Runs that are inserted together."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from ringback.domain.run import Provenance, RunOrigin, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.storage.database import Database
from ringback.storage.owner import Owner
from ringback.storage.rows import insert_runs, run_numbers
from ringback.storage.tables import results, runs

NAMES = ("plain", 'with "quotes" and \\backslashes\\', "ä 漢字 🙂", "a\nb\tc", "'; DROP TABLE runs; --", "a\0b", "")


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = await Database.open(database_url, busy_timeout=10)
    yield opened
    await opened.close()


async def test_every_column_of_every_run_arrives_as_it_was_given(database: Database) -> None:
    scenarios = [Scenario(key=f"k{i}", name=name, type=ScenarioType.SCRIPT) for i, name in enumerate(NAMES)]
    specifications = [
        RunSpecification(scenario=scenario, scenario_id=number + 1, repeat=repeat, seed=2**32 - repeat)
        for number, scenario in enumerate(scenarios)
        for repeat in (1, 2)
    ]
    origins = [
        RunOrigin(
            agent_id=3, personality_id=position or None, test_profile_id=None, number=None if position % 2 else "7"
        )
        for position in range(len(specifications))
    ]
    owner = Owner.this_process("service")
    before = datetime.now(UTC)
    result_id, ids = await database.write(
        lambda connection: (
            number := connection.execute(
                insert(results)
                .values(
                    name="n",
                    agent_name="a",
                    agent_url="u",
                    created_at=before,
                    kind="service",
                    provenance=Provenance(ringback_version="0").model_dump_json(),
                )
                .returning(results.c.id)
            ).scalar_one(),
            (insert_runs(connection, number, specifications, owner, origins), run_numbers(connection, number))[1],
        )
    )
    rows = await database.read(lambda connection: connection.execute(select(runs).order_by(runs.c.id)).all())
    assert [row.id for row in rows] == ids
    for position, (row, specification, origin) in enumerate(zip(rows, specifications, origins, strict=True)):
        assert (row.result_id, row.position, row.times_lost) == (result_id, position, 0)
        assert row.scenario_name == specification.scenario.name.replace("\0", "\ufffd")
        assert (row.scenario_id, row.repeat, row.seed) == (
            specification.scenario_id,
            specification.repeat,
            specification.seed,
        )
        assert (row.agent_id, row.personality_id, row.test_profile_id, row.number) == (
            origin.agent_id,
            origin.personality_id,
            origin.test_profile_id,
            origin.number,
        )
        assert (row.status, row.attempt, row.owner_kind, row.owner) == (RunStatus.QUEUED, 1, "service", str(owner))
        assert before <= row.created_at == row.updated_at <= datetime.now(UTC)
        assert row.outcome is None
