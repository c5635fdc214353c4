"""Run requests that are sent again: by clients whose connection broke, and by `rerun`."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asking import AGENT_URL, CHAT, TEXT, V1, made, make_agent, make_scenario, refused, scenarios_of
from running_service import Service, running, settings_in
from sqlalchemy import Connection, func, select, update

from ringback.domain.api_key import Scope
from ringback.domain.run import RunStatus
from ringback.errors import InvalidFields, NotFound
from ringback.library.agents import AgentChanges
from ringback.runs.agent_snapshot import open_agent
from ringback.storage import tables


@pytest.fixture
async def service(tmp_path: Path, database_url: str) -> AsyncGenerator[Service]:
    """A server on each kind of database."""
    async with running(settings_in(tmp_path, database_url=database_url)) as started:
        yield started


async def results_kept(service: Service) -> int:
    return await service.services.database.read(
        lambda connection: connection.execute(select(func.count()).select_from(tables.results)).scalar_one()
    )


def named(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


async def test_the_same_key_and_body_get_the_first_answer_whatever_has_happened_since(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service))
    body = {"scenarios": [scenario], "frequency": 3}
    first = await made(service.post(TEXT, body, headers=named("nightly-1")))
    done = {"status": RunStatus.DONE, "outcome": "passed", "finished_at": datetime.now(UTC)}
    await service.services.database.write(lambda connection: connection.execute(update(tables.runs).values(done)))
    again = await made(service.post(TEXT, {"frequency": "3", "scenarios": [str(scenario)]}, headers=named("nightly-1")))
    assert again == first
    assert await results_kept(service) == 1


async def test_a_repeated_request_is_told_what_became_of_its_result(service: Service) -> None:
    """The runs and the name are those that the result has by now; that it was deleted is said, and nothing is run."""
    scenario = await make_scenario(service, await make_agent(service))
    body = {"scenarios": [scenario], "frequency": 2}
    first = await made(service.post(TEXT, body, headers=named("nightly-1")))
    path = f"{V1}/results/{first['id']}/"
    await service.patch(path, {"name": "Renamed"})
    await service.services.queue.cancel_result(first["id"])
    await service.post(f"{path}delete_runs/", {"run_ids": [first["runs"][0]["id"]]})
    again = await made(service.post(TEXT, body, headers=named("nightly-1")))
    assert again == {**first, "name": "Renamed", "runs": first["runs"][1:]}
    await service.delete(path)
    reply = await service.post(TEXT, body, headers=named("nightly-1"))
    assert reply.status == 409
    assert reply.body["detail"] == (
        f"This request was answered with result {first['id']}, which has been deleted since. Choose a new"
        " Idempotency-Key to ask for it again."
    )
    assert await results_kept(service) == 1


async def test_another_body_under_the_same_key_is_a_conflict(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service))
    await made(service.post(TEXT, {"scenarios": [scenario]}, headers=named("nightly-1")))
    for path, body in ((TEXT, {"scenarios": [scenario], "frequency": 2}), (CHAT, {"scenarios": [scenario]})):
        reply = await service.post(path, body, headers=named("nightly-1"))
        assert reply.status == 409
        assert "nightly-1" in reply.body["detail"]
    assert await results_kept(service) == 1


async def test_secrets_of_a_request_are_part_of_its_body(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service))
    body = {"scenarios": [scenario], "websocket_headers": {"X-Token": "one-secret"}}
    await made(service.post(TEXT, body, headers=named("n")))
    body["websocket_headers"] = {"X-Token": "another-secret"}
    assert (await service.post(TEXT, body, headers=named("n"))).status == 409


async def test_without_a_key_each_request_is_a_new_batch_and_each_api_key_has_its_own_names(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service))
    body = {"scenarios": [scenario]}
    _, other = await service.services.keys.create("other", Scope.RUN)
    ids = [(await made(service.post(TEXT, body)))["id"] for _ in range(2)]
    ids += [(await made(service.post(TEXT, body, headers=named("n"), key=key)))["id"] for key in (service.key, other)]
    assert len(set(ids)) == 4


async def test_of_twenty_at_once_one_makes_the_batch_and_all_get_its_answer(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service))
    body = {"scenarios": [scenario], "frequency": 10}
    answers = await asyncio.gather(*(made(service.post(TEXT, body, headers=named("storm"))) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert await results_kept(service) == 1


async def test_of_twenty_at_two_servers_one_makes_the_batch(tmp_path: Path, postgresql_url: str) -> None:
    settings = settings_in(tmp_path, database_url=postgresql_url)
    async with running(settings) as one, running(settings) as other:
        scenario = await make_scenario(one, await make_agent(one))
        body = {"scenarios": [scenario], "frequency": 10}
        asked = [made(server.post(TEXT, body, headers=named("storm"))) for server in (one, other) for _ in range(10)]
        answers = await asyncio.gather(*asked)
        assert all(answer == answers[0] for answer in answers)
        assert await results_kept(one) == 1


async def test_a_request_that_was_refused_leaves_its_key_free(service: Service) -> None:
    agent = await make_agent(service)
    await refused(service.post(TEXT, {"agent_id": agent, "scenarios": "all"}, headers=named("early")))
    await make_scenario(service, agent)
    await made(service.post(TEXT, {"agent_id": agent, "scenarios": "all"}, headers=named("early")))


async def test_after_a_day_the_key_is_free_again(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service))
    first = await made(service.post(TEXT, {"scenarios": [scenario]}, headers=named("daily")))
    yesterday = {"created_at": datetime.now(UTC) - timedelta(days=1, seconds=1)}
    await service.services.database.write(
        lambda connection: connection.execute(update(tables.answers).values(yesterday))
    )
    second = await made(service.post(TEXT, {"scenarios": [scenario], "frequency": 2}, headers=named("daily")))
    assert second["id"] != first["id"]


@pytest.mark.parametrize("name", ["a b", "x" * 256, "ä"])
async def test_a_key_that_is_no_name_is_refused(service: Service, name: str) -> None:
    scenario = await make_scenario(service, await make_agent(service))
    assert list(await refused(service.post(TEXT, {"scenarios": [scenario]}, headers=named(name)))) == [
        "Idempotency-Key"
    ]


async def test_a_rerun_takes_the_records_as_they_are_now_with_the_same_request(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent, "Old name")
    asked = {"agent_id": agent, "scenarios": "all", "frequency": 2, "websocket_headers": {"X-Token": "token-5"}}
    first = await made(service.post(TEXT, asked))
    await service.patch(f"{V1}/scenarios/{scenario}/", {"name": "New name"})
    added = await make_scenario(service, agent, "Added")
    changes = AgentChanges(secrets={"websocket_url": "ws://moved.example/"})
    await service.services.agents.change(agent, changes)
    again = await service.services.submission.rerun(first["id"])
    rerun = await service.services.store.result(again.id)
    assert [run.specification.scenario.name for run in rerun.runs] == ["New name", "New name", "Added", "Added"]
    assert {run.specification.scenario_id for run in rerun.runs} == {scenario, added}
    kept = await service.services.submission.request_of(again.id)
    assert kept.sealed_agent is not None
    snapshot = open_agent(kept.sealed_agent, service.services.seal)
    assert snapshot.agent.url.get_secret_value() == "ws://moved.example/"
    assert snapshot.agent.run_headers["X-Token"].get_secret_value() == "token-5"
    before = await service.services.submission.request_of(first["id"])
    assert before.sealed_agent is not None
    assert open_agent(before.sealed_agent, service.services.seal).agent.url.get_secret_value() == AGENT_URL
    first_runs = (await service.services.store.result(first["id"])).runs
    assert {run.specification.scenario.name for run in first_runs} == {"Old name"}


async def test_a_rerun_connects_to_the_url_of_the_request_with_all_that_is_secret_in_it(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service))
    url = "wss://user:pass-word@other.example/?token=t0ken"
    first = await made(service.post(TEXT, {"scenarios": [scenario], "websocket_url": url}))
    again = await service.services.submission.rerun(first["id"])
    kept = await service.services.submission.request_of(again.id)
    assert kept.sealed_agent is not None
    snapshot = open_agent(kept.sealed_agent, service.services.seal)
    assert snapshot.foreign
    assert snapshot.agent.url.get_secret_value() == url


async def test_there_is_no_rerun_of_what_is_not_there_or_was_made_elsewhere(service: Service) -> None:
    with pytest.raises(NotFound):
        await service.services.submission.rerun(4711)
    scenario = await make_scenario(service, await make_agent(service))
    first = await made(service.post(TEXT, {"scenarios": [scenario]}))
    nothing = {"request": None, "agent": None}
    await service.services.database.write(lambda connection: connection.execute(update(tables.results).values(nothing)))
    with pytest.raises(InvalidFields, match="ringback run"):
        await service.services.submission.rerun(first["id"])


async def test_nothing_that_is_secret_in_a_request_is_in_the_database_or_an_answer(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service, secrets={"websocket_secret": "agents-own"}))
    body = {
        "scenarios": [scenario],
        "websocket_url": "wss://user:pass-word@other.example/?token=t0ken-77",
        "websocket_headers": {"X-Token": "header-secret"},
    }
    answer = await made(service.post(TEXT, body, headers=named("n")))
    _, detail = await service.get(f"{V1}/results/{answer['id']}/")

    def everything(connection: Connection) -> str:
        return "".join(
            str(tuple(row)) for table in tables.metadata.sorted_tables for row in connection.execute(select(table))
        )

    kept = await service.services.database.read(everything)
    for secret in ("pass-word", "t0ken-77", "header-secret", "agents-own"):
        assert secret not in kept
        assert secret not in f"{answer} {detail}"
    assert scenarios_of(answer) == [scenario]
