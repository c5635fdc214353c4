"""Runs that are inserted together."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import Connection, insert, select

from ringback.domain.run import Provenance, RunOrigin, RunSpecification, RunStatus
from ringback.domain.scenario import Personality, Scenario, ScenarioType
from ringback.domain.scenario import TestProfile as Profile
from ringback.storage.database import Database
from ringback.storage.documents import load_specification
from ringback.storage.many_rows import among, insert_many
from ringback.storage.owner import Owner
from ringback.storage.rows import RUNS, RunLoader, insert_runs, run_numbers
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


async def test_each_of_many_runs_has_the_specification_that_was_given_for_it(database: Database) -> None:
    scenarios = [
        Scenario(
            key=f"k{number}", name=f"{number} {NAMES[number % len(NAMES)]}".replace("\0", ""), type=ScenarioType.SCRIPT
        )
        for number in range(300)
    ]
    specifications = [
        RunSpecification(scenario=scenario, scenario_id=number, repeat=1) for number, scenario in enumerate(scenarios)
    ]
    owner = Owner.this_process("service")
    for result_id in await database.write(lambda connection: [add_result(connection), add_result(connection)]):
        await database.write(partial(insert_runs, result_id=result_id, specifications=specifications, owner=owner))
        rows = await database.read(
            lambda connection, of=result_id: connection.execute(
                RUNS.where(runs.c.result_id == of).order_by(runs.c.position)
            ).all()
        )
        assert [load_specification(row.specification).scenario.name for row in rows] == [one.name for one in scenarios]
        assert [row.scenario_name for row in rows] == [one.name for one in scenarios]


async def test_requests_that_share_their_scenarios_keep_what_each_of_them_said(database: Database) -> None:
    """Most of a specification is written once for all of them; repeats, seeds, profiles and numbers are their own."""
    owner = Owner.this_process("service")
    scenario = Scenario(key="k", name="Books", type=ScenarioType.SCRIPT, script=("Hello, Zoë 🙂",), tags=("a",))
    changed = scenario.model_copy(update={"script": ("Goodbye.",)})
    calm, profile = Personality(name="calm"), Profile(name="Ada", caller_variables={"vip": 1})
    requests = [
        [RunSpecification(scenario=scenario, scenario_id=1, repeat=repeat, seed=repeat * 7) for repeat in (1, 2)],
        [RunSpecification(scenario=scenario, scenario_id=1, repeat=1, personality=calm, profile=profile, seed=3)],
        [RunSpecification(scenario=scenario, scenario_id=2, repeat=1, personality=calm, seed=2**32 - 1)],
        [RunSpecification(scenario=changed, scenario_id=1, repeat=1)],
    ]
    for specifications in requests * 2:
        result_id = await database.write(add_result)
        await database.write(partial(insert_runs, result_id=result_id, specifications=specifications, owner=owner))
        rows = await database.read(
            lambda connection, of=result_id: connection.execute(
                RUNS.where(runs.c.result_id == of).order_by(runs.c.position)
            ).all()
        )
        loader = RunLoader()
        assert [loader.load(row).specification for row in rows] == specifications


async def test_columns_of_different_lengths_are_refused(database: Database) -> None:
    columns = {"position": range(3), "scenario_id": [1, 2]}
    with pytest.raises(ValueError, match="different lengths"):
        await database.write(lambda connection: insert_many(connection, runs, {"result_id": 1}, columns))


async def test_any_many_numbers_are_looked_for_at_once(database: Database) -> None:
    there = await database.write(lambda connection: [add_result(connection) for _ in range(5)])
    wanted = [*there[1:3], *range(there[-1] + 1, there[-1] + 100_000), there[1]]

    def found(connection: Connection, numbers: list[int]) -> list[int]:
        return sorted(
            connection.execute(select(results.c.id).where(among(connection, results.c.id, numbers))).scalars()
        )

    assert await database.read(lambda connection: found(connection, wanted)) == there[1:3]
    assert await database.read(lambda connection: found(connection, [])) == []


def add_result(connection: Connection) -> int:
    row = {"name": "n", "agent_name": "a", "agent_url": "u", "created_at": datetime.now(UTC), "kind": "service"}
    provenance = Provenance(ringback_version="0").model_dump_json()
    return connection.execute(insert(results).values(**row, provenance=provenance).returning(results.c.id)).scalar_one()
