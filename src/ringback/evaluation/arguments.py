"""Comparing the arguments of a tool call with those that a check expects."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ringback.domain.check import ArgumentMatch
from ringback.evaluation.patterns import Search
from ringback.evaluation.wording import excerpt

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def mismatches(expected: Mapping[str, Any], actual: Any, *, match: ArgumentMatch, tolerance: float) -> list[str]:
    """What is different, one phrase an argument; empty where the call is as expected.

    Numbers are equal when they differ by at most `tolerance`; a number never equals a text or a truth value. Raises
    `PatternUnusable` where a pattern is none or takes too long.
    """
    if not isinstance(actual, dict):
        return [f"the arguments are not an object but {shown(actual)}"]
    return list(_differences("", expected, cast("dict[str, Any]", actual), match, tolerance))


def shown(value: Any, limit: int = 120) -> str:
    """A JSON value as text, cut where it is long."""
    return excerpt(as_json(value), limit)


def as_json(value: Any) -> str:
    """A JSON value as text, with its letters as they are."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def same_value(expected: Any, actual: Any, tolerance: float = 0.0) -> bool:
    """Whether two JSON values are equal: 1 equals 1.0, but neither `true` nor "1"."""
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return expected == actual or _near(expected, actual, tolerance)
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        one_object, other_object = cast("Mapping[str, Any]", expected), cast("Mapping[str, Any]", actual)
        return not any(_differences("", one_object, other_object, ArgumentMatch.EXACT, tolerance))
    if isinstance(expected, list | tuple) and isinstance(actual, list | tuple):
        left, right = cast("list[Any]", expected), cast("list[Any]", actual)
        return len(left) == len(right) and all(
            same_value(one, other, tolerance) for one, other in zip(left, right, strict=True)
        )
    return bool(expected == actual)


def _near(expected: float, actual: float, tolerance: float) -> bool:
    try:
        # The tiny share keeps 0.3 within 0.1 of 0.2, which binary fractions alone would not.
        return tolerance > 0 and abs(expected - actual) <= tolerance * (1 + 1e-9)
    except OverflowError:
        return False


def _differences(
    path: str, expected: Mapping[str, Any], actual: Mapping[str, Any], match: ArgumentMatch, tolerance: float
) -> Iterator[str]:
    for key, value in expected.items():
        where = f"{path}.{key}" if path else key
        if key not in actual:
            yield f"`{where}` is missing (expected {shown(value)})"
        else:
            yield from _difference(where, value, actual[key], match, tolerance)
    if match is ArgumentMatch.EXACT:
        for key in actual:
            if key not in expected:
                yield f"`{f'{path}.{key}' if path else key}` was not expected (saw {shown(actual[key])})"


def _difference(where: str, expected: Any, actual: Any, match: ArgumentMatch, tolerance: float) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        yield from _differences(
            where, cast("Mapping[str, Any]", expected), cast("Mapping[str, Any]", actual), match, tolerance
        )
    elif match is not ArgumentMatch.EXACT and isinstance(expected, list) and isinstance(actual, list):
        yield from _list_differences(where, cast("list[Any]", expected), cast("list[Any]", actual), match, tolerance)
    elif match is ArgumentMatch.REGEX and isinstance(expected, str):
        text = actual if isinstance(actual, str) else as_json(actual)
        if Search(expected).find(text) is None:
            yield f"`{where}`: expected something like /{excerpt(expected)}/, saw {shown(actual)}"
    elif not same_value(expected, actual, tolerance):
        yield f"`{where}`: expected {shown(expected)}, saw {shown(actual)}"


def _list_differences(
    where: str, expected: list[Any], actual: list[Any], match: ArgumentMatch, tolerance: float
) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"`{where}`: expected {len(expected)} items, saw {shown(actual)}"
        return
    for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
        yield from _difference(f"{where}[{number}]", one, other, match, tolerance)
