"""The table of statuses says the same in Python and in SQL, on both databases."""

from itertools import combinations, product

from sqlalchemy import Connection, insert, select

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.results.reference_form import request_answer
from ringback.storage.database import Database
from ringback.storage.owner import Owner
from ringback.storage.reading_status import OF_RESULTS, TERMINAL, Shown, result_status, run_status, shown_status
from ringback.storage.readings import Readings
from ringback.storage.store import Store
from ringback.storage.tables import runs


async def test_filters_and_answers_agree_on_every_run_that_can_be(database_url: str) -> None:
    database = await Database.open(database_url)
    store = Store(database, Owner.this_process("service"))
    specification = RunSpecification(
        scenario=Scenario(key="s", name="S", type=ScenarioType.SCRIPT), scenario_id=1, repeat=1
    )
    result = await store.add_result(
        name="all",
        agent_name="a",
        agent_url="ws://a",
        provenance=Provenance(ringback_version="1"),
        specifications=[specification],
    )

    def fill(connection: Connection) -> None:
        kept = connection.execute(select(runs.c.specification_id)).scalars().one()
        every = product(RunStatus, (None, *Outcome), (None, *EndingCode), (None, False, True))
        connection.execute(
            insert(runs),
            [
                {
                    "result_id": result.id,
                    "position": position,
                    "scenario_id": 1,
                    "specification_id": kept,
                    "status": status,
                    "outcome": outcome,
                    "ending": ending,
                    "awaits_call": awaits_call,
                    "attempt": 1,
                    "owner_kind": "service",
                    "owner": "x",
                }
                for position, (status, outcome, ending, awaits_call) in enumerate(every, 1)
            ],
        )

    await database.write(fill)
    columns = (runs.c.status, runs.c.outcome, runs.c.ending, runs.c.awaits_call, shown_status())
    rows = await database.read(lambda connection: connection.execute(select(*columns)).all())
    assert len(rows) > 700
    assert [tuple(row) for row in rows if run_status(*row[:4]) != row[4]] == []
    await database.close()


def test_what_a_result_can_say_is_no_word_that_only_runs_have() -> None:
    """The reference's own clients wait for completed, failed and cancelled, and know no other end of a result."""
    said = {
        result_status(shown, run_type)
        for size in range(4)
        for shown in combinations(Shown, size)
        for run_type in ("Text", "Voice", None)
    }
    assert said == set(OF_RESULTS)
    assert TERMINAL & said == {Shown.COMPLETED, Shown.FAILED, Shown.CANCELLED}


async def test_the_answer_of_a_run_request_shows_what_waits_as_running(database_url: str) -> None:
    database = await Database.open(database_url)
    store = Store(database, Owner.this_process("service"))
    scenario = Scenario(key="s", name="S", type=ScenarioType.SCRIPT)
    result = await store.add_result(
        name="text",
        agent_name="a",
        agent_url="ws://a",
        provenance=Provenance(ringback_version="1"),
        specifications=[RunSpecification(scenario=scenario, scenario_id=4, repeat=1)],
    )
    answer = await request_answer(Readings(database), result.id)
    assert (answer["status"], answer["success_rate"], answer["run_as_text"]) == ("running", 0.0, True)
    (run,) = answer["runs"]
    assert (run["status"], run["scenario"], run["number"], run["test_profile_data"]) == ("running", 4, None, None)
    assert run["outbound_dial_window_opens_at"] is None
    await database.close()
