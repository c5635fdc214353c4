"""The spellings of one path: every prefix, both slashes, all headers for the key."""

import itertools

import pytest
from kept_results import keep
from running_service import ADMIN_KEY, Service

from ringback.api.twins import canonical

FAMILIES = ("scenarios", "results", "runs", "metrics", "personalities", "test-profiles", "predefined-metrics")
"""Those whose version 2 is a twin of version 1."""
HEADERS = (
    {"X-VOCERA-API-KEY": ADMIN_KEY},
    {"x-cekura-api-key": ADMIN_KEY},
    {"Authorization": f"Bearer {ADMIN_KEY}"},
    {"authorization": f"bearer  {ADMIN_KEY} "},
)


@pytest.mark.parametrize("family", FAMILIES)
async def test_every_spelling_of_a_family_and_every_header_gives_the_same_body(service: Service, family: str) -> None:
    first = (await service.get(f"/test_framework/v1/{family}/")).body
    spellings = itertools.product(("v1", "v2"), ("", "-external"), ("", "/"), HEADERS)
    for version, twin, slash, headers in spellings:
        path = f"/test_framework/{version}/{family}{twin}{slash}"
        reply = await service.get(path, key=None, headers=headers)
        assert (reply.status, reply.body) == (200, first), (path, headers)


async def test_every_spelling_of_a_result_and_its_runs_gives_the_same_body(service: Service) -> None:
    result = await keep(service.services, {"book": "PF"})
    run_id = result.runs[0].id
    for family, rest, query in (
        ("results", f"/{result.id}", ""),
        ("runs", f"/{run_id}", ""),
        ("runs", "/bulk", f"?run_ids={run_id}"),
        ("results", "/result_ids", ""),
    ):
        first = (await service.get(f"/test_framework/v1/{family}{rest}/{query}")).body
        for version, twin, slash, headers in itertools.product(("v1", "v2"), ("", "-external"), ("", "/"), HEADERS):
            path = f"/test_framework/{version}/{family}{twin}{rest}{slash}{query}"
            reply = await service.get(path, key=None, headers=headers)
            assert (reply.status, reply.body) == (200, first), (path, headers)


async def test_agents_have_a_form_of_their_own_in_version_2(service: Service) -> None:
    for version, twin, slash, headers in itertools.product(("v1", "v2"), ("", "-external"), ("", "/"), HEADERS):
        reply = await service.get(f"/test_framework/{version}/aiagents{twin}{slash}", key=None, headers=headers)
        assert (reply.status, reply.body["count"]) == (200, 0)


@pytest.mark.parametrize("slash", ["", "/"])
async def test_keys_are_served_with_and_without_slash(service: Service, slash: str) -> None:
    assert (await service.get(f"/user/api/v1/user-api-key{slash}")).status == 200


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/healthz/ready", "/metrics/", "/openapi.json"])
async def test_what_needs_no_key_is_served_with_and_without_slash(service: Service, path: str) -> None:
    assert (await service.get(path, key=None)).status == 200


@pytest.mark.parametrize("twin", ["", "-external"])
async def test_a_post_without_slash_is_no_redirect(service: Service, twin: str) -> None:
    reply = await service.post(f"/test_framework/v2/scenarios{twin}", {})
    assert reply.status == 400
    assert reply.body["name"] == ["This field is required."]


@pytest.mark.parametrize(
    ("asked", "routed"),
    [
        ("/test_framework/v1/runs-external", "/test_framework/v1/runs/"),
        ("/test_framework/v2/runs-external/7/chat/0", "/test_framework/v1/runs/7/chat/0/"),
        ("/test_framework/v2/aiagents-external/7", "/test_framework/v2/aiagents/7/"),
        ("/test_framework/v1/aiagents/7/tool/x-external", "/test_framework/v1/aiagents/7/tool/x-external/"),
        ("/schedules/v1/cron-jobs-external/7/", "/schedules/v1/cron-jobs/7/"),
        ("/test_framework/v1", "/test_framework/v1/"),
        ("/test_framework/v3/runs/", "/test_framework/v3/runs/"),
        ("/healthz/", "/healthz"),
        ("/", "/"),
        ("", "/"),
        ("//", "/"),
    ],
)
def test_a_path_has_one_spelling_that_is_routed(asked: str, routed: str) -> None:
    assert canonical(asked, has_own_v2=lambda path: "/aiagents/" in path) == routed
    assert canonical(routed, has_own_v2=lambda path: "/aiagents/" in path) == routed
