"""Finishes the schemas of the document: examples of parts, descriptions of pages, whole bounds of whole numbers."""

from collections.abc import Iterator
from typing import Any, TypeGuard

Schema = dict[str, Any]

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def finish(schemas: dict[str, Schema]) -> None:
    """Change the schemas in place. Those that have examples hand them on to the parts that they are made of."""
    for name, schema in schemas.items():
        if name.startswith("Page_"):
            schema.setdefault("description", "One page of a list.")
        _make_whole(schema)
        for example in schema.get("examples", ()):
            _add_nulls(schema, example, schemas)
    waiting = list(schemas.values())
    while waiting:
        waiting = [part for schema in waiting for part in _handed_on(schema, schemas)]


def _add_nulls(schema: Schema, example: Any, schemas: dict[str, Schema]) -> None:
    """The framework leaves out of a model's own examples what is null, also where it is always there."""
    if not _is_object(example):
        return
    fields: Schema = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in example and _may_be_null(fields[name]):
            example[name] = None
    for name, value in example.items():
        for part, inner in _named(fields.get(name, {}), value):
            _add_nulls(schemas[part], inner, schemas)


def _may_be_null(schema: Schema) -> bool:
    kinds = [branch.get("type") for branch in (schema, *schema.get("anyOf", ()))]
    return any(kind == "null" or (isinstance(kind, list) and "null" in kind) for kind in kinds)


def _handed_on(schema: Schema, schemas: dict[str, Schema]) -> Iterator[Schema]:
    """The parts that got their first example from those of the whole."""
    for example in schema.get("examples", ()):
        for field, value in example.items() if _is_object(example) else ():
            for name, inner in _named(schema.get("properties", {}).get(field, {}), value):
                part = schemas[name]
                if "examples" not in part and _is_object(inner):
                    part["examples"] = [inner]
                    yield part


def _named(schema: Schema, value: Any) -> Iterator[tuple[str, Any]]:
    """Each named schema within one, with the value that stands there."""
    if "$ref" in schema:
        yield schema["$ref"].rsplit("/", 1)[-1], value
    for branch in schema.get("anyOf", ()):
        yield from _named(branch, value)
    items, others = schema.get("items"), schema.get("additionalProperties")
    if _is_list(value) and _is_object(items):
        for inner in value:
            yield from _named(items, inner)
    if _is_object(value) and _is_object(others):
        for inner in value.values():
            yield from _named(others, inner)


def _make_whole(schema: Any) -> None:
    """The framework writes the bounds of whole numbers as `1.0`, and some generators make floats of that."""
    if _is_list(schema):
        for inner in schema:
            _make_whole(inner)
    elif _is_object(schema):
        for name, value in schema.items():
            if name in _BOUNDS and isinstance(value, float) and value.is_integer():
                schema[name] = int(value)
            elif name != "examples":
                _make_whole(value)


def _is_object(value: Any) -> TypeGuard[Schema]:
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
