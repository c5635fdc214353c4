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

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from ringback.domain.run import Result
from ringback.results.compare import Comparison
from ringback.results.summary import ResultSummary, ScenarioSummary, Tally
from ringback.storage.documents import plain

SCHEMA_VERSION = 1

_RESULT = TypeAdapter(Result)


def render(result: Result, summary: ResultSummary, comparison: Comparison | None = None) -> str:
    """The report as JSON text."""
    head = {"schema_version": SCHEMA_VERSION, "ringback_version": version("ringback")}
    tail = {
        "summary": _summary(summary),
        "comparison": None if comparison is None else _comparison(comparison),
    }
    # The result is by far the largest part and has a serialiser of its own, ten times as fast as a generic one.
    return f'{json.dumps(head)[:-1]}, "result": {_result(result)}, {json.dumps(tail)[1:]}\n'


def _result(result: Result) -> str:
    try:
        return _RESULT.dump_json(result).decode()
    except PydanticSerializationError:
        return to_json(plain(result)).decode()


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
