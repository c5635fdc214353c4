"""What an agent sends, made fit to be kept: JSON that every database and every encoder can hold.

Python reads more than it can write again: `NaN`, half of a surrogate pair, integers of a million digits, objects nested
so deep that writing them overflows the stack. Each is replaced by the nearest thing that can be stored.
"""

import json
import math
from collections.abc import Callable
from typing import Any, cast

DEEPEST = 64
"""Levels of nesting that are kept; what lies deeper is kept as JSON text."""

LONGEST_DETAIL = 2000
"""Characters of a frame that a finding quotes."""

_REPLACEMENT = "\ufffd"
_UNSTORABLE = {0: _REPLACEMENT} | dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT)


def storable(text: str) -> str:
    """The text with what UTF-8 or a database cannot hold (lone surrogates, NUL) replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return text.translate(_UNSTORABLE)


def shortened(text: str, longest: int = LONGEST_DETAIL) -> str:
    """The text, cut with a note of its length where it is longer than so many characters."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def _finite(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return digits


def _named(constant: str) -> str:
    return constant


_decode = json.JSONDecoder(parse_float=_finite, parse_int=_integer, parse_constant=_named).decode


def read_json(text: str, clean: Callable[[str], str] = storable) -> Any:
    """The JSON value of a text, storable.

    `clean` is applied to every string that an escape sequence could have smuggled past a look at the raw text.
    Raises ValueError for text that is not JSON and RecursionError for text nested too deep to be read at all.
    """
    value = _decode(text)
    if "\\" in text or text.count("{") + text.count("[") > DEEPEST:
        return _rebuilt(value, clean, DEEPEST)
    return value


def _rebuilt(value: Any, clean: Callable[[str], str], levels: int) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        if levels == 0:
            return _as_text(items, clean)
        return {clean(key): _rebuilt(item, clean, levels - 1) for key, item in items.items()}
    if isinstance(value, list):
        values = cast("list[Any]", value)
        if levels == 0:
            return _as_text(values, clean)
        return [_rebuilt(item, clean, levels - 1) for item in values]
    return value


def _as_text(value: Any, clean: Callable[[str], str]) -> str:
    try:
        return shortened(clean(json.dumps(value, ensure_ascii=False)))
    except RecursionError:
        return "(nested too deep to be kept)"
