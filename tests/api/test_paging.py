"""Lists in pages."""

import pytest
from running_service import ServeService, Service

from ringback.domain.api_key import Scope

KEYS = "/user/api/v1/user-api-key/"


async def fill(service: Service, number: int) -> None:
    for index in range(number):
        await service.services.keys.create(f"key {index}", Scope.READ)


async def test_following_next_goes_through_all_pages_in_the_spelling_that_was_asked_for(service: Service) -> None:
    await fill(service, 5)
    path: str | None = f"{KEYS.rstrip('/')}?page_size=2&other=a%20b"
    seen: list[str] = []
    pages: list[str | None] = []
    while path:
        page = (await service.get(path)).body
        assert page["count"] == 5
        seen += [key["name"] for key in page["results"]]
        pages.append(page["next"])
        assert page["next"] is None or page["next"].startswith(service.url)
        path = page["next"] and page["next"].removeprefix(service.url)
    assert seen == [f"key {index}" for index in range(5)]
    assert pages == [f"{service.url}{KEYS.rstrip('/')}?page_size=2&other=a+b&page={n}" for n in (2, 3)] + [None]


async def test_previous_leads_back(service: Service) -> None:
    await fill(service, 3)
    page = (await service.get(f"{KEYS}?page_size=2&page=2")).body
    assert (page["next"], page["previous"]) == (None, f"{service.url}{KEYS}?page_size=2&page=1")


async def test_addresses_begin_with_the_public_one_where_it_is_set(serve: ServeService) -> None:
    async with serve(public_url="https://ringback.example/") as service:
        await fill(service, 2)
        page = (await service.get(f"{KEYS}?page_size=1")).body
        assert page["next"] == f"https://ringback.example{KEYS}?page_size=1&page=2"


async def test_a_forwarded_address_is_believed_for_the_scheme_as_the_server_is_told(service: Service) -> None:
    """Uvicorn believes proxies on this machine, and we believe uvicorn."""
    await fill(service, 2)
    page = (await service.get(f"{KEYS}?page_size=1", headers={"X-Forwarded-Proto": "https"})).body
    assert page["next"].startswith("https://127.0.0.1:")
    page = (await service.get(f"{KEYS}?page_size=1", headers={"X-Forwarded-Host": "evil.example"})).body
    assert "evil.example" not in page["next"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=1", 200),
        ("page=%201", 200),
        ("page=2", 404),
        ("page=99999999999", 400),
        ("page=0", 400),
        ("page=-1", 400),
        ("page=x", 400),
        ("page=", 400),
        ("page_size=0", 400),
        ("page_size=1000000", 200),
        ("page_size=99999999999999999999999", 400),
        ("page=1&page=2", 404),
    ],
)
async def test_pages_that_there_cannot_be(service: Service, query: str, status: int) -> None:
    reply = await service.get(f"{KEYS}?{query}")
    assert reply.status == status
    if status == 404:
        assert reply.body == {"detail": "Invalid page."}
    if status == 400:
        assert next(iter(reply.body)) in ("page", "page_size")
