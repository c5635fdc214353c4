"""Who may do what."""

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from running_service import ADMIN_KEY, ServeService, Service

from ringback.api.access import NEEDED
from ringback.api.app import create_app
from ringback.api.mounting import Mounted
from ringback.api.sharing import shared_result
from ringback.api.twins import is_api
from ringback.domain.api_key import Scope

KEYS = "/user/api/v1/user-api-key/"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-VOCERA-API-KEY": ""},
        {"X-VOCERA-API-KEY": "  "},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {ADMIN_KEY}"},
        {"X-API-KEY": ADMIN_KEY},
    ],
)
async def test_without_a_key_a_request_gets_no_further(service: Service, headers: dict[str, str]) -> None:
    reply = await service.get(KEYS, key=None, headers=headers)
    assert (reply.status, reply.body) == (401, {"detail": "Authentication credentials were not provided."})
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["wrong", ADMIN_KEY[:-1], ADMIN_KEY + "x", "rbk_" + "A" * 43, "käse", "x" * 4000])
async def test_a_wrong_key_gets_no_further(service: Service, key: str) -> None:
    reply = await service.get(KEYS, key=key)
    assert (reply.status, reply.body) == (401, {"detail": "Invalid API key."})


async def test_the_body_of_a_request_without_a_key_is_not_looked_at(service: Service) -> None:
    reply = await service.ask("POST", KEYS, data=b"{", key=None, headers={"Content-Type": "application/json"})
    assert reply.status == 401


@pytest.mark.parametrize(("scope", "status"), [(Scope.READ, 403), (Scope.RUN, 403), (Scope.ADMIN, 200)])
async def test_keys_are_reached_with_scope_admin_only(service: Service, scope: Scope, status: int) -> None:
    _, token = await service.services.keys.create("job", scope)
    reply = await service.get(KEYS, key=token)
    assert reply.status == status
    if status == 403:
        assert reply.body == {
            "detail": f"This needs an API key of scope admin; the one that was sent has scope {scope}."
        }


async def test_a_key_that_is_revoked_is_refused_at_once(service: Service) -> None:
    key, token = await service.services.keys.create("job", Scope.ADMIN)
    assert (await service.get(KEYS, key=token)).status == 200
    await service.services.keys.revoke(key.id)
    assert (await service.get(KEYS, key=token)).status == 401


async def test_without_a_key_in_the_settings_only_kept_keys_open(serve: ServeService) -> None:
    async with serve(api_key=None) as service:
        assert (await service.get(KEYS)).status == 401
        _, token = await service.services.keys.create("job", Scope.ADMIN)
        assert (await service.get(KEYS, key=token)).status == 200


def test_scopes_include_those_before_them() -> None:
    assert [[one.reaches(other) for other in Scope] for one in Scope] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def calls(dependant: Dependant) -> Iterator[object]:
    """All that a route depends on."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


async def test_every_operation_of_the_api_names_the_scope_that_it_needs(service: Service) -> None:
    mounted: Mounted = create_app(service.services).state.mounted
    unnamed = [
        (sorted(route.methods or ()), prefix + route.path)
        for prefix, route in mounted.routes()
        if is_api(prefix + route.path) and not {*NEEDED, shared_result} & set(calls(route.dependant))
    ]
    assert unnamed == []
