"""Health and measures."""

import re
from datetime import UTC, datetime, timedelta

from running_service import ADMIN_KEY, Service
from sqlalchemy import Connection, insert, update

from ringback.api.app import create_app
from ringback.api.measures import Measures
from ringback.storage import tables
from ringback.storage.owner import Owner
from ringback.storage.vitals import Counts


async def test_a_server_without_workers_is_ready(service: Service) -> None:
    assert (await service.get("/healthz", key=None)).body == {"status": "ok"}
    reply = await service.get("/healthz/ready", key=None)
    good = {"database": "ok", "schema": "ok", "workers": "ok"}
    assert (reply.status, reply.body) == (200, {"status": "ready", "checks": good, "workers": 0})


async def test_a_server_is_not_ready_when_all_its_workers_are_silent(service: Service) -> None:
    owner = Owner.this_process("service")
    await service.services.workers.register(owner, places=3)
    assert (await service.get("/healthz/ready")).body["workers"] == 1
    past = datetime.now(UTC) - timedelta(hours=1)
    silent = update(tables.workers).values(heartbeat_at=past)
    await service.services.database.write(lambda connection: connection.execute(silent) and None)
    reply = await service.get("/healthz/ready")
    assert reply.status == 503
    assert reply.body["checks"]["workers"] == "None of 1 gave a sign of life lately."
    await service.services.workers.stop(owner)
    reply = await service.get("/healthz/ready")
    assert (reply.status, reply.body["workers"]) == (503, 0)
    assert reply.body["checks"]["workers"] == "There is none any more: the last one stopped or was given up."
    await service.services.workers.register(Owner.newborn("service"), places=3)
    assert (await service.get("/healthz/ready")).body["status"] == "ready"


async def test_a_server_is_not_ready_when_the_tables_are_of_another_version(service: Service) -> None:
    older = update(tables.schema).values(version=tables.SCHEMA_VERSION - 1)
    await service.services.database.write(lambda connection: connection.execute(older) and None)
    reply = await service.get("/healthz/ready")
    assert reply.status == 503
    assert "this server needs" in reply.body["checks"]["schema"]


async def test_requests_are_counted_by_route_and_status_and_never_by_number(service: Service) -> None:
    for number in (4711, 4712):
        await service.get(f"/user/api/v1/user-api-key/{number}/")
    await service.get("/made-up-by-somebody/4713")
    page = (await service.get("/metrics", key=None)).body
    route = 'method="GET",route="/user/api/v1/user-api-key/{key_id}/"'
    assert f'ringback_http_requests_total{{{route},status="404"}} 2.0' in page
    assert f"ringback_http_request_seconds_count{{{route}}} 2.0" in page
    assert 'route="none",status="404"' in page
    # Labels alone: a measured time may well hold the digits of any number.
    labels = "".join(re.findall(r"\{.*?\} ", page))
    assert 'route="none"' in labels
    assert not re.search(r"471[123]|made-up|" + ADMIN_KEY, labels)


async def test_runs_are_counted_by_status_and_outcome(service: Service) -> None:
    now = datetime.now(UTC)
    result = {"name": "r", "agent_name": "a", "agent_url": "", "created_at": now, "provenance": "{}", "kind": "service"}
    run = {
        "result_id": 1,
        "scenario_id": 1,
        "specification_id": 1,
        "attempt": 1,
        "owner_kind": "service",
        "owner": "",
    }

    def fill(connection: Connection) -> None:
        connection.execute(insert(tables.results).values(result))
        connection.execute(insert(tables.specifications).values(result_id=1, document="{}"))
        states = [("queued", None)] * 3 + [("conversing", None), ("done", "passed"), ("done", "failed")]
        rows = [
            {**run, "position": position, "status": status, "outcome": outcome}
            for position, (status, outcome) in enumerate(states)
        ]
        connection.execute(insert(tables.runs), rows)

    await service.services.database.write(fill)
    page = (await service.get("/metrics")).body
    for line in (
        'ringback_runs{status="queued"} 3.0',
        'ringback_runs{status="conversing"} 1.0',
        'ringback_runs{status="evaluating"} 0.0',
        'ringback_recent_runs{outcome="passed"} 1.0',
        'ringback_recent_runs{outcome="error"} 0.0',
        "ringback_queue_length 3.0",
        "ringback_database_up 1.0",
    ):
        assert line in page.splitlines()


async def test_two_applications_in_one_process_measure_each_for_itself(service: Service) -> None:
    other: Measures = create_app(service.services).state.measures
    other.set_counts(Counts(unfinished={"queued": 7}, outcomes={}, workers_alive=0))
    assert b"ringback_queue_length 7.0" in other.text()
    assert "ringback_queue_length 7.0" not in (await service.get("/metrics")).body
