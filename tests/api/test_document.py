"""The OpenAPI document: valid, complete, and one name for each operation."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from running_service import ServeService

from ringback.api.document import TAGS, operation_id
from ringback.api.twins import is_api


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        yield from ((method, path, operation) for method, operation in item.items())


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_each_operation_stands_once_and_under_its_first_spelling(document: dict[str, Any]) -> None:
    for path in document["paths"]:
        assert "-external" not in path
        assert path.endswith("/") is is_api(path), path
        assert not path.startswith("/test_framework/v2/") or "/aiagents/" in path
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)
    assert {"scenarios_list", "scenarios_create", "scenarios_read", "scenarios_update", "scenarios_delete"} <= set(
        names
    )


def test_each_operation_has_a_description_a_known_tag_and_all_its_errors(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        place = f"{method} {path}"
        assert operation.get("description"), place
        assert operation["tags"][0] in TAGS, place
        assert "422" not in operation["responses"], place
        if not is_api(path):
            assert operation["security"] == [], place
            continue
        assert operation["security"][:3] == [{"VoceraApiKey": []}, {"CekuraApiKey": []}, {"Bearer": []}]
        assert {"400", "401", "403", "429", "503"} <= operation["responses"].keys(), place
        if "{" in path:
            assert "404" in operation["responses"], place
        if "requestBody" in operation:
            assert {"409", "413"} <= operation["responses"].keys(), place


def test_an_operation_says_how_far_a_key_has_to_reach(document: dict[str, Any]) -> None:
    for path, method, scope in (
        ("/test_framework/v1/scenarios/", "get", "read"),
        ("/test_framework/v1/scenarios/", "post", "run"),
        ("/test_framework/v1/aiagents/", "post", "admin"),
        ("/user/api/v1/user-api-key/", "get", "admin"),
    ):
        assert document["paths"][path][method]["description"].endswith(f"Needs a key of scope `{scope}`.")


def test_operations_that_a_share_link_reaches_say_so(document: dict[str, Any]) -> None:
    [scheme] = [one for one in document["components"]["securitySchemes"].values() if "SHAREABLE" in one.get("name", "")]
    assert (scheme["name"], scheme["in"]) == ("X-VOCERA-SHAREABLE-LINK-TOKEN", "header")
    shared = {path for _, path, operation in operations(document) if {"ShareToken": []} in operation["security"]}
    v1 = "/test_framework/v1/"
    assert shared == {f"{v1}results/{{result_id}}/", f"{v1}runs/{{run_id}}/", f"{v1}runs/bulk/"}
    for path in shared:
        assert document["paths"][path]["get"]["description"].endswith("or the token of a share link.")


@pytest.mark.parametrize(
    ("public_url", "server"), [(None, "/"), ("https://calls.example/base/", "https://calls.example/base")]
)
async def test_clients_are_told_where_the_server_is(serve: ServeService, public_url: str | None, server: str) -> None:
    async with serve(public_url=public_url) as service:
        document = (await service.get("/openapi.json", key=None)).body
    assert document["servers"] == [{"url": server}]


def test_filters_of_runs_have_types_and_those_of_several_values_take_commas(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/test_framework/v1/runs/"]["get"]["parameters"]
    shapes = {one["name"]: one["schema"] for one in parameters}
    assert shapes["status"]["enum"][:2] == ["running", "completed"]
    assert {shapes["success"]["type"], shapes["result__run_as_text"]["type"]} == {"boolean"}
    assert {shapes[name]["type"] for name in ("id", "agent_id", "result_id")} == {"integer"}
    assert {shapes[name].get("format") for name in ("timestamp__gte", "created_at_to")} == {"date-time"}
    assert shapes["duration__gte"]["type"] == "number"
    several = [one for one in parameters if one["schema"].get("type") == "array"]
    assert {"status__in", "id__in", "tags", "scenarios"} <= {one["name"] for one in several}
    assert {(one["style"], one["explode"]) for one in several} == {("form", False)}


def test_pages_and_recordings_say_how_they_are_refused(document: dict[str, Any]) -> None:
    assert {"200", "403", "404", "413"} <= document["paths"]["/share/{token}"]["get"]["responses"].keys()
    recording = document["paths"]["/recordings/{result_id}/{name}"]["get"]["responses"]
    assert {"200", "206", "403", "404", "416"} <= recording.keys()


def test_nothing_of_the_framework_s_own_errors_is_left(document: dict[str, Any]) -> None:
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()
    assert all(tag["description"] for tag in document["tags"])


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("get", "/test_framework/v1/scenarios/", "scenarios_list"),
        ("post", "/test_framework/v1/scenarios/", "scenarios_create"),
        ("patch", "/test_framework/v1/scenarios/{scenario_id}/", "scenarios_update"),
        ("post", "/test_framework/v1/scenarios/run_scenarios_text/", "scenarios_run_scenarios_text"),
        ("get", "/test_framework/v1/runs/{run_id}/chat/{turn_id}/", "runs_chat_read"),
        ("post", "/test_framework/v1/runs/{run_id}/chat/", "runs_chat"),
        ("post", "/test_framework/v2/aiagents/", "v2_aiagents_create"),
        ("put", "/user/api/v1/user-api-key/{key_id}/", "user_api_key_replace"),
        ("get", "/healthz/ready", "healthz_ready"),
    ],
)
def test_names_of_operations_are_made_of_their_paths(method: str, path: str, name: str) -> None:
    assert operation_id(method, path) == name
