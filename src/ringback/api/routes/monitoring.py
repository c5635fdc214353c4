"""For load balancers and Prometheus: whether the service lives, whether it can work, and how much it does.

None of these asks for a key, and none tells a name or a secret.
"""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from ringback.api.dependencies import ServicesDep
from ringback.api.measures import Measures
from ringback.errors import StorageError
from ringback.storage.tables import SCHEMA_VERSION
from ringback.storage.vitals import Counts, Vitals

root_router = APIRouter(tags=["health"])

PATIENCE = 2.0
"""Seconds that the database may take to answer."""


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = Field(default="ok", description="Always `ok`.")


class Readiness(BaseModel):
    """Whether the service can work."""

    status: Literal["ready", "not ready"] = Field(description="Whether the service can work; 503 where it cannot.")
    checks: Annotated[
        dict[str, str],
        Field(
            description="`database`, `schema` and `workers`, each `ok` or what is wrong.",
            examples=[{"database": "ok", "schema": "ok", "workers": "ok"}],
        ),
    ]
    workers: int = Field(description="Workers with a recent sign of life.", examples=[2])


@root_router.get("/healthz")
async def live() -> Alive:
    """The process lives and answers; nothing else is asked."""
    return Alive()


@root_router.get(
    "/healthz/ready",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "It cannot work now."}},
)
async def ready(services: ServicesDep) -> JSONResponse:
    """The service can work: the database answers, its tables are of this version, and of its workers one lives."""
    answer = await _readiness(services)
    return JSONResponse(answer.model_dump(), 200 if answer.status == "ready" else 503)


async def _readiness(services: ServicesDep) -> Readiness:
    try:
        silence = services.settings.worker_timeout
        found = await asyncio.wait_for(Vitals(services.database).liveness(silence=silence), PATIENCE)
    except (StorageError, TimeoutError):
        return Readiness(status="not ready", checks={"database": "It does not answer."}, workers=0)
    checks = {"database": "ok", "schema": "ok", "workers": "ok"}
    if found.schema_version != SCHEMA_VERSION:
        checks["schema"] = f"The tables have version {found.schema_version}; this server needs {SCHEMA_VERSION}."
    if found.workers and not found.workers_alive:
        checks["workers"] = f"None of {found.workers} gave a sign of life lately."
    elif found.begun and not found.workers_alive:
        checks["workers"] = "There is none any more: the last one stopped or was given up."
    good = all(check == "ok" for check in checks.values())
    return Readiness(status="ready" if good else "not ready", checks=checks, workers=found.workers_alive)


@root_router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
async def metrics(request: Request, services: ServicesDep) -> Response:
    """Measures in Prometheus' text format: requests, runs by status and outcome, the queue, the workers."""
    measures: Measures = request.app.state.measures
    measures.set_counts(await _counts(services))
    return Response(measures.text(), media_type=CONTENT_TYPE_LATEST)


async def _counts(services: ServicesDep) -> Counts | None:
    try:
        return await asyncio.wait_for(
            Vitals(services.database).counts(silence=services.settings.worker_timeout), PATIENCE
        )
    except (StorageError, TimeoutError):
        return None
