"""Scenarios (the reference's evaluators): test cases, and what is done to several at once."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from ringback.api.access import Reader, Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.queries import AgentFilter, AnyProject, AssistantFilter, Search
from ringback.api.forms.scenarios import ScenarioAnswer, ScenarioNumbers, TagsToAdd, scenario_answer
from ringback.api.numbers import Id
from ringback.api.paging import Page, Paging, page_answer
from ringback.errors import InvalidFields
from ringback.library.scenario_form import ScenarioFields, ScenarioForm
from ringback.library.scenarios import ScenarioFilter
from ringback.storage.scenario_records import TagsMatch

router = APIRouter(tags=["scenarios"])
_COLLECTION = "/scenarios/"
_ONE = "/scenarios/{scenario_id}/"


def _filter(
    *,
    agent_id: AgentFilter = None,
    assistant_id: AssistantFilter = None,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
    tags: Annotated[str | None, Query(description="Tags, separated by commas.", examples=["nightly,booking"])] = None,
    tag_filter_type: Annotated[TagsMatch, Query(description="Any of the tags, all of them, or none.")] = "or",
    folder_path: Annotated[str | None, Query(description="Folders are not available yet: empty.")] = None,
    search: Search = None,
) -> ScenarioFilter:
    if folder_path:
        raise InvalidFields({"folder_path": ["Folders are not available yet."]})
    wanted = tuple(dict.fromkeys(tag for part in (tags or "").split(",") if (tag := part.strip())))
    return ScenarioFilter(
        agent_id=agent_id, assistant_id=assistant_id, tags=wanted, tags_match=tag_filter_type, search=search
    )


_Filter = Annotated[ScenarioFilter, Depends(_filter)]


@router.get(_COLLECTION, response_model=Page[ScenarioAnswer], summary="List scenarios")
async def list_scenarios(
    request: Request, services: ServicesDep, paging: Paging, wanted: _Filter, _: Reader
) -> dict[str, Any]:
    """Scenarios that fit all filters, the oldest first."""
    count, kept = await services.scenarios.page(wanted, offset=paging.offset, limit=paging.limit)
    return page_answer(request, count, [scenario_answer(one) for one in kept], paging)


@router.post(_COLLECTION, status_code=201, summary="Create a scenario")
async def create_scenario(body: ScenarioForm, services: ServicesDep, _: Runner) -> ScenarioAnswer:
    """Keep a scenario.

    `script`, `then`, `checks`, `facts`, `rubric`, `min_turns`, `max_turns` and `pass_rate` are as in suite files.
    """
    return scenario_answer(await services.scenarios.add(body))


@router.get(_COLLECTION + "tags/", summary="List tags in use")
async def list_tags(services: ServicesDep, wanted: _Filter, _: Reader) -> list[str]:
    """Every tag of the scenarios that fit all filters, in alphabetical order."""
    return await services.scenarios.tags(wanted)


@router.post(_COLLECTION + "delete_scenarios/", status_code=204, summary="Delete several scenarios")
async def delete_scenarios(body: ScenarioNumbers, services: ServicesDep, _: Runner) -> Response:
    """Delete scenarios; numbers that none has are passed over."""
    await services.scenarios.remove(body.scenarios)
    return Response(status_code=204)


@router.post(_COLLECTION + "add_tags/", summary="Add tags to several scenarios")
async def add_tags(body: TagsToAdd, services: ServicesDep, _: Runner) -> list[ScenarioAnswer]:
    """Add tags to scenarios; all of them or, where one is missing, none."""
    return [scenario_answer(one) for one in await services.scenarios.add_tags(body.scenarios, body.tags)]


@router.get(_ONE, summary="Read a scenario")
async def read_scenario(scenario_id: Id, services: ServicesDep, _: Reader) -> ScenarioAnswer:
    """One scenario, with its test profile."""
    return scenario_answer(await services.scenarios.get(scenario_id))


@router.put(_ONE, summary="Replace a scenario")
async def replace_scenario(scenario_id: Id, body: ScenarioForm, services: ServicesDep, _: Runner) -> ScenarioAnswer:
    """Replace all of a scenario; what is left out gets its default. Runs asked for before stay as they are."""
    return scenario_answer(await services.scenarios.change(scenario_id, body, whole=True))


@router.patch(_ONE, summary="Change a scenario")
async def update_scenario(scenario_id: Id, body: ScenarioFields, services: ServicesDep, _: Runner) -> ScenarioAnswer:
    """Change the fields that are sent; lists are replaced as a whole. Runs asked for before stay as they are."""
    return scenario_answer(await services.scenarios.change(scenario_id, body))


@router.delete(_ONE, status_code=204, summary="Delete a scenario")
async def delete_scenario(scenario_id: Id, services: ServicesDep, _: Runner) -> Response:
    """Delete a scenario. Its runs stay, under the name `Scenario Deleted`; its number is never given out again."""
    await services.scenarios.remove_one(scenario_id)
    return Response(status_code=204)
