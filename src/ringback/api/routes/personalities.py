"""Personalities: how callers behave and sound."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from ringback.api.access import Reader, Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.personalities import CopyName, PersonalityAnswer, personality_answer
from ringback.api.forms.queries import AnyProject
from ringback.api.numbers import Id
from ringback.api.paging import Page, Paging, page_answer
from ringback.library.personality_form import PersonalityFields, PersonalityForm

router = APIRouter(tags=["personalities"])
_COLLECTION = "/personalities/"
_ONE = "/personalities/{personality_id}/"

_Copy = Annotated[CopyName | None, Body()]


@router.get(_COLLECTION, response_model=Page[PersonalityAnswer], summary="List personalities")
async def list_personalities(
    request: Request,
    services: ServicesDep,
    paging: Paging,
    _: Reader,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
) -> dict[str, Any]:
    """All personalities, the ready ones first."""
    count, kept = await services.personalities.page(offset=paging.offset, limit=paging.limit)
    return page_answer(request, count, [personality_answer(one) for one in kept], paging)


@router.post(_COLLECTION, status_code=201, summary="Create a personality")
async def create_personality(body: PersonalityForm, services: ServicesDep, _: Runner) -> PersonalityAnswer:
    """Keep a personality. In text, `prompt` and `language` matter; the rest is kept for voice."""
    return personality_answer(await services.personalities.add(body))


@router.get(_ONE, summary="Read a personality")
async def read_personality(personality_id: Id, services: ServicesDep, _: Reader) -> PersonalityAnswer:
    """One personality."""
    return personality_answer(await services.personalities.get(personality_id))


@router.put(_ONE, summary="Replace a personality")
async def replace_personality(
    personality_id: Id, body: PersonalityForm, services: ServicesDep, _: Runner
) -> PersonalityAnswer:
    """Replace all of a personality; what is left out gets its default. A predefined one answers 403."""
    return personality_answer(await services.personalities.change(personality_id, body, whole=True))


@router.patch(_ONE, summary="Change a personality")
async def update_personality(
    personality_id: Id, body: PersonalityFields, services: ServicesDep, _: Runner
) -> PersonalityAnswer:
    """Change the fields that are sent. A predefined one answers 403."""
    return personality_answer(await services.personalities.change(personality_id, body))


@router.delete(_ONE, status_code=204, summary="Delete a personality")
async def delete_personality(personality_id: Id, services: ServicesDep, _: Runner) -> Response:
    """Delete a personality; runs that had it stay as they are. A predefined one answers 403."""
    await services.personalities.remove(personality_id)
    return Response(status_code=204)


@router.post(_ONE + "fork/", status_code=201, summary="Copy a shared personality")
async def fork_personality(
    personality_id: Id, services: ServicesDep, _: Runner, body: _Copy = None
) -> PersonalityAnswer:
    """Make a copy that can be changed."""
    return personality_answer(await services.personalities.copy(personality_id, body.name if body else None))


@router.post(_ONE + "duplicate/", status_code=201, summary="Copy a personality")
async def duplicate_personality(
    personality_id: Id, services: ServicesDep, _: Runner, body: _Copy = None
) -> PersonalityAnswer:
    """Make a copy that can be changed."""
    return personality_answer(await services.personalities.copy(personality_id, body.name if body else None))
