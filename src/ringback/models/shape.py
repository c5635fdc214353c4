"""Objects out of text: what a model wrote, as the pydantic object that was asked for."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from ringback.models.model import Message

_MOST_OBJECTS = 20
"""A text with more opening braces than this is not searched further."""
_MOST_PROBLEMS = 5
_THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)


class Misfit(Exception):
    """A reply does not fit; the sentences tell the model what is wrong with it."""


def parse(text: str, shape: type[BaseModel]) -> BaseModel:
    """The object in a text: all of it, or the first one in it that fits. Raises `Misfit`."""
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        problem = error
    for value in _objects(_THINKING.sub("", text)):
        try:
            return shape.model_validate(value)
        except ValidationError as error:
            problem = error
    raise Misfit(_sentences(problem)) from problem


def _objects(text: str) -> list[Any]:
    decoder = json.JSONDecoder()
    found: list[Any] = []
    at = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(value)
        at = text.find("{", end)
    return found


def _sentences(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    if problems[0]["type"] == "json_invalid":
        return "It is not a JSON object."
    named = [f"{'.'.join(map(str, p['loc'])) or 'the object'}: {p['msg']}" for p in problems[:_MOST_PROBLEMS]]
    more = len(problems) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "") + "."


@lru_cache(maxsize=64)
def json_schema(shape: type[BaseModel]) -> Mapping[str, Any]:
    """The JSON Schema of a shape."""
    return shape.model_json_schema()


@lru_cache(maxsize=64)
def strict_schema(shape: type[BaseModel]) -> tuple[Mapping[str, Any], bool]:
    """The schema for a `response_format`, and whether it is in the strict form that OpenAI asks for.

    Strict: each object names all of its properties as required and allows no others.
    """
    schema = json.loads(json.dumps(json_schema(shape)))
    return schema, _make_strict(schema)


def _make_strict(schema: Any) -> bool:
    """Change a schema in place; whether that was possible in all of it."""
    if not isinstance(schema, dict):
        return True
    node: dict[str, Any] = schema  # pyright: ignore[reportUnknownVariableType] - keys of JSON objects are strings
    node.pop("default", None)
    named = [*node.get("$defs", {}).values(), *node.get("properties", {}).values()]
    choices = [choice for key in ("anyOf", "oneOf", "allOf", "prefixItems") for choice in node.get(key, ())]
    # A list, not a generator: every schema inside is changed, so no short cut.
    strict = all([_make_strict(inner) for inner in (*named, *choices, node.get("items"))])  # noqa: C419 - see above
    if node.get("type") != "object":
        return strict
    properties: dict[str, Any] = node.get("properties", {})
    if not properties or node.get("additionalProperties"):
        return False
    node["additionalProperties"] = False
    node["required"] = list(properties)
    return strict


def with_instruction(messages: Sequence[Message], shape: type[BaseModel]) -> list[Message]:
    """The prompt with the shape in words at its end, for servers that cannot be given a schema."""
    schema = json.dumps(json_schema(shape), ensure_ascii=False)
    words = f"Answer with one JSON object that fits this JSON Schema, and with nothing else:\n{schema}"
    if messages and messages[-1].role == "user":
        # Prompt templates of some models want user and assistant to take turns.
        return [*messages[:-1], Message("user", f"{messages[-1].content}\n\n{words}")]
    return [*messages, Message("user", words)]


def complaint(misfit: Misfit) -> str:
    """What to tell a model whose reply did not fit."""
    return f"Your reply does not fit what was asked for. {misfit} Answer again, with the corrected reply only."
