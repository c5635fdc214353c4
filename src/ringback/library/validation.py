"""Checks a document against the file's format and says in sentences what does not fit."""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ringback.domain.check import Check
from ringback.library.document import Place

Finding = tuple[Place, str, str, bool]
"""Place, message, remedy, and whether the key rather than its value is meant."""

_Model = TypeVar("_Model", bound=BaseModel)
_SHOWN = 60
_MUST = "must be "


def validate(model: type[_Model], value: Any) -> tuple[_Model | None, list[Finding]]:
    """The value as an instance of the model, or None and everything that does not fit."""
    try:
        # As JSON: strict about types, yet lists may become tuples and text enums.
        return model.model_validate_json(json.dumps(value)), []
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False) if not _follows(detail)]
        return None, _joined(_finding(detail, value, model) for detail in details)


def _follows(detail: ErrorDetails) -> bool:
    """Whether a list is only short because entries of it do not fit: those are reported themselves."""
    least = cast("Mapping[str, int]", detail.get("ctx") or {}).get("min_length", 0)
    return detail["type"] == "too_short" and len(cast("list[Any]", detail["input"])) >= least


def _joined(findings: Iterable[Finding]) -> list[Finding]:
    """One finding where none of several alternatives fits: "must be text or a whole number, not …"."""
    found: list[Finding] = []
    for finding in findings:
        before = found[-1] if found else None
        if before and before[0] == finding[0] and before[1].startswith(_MUST) and finding[1].startswith(_MUST):
            first = before[1].removesuffix(f", {finding[1].split(', ', 1)[-1]}")
            found[-1] = (before[0], f"{first} or {finding[1].removeprefix(_MUST)}", before[2], before[3])
        else:
            found.append(finding)
    return found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy that names the closest known name, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{close[0]}`?"
    if not names:
        return "Remove it."
    listed = ", ".join(f"`{n}`" for n in names[:40])
    return f"Known here: {listed}."


def shown(value: Any) -> str:
    """A value in an error, cut where it is long."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _finding(detail: ErrorDetails, value: Any, model: type[BaseModel]) -> Finding:
    kind = detail["type"]
    place = _cleaned(detail["loc"], value, keep_last=kind == "missing")
    context = cast("Mapping[str, Any]", detail.get("ctx") or {})
    if kind == "missing":
        name = str(place[-1]) if place else ""
        return place, f"`{name}` is missing.", f"Add `{name}: …`.", False
    if kind == "extra_forbidden":
        name = str(place[-1])
        known = set(_keys_at(model, place[:-1], value)) - _keys_given(value, place[:-1])
        return place, f"`{name}` is not a key that is known here.", did_you_mean(name, known), True
    found = detail["input"]
    for names, sentence in _SENTENCES:
        if kind in names:
            return (place, *sentence(found, context), False)
    return place, f"{shown(found)} does not fit here: {detail['msg'].lower()}.", "Correct the value.", False


def _cleaned(location: Sequence[str | int], value: Any, *, keep_last: bool) -> Place:
    """The place in the document: without the names of alternatives that pydantic puts into a location."""
    place: list[str | int] = []
    for number, part in enumerate(location):
        inside = isinstance(value, dict) and part in value
        inside = inside or (isinstance(value, list) and isinstance(part, int))
        if inside:
            place.append(part)
            value = _step(value, part)
        elif keep_last and number == len(location) - 1:
            place.append(part)
    return tuple(place)


def _step(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (LookupError, TypeError):
        return None


def _at(value: Any, place: Place) -> Any:
    for part in place:
        value = _step(value, part)
    return value


def _keys_given(value: Any, place: Place) -> set[str]:
    here = _at(value, place)
    return set(cast("dict[str, Any]", here)) if isinstance(here, dict) else set()


def _keys_at(model: type[BaseModel], place: Place, value: Any) -> Iterator[str]:
    """The keys that the format knows at a place, found in the format's own schema."""
    schema = _schema(model)
    nodes = [schema]
    for part in place:
        inner: list[dict[str, Any]] = []
        for node in _alternatives(nodes, schema, value):
            properties = cast("dict[str, Any]", node.get("properties", {}))
            if part in properties:
                inner.append(properties[part])
            elif isinstance(part, str) and isinstance(node.get("additionalProperties"), dict):
                inner.append(node["additionalProperties"])
            elif isinstance(part, int) and isinstance(node.get("items"), dict):
                inner.append(node["items"])
        nodes, value = inner, _step(value, part)
    for node in _alternatives(nodes, schema, value):
        yield from cast("dict[str, Any]", node.get("properties", {}))


@lru_cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _alternatives(nodes: Iterable[dict[str, Any]], schema: dict[str, Any], value: Any) -> Iterator[dict[str, Any]]:
    for node in nodes:
        if "$ref" in node:
            name = str(node["$ref"]).rsplit("/", 1)[-1]
            yield from _alternatives([schema["$defs"][name]], schema, value)
        elif branches := [*node.get("anyOf", []), *node.get("oneOf", [])]:
            yield from _alternatives(branches, schema, value)
        else:
            constant = node.get("properties", {}).get("type", {}).get("const")
            if constant is None or not isinstance(value, dict) or _step(value, "type") == constant:
                yield node


Sentence = tuple[str, str]


def _quoted(found: Any, _: Mapping[str, Any]) -> Sentence:
    if isinstance(found, dict | list):
        return (
            f"must be text, not {shown(found)}.",
            'Write text. Text that contains ": " or begins with "{" needs quotes.',
        )
    return f"must be text, not {shown(found)}.", f'Put it in quotes: "{shown(found)}".'


def _choice(found: Any, context: Mapping[str, Any]) -> Sentence:
    names = [name.strip("'") for name in str(context.get("expected", "")).replace(" or ", ", ").split(", ")]
    if isinstance(found, str) and (close := difflib.get_close_matches(found, names, n=1, cutoff=0.6)):
        remedy = f"Did you mean `{close[0]}`?"
    elif len(names) == 1:
        remedy = f'Write "{names[0]}", in quotes.'
    else:
        remedy = f"Write one of: {', '.join(names)}."
    return f"{shown(found)} is not possible here.", remedy


def _check_type(found: Any, context: Mapping[str, Any]) -> Sentence:
    names = [name.strip("'") for name in str(context.get("expected_tags", "")).split(", ") if name]
    if not names:
        given = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        kind = "is missing" if "type" not in given else f"{shown(given['type'])} is not possible"
        return f"`type` of the check {kind}.", f"Write one of: {', '.join(CHECK_TYPES)}."
    tag = str(context.get("tag", ""))
    close = difflib.get_close_matches(tag, names, n=1, cutoff=0.6)
    listed = f"The types are: {', '.join(names)}."
    return f"there is no check of type `{tag}`.", f"Did you mean `{close[0]}`? {listed}" if close else listed


CHECK_TYPES: tuple[str, ...] = tuple(
    get_args(check.model_fields["type"].annotation)[0] for check in get_args(get_args(Check)[0])
)
"""The types of checks, in the order of their definition."""


def _pattern(found: Any, _: Mapping[str, Any]) -> Sentence:
    return f"{shown(found)} is not a slug.", "Use lower-case letters, digits and `_`."


def _counted(word: str, unit: str, one: str) -> Callable[[Any, Mapping[str, Any]], Sentence]:
    def sentence(_: Any, context: Mapping[str, Any]) -> Sentence:
        least = context.get("min_length")
        actual = context.get("actual_length")
        if least is not None:
            what = "is empty." if least == 1 else f"has too few {unit}."
            return what, f"Give at least {least} {unit if least != 1 else one}."
        most = context.get("max_length")
        is_now = f"{actual} {unit}" if actual is not None else f"more than {most} {unit}"
        return f"is too {word}: {is_now}.", f"At most {most} {unit} are allowed."

    return sentence


def _limit(found: Any, context: Mapping[str, Any]) -> Sentence:
    bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    words, bound = next(((words, context[key]) for key, words in bounds.items() if key in context), ("", ""))
    return f"{shown(found)} is out of range.", f"It has to be {words} {bound:g}." if words else "Correct it."


def _must_be(what: str, remedy: str) -> Callable[[Any, Mapping[str, Any]], Sentence]:
    return lambda found, _: (f"must be {what}, not {shown(found)}.", remedy)


def _custom(remedy: str, message: str) -> Callable[[Any, Mapping[str, Any]], Sentence]:
    return lambda found, _: (f"{message}, not {shown(found)}.", remedy)


_SENTENCES: tuple[tuple[frozenset[str], Callable[[Any, Mapping[str, Any]], Sentence]], ...] = (
    (frozenset({"empty"}), lambda _, __: ("has no value.", "Give it one, or remove the key.")),
    (frozenset({"string_type", "string_sub_type", "string_unicode"}), _quoted),
    (frozenset({"literal_error", "enum"}), _choice),
    (frozenset({"union_tag_invalid", "union_tag_not_found"}), _check_type),
    (frozenset({"string_pattern_mismatch"}), _pattern),
    (frozenset({"string_too_long", "string_too_short"}), _counted("long", "characters", "character")),
    (frozenset({"too_long", "too_short"}), _counted("long", "entries", "entry")),
    (frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"}), _limit),
    (
        frozenset({"int_type", "int_parsing", "int_from_float", "int_parsing_size"}),
        _must_be("a whole number", "Write digits only, without quotes."),
    ),
    (frozenset({"float_type", "float_parsing"}), _must_be("a number", "Write it without quotes.")),
    (frozenset({"finite_number"}), _must_be("a finite number", "Write how much it is.")),
    (frozenset({"bool_type", "bool_parsing"}), _must_be("true or false", "Write `true` or `false`, without quotes.")),
    (
        frozenset({"list_type", "tuple_type"}),
        _must_be("a list", "Write `[a, b]`, or one entry a line, each after `- `."),
    ),
    (
        frozenset({"dict_type", "model_type", "model_attributes_type"}),
        _must_be("an object", "Write `key: value` lines."),
    ),
    (
        frozenset({"personality"}),
        _custom("Write e.g. `impatient` and describe it under `personalities:`.", "must be a name, an object or an id"),
    ),
    (
        frozenset({"profile"}),
        _custom("Write e.g. `ada` and describe her under `profiles:`.", "must be a name, an object or an id"),
    ),
    (
        frozenset({"profile_data"}),
        _custom("Write e.g. `{caller_variables: {name: Ada}}`.", "must be an object with the customer's data"),
    ),
    (
        frozenset({"metric"}),
        _custom("Write e.g. `latency`, or `{name: …, description: …}`.", "must be a slug, an object or an id"),
    ),
)
