"""Test profiles: the data of customers."""

from typing import Any

from fastapi import APIRouter, Request, Response

from ringback.api.access import Reader, Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.profiles import ProfileAnswer, profile_answer
from ringback.api.forms.queries import AgentFilter, AnyProject
from ringback.api.numbers import Id
from ringback.api.paging import Page, Paging, page_answer
from ringback.library.profiles import ProfileFields, ProfileForm

router = APIRouter(tags=["test profiles"])
_COLLECTION = "/test-profiles/"
_ONE = "/test-profiles/{profile_id}/"


@router.get(_COLLECTION, response_model=Page[ProfileAnswer], summary="List test profiles")
async def list_profiles(
    request: Request,
    services: ServicesDep,
    paging: Paging,
    _: Reader,
    agent_id: AgentFilter = None,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
) -> dict[str, Any]:
    """Test profiles, of one agent or all."""
    count, kept = await services.profiles.page(agent_id=agent_id, offset=paging.offset, limit=paging.limit)
    return page_answer(request, count, [profile_answer(one) for one in kept], paging)


@router.post(_COLLECTION, status_code=201, summary="Create a test profile")
async def create_profile(body: ProfileForm, services: ServicesDep, _: Runner) -> ProfileAnswer:
    """Keep a test profile. The agent's keys that begin with `X-` become headers, so they must be possible as such."""
    return profile_answer(await services.profiles.add(body))


@router.get(_ONE, summary="Read a test profile")
async def read_profile(profile_id: Id, services: ServicesDep, _: Reader) -> ProfileAnswer:
    """One test profile."""
    return profile_answer(await services.profiles.get(profile_id))


@router.put(_ONE, summary="Replace a test profile")
async def replace_profile(profile_id: Id, body: ProfileForm, services: ServicesDep, _: Runner) -> ProfileAnswer:
    """Replace all of a test profile; what is left out becomes empty."""
    return profile_answer(await services.profiles.change(profile_id, body, whole=True))


@router.patch(_ONE, summary="Change a test profile")
async def update_profile(profile_id: Id, body: ProfileFields, services: ServicesDep, _: Runner) -> ProfileAnswer:
    """Change the fields that are sent; `information` is replaced as a whole."""
    return profile_answer(await services.profiles.change(profile_id, body))


@router.delete(_ONE, status_code=204, summary="Delete a test profile")
async def delete_profile(profile_id: Id, services: ServicesDep, _: Runner) -> Response:
    """Delete a test profile; runs that had it stay as they are."""
    await services.profiles.remove(profile_id)
    return Response(status_code=204)
