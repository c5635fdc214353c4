"""Every JSON body of the API's document has an example that fits its schema, and every parameter says what it is."""

from collections.abc import Iterator
from typing import Any

import jsonschema

BARE = ("GET /test_framework/v1/scenarios/json_schema/", "GET /test_framework/v1/scenarios/tags/")
"""A schema, and a list of words."""
STREAMED = "GET /test_framework/v1/results/export_result_runs/"
"""A file that is described in words."""


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        yield from ((f"{method.upper()} {path}", operation) for method, operation in item.items())


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema of each body that is asked for or answered with success."""
    for place, operation in operations(document):
        said = [operation.get("requestBody", {})]
        said += [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        for part in said:
            if "application/json" in part.get("content", {}) and place not in (*BARE, STREAMED):
                yield place, part["content"]["application/json"]["schema"]


def schemas(schema: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of which a body is one or a list: named, or spelled out in place."""
    inner = [schema, *schema.get("anyOf", ()), schema.get("items", {})]
    names = [part["$ref"].rsplit("/", 1)[-1] for part in inner if "$ref" in part]
    spelled_out = [schema] if "properties" in schema else []
    return spelled_out + [document["components"]["schemas"][name] for name in names]


def examples(schema: dict[str, Any]) -> list[Any]:
    """Its own, or one that is made of those of its fields."""
    parts = schema.get("properties", {})
    return schema.get("examples") or [{name: part["examples"][0] for name, part in parts.items() if "examples" in part}]


def check(example: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """Compare with a schema; that schemas are right is told by `test_the_document_is_valid_openapi_3_1`."""
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    validator.validate(example)  # pyright: ignore[reportUnknownMemberType] - its stubs are half typed


def test_each_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    seen = 0
    for place, schema in bodies(document):
        named = schemas(schema, document)
        assert named, place
        for found in named:
            for example in examples(found):
                assert example, (place, found["title"])
                check(example, found, document)
                seen += 1
    assert seen > 100


def test_an_example_of_a_list_is_a_page_of_examples(document: dict[str, Any]) -> None:
    pages = [schema for name, schema in document["components"]["schemas"].items() if name.startswith("Page_")]
    assert len(pages) >= 8
    for page in pages:
        [example] = page["examples"]
        assert (example["count"], len(example["results"])) == (1, 1), page["title"]


def test_each_schema_and_each_of_its_fields_says_what_it_is(document: dict[str, Any]) -> None:
    named = document["components"]["schemas"]
    assert len(named) > 80
    assert [name for name, schema in named.items() if not schema.get("description")] == []
    silent = [
        f"{name}.{field}"
        for name, schema in named.items()
        for field, said in schema.get("properties", {}).items()
        if not said.get("description") and "$ref" not in said  # a part says it of itself
    ]
    assert silent == []


def test_each_object_has_an_example_that_fits(document: dict[str, Any]) -> None:
    named = document["components"]["schemas"]
    objects = {name: schema for name, schema in named.items() if "properties" in schema}
    assert [name for name, schema in objects.items() if not schema.get("examples")] == []
    for schema in objects.values():
        for example in schema["examples"]:
            check(example, schema, document)


def test_each_field_has_a_type_and_whole_numbers_have_whole_bounds(document: dict[str, Any]) -> None:
    kinds = {"type", "anyOf", "$ref", "const", "enum"}
    for name, schema in document["components"]["schemas"].items():
        for field, said in schema.get("properties", {}).items():
            assert kinds & said.keys(), (name, field)
            for branch in (said, *said.get("anyOf", ())):
                bounds = [branch[bound] for bound in ("minimum", "maximum") if bound in branch]
                assert branch.get("type") != "integer" or all(isinstance(bound, int) for bound in bounds), (name, field)
    form = document["components"]["schemas"]["TextRunForm"]["properties"]
    assert form["frequency"]["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}


def test_closed_sets_are_named(document: dict[str, Any]) -> None:
    named = document["components"]["schemas"]
    for place, word in (
        ("RunAnswer.status", "in_queue"),
        ("FullRun.run_type", "WebSocket"),
        ("FullRun.evaluation_status", "reviewed_failure"),
        ("FullRun.scenario_type", "conditional_actions"),
        ("TranscriptEntry.role", "Function Call Result"),
        ("RunRequestAnswer.run_type", "Voice"),
        ("ScenarioForm.tool_ids", "TOOL_END_CALL"),
        ("MetricAnswer.type", "computed"),
        ("MetricEntry.type", "continuous_qualitative"),
        ("AgentFlatForm.language", "multi"),
        ("AgentFlatForm.assistant_provider", "self_hosted"),
        ("ChatDetails.type", "whatsapp"),
    ):
        name, _, field = place.partition(".")
        said = named[name]["properties"][field]
        items = said.get("items", {})
        branches = [said, items, *items.get("anyOf", ()), *said.get("anyOf", ())]
        assert any(word in branch.get("enum", ()) for branch in branches), place


def test_what_is_always_there_is_required(document: dict[str, Any]) -> None:
    named = document["components"]["schemas"]
    full, entry = named["FullRun"], named["RunEntry"]
    assert set(entry["properties"]) == set(entry["required"])
    assert set(full["properties"]) - set(full["required"]) == {
        "test_profile_name",
        "earlier_attempts",
        "usage",
        "latency_trusted",
        "voice",
    }
    for name in ("AgentFlatAnswer", "AgentNestedAnswer", "ScenarioAnswer", "MetricAnswer", "KeyAnswer", "RunAnswer"):
        assert set(named[name]["properties"]) == set(named[name]["required"]), name


def test_each_parameter_says_what_it_is(document: dict[str, Any]) -> None:
    parameters = [(place, one) for place, operation in operations(document) for one in operation.get("parameters", ())]
    assert len(parameters) > 60
    assert [(place, one["name"]) for place, one in parameters if not one.get("description")] == []
    described = {one["name"]: one["description"] for _, one in parameters}
    assert described["scenario_id"] == "Number of the scenario."
    assert described["key_id"] == "Number of the API key."
