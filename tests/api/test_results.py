"""Results over the API: lists, details, and what can be done with them, on both databases."""

import csv
import io
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from asking import TEXT, make_agent, make_scenario
from kept_results import keep
from running_service import Service, running, settings_in

from ringback.storage.reading_status import Shown

RESULTS = "/test_framework/v1/results/"


@pytest.fixture
async def stocked(tmp_path: Path, database_url: str) -> AsyncGenerator[Service]:
    """A server on each database."""
    async with running(settings_in(tmp_path, database_url=database_url)) as service:
        yield service


async def test_a_result_has_its_runs_as_an_array_in_lists_and_as_an_object_in_its_detail(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "PF", "cancel": "P"})
    status, listed = await stocked.get(RESULTS)
    assert status == 200
    assert listed["count"] == 1
    (item,) = listed["results"]
    assert [run["id"] for run in item["runs"]] == [run.id for run in result.runs]
    assert item["scenarios"] == [{"id": 1, "name": "Book"}, {"id": 2, "name": "Cancel"}]
    status, detail = await stocked.get(f"{RESULTS}{result.id}/")
    assert status == 200
    assert list(detail["runs"]) == [str(run.id) for run in result.runs]
    assert {key: item[key] for key in item if key.endswith("_count")} == {
        key: detail[key] for key in detail if key.endswith("_count")
    }


async def test_counts_are_numbers_and_the_rate_is_over_all_runs(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "PPFI", "cancel": "?EP"})
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    counts = {key: value for key, value in detail.items() if key.endswith("_count")}
    assert counts == {
        "total_runs_count": 7,
        "completed_runs_count": 7,
        "success_runs_count": 3,
        "failed_runs_count": 4,
        "met_expected_outcome_count": 3,
        "total_expected_outcome_count": 6,
        "valid_runs_count": 4,
        "invalid_runs_count": 1,
        "inconclusive_runs_count": 1,
        "error_runs_count": 1,
    }
    assert detail["success_rate"] == 42.86
    assert detail["status"] == "completed"
    assert detail["success_rate_interval"] == {"low": 30.06, "high": 95.44, "n": 4}
    assert detail["total_duration"] == "08:45"
    assert detail["successful_calls"] == [run.id for run in (result.runs[0], result.runs[1], result.runs[6])]
    assert detail["not_connected_runs"] == [result.runs[5].id]


@pytest.mark.parametrize(
    ("letters", "status"),
    [
        ("....", "running"),
        ("PFc.", "running"),
        ("PFee", "evaluating"),
        ("FFFF", "completed"),
        ("PEEC", "completed"),
        ("EEEE", "failed"),
        ("CCCC", "cancelled"),
        ("TTTT", "failed"),
        ("TCCC", "failed"),
        ("ECTT", "failed"),
    ],
)
async def test_a_result_is_over_with_its_runs_and_completed_once_one_could_be_carried_out(
    service: Service, letters: str, status: str
) -> None:
    """The reference's own clients stop waiting at completed, failed and cancelled: no result says `timeout`."""
    result = await keep(service.services, {"book": letters})
    _, detail = await service.get(f"{RESULTS}{result.id}/")
    _, listed = await service.get(RESULTS)
    assert detail["status"] == listed["results"][0]["status"] == status
    over = not set(letters) & set(".ace")
    assert detail["failed_runs_count"] == (4 - letters.count("P") if over else 0)


async def test_a_voice_result_that_is_under_way_is_in_progress(service: Service) -> None:
    result = await keep(service.services, {"book": ".."}, run_type="Voice")
    _, detail = await service.get(f"{RESULTS}{result.id}/")
    assert (detail["status"], detail["run_as_text"], detail["run_type"]) == ("in_progress", False, "Voice")


async def test_an_entry_of_the_detail_says_how_its_run_went(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "P", "cancel": "I"})
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    passed, invalid = detail["runs"].values()
    assert passed["success"] is True
    assert passed["status"] == "completed"
    assert passed["scenario"] == 1
    assert passed["number"] == 1
    assert passed["duration"] == "01:15"
    assert passed["expected_outcome"]["score"] == 100
    assert passed["expected_outcome"]["explanation"] == ["✅ greets: It did.", "✅ books: Look."]
    scores = {metric["name"]: (metric["id"], metric["score"]) for metric in passed["evaluation"]["metrics"]}
    assert scores == {
        "Latency": (await _number_of(stocked, "latency"), 0.5),
        "Polite": (41, 5.0),
        "Mood": ("mood", None),
        "Care": ("care", None),
        "Checks": ("checks", 5.0),
    }
    assert passed["metadata"]["ended_reason"] == "Testing agent-ended-call"
    assert (invalid["success"], invalid["outcome"], invalid["status"]) == (None, "invalid", "completed")
    assert invalid["outcome_reason"] == "Because it invalid."


async def test_the_evaluation_of_all_runs_is_added_up(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "PPPF"})
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    overall = detail["overall_evaluation"]
    latency = await _number_of(stocked, "latency")
    assert overall["success_rate"] == 75
    assert overall["metric_summary"]["41"]["score"] == 3.75
    assert overall["metric_summary"]["41"]["score_normalized"] == 0.75
    assert overall["metric_summary"][str(latency)]["p50"] == 0.5
    assert overall["metric_summary"][str(latency)]["function_name"] == "latency"
    undecided = overall["metric_summary"]["care"]
    assert (undecided["score"], undecided["score_normalized"], undecided["runs"]) == (None, None, 0)
    assert [metric["name"] for metric in overall["numeric_metrics"]] == ["Latency"]
    assert overall["enum_metrics"][0]["values"] == {"glad": 3, "cross": 1}
    assert overall["extra_metrics"][0]["score"] == 87.5
    assert [metric["name"] for metric in overall["worst_performing_metrics"]] == ["Checks", "Polite"]


async def test_runs_that_never_began_have_their_place_in_the_detail(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "..c"})
    await stocked.services.queue.cancel_result(result.id)
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    assert [run["status"] for run in detail["runs"].values()] == ["cancelled", "cancelled", "in_progress"]
    first = next(iter(detail["runs"].values()))
    assert first["error_message"] == "The run was cancelled before it began."
    assert first["success"] is None


async def test_results_of_the_command_line_are_shown_though_they_have_no_briefs(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "PF"}, briefs=False, kind="cli")
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    assert [run["success"] for run in detail["runs"].values()] == [True, False]
    assert detail["agent"] is None
    status, body = await stocked.post(f"{RESULTS}{result.id}/end_calls/")
    assert (status, "ringback run" in body["detail"]) == (409, True)


async def test_whatever_an_agent_sends_the_detail_stays_json(stocked: Service) -> None:
    hostile = {"nan": float("nan"), "big": 10**30, "half": "\ud83d", "ended_reason": "mine", "a": "</script>\u2028"}
    result = await keep(stocked.services, {"book": "P"}, metadata=hostile)
    reply = await stocked.get(f"{RESULTS}{result.id}/")
    metadata = next(iter(reply.body["runs"].values()))["metadata"]
    assert metadata["nan"] is None
    assert metadata["half"] == "\ufffd"
    assert metadata["ended_reason"] == "Testing agent-ended-call"
    _, run = await stocked.get(f"/test_framework/v1/runs/{result.runs[0].id}/")
    assert run["metadata"]["a"] == "</script>\u2028"


async def test_large_metadata_is_left_to_the_runs_own_detail(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "P"}, metadata={"log": "x" * 5000, "ended_by": "me"})
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    metadata = next(iter(detail["runs"].values()))["metadata"]
    assert "log" not in metadata
    assert (metadata["cut"], metadata["ended_by"]) == (True, "caller")
    _, run = await stocked.get(f"/test_framework/v1/runs/{result.runs[0].id}/")
    assert len(run["metadata"]["log"]) == 5000


async def test_lists_are_filtered_and_come_in_pages(stocked: Service) -> None:
    first = await keep(stocked.services, {"book": "P"}, name="Nightly 100%", agent_id=1)
    second = await keep(stocked.services, {"move": "P"}, name="weekly_1", agent_id=2, first_scenario=5)

    async def ids(query: str) -> list[int]:
        status, body = await stocked.get(f"{RESULTS}?{query}")
        assert status == 200, body
        return [result["id"] for result in body["results"]]

    assert await ids("") == [second.id, first.id]
    assert await ids("agent_id=1") == [first.id]
    assert await ids("agent_id=1&project_id=9") == [first.id]
    assert await ids("search=NIGHT") == [first.id]
    assert await ids("search=100%25") == [first.id]
    assert await ids("search=y_1") == [second.id]
    assert await ids("search=0_") == []
    assert await ids("scenarios=5,77") == [second.id]
    assert await ids("scenarios=1,5") == [second.id, first.id]
    status, page = await stocked.get(f"{RESULTS}?page_size=1&page=2&search=ly")
    assert (page["count"], [result["id"] for result in page["results"]], page["next"]) == (2, [first.id], None)
    assert page["previous"].startswith(stocked.url)
    status, body = await stocked.get(f"{RESULTS}?scenarios=[1]")
    assert (status, list(body)) == (400, ["scenarios"])
    _, numbers = await stocked.get(f"{RESULTS}result_ids/?agent_id=2")
    assert numbers == {"result_ids": [second.id]}


async def test_a_list_shows_the_first_runs_of_a_large_result_and_says_how_many_are_left_out(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "." * 300, "cancel": "." * 230})
    _, body = await stocked.get(RESULTS)
    (item,) = body["results"]
    assert (len(item["runs"]), item["runs_left_out"], item["total_runs_count"]) == (500, 30, 530)
    assert item["scenarios"] == [{"id": 1, "name": "Book"}, {"id": 2, "name": "Cancel"}]
    assert item["runs"][0]["id"] == result.runs[0].id


async def test_results_can_be_renamed_and_deleted(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "P"})
    one = f"{RESULTS}{result.id}/"
    status, body = await stocked.patch(one, {"name": "better", "status": "failed"})
    assert (status, body["name"], body["status"]) == (200, "better", "completed")
    assert (await stocked.put(one, {})).status == 400
    assert (await stocked.patch(one, {"name": ""})).status == 400
    assert (await stocked.delete(one)).status == 204
    for reply in (
        await stocked.get(one),
        await stocked.delete(one),
        await stocked.patch(one, {"name": "x"}),
        await stocked.get(f"/test_framework/v1/runs/{result.runs[0].id}/"),
        await stocked.post(f"{one}rerun/"),
        await stocked.post(f"{one}end_calls/"),
        await stocked.post(f"{one}delete_runs/", {"run_ids": []}),
        await stocked.get(f"{one}events/"),
    ):
        assert (reply.status, list(reply.body)) == (404, ["detail"])
    assert (await stocked.get(RESULTS)).body["count"] == 0
    assert (await stocked.get("/test_framework/v1/runs/")).body["count"] == 0


async def test_deleting_results_in_bulk_ends_their_runs_and_passes_over_unknown_ones(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "..c"})
    status, _ = await stocked.post(f"{RESULTS}bulk_delete/", {"result_ids": [str(result.id), 99999, 2**40]})
    assert status == 204
    cancelled = await stocked.services.queue.cancel_result(result.id)
    assert cancelled == 0
    status, body = await stocked.post(f"{RESULTS}bulk_delete/", {"result_ids": list(range(101))})
    assert (status, list(body)) == (400, ["result_ids"])


async def test_deleted_runs_leave_the_counts(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "PFF."})
    other = await keep(stocked.services, {"book": "P"})
    first, second, _, waiting = (run.id for run in result.runs)
    path = f"{RESULTS}{result.id}/delete_runs/"
    status, body = await stocked.post(path, {"run_ids": [waiting]})
    assert (status, "end it first" in body["detail"]) == (409, True)
    status, _ = await stocked.post(path, {"run_ids": [str(first), second, other.runs[0].id, 2**50]})
    assert status == 204
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    assert (detail["total_runs_count"], detail["success_runs_count"]) == (2, 0)
    assert (await stocked.get(f"/test_framework/v1/runs/{first}/")).status == 404
    assert (await stocked.get(f"/test_framework/v1/runs/{other.runs[0].id}/")).status == 200


async def test_a_result_whose_runs_were_all_deleted_has_failed_at_nothing(service: Service) -> None:
    result = await keep(service.services, {"book": "P"})
    await service.post(f"{RESULTS}{result.id}/delete_runs/", {"run_ids": [result.runs[0].id]})
    _, detail = await service.get(f"{RESULTS}{result.id}/")
    assert (detail["total_runs_count"], detail["failed_runs_count"], detail["status"]) == (0, 0, "completed")


async def test_a_run_keeps_the_name_of_a_scenario_that_was_deleted_and_is_not_run_again(service: Service) -> None:
    scenario = await make_scenario(service, await make_agent(service), "Books a visit")
    _, asked = await service.post(TEXT, {"scenarios": [scenario]})
    await service.delete(f"/test_framework/v1/scenarios/{scenario}/")
    _, run = await service.get(f"/test_framework/v1/runs/{asked['runs'][0]['id']}/")
    assert (run["scenario"], run["scenario_name"]) == (scenario, "Books a visit")
    status, body = await service.post(f"{RESULTS}{asked['id']}/rerun/")
    assert (status, body) == (400, {"scenarios": [f'Invalid pk "{scenario}" - object does not exist.']})


async def test_ending_calls_answers_json_and_cancels_what_waits(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "P.."})
    status, body = await stocked.post(f"{RESULTS}{result.id}/end_calls/", {})
    assert (status, body["status"], body["ended_runs_count"]) == (200, "completed", 2)
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    assert [run["status"] for run in detail["runs"].values()] == ["completed", "cancelled", "cancelled"]
    status, body = await stocked.post(f"{RESULTS}{result.id}/end_calls/")
    assert (status, body["ended_runs_count"]) == (200, 0)


async def test_a_result_is_run_again_as_its_records_are_now(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent, "Before")
    asked = await service.post(TEXT, {"agent_id": str(agent), "scenarios": [scenario], "freq": "2", "name": "one"})
    assert asked.status == 201
    await service.patch(f"/test_framework/v1/scenarios/{scenario}/", {"name": "After"})
    path = f"{RESULTS}{asked.body['id']}/rerun/"
    status, again = await service.post(path, {"metric_ids": [1]}, headers={"Idempotency-Key": "k"})
    assert (status, again["name"], again["status"]) == (200, "one", "running")
    assert again["id"] != asked.body["id"]
    assert [(run["scenario_name"], run["number"], run["status"]) for run in again["runs"]] == [
        ("After", 1, "running"),
        ("After", 2, "running"),
    ]
    _, same = await service.post(path, headers={"Idempotency-Key": "k"})
    assert same["id"] == again["id"]
    _, detail = await service.get(f"{RESULTS}{asked.body['id']}/")
    assert {run["scenario_name"] for run in detail["runs"].values()} == {"Before"}
    other = await keep(service.services, {"book": "P"}, kind="cli")
    assert (await service.post(f"{RESULTS}{other.id}/rerun/")).status == 400


async def test_a_run_key_may_change_results_and_a_read_key_may_not(service: Service) -> None:
    result = await keep(service.services, {"book": "P"})
    _, made = await service.post("/user/api/v1/user-api-key/", {"name": "look", "scope": "read"})
    one = f"{RESULTS}{result.id}/"
    for method, path in (
        ("PATCH", one),
        ("DELETE", one),
        ("POST", f"{one}rerun/"),
        ("POST", f"{one}end_calls/"),
        ("POST", f"{one}create_shareable_link_token/"),
        ("POST", f"{RESULTS}bulk_delete/"),
        ("DELETE", f"/test_framework/v1/runs/{result.runs[0].id}/"),
        ("POST", f"/test_framework/v1/runs/{result.runs[0].id}/end_call/"),
    ):
        reply = await service.ask(method, path, {"name": "x", "result_ids": []}, key=made["key"])
        assert reply.status == 403, path
    assert (await service.get(one, key=made["key"])).status == 200


@pytest.mark.parametrize("form", ["csv", "json", "ndjson"])
async def test_the_runs_of_a_result_are_exported(stocked: Service, form: str) -> None:
    result = await keep(stocked.services, {"book": "PF", "=SUM(A1)": "P" * 60})
    address = f"{stocked.url}{RESULTS}export_result_runs/?result_id={result.id}&format={form}"
    async with stocked.client.get(address, headers={"X-CEKURA-API-KEY": stocked.key}) as reply:
        assert reply.status == 200
        assert f"result-{result.id}.{form}" in reply.headers["Content-Disposition"]
        text = await reply.text()
    if form == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        assert rows[0][:3] == ["id", "result_id", "scenario"]
        assert len(rows) == 63
        assert rows[-1][3] == "'=Sum(A1)"
        return
    exported = json.loads(text) if form == "json" else [json.loads(line) for line in text.splitlines()]
    assert [run["id"] for run in exported] == [run.id for run in result.runs]
    assert exported[0]["transcript"].startswith("[00:00] Main Agent: Clinic")


async def _number_of(service: Service, slug: str) -> int:
    """Under which a computed metric is kept."""
    _, catalogue = await service.get("/test_framework/v1/predefined-metrics/")
    return next(metric["id"] for metric in catalogue if metric["slug"] == slug)


def test_every_status_of_the_reference_is_known() -> None:
    assert {status.value for status in Shown} == {
        "running",
        "completed",
        "failed",
        "pending",
        "in_progress",
        "evaluating",
        "in_queue",
        "timeout",
        "cancelled",
        "scaling_up",
    }
