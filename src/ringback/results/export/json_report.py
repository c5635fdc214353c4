"""A result as JSON: everything that is known of it, for programs.

```
{
  "schema_version": 1,        raised when a field is renamed, removed or means something else; fields may be added
  "ringback_version": "…",    the version that wrote the report
  "result": {…, "runs": […]}, the record as it is stored: each run with its specification, conversation (entries,
                              findings, metadata, ending), evaluation (checks, metrics, expected outcome, outcome),
                              earlier attempts and usage; times of entries in seconds from the call's start
  "summary": {…},             counts, rates, intervals, thresholds, latency and usage; per scenario and in total
  "comparison": {…} or null   against a baseline
}
```
"""

import json
from dataclasses import fields
from importlib.metadata import version
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from ringback.domain.run import Result, RunSpecification
from ringback.results.compare import Comparison
from ringback.results.summary import ResultSummary, ScenarioSummary, Tally
from ringback.storage.documents import plain

SCHEMA_VERSION = 1


def render(result: Result, summary: ResultSummary, comparison: Comparison | None = None) -> bytes:
    """The report as JSON in UTF-8."""
    head = {"schema_version": SCHEMA_VERSION, "ringback_version": version("ringback")}
    tail = {
        "summary": _summary(summary),
        "comparison": None if comparison is None else _comparison(comparison),
    }
    parts = (
        json.dumps(head)[:-1].encode(),
        b', "result": ',
        _result(result),
        b", ",
        json.dumps(tail)[1:].encode(),
        b"\n",
    )
    return b"".join(parts)


def _result(result: Result) -> bytes:
    """The record, by far the largest part; the slow way round where the fast one cannot write what an agent sent."""
    try:
        return orjson.dumps(result, default=_Models(), option=orjson.OPT_UTC_Z)
    except (orjson.JSONEncodeError, PydanticSerializationError):
        return to_json(plain(result))


class _Models:
    """Writes the models within a result, each once however many runs share it."""

    def __init__(self) -> None:
        self._written: dict[int, orjson.Fragment] = {}

    def __call__(self, value: object) -> dict[str, Any] | orjson.Fragment:
        """The value in a form that the encoder knows. Raises `TypeError` where there is none."""
        if isinstance(value, RunSpecification):  # each run has its own, made of shared parts
            return {name: getattr(value, name) for name in RunSpecification.model_fields}
        if not isinstance(value, BaseModel):
            raise TypeError(f"no JSON for {type(value).__name__}")
        written = self._written.get(id(value))
        if written is None:
            written = self._written[id(value)] = orjson.Fragment(value.model_dump_json())
        return written


def _summary(summary: ResultSummary) -> dict[str, Any]:
    values = {
        field.name: getattr(summary, field.name)
        for field in fields(summary)
        if field.name not in ("scenarios", "tally")
    }
    return {
        **to_jsonable_python(values),
        **_tally(summary.tally),
        "scenarios": [_scenario(scenario) for scenario in summary.scenarios],
    }


def _scenario(scenario: ScenarioSummary) -> dict[str, Any]:
    values = {
        field.name: getattr(scenario, field.name) for field in fields(scenario) if field.name not in ("runs", "tally")
    }
    return {**to_jsonable_python(values), **_tally(scenario.tally), "runs": [run.id for run in scenario.runs]}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    scenarios = [
        {**to_jsonable_python(scenario), "baseline": _tally(scenario.baseline), "current": _tally(scenario.current)}
        for scenario in comparison.scenarios
    ]
    return {**to_jsonable_python(comparison), "scenarios": scenarios, "got_worse": comparison.got_worse}


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "planned": tally.planned,
        "outcomes": {str(outcome): count for outcome, count in tally.outcomes.items()},
        "unfinished": tally.unfinished,
        "valid": tally.valid,
        "rate": tally.rate,
        "interval": [tally.interval.low, tally.interval.high],
        "sufficient": tally.sufficient,
        "success_rate": tally.success_rate,
    }
