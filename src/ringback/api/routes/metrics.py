"""Metrics: questions to the judge, and what is computed from the record."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from ringback.api.access import Reader, Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.metrics import MetricAnswer, PredefinedMetricAnswer, metric_answer, predefined_answer
from ringback.api.forms.queries import AnyProject, NumberFilter
from ringback.api.numbers import Id
from ringback.api.paging import Page, Paging, page_answer
from ringback.library.metric_form import MetricFields, MetricForm

router = APIRouter(tags=["metrics"])
_COLLECTION = "/metrics/"
_ONE = "/metrics/{metric_id}/"


@router.get(_COLLECTION, response_model=Page[MetricAnswer], summary="List metrics")
async def list_metrics(
    request: Request,
    services: ServicesDep,
    paging: Paging,
    _: Reader,
    agent_id: Annotated[
        NumberFilter,
        Query(description="Only those that name this agent, that its scenarios have, or that are predefined."),
    ] = None,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
) -> dict[str, Any]:
    """Metrics, the predefined ones first."""
    count, kept = await services.metrics.page(agent_id=agent_id, offset=paging.offset, limit=paging.limit)
    return page_answer(request, count, [metric_answer(one) for one in kept], paging)


@router.post(_COLLECTION, status_code=201, summary="Create a metric")
async def create_metric(body: MetricForm, services: ServicesDep, _: Runner) -> MetricAnswer:
    """Keep a question to the judge. It is measured on the runs of the scenarios that it is attached to."""
    return metric_answer(await services.metrics.add(body))


@router.get("/predefined-metrics/", summary="List predefined metrics")
async def list_predefined_metrics(services: ServicesDep, _: Reader) -> list[PredefinedMetricAnswer]:
    """The metrics that are computed on every run; attach one to a scenario to have it count for success."""
    return [predefined_answer(one) for one in await services.metrics.predefined()]


@router.get(_ONE, summary="Read a metric")
async def read_metric(metric_id: Id, services: ServicesDep, _: Reader) -> MetricAnswer:
    """One metric."""
    return metric_answer(await services.metrics.get(metric_id))


@router.put(_ONE, summary="Replace a metric")
async def replace_metric(metric_id: Id, body: MetricForm, services: ServicesDep, _: Runner) -> MetricAnswer:
    """Replace all of a metric but its slug; what is left out gets its default. A predefined one answers 403."""
    return metric_answer(await services.metrics.change(metric_id, body, whole=True))


@router.patch(_ONE, summary="Change a metric")
async def update_metric(metric_id: Id, body: MetricFields, services: ServicesDep, _: Runner) -> MetricAnswer:
    """Change the fields that are sent. A predefined one answers 403."""
    return metric_answer(await services.metrics.change(metric_id, body))


@router.delete(_ONE, status_code=204, summary="Delete a metric")
async def delete_metric(metric_id: Id, services: ServicesDep, _: Runner) -> Response:
    """Delete a metric; scenarios lose it, and runs that were scored keep their scores. A predefined one answers 403."""
    await services.metrics.remove(metric_id)
    return Response(status_code=204)
