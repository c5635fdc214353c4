"""Runs are found by what they were asked for with, what was measured, and what their call is called."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from asking import TEXT, V1, made, make_agent, make_scenario
from kept_results import keep
from running_service import Service, running, settings_in

RUNS = f"{V1}/runs/"


@pytest.fixture
async def stocked(tmp_path: Path, database_url: str) -> AsyncGenerator[Service]:
    """A server on each database."""
    async with running(settings_in(tmp_path, database_url=database_url)) as service:
        yield service


async def found(service: Service, **filters: str) -> list[int]:
    """The numbers of the runs that fit, the newest first."""
    query = "&".join(f"{name}={quote(value)}" for name, value in filters.items())
    status, body = await service.get(f"{RUNS}?{query}")
    assert status == 200, body
    assert body["count"] == len(body["results"])
    return [run["id"] for run in body["results"]]


async def test_tags_are_those_that_the_run_was_asked_for_with(stocked: Service) -> None:
    scenario = await make_scenario(stocked, await make_agent(stocked), "Tagged", tags=["orig", "both"])
    (first,) = (await made(stocked.post(TEXT, {"scenarios": [scenario]})))["runs"]
    await stocked.patch(f"{V1}/scenarios/{scenario}/", {"tags": ["new", "both"]})
    (second,) = (await made(stocked.post(TEXT, {"scenarios": [scenario]})))["runs"]
    await stocked.delete(f"{V1}/scenarios/{scenario}/")
    one, two = first["id"], second["id"]
    for tags, wanted in {"orig": [one], "new": [two], "both": [two, one], "new,orig": [two, one], "other": []}.items():
        assert await found(stocked, tags=tags) == wanted, tags
    _, run = await stocked.get(f"{RUNS}{one}/")
    assert set(run["tags"]) == {"orig", "both"}


async def test_a_tag_is_found_whole_and_as_it_is_written(stocked: Service) -> None:
    tags = ('say "smoke"', "Café", "100%", "a_b", "back\\slash", "[x", "漢字 🙂")
    runs = {tag: (await keep(stocked.services, {"s": "P"}, tags=["first", tag])).runs[0].id for tag in tags}
    for tag, run in runs.items():
        assert await found(stocked, tags=tag) == [run], tag
    for other in ("smoke", 'say "', "CAFÉ", "caf", "100", "aXb", "a%b", "back", "x", '"', "First", "]"):
        assert await found(stocked, tags=other) == [], other
    assert len(await found(stocked, tags="first")) == len(tags)


async def test_calls_are_found_by_what_their_provider_calls_them(stocked: Service) -> None:
    (call,) = (await keep(stocked.services, {"book": "P"}, run_type="Voice", call_id="CA-7f_9@host")).runs
    (other,) = (await keep(stocked.services, {"book": "P"}, run_type="Voice", call_id="CA-8000")).runs
    await keep(stocked.services, {"book": "P"})
    for name in ("call_id", "provider_call_id"):
        assert await found(stocked, **{name: "CA-7f_9@host"}) == [call.id]
        assert await found(stocked, **{name: "CA-7f_9@host,CA-8000"}) == [other.id, call.id]
        assert await found(stocked, **{name: "CA-7f_9"}) == []
        assert await found(stocked, **{f"{name}__icontains": "f_9@HOST"}) == [call.id]
        assert await found(stocked, **{f"{name}__icontains": "ca-"}) == [other.id, call.id]
        assert await found(stocked, **{f"{name}__icontains": "%"}) == []
    _, run = await stocked.get(f"{RUNS}{call.id}/")
    assert run["provider_call_id"] == "CA-7f_9@host"


async def test_runs_are_found_by_the_metrics_that_they_have_an_entry_of(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "PE"})
    scored, without = (run.id for run in result.runs)
    _, run = await stocked.get(f"{RUNS}{scored}/")
    ids: list[Any] = [metric["id"] for metric in run["evaluation"]["metrics"]]
    assert ids[1:] == [41, "mood", "care", "checks"]
    for name in (*ids, "latency", "polite"):
        assert await found(stocked, metrics=str(name)) == [scored], name
    assert await found(stocked, metrics=f"77777,{ids[0]}") == [scored]
    for other in ("4", "77777", "moo", "c_re", "%"):
        assert await found(stocked, metrics=other) == [], other
    assert await found(stocked) == [without, scored]


async def test_a_date_at_the_end_of_a_range_is_the_whole_day(service: Service) -> None:
    await keep(service.services, {"book": "P"})
    today, yesterday = (f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}" for days in (0, 1))
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    for filters, there in (
        ({"created_at_to": tomorrow}, True),
        ({"created_at_range": f"{yesterday},{tomorrow}"}, True),
        ({"created_at_to": yesterday}, False),
        ({"created_at_to": f"{today}T00:00:00Z"}, False),
        ({"created_at_to": "9999-12-31"}, True),
        ({"timestamp__lte": "2026-03-01"}, True),
        ({"timestamp__gte": "2026-03-01", "timestamp__lte": "2026-03-01"}, True),
        ({"timestamp__lte": "2026-03-01T00:00:00Z"}, False),
    ):
        assert bool(await found(service, **filters)) is there, filters


async def test_names_are_found_in_upper_and_lower_case_beyond_ascii(stocked: Service) -> None:
    result = await keep(stocked.services, {"überblick": "P"}, name="näme ΑΒΓ", first_scenario=3)
    (run,) = result.runs
    for search in ("NÄME", "näme", "αβγ"):
        status, body = await stocked.get(f"{V1}/results/?search={quote(search)}")
        assert (status, [one["id"] for one in body["results"]]) == (200, [result.id]), search
    assert await found(stocked, search="ÜBER") == [run.id]
    scenario = await make_scenario(stocked, await make_agent(stocked), "Größe prüfen")
    _, listed = await stocked.get(f"{V1}/scenarios/?search={quote('PRÜFEN')}")
    assert [one["id"] for one in listed["results"]] == [scenario]
