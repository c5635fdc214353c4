"""Runs over the API: filters, the whole run, reviews, ends, on both databases."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kept_results import keep
from running_service import Service, running, settings_in

RUNS = "/test_framework/v1/runs/"


@pytest.fixture
async def stocked(tmp_path: Path, database_url: str) -> AsyncGenerator[Service]:
    """A server on each database."""
    async with running(settings_in(tmp_path, database_url=database_url)) as service:
        yield service


async def test_a_run_is_read_whole(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "PF"})
    status, run = await stocked.get(f"{RUNS}{result.runs[1].id}/")
    assert status == 200
    assert run["transcript"] == (
        "[00:00] Main Agent: Clinic, hello.\n[00:03] Testing Agent: Book me in.\n[01:05] Main Agent: Booked."
    )
    roles = [item["role"] for item in run["transcript_object"]]
    assert roles == [
        "Main Agent",
        "Testing Agent",
        "Function Call",
        "Function Call Result",
        "Main Agent",
        "Testing Agent",
    ]
    call, returned = run["transcript_object"][2:4]
    assert call["data"] == {"id": "t1", "name": "book", "arguments": '{"day": "Monday"}'}
    assert returned["data"] == {"id": "t1", "name": "book", "result": '{"ok": true}'}
    assert run["transcript_object"][1]["time"] == "00:03"
    assert run["transcript_object"][1]["timestamp"] == "2026-03-01T09:30:03+00:00"
    assert (run["status"], run["success"], run["outcome"]) == ("completed", False, "failed")
    assert run["evaluation_status"] == "failure"
    assert run["duration"] == "01:15"
    assert run["error_message"] is None
    assert run["call_ended_reason"] == run["metadata"]["ended_reason"] == "Main agent-ended-call"
    assert run["expected_outcome"]["outcome_alignments"][1]["aligned"] is False
    assert run["test_profile_data"] == {
        "id": 3,
        "name": "VIP",
        "information": {"main_agent_variables": {"X-Id": "5"}, "testing_agent_variables": {"name": "Ann"}},
    }
    assert (run["personality"], run["personality_name"], run["number"]) == (2, "Hasty", 2)
    assert (run["agent"], run["agent_name"], run["result_name"]) == (7, "clinic", "nightly")


@pytest.mark.parametrize(
    ("letter", "status", "review", "error"),
    [
        ("I", "completed", False, None),
        ("?", "completed", True, None),
        ("E", "failed", False, "No way to the agent."),
        ("C", "cancelled", False, "No way to the agent."),
        ("T", "timeout", False, "No way to the agent."),
        (".", "in_queue", False, None),
        ("a", "running", False, None),
        ("c", "in_progress", False, None),
        ("e", "evaluating", False, None),
    ],
)
async def test_a_run_that_says_nothing_about_the_agent_is_no_success_and_no_failure(
    service: Service, letter: str, status: str, review: bool, error: str | None
) -> None:
    result = await keep(service.services, {"book": letter})
    _, run = await service.get(f"{RUNS}{result.runs[0].id}/")
    assert (run["status"], run["success"]) == (status, None)
    assert (run["review_required"], run["error_message"]) == (review, error)


async def test_runs_are_filtered_by_everything_that_is_known_of_them(stocked: Service) -> None:
    first = await keep(stocked.services, {"book": "PF", "cancel": "E"}, agent_id=1)
    second = await keep(stocked.services, {"move": "I.T"}, agent_id=2, first_scenario=9)
    one, two, three = (run.id for run in first.runs)
    four, five, six = (run.id for run in second.runs)
    expected = {
        "": [six, five, four, three, two, one],
        "unknown=1": [six, five, four, three, two, one],
        "id=": [six, five, four, three, two, one],
        f"id={two}": [two],
        f"id__in={two},{four}": [four, two],
        f"id__in={two},{four}&id={two}": [two],
        f"result_id={first.id}": [three, two, one],
        f"result__id={second.id}": [six, five, four],
        "agent_id=2": [six, five, four],
        "agent_id=3": [],
        "project_id=1": [six, five, four, three, two, one],
        "assistant_id=nobody": [],
        "status=completed": [four, two, one],
        "status__in=failed,in_queue": [five, three],
        "status=timeout": [six],
        "status=evaluating": [],
        "success=true": [one],
        "success=False": [two],
        "scenario__id=9": [six, five, four],
        "scenario__id__in=1,2": [three, two, one],
        "scenarios=2,9": [six, five, four, three],
        "personality__id=2": [six, five, four, three, two, one],
        "personalities=8": [],
        "tags=vip": [],
        "search=ANC": [three],
        "search=_": [],
        "call_ended_reason=Main agent-call-not-connected": [three],
        "call_ended_reason__in=main agent-call-not-connected,x": [three],
        "call_ended_reason__icontains=main": [six, three, two],
        "duration__gte=75": [six, four, three, two, one],
        "duration__lte=74.9": [],
        "duration_range=10,80": [six, four, three, two, one],
        "duration_range=80,": [],
        "timestamp__gte=2026-03-02": [],
        "timestamp__lte=2026-03-02T00:00:00Z": [six, four, three, two, one],
        f"timestamp__gte={quote('2026-03-01T10:00:00+02:00')}": [six, four, three, two, one],
        "created_at_from=2026-03-02": [six, five, four, three, two, one],
        "created_at_to=2026-03-02": [],
        "timestamp__lte=2026-03-01": [six, four, three, two, one],
        "timestamp__lte=2026-02-28": [],
        "success_rate=100": [one],
        "success_rate=0": [two],
        "success_rate=0&success=true": [],
        f"result_id={first.id}&result__id={second.id}": [],
        "created_at_range=2026-03-02,": [six, five, four, three, two, one],
        "result__run_as_text=true": [six, five, four, three, two, one],
        "result__run_as_text=false": [],
    }
    for query, wanted in expected.items():
        status, body = await stocked.get(f"{RUNS}?{query}")
        assert status == 200, (query, body)
        assert [run["id"] for run in body["results"]] == wanted, query
        assert body["count"] == len(wanted)


@pytest.mark.parametrize(
    "query",
    [
        "id=x",
        "id__in=1,[2]",
        "result_id=1.5",
        "agent_id=99999999999999999999999",
        "status=passed",
        "status__in=failed,passed",
        "success=maybe",
        "scenarios=a",
        "duration__gte=long",
        "duration__gte=nan",
        "duration_range=5",
        "timestamp__gte=yesterday",
        "created_at_range=2026-01-01",
        "created_at_range=,2026-02-30",
        "success_rate=50",
    ],
)
async def test_a_filter_that_cannot_be_read_is_refused_by_its_name(service: Service, query: str) -> None:
    status, body = await service.get(f"{RUNS}?{query}")
    assert status == 400
    assert list(body) == [query.partition("=")[0]]


async def test_several_runs_are_read_as_a_bare_list(stocked: Service) -> None:
    first = await keep(stocked.services, {"book": "P" * 60})
    second = await keep(stocked.services, {"book": "F"})
    wanted = [run.id for run in (second.runs[0], *reversed(first.runs))]
    asked = ",".join(map(str, wanted))
    status, runs = await stocked.get(f"{RUNS}bulk/?run_ids={asked},88888888,{2**60}")
    assert status == 200
    assert [run["id"] for run in runs] == wanted
    assert runs[0]["transcript_object"]
    _, same = await stocked.get(f"/test_framework/v2/runs/bulk?ids={wanted[0]}&ids={wanted[1]}")
    assert [run["id"] for run in same] == wanted[:2]
    _, fewer = await stocked.get(f"{RUNS}bulk/?run_ids={asked}&result_id={second.id}")
    assert [run["id"] for run in fewer] == wanted[:1]
    _, none = await stocked.get(f"{RUNS}bulk/?run_ids=88888888&agent_id=7")
    assert none == []


@pytest.mark.parametrize("query", ["run_ids=[1,2]", "run_ids=1,,2", "run_ids=", "", "ids=1,x", "run_ids=-1"])
async def test_what_are_no_numbers_is_refused_in_the_words_of_the_reference(service: Service, query: str) -> None:
    status, body = await service.get(f"{RUNS}bulk/?{query}")
    assert (status, body) == (400, {"detail": "run_ids must be comma-separated integers"})


async def test_a_review_is_kept_beside_what_the_run_says(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "?"})
    path = f"{RUNS}{result.runs[0].id}/"
    status, run = await stocked.patch(path, {"feedback": "Looks right.", "evaluation_status": "reviewed_success"})
    assert (status, run["feedback"], run["review_required"]) == (200, "Looks right.", True)
    _, run = await stocked.patch(path, {"is_reviewed": True})
    noted = {"is_reviewed": True, "feedback": "Looks right.", "evaluation_status": "reviewed_success"}
    assert {key: run[key] for key in noted} == noted
    assert (run["success"], run["outcome"], run["review_required"]) == (None, "inconclusive", False)
    _, detail = await stocked.get(f"/test_framework/v1/results/{result.id}/")
    entry = detail["runs"][str(result.runs[0].id)]
    assert {key: entry[key] for key in noted} == noted
    _, run = await stocked.put(path, {"feedback": "No."})
    assert (run["is_reviewed"], run["feedback"], run["evaluation_status"]) == (False, "No.", None)
    for wrong in ({"evaluation_status": "great"}, {"is_reviewed": "perhaps"}):
        assert (await stocked.patch(path, wrong)).status == 400


async def test_a_run_is_ended_and_deleted(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": ".P"})
    waiting, done = (run.id for run in result.runs)
    assert (await stocked.delete(f"{RUNS}{waiting}/")).status == 409
    status, body = await stocked.post(f"{RUNS}{waiting}/end_call/")
    assert (status, body["status"]) == (200, "cancelled")
    status, body = await stocked.post(f"{RUNS}{done}/end_call/", {})
    assert (status, body["detail"]) == (200, "The run was over already.")
    assert (await stocked.delete(f"{RUNS}{waiting}/")).status == 204
    for reply in (await stocked.get(f"{RUNS}{waiting}/"), await stocked.delete(f"{RUNS}{waiting}/")):
        assert (reply.status, list(reply.body)) == (404, ["detail"])


@pytest.mark.parametrize("number", ["0", "999999", str(2**62), "abc", "-1"])
async def test_what_is_not_there_is_not_found(stocked: Service, number: str) -> None:
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"{RUNS}{number}/", None),
        ("PATCH", f"{RUNS}{number}/", {"feedback": "x"}),
        ("DELETE", f"{RUNS}{number}/", None),
        ("POST", f"{RUNS}{number}/end_call/", None),
        ("GET", f"/test_framework/v1/results/{number}/", None),
        ("DELETE", f"/test_framework/v1/results/{number}/", None),
        ("POST", f"/test_framework/v1/results/{number}/create_shareable_link_token/", {}),
        ("POST", f"/test_framework/v1/results/{number}/evaluate_metrics/", {"run_ids": [1], "metric_ids": []}),
    ]
    for method, path, body in calls:
        reply = await stocked.ask(method, path, body)
        assert (reply.status, list(reply.body)) == (404, ["detail"]), (method, path, reply.body)
