"""The API's document has an example of each body of agents, scenarios and what they are made of, and all are right."""

from collections.abc import Iterator
from typing import Any

import jsonschema
from running_service import Service

FAMILIES = ("aiagents", "scenarios", "test-profiles", "personalities", "metrics", "predefined-metrics")
OTHERS = ("run_scenarios", "validate_scenarios", "json_schema")
"""Operations under scenarios that are about runs and suites."""


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema of each body that is asked for or answered with success."""
    for path, item in document["paths"].items():
        family = path.split("/")[3] if path.count("/") > 3 else ""
        if family not in FAMILIES or any(word in path for word in OTHERS):
            continue
        for method, operation in item.items():
            said = [operation.get("requestBody", {})]
            said += [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            for part in said:
                if schema := part.get("content", {}).get("application/json", {}).get("schema"):
                    yield f"{method} {path}", schema


def named(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The named schemas that a body consists of."""
    for inner in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
        if "$ref" in inner:
            name = inner["$ref"].rsplit("/", 1)[-1]
            found = document["components"]["schemas"][name]
            entries = found.get("properties", {}).get("results", {}).get("items")
            yield from named(entries, document) if entries else [(name, found)]


def test_each_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    seen: set[str] = set()
    for place, schema in bodies(document):
        for name, found in named(schema, document):
            examples = found.get("examples") or [
                {field: part["examples"][0] for field, part in found["properties"].items() if "examples" in part}
            ]
            seen.add(name)
            for example in examples:
                assert example, (place, name)
                rooted = {**found, "components": document["components"]}
                jsonschema.validate(example, rooted, jsonschema.Draft202012Validator)
    assert len(seen) > 20


async def test_examples_of_new_records_can_be_kept(service: Service, document: dict[str, Any]) -> None:
    for family, name in (
        ("v1/aiagents", "AgentFlatForm"),
        ("v2/aiagents", "AgentNestedForm"),
        ("v1/personalities", "PersonalityForm"),
        ("v1/test-profiles", "ProfileForm"),
        ("v1/metrics", "MetricForm"),
        ("v1/scenarios", "ScenarioForm"),
    ):
        [example] = document["components"]["schemas"][name]["examples"]
        reply = await service.post(f"/test_framework/{family}/", example)
        assert reply.status == 201, (name, reply.body)
