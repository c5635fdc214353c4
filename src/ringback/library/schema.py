"""The JSON Schema of suite files, made from the format that the loader validates with."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ringback.library.rules import NEEDED
from ringback.library.suite_format import SuiteFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TEXT_OR_REGEX = {"oneOf": [{"required": ["text"]}, {"required": ["regex"]}]}
_EITHER = {
    "allOf": [
        {"not": {"required": ["personality", "personalities"]}},
        {"not": {"required": ["test_profile", "profiles"]}},
    ]
}
_WHAT_THE_CALLER_DOES = ["script", "instructions", "conditional_actions"]


def _needs(kind: str, field: str) -> dict[str, Any]:
    return {
        "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
        "then": {"required": [field]},
    }


_RULES: dict[str, dict[str, Any]] = {
    "AgentSaid": _TEXT_OR_REGEX,
    "AgentNeverSaid": _TEXT_OR_REGEX,
    "TurnsWithin": {"anyOf": [{"required": ["min"]}, {"required": ["max"]}]},
    "LatencyWithin": {"anyOf": [{"required": ["max"]}, {"required": ["p95"]}]},
    "PersonalityEntry": {"anyOf": [{"required": ["prompt"]}, {"required": ["base"]}]},
    "MetricEntry": {
        "if": {"properties": {"kind": {"const": "enum"}}, "required": ["kind"]},
        "then": {"required": ["enum_values"]},
        "else": {"not": {"required": ["enum_values"]}},
    },
    "Defaults": _EITHER,
    "ScenarioEntry": {
        "anyOf": [{"required": [field]} for field in _WHAT_THE_CALLER_DOES],
        "dependentRequired": {"then": ["script"]},
        "allOf": [
            *_EITHER["allOf"],
            {"not": {"required": ["script", "conditional_actions"]}},
            *(_needs(kind, field) for kind, field in NEEDED.items()),
        ],
    },
}
"""Rules of `rules.py` over several fields that a schema can express too."""


class _Generator(GenerateJsonSchema):
    """A key that is left out is left out: none may be null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            made.pop("default")
        return made


def suite_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of suite files, for editors and other tools."""
    schema = SuiteFile.model_json_schema(by_alias=True, schema_generator=_Generator)
    parts: dict[str, dict[str, Any]] = {"SuiteFile": schema, **schema["$defs"]}
    for model in _models(SuiteFile):
        properties = cast("dict[str, dict[str, Any]]", parts.get(model.__name__, {}).get("properties", {}))
        for name, sentence in _docstrings(model).items():
            alias = model.model_fields[name].alias or name
            if alias in properties:
                properties[alias].setdefault("description", sentence)
    for part in schema["$defs"].values():
        kind = part.get("properties", {}).get("type", {})
        if "const" in kind:
            kind.setdefault("description", part["description"])
    for name, rules in _RULES.items():
        schema["$defs"][name].update(rules)
    _tidy(schema)
    return {"$schema": DIALECT, **schema}


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model that the format is made of."""
    seen: set[type[BaseModel]] = set()
    waiting: list[Any] = [model]
    while waiting:
        found = waiting.pop()
        if isinstance(found, type) and issubclass(found, BaseModel) and found not in seen:
            seen.add(found)
            yield found
            waiting += [field.annotation for field in found.model_fields.values()]
        waiting += get_args(found)


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The docstring behind each field, of the model and of those that it is made from."""
    found: dict[str, str] = {}
    for origin in reversed(model.__mro__):
        if not issubclass(origin, BaseModel) or origin is BaseModel:
            continue
        tree = cast("ast.ClassDef", ast.parse(textwrap.dedent(inspect.getsource(origin))).body[0])
        for line, behind in pairwise(tree.body):
            match line, behind:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(sentence))):
                    found[name] = " ".join(sentence.split())
                case _:
                    pass
    return {name: sentence for name, sentence in found.items() if name in model.model_fields}


def _tidy(node: Any) -> None:
    """Drop the titles: they repeat the keys."""
    if isinstance(node, dict):
        inner = cast("dict[str, Any]", node)
        if isinstance(inner.get("title"), str):
            del inner["title"]
        for value in inner.values():
            _tidy(value)
    elif isinstance(node, list):
        for value in cast("list[Any]", node):
            _tidy(value)
