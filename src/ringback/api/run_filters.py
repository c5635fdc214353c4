"""The filters of the list of runs, as the reference product names them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from ringback.errors import InvalidFields
from ringback.storage.reading_filters import RunFilter
from ringback.storage.reading_status import Shown

_T = TypeVar("_T")

_MOMENT = TypeAdapter(datetime)
_LARGEST = 2**63 - 1
_DIGITS = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d\s*", re.ASCII)
_RATES = {"100": True, "100.0": True, "0": False, "0.0": False}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def _number(text: str) -> int:
    if not _DIGITS.fullmatch(text) or abs(int(text)) > _LARGEST:
        raise ValueError("A valid integer is required.")
    return int(text)


def _each(read: Callable[[str], _T]) -> Callable[[str], frozenset[_T]]:
    return lambda text: frozenset(read(part.strip()) for part in text.split(",") if part.strip())


def _word(text: str) -> str:
    return text


def _status(text: str) -> Shown:
    try:
        return Shown(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a valid choice. Choices: {", ".join(Shown)}.') from None


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError("Must be a valid boolean: true or false.")
    return _TRUTH[text.lower()]


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise ValueError("A valid number is required.") from None
    if not -1e12 < seconds < 1e12:  # noqa: PLR2004 - also keeps infinities and NaN out
        raise ValueError("A valid number is required.")
    return seconds


def _moment(text: str) -> datetime:
    try:
        moment = _MOMENT.validate_python(text.replace(" ", "+") if "T" in text else text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValidationError, OverflowError):
        raise ValueError("Enter a date and time, for example 2026-01-31T12:00:00Z.") from None


def _until(text: str) -> datetime:
    """A date alone is the whole day: as the end of a range its last moment."""
    moment = _moment(text)
    return moment + timedelta(days=1, microseconds=-1) if _DATE.fullmatch(text) else moment


def _rate(text: str) -> bool:
    """The success rate of one run: all or nothing."""
    if text not in _RATES:
        raise ValueError("A run's success rate is 100 or 0.")
    return _RATES[text]


def _pair(
    read: Callable[[str], _T], read_end: Callable[[str], _T] | None = None
) -> Callable[[str], tuple[_T | None, _T | None]]:
    last = read_end or read

    def pair(text: str) -> tuple[_T | None, _T | None]:
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 2:  # noqa: PLR2004 - from and to
            raise ValueError("Enter two values with a comma between them; one may be left out.")
        return read(parts[0]) if parts[0] else None, last(parts[1]) if parts[1] else None

    return pair


@dataclass(frozen=True, slots=True)
class _Filter:
    """One query parameter."""

    fields: tuple[str, ...]
    """Fields of `RunFilter` that it fills in."""
    read: Callable[[str], Any]
    means: str


FILTERS: Mapping[str, _Filter] = {
    "id": _Filter(("ids",), _each(_number), "Number of the run."),
    "id__in": _Filter(("ids",), _each(_number), "Numbers of runs, with commas."),
    "result_id": _Filter(("result_id",), _number, "Runs of this result."),
    "result__id": _Filter(("result_id",), _number, "Runs of this result."),
    "agent_id": _Filter(("agent_id",), _number, "Runs with this agent."),
    "assistant_id": _Filter(("assistant_id",), _word, "Runs with the agent that has this assistant id."),
    "status": _Filter(("statuses",), _each(_status), "How the run stands."),
    "status__in": _Filter(("statuses",), _each(_status), "How the run stands: any of these, with commas."),
    "success": _Filter(("success",), _truth, "true: passed; false: failed."),
    "scenario__id": _Filter(("scenarios",), _each(_number), "Runs of this scenario."),
    "scenario__id__in": _Filter(("scenarios",), _each(_number), "Runs of these scenarios, with commas."),
    "scenarios": _Filter(("scenarios",), _each(_number), "Runs of these scenarios, with commas."),
    "personality__id": _Filter(("personalities",), _each(_number), "Runs with this personality."),
    "personality__id__in": _Filter(("personalities",), _each(_number), "Runs with these, with commas."),
    "personalities": _Filter(("personalities",), _each(_number), "Runs with these, with commas."),
    "tags": _Filter(("tags",), _each(_word), "Runs asked for with one of these tags, with commas."),
    "metrics": _Filter(("metrics",), _each(_word), "Runs with an entry of one of these metrics: numbers or slugs."),
    "success_rate": _Filter(("success",), _rate, "100: passed; 0: failed."),
    "call_id": _Filter(("call_ids",), _each(_word), "The call's id, as `provider_call_id` of the run says it."),
    "call_id__icontains": _Filter(("call_id_part",), _word, "Part of the call's id."),
    "provider_call_id": _Filter(
        ("call_ids",), _each(_word), "The call's id, as `provider_call_id` of the run says it."
    ),
    "provider_call_id__icontains": _Filter(("call_id_part",), _word, "Part of the call's id."),
    "search": _Filter(("search",), _word, "Part of the scenario's name."),
    "call_ended_reason": _Filter(("ended_reasons",), _each(_word), "How the conversation ended."),
    "call_ended_reason__in": _Filter(("ended_reasons",), _each(_word), "Any of these, with commas."),
    "call_ended_reason__icontains": _Filter(("ended_reason_part",), _word, "Part of how it ended."),
    "timestamp__gte": _Filter(("started_from",), _moment, "Begun at this moment or later."),
    "timestamp__lte": _Filter(("started_to",), _until, "Begun at this moment or earlier."),
    "created_at_from": _Filter(("created_from",), _moment, "Asked for at this moment or later."),
    "created_at_to": _Filter(("created_to",), _until, "Asked for at this moment or earlier."),
    "created_at_range": _Filter(
        ("created_from", "created_to"), _pair(_moment, _until), "Asked for between two moments."
    ),
    "duration__gte": _Filter(("duration_from",), _seconds, "At least so many seconds long."),
    "duration__lte": _Filter(("duration_to",), _seconds, "At most so many seconds long."),
    "duration_range": _Filter(("duration_from", "duration_to"), _pair(_seconds), "Seconds, from and to."),
    "result__run_as_text": _Filter(("as_text",), _truth, "Whether it was run as text."),
}


def run_filter(request: Request) -> RunFilter:
    """What the query asks for. Parameters that nobody knows are passed over, as the reference product does.

    Raises:
        InvalidFields: values that cannot be read.
    """
    given: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, known in FILTERS.items():
        text = request.query_params.get(name, "").strip()
        if not text:
            continue
        try:
            value = known.read(text)
        except ValueError as error:
            wrong[name] = [str(error)]
            continue
        values = value if len(known.fields) > 1 else (value,)
        for field, one in zip(known.fields, values, strict=True):
            # Two spellings of one filter must both hold.
            before = given.get(field)
            if field in _OF_ONE_VALUE and before is not None and before != one:
                given["ids"] = frozenset()
            given[field] = before & one if isinstance(before, frozenset) else one
    if wrong:
        raise InvalidFields(wrong)
    return RunFilter(**given)


_OF_ONE_VALUE = frozenset({"result_id", "success"})
"""Fields of `RunFilter` that no run can have two values of."""
