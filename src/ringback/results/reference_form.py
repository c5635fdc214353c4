"""Results in the reference product's shapes: the answer of a run request, an entry of a list, and the detail."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunStatus
from ringback.domain.scenario import TestProfile
from ringback.results.brief import figures_of, halves
from ringback.results.json_text import json_text
from ringback.results.reference_lines import entry_parts, line_fields, number_of, success_of
from ringback.results.reference_totals import overall_evaluation
from ringback.results.reference_transcript import clock
from ringback.results.statistics import wilson
from ringback.storage.reading_rows import (
    AskedRun,
    CountedRuns,
    Counts,
    DetailedResult,
    ListedResult,
    ResultLine,
    RunLine,
)
from ringback.storage.reading_status import TERMINAL, Shown
from ringback.storage.readings import Readings, counts_of_lines

_NO_CALL = frozenset(
    {
        EndingCode.NOT_CONNECTED,
        EndingCode.REFUSED,
        EndingCode.HANDSHAKE_FAILED,
        EndingCode.BUSY,
        EndingCode.NO_ANSWER,
        EndingCode.CREDENTIALS_REFUSED,
        EndingCode.CALL_FAILED,
        EndingCode.DID_NOT_CALL,
        EndingCode.NOT_TRIGGERED,
    }
)
"""Endings of runs in which the line was never open."""


async def request_answer(readings: Readings, result_id: int) -> dict[str, Any]:
    """A result as a run request, or `rerun`, answers it, its runs an array: as it was before any of them began.

    Raises `NotFound` where there is no such result.
    """
    result, runs, profiles = await readings.asked(result_id)
    waiting = Counter(run.awaits_call for run in runs)
    head = _head(result, Counts(tuple(_not_begun(awaits_call, number) for awaits_call, number in waiting.items())))
    # What waits is "running" in the first answer, whichever kind of waiting it is; but whoever is to call has to know
    # which runs it can call by now.
    status = Shown.IN_QUEUE.value if result.takes_calls else head["status"]
    items = [
        {
            "id": run.id,
            "scenario": run.scenario_id,
            "scenario_name": run.scenario_name,
            "number": number_of(run),
            "status": Shown.PENDING.value if run.awaits_call else status,
            "success": None,
            "test_profile_data": _profile(run, profiles.get(run.specification_id)),
            **line_fields(run),
        }
        for run in runs
    ]
    return {**head, "runs": items}


def _not_begun(awaits_call: bool, number: int) -> CountedRuns:
    return CountedRuns(RunStatus.QUEUED, None, None, None, awaits_call, number)


def list_item(listed: ListedResult) -> dict[str, Any]:
    """A result in a list; `runs` is an array of its first runs, `runs_left_out` says how many more there are."""
    return {
        **_head(listed.line, listed.counts),
        **counted(listed.counts, listed.line.run_type),
        "scenarios": [{"id": number, "name": name} for number, name in listed.scenarios],
        "runs": [_summary(run) for run in listed.runs],
        "runs_left_out": listed.counts.total - len(listed.runs),
    }


def detail(result: DetailedResult) -> bytes:
    """A result's detail as JSON text, `runs` an object keyed by id.

    It is put together from the runs' briefs as they are, for a result may have ten thousand runs.
    """
    counts = counts_of_lines(result.runs)
    head = _head(result.line, counts)
    briefs = [halves(run.brief) if run.brief else None for run in result.runs]
    body = {
        **head,
        **counted(counts, result.line.run_type),
        "scenarios": [
            {"id": number, "name": name}
            for number, name in dict.fromkeys((run.scenario_id, run.scenario_name) for run in result.runs)
        ],
        **_lists_of_runs(result.runs),
        "total_duration": clock(sum(run.duration or 0.0 for run in result.runs)),
        "overall_evaluation": overall_evaluation(
            figures_of(brief[0] for brief in briefs if brief), head["success_rate"]
        ),
        "metrics": [],
        "critical_categories": [],
        "runs_by_tags": {},
        "latency_data": None,
        "failed_reasons": None,
        "ai_summary": None,
        "ai_summary_status": None,
        "next_steps": [],
        "path_coverage": None,
        "performance_metrics": None,
        "run_settings": result.line.request or {},
        "provenance": orjson.loads(result.provenance),
    }
    names = {name: json_text(name, ascii_only=True) for name in {run.scenario_name for run in result.runs}}
    text = [json_text(body, ascii_only=True)[:-1], ',"runs":{']
    between = '"'
    for run, brief in zip(result.runs, briefs, strict=True):
        text += between, str(run.id), '":', *entry_parts(run, names[run.scenario_name], brief[1] if brief else None)
        between = ',"'
    text.append("}}")
    return "".join(text).encode("ascii")


def _head(result: ResultLine, counts: Counts) -> dict[str, Any]:
    return {
        "id": result.id,
        "name": result.name,
        "agent": result.agent_id,
        "agent_name": result.agent_name,
        "agent_inbound": not result.takes_calls,
        "agent_version": None,
        "status": counts.status(result.run_type).value,
        "success_rate": success_rate(counts),
        "run_as_text": result.run_type != "Voice",
        "run_type": result.run_type or "Text",
        "is_cronjob": False,
        "created_at": result.created_at,
        "updated_at": result.updated_at or result.finished_at or result.created_at,
        "finished_at": result.finished_at,
        "concurrency_limit": result.concurrency_limit,
    }


def success_rate(counts: Counts) -> float:
    """Passed of all runs in percent, so that nothing which failed to run can make a result look better."""
    return round(100 * counts.of(Outcome.PASSED) / counts.total, 2) if counts.total else 0.0


def counted(counts: Counts, run_type: str | None) -> dict[str, Any]:
    """The counts of a result, ours beside those of the reference product."""
    passed, failed = counts.of(Outcome.PASSED), counts.of(Outcome.FAILED)
    interval = wilson(passed, passed + failed)
    return {
        "total_runs_count": counts.total,
        "completed_runs_count": counts.over,
        "success_runs_count": passed,
        "failed_runs_count": counts.total - passed if counts.status(run_type) in TERMINAL else 0,
        "met_expected_outcome_count": counts.expectations_met,
        "total_expected_outcome_count": counts.expectations,
        "valid_runs_count": passed + failed,
        "invalid_runs_count": counts.of(Outcome.INVALID),
        "inconclusive_runs_count": counts.of(Outcome.INCONCLUSIVE),
        "error_runs_count": counts.of(Outcome.ERROR),
        "success_rate_interval": {
            "low": round(100 * interval.low, 2),
            "high": round(100 * interval.high, 2),
            "n": passed + failed,
        }
        if passed + failed
        else None,
        "sufficient_evidence": passed + failed > 0 and 2 * (passed + failed) >= counts.total,
    }


def _lists_of_runs(runs: Sequence[RunLine]) -> dict[str, Any]:
    over = [run for run in runs if run.is_over]
    connected = [run.id for run in over if run.duration is not None and run.ending not in _NO_CALL]
    there = set(connected)
    return {
        "connected_runs": connected,
        "not_connected_runs": [run.id for run in over if run.id not in there],
        "successful_calls": [run.id for run in over if run.outcome == Outcome.PASSED],
        "failed_infrastructure_runs": None,
        "failed_workflow_runs": None,
    }


def _summary(run: RunLine) -> dict[str, Any]:
    return {
        "id": run.id,
        "scenario": run.scenario_id,
        "scenario_name": run.scenario_name,
        "number": number_of(run),
        "status": run.shown.value,
        "success": success_of(run),
        "outcome": run.outcome,
    }


def _profile(run: AskedRun, profile: TestProfile | None) -> dict[str, Any] | None:
    return None if profile is None else profile_data(run.test_profile_id, profile)


def profile_data(number: int | None, profile: TestProfile) -> dict[str, Any]:
    """A test profile as runs show it, as it was when the run was asked for."""
    return {
        "id": number,
        "name": profile.name,
        "information": {
            "main_agent_variables": profile.agent_variables,
            "testing_agent_variables": profile.caller_variables,
        },
    }
