"""Agents under test: one record in the reference's two forms, flat under v1 and nested under v2."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from ringback.api.access import Admin, Reader, Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.agent_flat import PLACES as FLAT_PLACES
from ringback.api.forms.agent_flat import AgentFlatAnswer, AgentFlatFields, AgentFlatForm, flat_answer
from ringback.api.forms.agent_nested import PLACES as NESTED_PLACES
from ringback.api.forms.agent_nested import AgentNestedFields, AgentNestedForm
from ringback.api.forms.agent_nested_answer import AgentNestedAnswer, nested_answer
from ringback.api.forms.agent_parts import placed
from ringback.api.forms.personalities import CopyName
from ringback.api.forms.queries import AnyProject, AssistantFilter, Search
from ringback.api.forms.verification import VerificationAnswer, VerifyFlat, VerifyNested, unsaved_agent
from ringback.api.numbers import Id
from ringback.api.paging import Page, PageWanted, Paging, page_answer
from ringback.domain.agent import Transport
from ringback.errors import InvalidFields
from ringback.library.agents import KeptAgent
from ringback.wiring.service import Services

router = APIRouter(tags=["agents"])
v2_router = APIRouter(tags=["agents"])
_COLLECTION = "/aiagents/"
_ONE = "/aiagents/{agent_id}/"

_Copy = Annotated[CopyName | None, Body()]


@router.get(_COLLECTION, response_model=Page[AgentFlatAnswer], summary="List agents")
async def list_agents(
    request: Request,
    services: ServicesDep,
    paging: Paging,
    _: Reader,
    *,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
    assistant_id: AssistantFilter = None,
    search: Search = None,
) -> dict[str, Any]:
    """Agents, the oldest first."""
    return await _page(request, services, paging, flat_answer, assistant_id=assistant_id, search=search)


@v2_router.get(_COLLECTION, response_model=Page[AgentNestedAnswer], summary="List agents")
async def list_nested_agents(
    request: Request,
    services: ServicesDep,
    paging: Paging,
    _: Reader,
    *,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
    assistant_id: AssistantFilter = None,
    search: Search = None,
) -> dict[str, Any]:
    """Agents, the oldest first."""
    return await _page(request, services, paging, nested_answer, assistant_id=assistant_id, search=search)


@router.post(_COLLECTION, status_code=201, summary="Create an agent")
async def create_agent(body: AgentFlatForm, services: ServicesDep, _: Admin) -> AgentFlatAnswer:
    """Keep an agent. Its URL decides where secrets are sent, so this needs a key of scope admin."""
    return flat_answer(await _said_as(FLAT_PLACES, services.agents.add(body.changes())))


@v2_router.post(_COLLECTION, status_code=201, summary="Create an agent")
async def create_nested_agent(body: AgentNestedForm, services: ServicesDep, _: Admin) -> AgentNestedAnswer:
    """Keep an agent. Its URL decides where secrets are sent, so this needs a key of scope admin."""
    return nested_answer(await _said_as(NESTED_PLACES, services.agents.add(body.changes())))


@router.post(_COLLECTION + "verify-websocket/", summary="Try a connection")
async def verify_websocket(body: VerifyFlat, services: ServicesDep, _: Runner) -> VerificationAnswer:
    """Open a connection with the headers of a run, listen for an opening message, and close it.

    An agent that is not saved is sent `websocket_secret` or no secret, never one of the server's.
    """
    return await _verify(body, services)


@v2_router.post(_COLLECTION + "verify-websocket/", summary="Try a connection")
async def verify_nested_websocket(body: VerifyNested, services: ServicesDep, _: Runner) -> VerificationAnswer:
    """Open a connection with the headers of a run, listen for an opening message, and close it.

    An agent that is not saved is sent `websocket_secret` or no secret, never one of the server's.
    """
    return await _verify(body, services)


@router.get(_ONE, summary="Read an agent")
async def read_agent(agent_id: Id, services: ServicesDep, _: Reader) -> AgentFlatAnswer:
    """One agent, without its secrets."""
    return flat_answer(await services.agents.get(agent_id))


@v2_router.get(_ONE, summary="Read an agent")
async def read_nested_agent(agent_id: Id, services: ServicesDep, _: Reader) -> AgentNestedAnswer:
    """One agent, without its secrets."""
    return nested_answer(await services.agents.get(agent_id))


@router.put(_ONE, summary="Replace an agent")
async def replace_agent(agent_id: Id, body: AgentFlatForm, services: ServicesDep, _: Admin) -> AgentFlatAnswer:
    """Replace all of an agent but secrets that are left out. Runs asked for before stay as they are."""
    return flat_answer(await _said_as(FLAT_PLACES, services.agents.change(agent_id, body.changes(), whole=True)))


@v2_router.put(_ONE, summary="Replace an agent")
async def replace_nested_agent(
    agent_id: Id, body: AgentNestedForm, services: ServicesDep, _: Admin
) -> AgentNestedAnswer:
    """Replace all of an agent but secrets that are left out. Runs asked for before stay as they are."""
    return nested_answer(await _said_as(NESTED_PLACES, services.agents.change(agent_id, body.changes(), whole=True)))


@router.patch(_ONE, summary="Change an agent")
async def update_agent(agent_id: Id, body: AgentFlatFields, services: ServicesDep, _: Admin) -> AgentFlatAnswer:
    """Change the fields that are sent; headers are replaced as a whole. Runs asked for before stay as they are."""
    return flat_answer(await _said_as(FLAT_PLACES, services.agents.change(agent_id, body.changes())))


@v2_router.patch(_ONE, summary="Change an agent")
async def update_nested_agent(
    agent_id: Id, body: AgentNestedFields, services: ServicesDep, _: Admin
) -> AgentNestedAnswer:
    """Change the fields that are sent, also within objects; headers are replaced as a whole."""
    return nested_answer(await _said_as(NESTED_PLACES, services.agents.change(agent_id, body.changes())))


@router.delete(_ONE, status_code=204, summary="Delete an agent")
async def delete_agent(agent_id: Id, services: ServicesDep, _: Admin) -> Response:
    """Delete an agent; its scenarios and runs stay."""
    await services.agents.remove(agent_id)
    return Response(status_code=204)


v2_router.add_api_route(_ONE, delete_agent, methods=["DELETE"], status_code=204, summary="Delete an agent")


@router.post(_ONE + "duplicate/", status_code=201, summary="Copy an agent")
async def duplicate_agent(agent_id: Id, services: ServicesDep, _: Admin, body: _Copy = None) -> AgentFlatAnswer:
    """Make a copy with all secrets; only the id at the provider is left out."""
    return flat_answer(await services.agents.copy(agent_id, body.name if body else None))


@v2_router.post(_ONE + "duplicate/", status_code=201, summary="Copy an agent")
async def duplicate_nested_agent(
    agent_id: Id, services: ServicesDep, _: Admin, body: _Copy = None
) -> AgentNestedAnswer:
    """Make a copy with all secrets; only the id at the provider is left out."""
    return nested_answer(await services.agents.copy(agent_id, body.name if body else None))


async def _page(
    request: Request,
    services: Services,
    paging: PageWanted,
    answer: Callable[[KeptAgent], Any],
    *,
    assistant_id: str | None,
    search: str | None,
) -> dict[str, Any]:
    count, kept = await services.agents.page(
        assistant_id=assistant_id, search=search, offset=paging.offset, limit=paging.limit
    )
    return page_answer(request, count, [answer(one) for one in kept], paging)


async def _said_as(places: dict[str, str], written: Awaitable[KeptAgent]) -> KeptAgent:
    """The agent; sentences about what is wrong name the fields as the form calls them."""
    try:
        return await written
    except InvalidFields as error:
        raise placed(error, places) from None


async def _verify(body: VerifyFlat | VerifyNested, services: Services) -> VerificationAnswer:
    agent = unsaved_agent(body)
    kept = agent is None
    if agent is None:
        if body.agent_id is None:
            raise InvalidFields({"websocket_url": ["This field is required."]})
        saved = await services.agents.get(body.agent_id)
        sockets = [transport for transport in saved.voice_transports if transport is not Transport.SIP]
        agent = saved.domain_agent(channel=sockets[0] if sockets and not saved.has_text else Transport.TEXT)
    found = await services.verifier.verify(agent, kept=kept)
    return VerificationAnswer(
        success=found.success,
        opening_message_received=found.opening_message is not None,
        opening_message=found.opening_message,
        url=agent.shown_url,
        status=found.status,
        error=found.error,
    )
