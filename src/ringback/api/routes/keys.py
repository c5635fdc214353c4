"""API keys: make, list, rename and revoke them. Only a key of scope admin may.

The reference has these under /user/api/v1/user-api-key/; `scope` is ours.
"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ringback.api.access import Admin
from ringback.api.dependencies import ServicesDep
from ringback.api.numbers import Id
from ringback.api.paging import Page, Paging, page_answer
from ringback.domain.api_key import ApiKey, Scope
from ringback.library.form import Trimmed
from ringback.storage.keys import LONGEST_NAME

user_router = APIRouter(tags=["keys"])
_COLLECTION = "/api/v1/user-api-key/"
_ONE = "/api/v1/user-api-key/{key_id}/"


class KeyAnswer(BaseModel):
    """An API key."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    id: int = Field(description="Number of the key.")
    name: str = Field(description="What it is for.")
    project: int | None = Field(default=None, description="There is one project: always null.")
    project_name: str | None = Field(default=None, description="There is one project: always null.")
    organization_name: str | None = Field(default=None, description="There is one organisation: always null.")
    key: str = Field(
        description="The token: whole in the answer that makes it, later only its beginning.",
        examples=["rbk_Zb3kQ2fA…"],
    )
    scope: Scope = Field(description="How far it reaches.")
    created_at: datetime | None = Field(description="When it was made.")
    revoked_at: datetime | None = Field(default=None, description="When it was revoked; null while it holds.")


class NewKey(BaseModel):
    """What makes an API key."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "nightly job", "scope": "run"}]})

    name: Trimmed = Field(min_length=1, max_length=LONGEST_NAME, description="What it is for.")
    scope: Scope = Field(default=Scope.RUN, description="How far it reaches.")


class KeyEdit(BaseModel):
    """What changes of an API key."""

    name: Trimmed | None = Field(
        default=None, min_length=1, max_length=LONGEST_NAME, description="What it is for from now on."
    )
    scope: Scope | None = Field(default=None, description="How far it reaches from now on.")


def _answer(key: ApiKey, token: str | None = None) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "project": None,
        "project_name": None,
        "organization_name": None,
        "key": token or f"{key.prefix}…",
        "scope": key.scope,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


@user_router.get(_COLLECTION, response_model=Page[KeyAnswer])
async def list_keys(request: Request, services: ServicesDep, paging: Paging, _: Admin) -> dict[str, Any]:
    """All keys, revoked ones too, oldest first; of each only the beginning of its token."""
    keys = await services.keys.list(limit=paging.limit, offset=paging.offset)
    return page_answer(request, await services.keys.count(), [_answer(key) for key in keys], paging)


@user_router.post(_COLLECTION, status_code=201, response_model=KeyAnswer)
async def create_key(body: NewKey, services: ServicesDep, _: Admin) -> dict[str, Any]:
    """A new key. Its token is in this answer and cannot be had again."""
    return _answer(*await services.keys.create(body.name, body.scope))


@user_router.get(_ONE, response_model=KeyAnswer)
async def read_key(key_id: Id, services: ServicesDep, _: Admin) -> dict[str, Any]:
    """One key."""
    return _answer(await services.keys.get(key_id))


@user_router.put(_ONE, response_model=KeyAnswer)
async def replace_key(key_id: Id, body: NewKey, services: ServicesDep, _: Admin) -> dict[str, Any]:
    """Give a key another name and scope; its token stays."""
    return _answer(await services.keys.edit(key_id, name=body.name, scope=body.scope))


@user_router.patch(_ONE, response_model=KeyAnswer)
async def update_key(key_id: Id, body: KeyEdit, services: ServicesDep, _: Admin) -> dict[str, Any]:
    """Change the name or the scope of a key; its token stays."""
    return _answer(await services.keys.edit(key_id, name=body.name, scope=body.scope))


@user_router.delete(_ONE, status_code=204)
async def revoke_key(key_id: Id, services: ServicesDep, _: Admin) -> Response:
    """Revoke a key: it stays in the list, and no request with it is answered from now on."""
    await services.keys.revoke(key_id)
    return Response(status_code=204)
