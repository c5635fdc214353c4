"""What validation found, as the reference says it: `{"scenarios[0].metrics[0]": ["A valid integer is required."]}`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ringback.library.form import BLANK

WHOLE = "non_field_errors"
"""Stands for the body as a whole."""

_SENTENCES = {
    "missing": "This field is required.",
    "string_type": "Not a valid string.",
    "int_type": "A valid integer is required.",
    "int_parsing": "A valid integer is required.",
    "int_from_float": "A valid integer is required.",
    "float_type": "A valid number is required.",
    "float_parsing": "A valid number is required.",
    "bool_type": "Must be a valid boolean.",
    "bool_parsing": "Must be a valid boolean.",
    "list_type": "Expected a list of items.",
    "dict_type": "Expected an object.",
    "model_type": "Expected an object.",
    "model_attributes_type": "Expected an object.",
    "extra_forbidden": "There is no such field.",
}
_NO_OBJECT = frozenset({"dict_type", "model_type", "model_attributes_type"})
_BOUNDS = {
    "greater_than_equal": "Ensure this value is greater than or equal to {ge}.",
    "greater_than": "Ensure this value is greater than {gt}.",
    "less_than_equal": "Ensure this value is less than or equal to {le}.",
    "less_than": "Ensure this value is less than {lt}.",
    "string_too_long": "Ensure this field has no more than {max_length} characters.",
    "string_too_short": "Ensure this field has at least {min_length} characters.",
    "too_long": "Ensure this field has no more than {max_length} elements.",
    "too_short": "Ensure this field has at least {min_length} elements.",
}
_BRANCH = re.compile(r"(?:function-|tagged-|lax-or-strict|json-or-python|list\[|dict\[|set\[|constrained-|literal\[).*")
"""pydantic names the branch of a union within the place; readers know fields only."""
_PLAIN_BRANCHES = frozenset({"int", "str", "float", "bool", "none"})


def fields_of(problems: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Sentences by field, each once, in the order of the request."""
    fields: dict[str, list[str]] = {}
    for problem in problems:
        sentences = fields.setdefault(_place(problem["loc"][1:]) or WHOLE, [])
        sentence = _sentence(problem)
        if sentence not in sentences:
            sentences.append(sentence)
    return fields


def _place(parts: Iterable[str | int]) -> str:
    place = ""
    for part in parts:
        if isinstance(part, int):
            place += f"[{part}]"
        elif not _BRANCH.fullmatch(part) and not (place and part in _PLAIN_BRANCHES):
            place += f".{part}" if place else part
    return place


def _sentence(problem: Mapping[str, Any]) -> str:
    kind: str = problem["type"]
    if problem.get("input") is None and kind.endswith("_type"):
        return "This field may not be null."
    if len(problem["loc"]) == 1 and kind in _NO_OBJECT:
        return "Expected a JSON object, sent with Content-Type: application/json."
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    if kind == "string_too_short" and problem["ctx"]["min_length"] == 1:
        return BLANK
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**problem["ctx"])
    message: str = problem["msg"].removeprefix("Value error, ")
    return message if message.endswith((".", "!", "?")) else f"{message}."
