"""What the row of a run says, in the reference product's shapes."""

from typing import Any

import orjson

from ringback.domain.ending import Ending, EndingCode
from ringback.domain.outcome import Outcome
from ringback.results.brief import entry_of
from ringback.results.reference_transcript import clock
from ringback.storage.reading_rows import RunLine
from ringback.storage.reading_status import TERMINAL, Shown

_LOST = {
    Shown.CANCELLED: "The run was cancelled before it began.",
    Shown.FAILED: "The process that held the run ended before the run did.",
}
"""Why there is no record of a run that is over."""

_SUCCESS = {Outcome.PASSED: True, Outcome.FAILED: False}

_EVALUATED = {Outcome.PASSED: "success", Outcome.FAILED: "failure"}


def number_of(run: RunLine) -> int | str | None:
    """1 to frequency of a repeated text run, as a number; a telephone number as it is."""
    return int(run.number) if run.number and run.number.isdecimal() else run.number


def success_of(run: RunLine) -> bool | None:
    """True for passed, False for failed; None where the run says nothing about the agent, or is not over."""
    return _SUCCESS.get(Outcome(run.outcome)) if run.outcome and run.shown in TERMINAL else None


def review_of(run: RunLine) -> dict[str, Any]:
    """What people noted, beside what the run itself says."""
    noted: dict[str, Any] = orjson.loads(run.review) if run.review else {}
    over = run.outcome is not None and run.shown in TERMINAL
    return {
        "is_reviewed": bool(noted.get("is_reviewed", False)),
        "feedback": noted.get("feedback"),
        "evaluation_status": noted.get("evaluation_status")
        or (_EVALUATED.get(Outcome(run.outcome)) if over and run.outcome else None),
        "review_required": over and run.outcome == Outcome.INCONCLUSIVE and not noted.get("is_reviewed", False),
    }


def own_fields(run: RunLine) -> dict[str, Any]:
    """What the row says, for the entry of a detail and for the run itself."""
    return {
        "id": run.id,
        "result_id": run.result_id,
        "scenario": run.scenario_id,
        "scenario_name": run.scenario_name,
        "number": number_of(run),
        "personality": run.personality_id,
        "test_profile": run.test_profile_id,
        "repeat": run.repeat,
        "attempt": run.attempt,
        "status": run.shown.value,
        "success": success_of(run),
        "outcome": run.outcome if run.shown in TERMINAL else None,
        "inbound_number": None,
        "outbound_number": None,
    }


def without_record(run: RunLine) -> dict[str, Any]:
    """What stands where the brief will be, of a run that is under way or never began."""
    reason = _LOST.get(run.shown)
    return {
        "personality_name": None,
        "test_profile_name": None,
        "expected_outcome": None,
        "evaluation": {"metrics": []},
        "timestamp": None,
        "executed_at": None,
        "finished_at": None,
        "duration": clock(run.duration) if run.duration is not None else None,
        "duration_seconds": run.duration,
        "error_message": reason,
        "outcome_reason": reason or "",
        "call_ended_reason": ended_reason(run.ending),
        "metadata": {},
    }


def ended_reason(ending: str | None) -> str | None:
    """The reference product's word for an ending's code."""
    return None if ending is None else Ending(code=EndingCode(ending), sentence="").reference_reason


def entry_text(run: RunLine, scenario_name: str) -> str:
    """The run's entry of its result's detail as JSON text; the brief is taken as it stands.

    Args:
        run: its row.
        scenario_name: the scenario's name as JSON text.
    """
    if run.brief is None:
        return orjson.dumps({**own_fields(run), **without_record(run), **review_of(run)}).decode()
    shown, success = run.shown, success_of(run)
    over = shown in TERMINAL
    return (
        f'{{"id":{run.id},"result_id":{run.result_id},"scenario":{run.scenario_id},"scenario_name":{scenario_name},'
        f'"number":{_text(number_of(run))},"personality":{_text(run.personality_id)},'
        f'"test_profile":{_text(run.test_profile_id)},"repeat":{run.repeat},"attempt":{run.attempt},'
        f'"status":"{shown.value}","success":{_TRUTH[success]},"outcome":{_text(run.outcome if over else None)},'
        f'"inbound_number":null,"outbound_number":null,{entry_of(run.brief)[1:-1]},{_review_text(run)}}}'
    )


_TRUTH = {True: "true", False: "false", None: "null"}


def _text(value: float | str | None) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else orjson.dumps(value).decode()


def _review_text(run: RunLine) -> str:
    return orjson.dumps(review_of(run)).decode()[1:-1]
