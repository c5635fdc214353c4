"""Live progress of a result as server-sent events, over real connections."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from kept_results import keep, settle
from running_service import Service, running, settings_in

from ringback.domain.run import Run
from ringback.results.brief import brief_of
from ringback.storage.owner import Owner
from ringback.storage.store import Store

SECONDS = 20


@pytest.fixture
async def stocked(tmp_path: Path, database_url: str) -> AsyncGenerator[Service]:
    """A server on each database."""
    async with running(settings_in(tmp_path, database_url=database_url)) as service:
        yield service


class Events:
    """The events of one connection."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.comments = 0

    async def next(self) -> dict[str, Any] | None:
        """The next event; None where the server has ended the stream."""
        event: dict[str, Any] = {}
        async with asyncio.timeout(SECONDS):
            async for line in self._response.content:
                text = line.decode().rstrip("\r\n")
                if text.startswith(":"):
                    self.comments += 1
                elif text:
                    name, _, value = text.partition(": ")
                    event[name] = value
                elif event:
                    event["data"] = json.loads(event["data"])
                    return event
        return None

    async def rest(self) -> list[dict[str, Any]]:
        """All to the end."""
        found: list[dict[str, Any]] = []
        while event := await self.next():
            found.append(event)
        return found

    async def until(self, run_id: int, status: str) -> dict[str, Any]:
        """The event by which a run stands like that."""
        while event := await self.next():
            if event["data"].get("run_id") == run_id and event["data"]["status"] == status:
                return event
        raise AssertionError("the stream ended")


@asynccontextmanager
async def following(service: Service, result_id: int, last: str | None = None) -> AsyncGenerator[Events]:
    headers = {"X-VOCERA-API-KEY": service.key, **({"Last-Event-ID": last} if last else {})}
    async with service.client.get(
        f"{service.url}/test_framework/v1/results/{result_id}/events/", headers=headers
    ) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Events(response)


async def bring(service: Service, run: Run, state: str) -> None:
    """Change a run as a worker of this process does."""
    store = Store(service.services.database, Owner.this_process("service"), brief_of=brief_of)
    await settle(service.services, store, run, state)
    service.services.queue.wake()


async def nobody_follows(service: Service) -> None:
    """Wait until the server has noticed that the clients are gone."""

    def followed() -> bool:
        left = any(task.get_name().startswith("follow result") for task in asyncio.all_tasks())
        return left or service.services.progress.followed > 0

    async with asyncio.timeout(SECONDS):
        while followed():  # noqa: ASYNC110 - what is looked at is what no event tells of
            await asyncio.sleep(0.01)


async def test_each_change_is_told_and_then_the_end(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": ".."})
    first, second = result.runs
    async with following(stocked, result.id) as events:
        opening = await events.next()
        assert opening is not None
        assert (opening["event"], opening["data"]["status"]) == ("result.progress", "running")
        assert opening["data"]["counts"]["total_runs_count"] == 2
        await bring(stocked, first, "c")
        await events.until(first.id, "in_progress")
        await bring(stocked, first, "P")
        told = await events.until(first.id, "completed")
        assert (told["data"]["success"], told["data"]["outcome"]) == (True, "passed")
        assert told["data"]["counts"]["success_runs_count"] <= 1
        await bring(stocked, second, "F")
        rest = await events.rest()
    assert rest[-1]["event"] == "result.completed"
    assert rest[-1]["data"]["status"] == "completed"
    assert rest[-1]["data"]["counts"]["failed_runs_count"] == 1
    await nobody_follows(stocked)


async def test_a_result_that_is_over_is_told_at_once(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "PF"})
    async with following(stocked, result.id) as events:
        told = await events.rest()
    assert [event["event"] for event in told] == ["result.progress", *["run.changed"] * 2, "result.completed"]
    assert {event["data"]["run_id"] for event in told if event["event"] == "run.changed"} == {
        run.id for run in result.runs
    }
    again = await stocked.get(
        f"/test_framework/v1/results/{result.id}/events/", headers={"Last-Event-ID": told[-1]["id"]}
    )
    assert again.status == 204


async def test_who_comes_back_is_told_what_was_missed(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "..."})
    first, second, third = result.runs
    async with following(stocked, result.id) as events:
        await bring(stocked, first, "P")
        last = (await events.until(first.id, "completed"))["id"]
    await bring(stocked, second, "F")
    async with following(stocked, result.id, last) as events:
        assert (await events.until(second.id, "completed"))["data"]["success"] is False
        await bring(stocked, third, "P")
        rest = await events.rest()
    assert rest[-1]["event"] == "result.completed"


async def test_a_last_event_that_is_none_of_ours_begins_from_the_start(service: Service) -> None:
    result = await keep(service.services, {"book": "PF"})
    for last in ("x", "99999999999999999999-1", "-over", "12-", "5-over-over"):
        reply = await service.get(f"/test_framework/v1/results/{result.id}/events/", headers={"Last-Event-ID": last})
        assert reply.status in (200, 204), last


async def test_many_followers_share_one_watch_and_leave_nothing_behind(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "." * 3})
    before = {task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("follow result")}
    assert not before
    async with following(stocked, result.id) as one, following(stocked, result.id) as two:
        await one.next()
        await two.next()
        assert stocked.services.progress.followed == 1
        watches = [task for task in asyncio.all_tasks() if task.get_name().startswith("follow result")]
        assert len(watches) == 1
        await bring(stocked, result.runs[0], "P")
        await one.until(result.runs[0].id, "completed")
        await two.until(result.runs[0].id, "completed")
    await nobody_follows(stocked)


async def test_a_server_that_stops_ends_its_streams_and_tells_nobody_that_the_result_is_over(service: Service) -> None:
    result = await keep(service.services, {"book": ".."})
    async with following(service, result.id) as events:
        await events.next()
        service.services.progress.close()
        assert await events.rest() == []
    await nobody_follows(service)
    async with following(service, result.id) as events:
        assert await events.rest() == []


async def test_a_result_that_is_deleted_meanwhile_ends_the_stream(service: Service) -> None:
    result = await keep(service.services, {"book": ".."})
    async with following(service, result.id) as events:
        await events.next()
        await service.delete(f"/test_framework/v1/results/{result.id}/")
        rest = await events.rest()
    assert rest[-1]["event"] == "result.removed"


async def test_events_need_a_key(service: Service) -> None:
    result = await keep(service.services, {"book": "."})
    assert (await service.get(f"/test_framework/v1/results/{result.id}/events/", key=None)).status == 401
