"""Runs that are scored again on the records that are kept, on both databases."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from kept_results import keep
from running_service import Service, running, settings_in

RESULTS = "/test_framework/v1/results/"


@pytest.fixture
async def stocked(tmp_path: Path, database_url: str) -> AsyncGenerator[Service]:
    """A server on each database."""
    async with running(settings_in(tmp_path, database_url=database_url)) as service:
        yield service


@pytest.fixture
async def judging(tmp_path: Path, database_url: str) -> AsyncGenerator[Service]:
    """The same, with a judge."""
    judge = {"judge_model": "openai:scripted", "judge_base_url": "http://127.0.0.1:9"}
    async with running(settings_in(tmp_path, database_url=database_url, **judge)) as service:
        yield service


async def test_runs_that_are_scored_again_make_their_result_evaluating(judging: Service) -> None:
    result = await keep(judging.services, {"book": "PF"})
    path = f"{RESULTS}{result.id}/evaluate_metrics/"
    runs = [str(run.id) for run in result.runs]
    status, body = await judging.post(path, {"run_ids": [*runs, "99999"], "metric_ids": []})
    assert (status, list(body)) == (400, ["run_ids"])
    status, body = await judging.post(path, {"run_ids": runs, "metric_ids": ["99999"]})
    assert (status, list(body)) == (400, ["metric_ids"])
    status, body = await judging.post(path, {"run_ids": runs, "metric_ids": ["no_such"]})
    assert (status, list(body)) == (400, ["metric_ids"])
    status, body = await judging.post(path, {"run_ids": runs, "metric_ids": ["latency"]})
    assert (status, body["status"], body["completed_runs_count"]) == (200, "evaluating", 0)
    _, detail = await judging.get(f"{RESULTS}{result.id}/")
    assert {run["status"] for run in detail["runs"].values()} == {"evaluating"}
    status, body = await judging.post(path, {"run_ids": runs, "metric_ids": []})
    assert (status, list(body)) == (409, ["detail"])


async def test_a_judged_metric_is_not_scored_again_where_there_is_no_judge(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "P"})
    asked = {"name": "Polite", "description": "Was the agent polite?", "type": "llm_judge", "eval_type": "binary"}
    _, metric = await stocked.post("/test_framework/v1/metrics/", asked)
    for path, whom in (
        (f"{RESULTS}{result.id}/evaluate_metrics/", {"run_ids": [result.runs[0].id]}),
        (f"{RESULTS}bulk_evaluate_metrics/", {"result_ids": [result.id]}),
    ):
        status, body = await stocked.post(path, {**whom, "metric_ids": [metric["id"]]})
        assert (status, list(body)) == (400, ["detail"])
        assert body["detail"].startswith("metric 'polite' needs a language model: It is judged. Set RINGBACK_")
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    assert detail["status"] == "completed"


async def test_nothing_is_scored_again_where_a_scenario_needs_a_judge_and_there_is_none(stocked: Service) -> None:
    result = await keep(stocked.services, {"book": "P"})
    for path, whom in (
        (f"{RESULTS}{result.id}/evaluate_metrics/", {"run_ids": [result.runs[0].id]}),
        (f"{RESULTS}bulk_evaluate_metrics/", {"result_ids": [result.id]}),
    ):
        status, body = await stocked.post(path, {**whom, "metric_ids": []})
        assert (status, list(body)) == (400, ["detail"])
        assert body["detail"].startswith(
            "scenario 'book' needs a language model: It has an expected outcome. Set RINGBACK_JUDGE_MODEL"
        )
    _, detail = await stocked.get(f"{RESULTS}{result.id}/")
    assert detail["status"] == "completed"


async def test_results_are_scored_again_in_bulk(judging: Service) -> None:
    first = await keep(judging.services, {"book": "PF."})
    second = await keep(judging.services, {"book": "E"})
    path = f"{RESULTS}bulk_evaluate_metrics/"
    status, body = await judging.post(path, {"result_ids": [first.id, 4444], "metric_ids": []})
    assert (status, list(body)) == (400, ["result_ids"])
    status, body = await judging.post(path, {"result_ids": [str(first.id), second.id], "metric_ids": []})
    assert (status, body["runs_count"]) == (200, 3)
