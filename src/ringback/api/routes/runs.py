"""Runs: list, read, review, end and delete them."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from ringback.api.access import Reader, Runner
from ringback.api.closed_sets import Status
from ringback.api.dependencies import ServicesDep, services_of
from ringback.api.numbers import Id, Number
from ringback.api.paging import Page, Paging, base_of, page_answer
from ringback.api.reading_shapes import FullRun
from ringback.api.run_filters import run_filter
from ringback.api.run_parameters import PARAMETERS
from ringback.api.sharing import SharedResult, must_be_shared
from ringback.errors import Conflict, NotFound, UsageError
from ringback.results.json_text import json_bytes
from ringback.results.reference_run import RecordingUrl, full_run, full_runs
from ringback.storage.reading_filters import RunFilter
from ringback.storage.reading_rows import KeptRun
from ringback.storage.readings import Readings
from ringback.wiring.service import Services

router = APIRouter(tags=["runs"])

MOST_AT_ONCE = 5000
"""Runs of one `bulk` request."""

_IN_STEPS = 50
"""Records that are held at the same time."""

_NOT_NUMBERS = "run_ids must be comma-separated integers"


class RunReview(BaseModel):
    """What a person notes about a run; what the run itself says stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_reviewed": True, "feedback": "Rightly failed."}]})

    is_reviewed: bool | None = Field(default=None, description="Whether a person has looked at it.")
    feedback: str | None = Field(default=None, max_length=20_000, description="What the person notes.")
    evaluation_status: Literal["success", "failure", "reviewed_success", "reviewed_failure"] | None = Field(
        default=None, description="What the person thinks; `success` and the counts do not follow it."
    )


class RunEnded(BaseModel):
    """The answer of `end_call`."""

    id: int = Field(description="Number of the run.")
    status: Status = Field(description="How the run stands.")
    detail: str = Field(description="What is being done, in a sentence.")


def json_answer(value: Any, status: int = 200) -> Response:
    """JSON that holds whatever agents sent."""
    return Response(json_bytes(value), status, media_type="application/json")


@router.get("/runs/", response_model=Page[FullRun], summary="List runs", openapi_extra={"parameters": PARAMETERS})
async def list_runs(
    request: Request,
    services: ServicesDep,
    paging: Paging,
    which: Annotated[RunFilter, Depends(run_filter)],
    _: Reader,
) -> Response:
    """Runs that fit all filters, the newest first. Filters that nobody knows are passed over."""
    count, kept = await services.readings.runs_page(which, offset=paging.offset, limit=paging.limit)
    return json_answer(page_answer(request, count, await full_runs(kept, recording_url(request)), paging))


@router.get("/runs/bulk/", response_model=list[FullRun], summary="Read several runs")
async def bulk_runs(
    *,
    request: Request,
    services: ServicesDep,
    shared: SharedResult,
    run_ids: Annotated[list[str] | None, Query(description="Numbers of runs, with commas.", examples=["1,2"])] = None,
    ids: Annotated[list[str] | None, Query(description="The same by another name.")] = None,
    agent_id: Annotated[Number | None, Query(description="Only runs with this agent.")] = None,
    result_id: Annotated[Number | None, Query(description="Only runs of this result.")] = None,
    project_id: Annotated[Number | None, Query(description="There is one project; any value is accepted.")] = None,  # noqa: ARG001 - clients send it
) -> StreamingResponse:
    """Whole runs in the order asked for, as a bare list; numbers of no run are left out."""
    wanted = _numbers(run_ids or ids or [])

    def fits(kept: KeptRun) -> bool:
        of_agent = agent_id is None or kept.result.agent_id == agent_id
        of_result = result_id is None or kept.result.id == result_id
        return of_agent and of_result and shared in (None, kept.result.id)

    listed = _listed(services.readings, wanted, fits, recording_url(request))
    return StreamingResponse(listed, media_type="application/json")


@router.get("/runs/{run_id}/", response_model=FullRun, summary="Read a run")
async def read_run(request: Request, run_id: Id, services: ServicesDep, shared: SharedResult) -> Response:
    """A run with its transcript, scores and metadata."""
    kept = await services.readings.run(run_id)
    must_be_shared(kept.result.id, shared)
    return json_answer(full_run(kept, recording_url(request)))


@router.patch("/runs/{run_id}/", response_model=FullRun, summary="Review a run")
async def review_run(request: Request, run_id: Id, body: RunReview, services: ServicesDep, _: Runner) -> Response:
    """Note a review: what is named in the body changes, everything else stays."""
    return await _review(request, services, run_id, body.model_dump(exclude_unset=True))


@router.put("/runs/{run_id}/", response_model=FullRun, summary="Replace a run's review")
async def replace_review(request: Request, run_id: Id, body: RunReview, services: ServicesDep, _: Runner) -> Response:
    """Note a review; what the body does not name is no longer noted."""
    return await _review(request, services, run_id, body.model_dump())


@router.delete("/runs/{run_id}/", status_code=204, summary="Delete a run")
async def delete_run(run_id: Id, services: ServicesDep, _: Runner) -> Response:
    """Delete a run that is over, with what was said in it; the counts of its result follow."""
    result_id = (await services.readings.run(run_id)).result.id
    if not await services.revisions.remove_runs(None, [run_id]):
        raise NotFound("No run matches the given query.")
    await services.remove_recordings(result_id, [run_id])
    services.progress.wake()
    return Response(status_code=204)


@router.post("/runs/{run_id}/end_call/", summary="End a run")
async def end_call(run_id: Id, services: ServicesDep, _: Runner) -> RunEnded:
    """End a run wherever it stands: the agent gets its end_call, and the run is `cancelled`."""
    kept = await services.readings.run(run_id)
    if kept.result.kind != "service":
        raise Conflict("This run is of `ringback run`; only that command can end it.")
    ended = await services.queue.cancel_runs([run_id])
    kept = await services.readings.run(run_id)
    sentence = "The run is being ended." if ended else "The run was over already."
    return RunEnded(id=run_id, status=kept.line.shown.value, detail=sentence)


def recording_url(request: Request) -> RecordingUrl:
    """What makes links to recordings, under the address by which the server was reached."""
    base, links = base_of(request), services_of(request).recording_links
    return lambda file: base + links.path(file)


async def _review(request: Request, services: Services, run_id: int, noted: dict[str, Any]) -> Response:
    await services.revisions.review(run_id, noted)
    services.progress.wake()
    return json_answer(full_run(await services.readings.run(run_id), recording_url(request)))


async def _listed(
    readings: Readings, wanted: Sequence[int], fits: Callable[[KeptRun], bool], url_of: RecordingUrl
) -> AsyncGenerator[bytes]:
    """A JSON array, a few records at a time, so that memory does not grow with its length."""
    between = b"["
    for start in range(0, len(wanted), _IN_STEPS):
        found = await readings.runs(wanted[start : start + _IN_STEPS])
        for run in await full_runs([kept for kept in found if fits(kept)], url_of):
            yield between + json_bytes(run)
            between = b","
    yield b"[]" if between == b"[" else b"]"


def _numbers(given: Sequence[str]) -> list[int]:
    """Raises `UsageError` in the reference product's words; a JSON array is one of the things that are refused."""
    texts = [text.strip() for part in given for text in part.split(",")]
    if not texts or not all(text.isascii() and text.isdecimal() and len(text) < 20 for text in texts):  # noqa: PLR2004 - 64 bits
        raise UsageError(_NOT_NUMBERS)
    wanted = list(dict.fromkeys(map(int, texts)))
    if len(wanted) > MOST_AT_ONCE:
        raise UsageError(f"At most {MOST_AT_ONCE} runs can be read at once; these are {len(wanted)}.")
    return wanted
