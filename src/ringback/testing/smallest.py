"""The smallest value that a JSON Schema allows: what a scripted model answers when it is told nothing else."""

from collections.abc import Mapping
from typing import Any

_DEEPEST = 20
"""Schemas that refer to themselves end here."""


def smallest(schema: Mapping[str, Any]) -> Any:
    """Empty texts and lists, zeros, false, the first of each enumeration, and all properties of each object."""
    definitions: Any = schema.get("$defs", {})
    return _smallest(schema, definitions, _DEEPEST)


def _smallest(  # noqa: C901, PLR0911 - one line for each kind of schema
    schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int
) -> Any:
    if depth == 0:
        return None
    if "$ref" in schema:
        return _smallest(definitions[str(schema["$ref"]).rpartition("/")[2]], definitions, depth - 1)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _smallest(schema[choice][0], definitions, depth - 1)
    match schema.get("type"):
        case "object":
            properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
            return {name: _smallest(inner, definitions, depth - 1) for name, inner in properties.items()}
        case "array":
            return [_smallest(schema["items"], definitions, depth - 1)] * int(schema.get("minItems", 0))
        case "string":
            return "x" * int(schema.get("minLength", 0))
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return None
