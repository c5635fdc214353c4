"""Results: list, read, rename, delete, repeat, end, score again."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from ringback.api.access import Reader, Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.results import (
    CallsEnded,
    RescoredResults,
    RescoredRuns,
    Rescoring,
    ResultEdit,
    ResultIds,
    ResultName,
    SomeResults,
    SomeRuns,
)
from ringback.api.numbers import Id, Number
from ringback.api.paging import Page, Paging, page_answer
from ringback.api.reading_shapes import ListedResult, ResultAnswer, ResultDetail
from ringback.api.sharing import SharedResult, must_be_shared
from ringback.domain.log_context import log_also
from ringback.domain.scenario import MetricDefinition
from ringback.errors import Conflict, InvalidFields, NotFound
from ringback.results.json_text import json_bytes
from ringback.results.reference_detail import detail_answer
from ringback.results.reference_form import list_item, request_answer
from ringback.storage.answers import IdempotencyKey
from ringback.storage.reading_filters import ResultFilter
from ringback.wiring.models import require_judge
from ringback.wiring.service import Services

router = APIRouter(tags=["results"])

_LONGEST_KEY = 255
_AT_ONCE = 1000


def _json(value: Any, status: int = 200) -> Response:
    return Response(json_bytes(value), status, media_type="application/json")


def _runs(count: int) -> str:
    return "1 run is" if count == 1 else f"{count} runs are"


def _wanted(agent_id: int | None, search: str | None, scenarios: str | None) -> ResultFilter:
    numbers: frozenset[int] | None = None
    if scenarios and scenarios.strip():
        parts = [part.strip() for part in scenarios.split(",") if part.strip()]
        if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):  # noqa: PLR2004 - 63 bits
            raise InvalidFields({"scenarios": ["Enter numbers with commas between them."]})
        numbers = frozenset(map(int, parts))
    return ResultFilter(agent_id=agent_id, search=search, scenarios=numbers)


AgentId = Annotated[Number | None, Query(description="Results of this agent.")]
ProjectId = Annotated[Number | None, Query(description="There is one project; any value is accepted.")]
Search = Annotated[str | None, Query(description="Part of the name, in upper or lower case.")]
Scenarios = Annotated[str | None, Query(description="With a run of one of these scenarios.", examples=["1,2"])]


@router.get("/results/", response_model=Page[ListedResult], summary="List results")
async def list_results(
    *,
    request: Request,
    services: ServicesDep,
    paging: Paging,
    _: Reader,
    agent_id: AgentId = None,
    project_id: ProjectId = None,  # noqa: ARG001 - clients send it
    search: Search = None,
    scenarios: Scenarios = None,
) -> Response:
    """Results, the newest first; each with its first runs as an array."""
    which = _wanted(agent_id, search, scenarios)
    count, listed = await services.readings.results(which, offset=paging.offset, limit=paging.limit)
    return _json(page_answer(request, count, [list_item(one) for one in listed], paging))


@router.get("/results/result_ids/", summary="Numbers of results")
async def result_ids(
    *,
    services: ServicesDep,
    _: Reader,
    agent_id: AgentId = None,
    project_id: ProjectId = None,  # noqa: ARG001 - clients send it
    search: Search = None,
    scenarios: Scenarios = None,
) -> ResultIds:
    """The numbers of all results that fit, the newest first."""
    return ResultIds(result_ids=await services.readings.result_ids(_wanted(agent_id, search, scenarios)))


@router.get("/results/{result_id}/", response_model=ResultDetail, summary="Read a result")
async def read_result(result_id: Id, services: ServicesDep, shared: SharedResult) -> Response:
    """A result with all of its runs, as an object keyed by id."""
    must_be_shared(result_id, shared)
    return Response(await detail_answer(services.readings, result_id), media_type="application/json")


@router.patch("/results/{result_id}/", response_model=ListedResult, summary="Rename a result")
async def update_result(result_id: Id, body: ResultEdit, services: ServicesDep, _: Runner) -> Response:
    """Change the name; fields that cannot be changed are passed over."""
    if body.name is not None:
        await services.revisions.rename(result_id, body.name)
    return await _listed(services, result_id)


@router.put("/results/{result_id}/", response_model=ListedResult, summary="Rename a result")
async def replace_result(result_id: Id, body: ResultName, services: ServicesDep, _: Runner) -> Response:
    """Change the name; fields that cannot be changed are passed over."""
    await services.revisions.rename(result_id, body.name)
    return await _listed(services, result_id)


@router.delete("/results/{result_id}/", status_code=204, summary="Delete a result")
async def delete_result(result_id: Id, services: ServicesDep, _: Runner) -> Response:
    """Take a result out of every list; runs that are not over are ended."""
    if not await _remove(services, [result_id]):
        raise NotFound("No result matches the given query.")
    return Response(status_code=204)


@router.post("/results/bulk_delete/", status_code=204, summary="Delete results")
async def delete_results(body: SomeResults, services: ServicesDep, _: Runner) -> Response:
    """Delete several results; numbers of none are passed over."""
    await _remove(services, body.result_ids)
    return Response(status_code=204)


@router.post("/results/{result_id}/delete_runs/", status_code=204, summary="Delete runs of a result")
async def delete_runs(result_id: Id, body: SomeRuns, services: ServicesDep, _: Runner) -> Response:
    """Delete runs for good; the result's counts follow. Numbers of none of its runs are passed over."""
    await services.readings.counts(result_id)
    removed = await services.revisions.remove_runs(result_id, body.run_ids)
    await services.remove_recordings(result_id, removed)
    services.progress.wake()
    return Response(status_code=204)


@router.post("/results/{result_id}/rerun/", response_model=ResultAnswer, summary="Run a result again")
async def rerun(
    result_id: Id,
    services: ServicesDep,
    key: Runner,
    idempotency_key: Annotated[str | None, Header(max_length=_LONGEST_KEY)] = None,
) -> Response:
    """A new result from the same request, on scenarios, profiles and agent as they are now. A body is not needed."""
    await services.readings.counts(result_id)
    named = None
    if idempotency_key:
        digest = hashlib.sha256(f"rerun of {result_id}".encode()).hexdigest()
        named = IdempotencyKey(key_id=key.id, name=idempotency_key, request_digest=digest)
    result = await services.submission.rerun(result_id, key, idempotency=named)
    log_also(result_id=result.id, rerun_of=result_id)
    return _json(await request_answer(services.readings, result.id))  # repeated, it is the first answer


@router.post("/results/{result_id}/end_calls/", summary="End a result's runs")
async def end_calls(result_id: Id, services: ServicesDep, _: Runner) -> CallsEnded:
    """End every run that is not over, wherever it stands; agents get their end_call. A body is not needed."""
    line, _counts = await services.readings.counts(result_id)
    if line.kind != "service":
        raise Conflict("This result is of `ringback run`; only that command can end it.")
    ended = await services.queue.cancel_result(result_id)
    line, counts = await services.readings.counts(result_id)
    return CallsEnded(
        id=result_id,
        status=counts.status(line.run_type).value,
        ended_runs_count=ended,
        detail=f"{_runs(ended)} being ended." if ended else "All runs were over already.",
    )


@router.post("/results/{result_id}/evaluate_metrics/", response_model=ListedResult, summary="Score runs again")
async def evaluate_metrics(result_id: Id, body: RescoredRuns, services: ServicesDep, _: Runner) -> Response:
    """Score metrics on the records that are kept, without new conversations; the result is `evaluating` meanwhile."""
    there = {run for _result, run, _over in await services.readings.run_ids([result_id])}
    if not there:
        await services.readings.counts(result_id)
    if strangers := [number for number in body.run_ids if number not in there]:
        raise InvalidFields({"run_ids": [f'Invalid pk "{number}" - object does not exist.' for number in strangers]})
    metrics = await _definitions(services, body.metric_ids)
    if not await _rescore(services, body.run_ids, metrics):
        raise Conflict("None of these runs has a conversation to score and is over; those being scored now are not.")
    return await _listed(services, result_id)


@router.post("/results/bulk_evaluate_metrics/", summary="Score results again")
async def bulk_evaluate_metrics(body: RescoredResults, services: ServicesDep, _: Runner) -> Rescoring:
    """Score metrics on every run of the results that is over. Numbers of no result are refused."""
    metrics = await _definitions(services, body.metric_ids)
    there = await services.readings.result_ids(ResultFilter(ids=body.result_ids))
    if missing := sorted(set(body.result_ids) - set(there)):
        raise InvalidFields({"result_ids": [f'Invalid pk "{number}" - object does not exist.' for number in missing]})
    runs = [run for _result, run, over in await services.readings.run_ids(there) if over]
    count = await _rescore(services, runs, metrics)
    return Rescoring(result_ids=sorted(there), runs_count=count, detail=f"{_runs(count)} being scored again.")


async def _listed(services: Services, result_id: int) -> Response:
    return _json(list_item(await services.readings.listed(result_id)))


async def _remove(services: Services, result_ids: Sequence[int]) -> list[int]:
    removed = await services.revisions.remove_results(result_ids)
    for result_id in removed:
        await services.queue.cancel_result(result_id)
        await services.remove_recordings(result_id)
    return removed


async def _rescore(services: Services, run_ids: Sequence[int], metrics: Sequence[MetricDefinition]) -> int:
    """In portions that fit into one statement. Raises `ModelNotConfigured` as `_definitions` does."""
    if not metrics:  # whatever the scenarios have
        scenarios = await services.readings.scenarios(run_ids)
        require_judge((), services.settings, services.environ, scenarios=scenarios)
    portions = [run_ids[start : start + _AT_ONCE] for start in range(0, len(run_ids), _AT_ONCE)]
    return sum([await services.queue.rescore(portion, metrics) for portion in portions])


async def _definitions(services: Services, metric_ids: Sequence[int | str]) -> list[MetricDefinition]:
    """What the numbers and slugs stand for; none: all that each scenario has.

    Raises:
        InvalidFields: there is no such metric.
        ModelNotConfigured: one is judged, and there is no judge.
    """
    numbers = [one for one in metric_ids if isinstance(one, int)]
    found = list((await services.metrics.definitions(numbers)).values())
    computed = {metric.slug: metric.definition for metric in await services.metrics.predefined()}
    slugs = [one for one in metric_ids if isinstance(one, str)]
    if unknown := [slug for slug in slugs if slug not in computed]:
        raise InvalidFields({"metric_ids": [f'Invalid pk "{slug}" - object does not exist.' for slug in unknown]})
    wanted = [*found, *(computed[slug] for slug in slugs)]
    require_judge(wanted, services.settings, services.environ)
    return wanted
