"""The runs of a result as lines, a few records at a time, so that memory does not grow with their number."""

import csv
import io
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from ringback.domain.visible import visible
from ringback.results.json_text import json_bytes
from ringback.results.reference_run import full_runs
from ringback.storage.readings import Readings

AT_ONCE = 50
"""Records in memory."""

COLUMNS = (
    "id",
    "result_id",
    "scenario",
    "scenario_name",
    "number",
    "repeat",
    "personality_name",
    "status",
    "outcome",
    "success",
    "outcome_reason",
    "expected_outcome_score",
    "duration_seconds",
    "call_ended_reason",
    "error_message",
    "timestamp",
    "finished_at",
    "metrics",
    "transcript",
    "ringing_duration",
    "degraded",
)
"""Of the CSV file; `metrics`, `transcript` and `degraded` are text with line ends."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula; agents choose their words."""


async def runs_as_json_lines(readings: Readings, result_id: int) -> AsyncGenerator[bytes]:
    """One run a line, as the run's detail has it."""
    async for run in _runs(readings, result_id):
        yield json_bytes(run) + b"\n"


async def runs_as_json(readings: Readings, result_id: int) -> AsyncGenerator[bytes]:
    """A JSON array of them."""
    between = b"["
    async for run in _runs(readings, result_id):
        yield between + json_bytes(run)
        between = b",\n"
    yield b"[]" if between == b"[" else b"]"


async def runs_as_csv(readings: Readings, result_id: int) -> AsyncGenerator[bytes]:
    """A table with a head, one run a row."""
    yield _row(dict(zip(COLUMNS, COLUMNS, strict=True)))
    async for run in _runs(readings, result_id):
        yield _row(_flat(run))


async def _runs(readings: Readings, result_id: int) -> AsyncGenerator[dict[str, Any]]:
    after = 0
    while page := await readings.page_of_runs(result_id, after=after, limit=AT_ONCE):
        for run in await full_runs(page):
            yield run
        after = page[-1].run.id


def _flat(run: Mapping[str, Any]) -> dict[str, Any]:
    expected = run["expected_outcome"]
    voice: Mapping[str, Any] | None = run.get("voice")
    metrics = (f"{metric['name']}: {_value(metric)}" for metric in run["evaluation"]["metrics"])
    return {
        **run,
        "expected_outcome_score": expected["score"] if expected else None,
        "metrics": "\n".join(metrics),
        "ringing_duration": run["metadata"].get("ringing_duration"),
        "degraded": "\n".join(voice["degraded"] if voice else ()),
    }


def _value(metric: Mapping[str, Any]) -> Any:
    value = metric.get("value", metric["score"])
    return "none" if value is None else value


def _row(values: Mapping[str, Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_cell(values.get(column)) for column in COLUMNS])
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        shown = visible(value)
        return f"'{shown}" if shown.startswith(_FORMULA) else shown
    return value
