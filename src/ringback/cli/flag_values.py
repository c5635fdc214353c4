"""What is wrong with a flag's value, in the words of this program rather than in those of the library that reads it."""

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import typer
from typer.core import TyperGroup

_SHOWN = 60


class Commands(TyperGroup):
    """The commands, which say in plain words what a flag's value has to be."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed. Raises `typer.BadParameter` where a value does not fit."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _in_our_words(error)
            raise


def finite(value: float | None) -> float | None:
    """The value; for flags that would otherwise take infinity for a number."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(_FINITE)
    return value


_FINITE = "it has to be a finite number."
_Words = Callable[[str, Mapping[str, Any]], str]


def _whole(given: str, _: Mapping[str, Any]) -> str:
    return f"{given} is not a whole number."


def _bound(words: str, name: str) -> _Words:
    return lambda given, context: f"{given} is out of range: it has to be {words} {context[name]:g}."


_SENTENCES: Mapping[str, _Words] = {
    "int_parsing": _whole,
    "int_parsing_size": _whole,
    "int_from_float": _whole,
    "float_parsing": lambda given, _: f"{given} is not a number.",
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "value_error": lambda _, context: str(context["error"]),
}
"""By the kinds of pydantic's errors, which are what the library's sentences are made of."""


def _in_our_words(error: typer.BadParameter) -> str:
    from pydantic import ValidationError  # noqa: PLC0415 - a wrong value is rare, and --help is quick without it

    from ringback.domain.visible import visible  # noqa: PLC0415 - as above

    if not isinstance(error.__cause__, ValidationError):
        return error.message
    detail = error.__cause__.errors(include_url=False)[0]
    given = str(detail["input"])
    if given.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return _FINITE
    words = _SENTENCES.get(detail["type"])
    shown = visible(given if len(given) <= _SHOWN else given[: _SHOWN - 1] + "…")
    return words(f"'{shown}'", cast("Mapping[str, Any]", detail.get("ctx") or {})) if words else error.message
