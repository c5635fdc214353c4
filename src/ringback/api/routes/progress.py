"""Live progress of a result, as server-sent events."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from ringback.api.access import Reader
from ringback.api.dependencies import ServicesDep
from ringback.api.numbers import Id
from ringback.results.json_text import json_text
from ringback.results.progress import ProgressFeed

router = APIRouter(tags=["results"])

HEARTBEAT = 15
"""Seconds between comments that keep the connection open while nothing happens."""


@router.get(
    "/results/{result_id}/events/",
    summary="Follow a result",
    response_class=EventSourceResponse,
    responses={
        200: {"description": "Events until the result is over.", "content": {"text/event-stream": {}}},
        204: {"description": "The client was told the end already and need not come back."},
    },
)
async def follow_result(
    result_id: Id,
    services: ServicesDep,
    _: Reader,
    last_event_id: Annotated[str | None, Header(max_length=100, description="Id of the last event that came.")] = None,
) -> Response:
    """`result.progress` first, then `run.changed` for each run whose row changed, then `result.completed`.

    An event says how a run stands; one may come twice. With `Last-Event-ID` it goes on where it was left.
    """
    if await services.progress.is_told(result_id, last_event_id):
        return Response(status_code=204)
    events = _events(services.progress, result_id, last_event_id)
    return EventSourceResponse(events, ping=HEARTBEAT, headers={"X-Accel-Buffering": "no"})


async def _events(feed: ProgressFeed, result_id: int, last_event_id: str | None) -> AsyncGenerator[ServerSentEvent]:
    async for event in feed.follow(result_id, last_event_id):
        yield ServerSentEvent(event=event.name, data=json_text(event.data), id=event.id)
