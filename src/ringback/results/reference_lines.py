"""What the row of a run says, in the reference product's shapes."""

from functools import cache
from typing import Any

import orjson

from ringback.domain.ending import Ending, EndingCode
from ringback.domain.outcome import Outcome
from ringback.results.json_text import json_text
from ringback.results.reference_transcript import clock
from ringback.storage.reading_rows import AskedRun, RunLine
from ringback.storage.reading_status import OPENING, Shown

_LOST = {
    Shown.CANCELLED: "The run was cancelled before it began.",
    Shown.TIMEOUT: "The agent did not call within its dial window.",
    Shown.FAILED: "The process that held the run ended before the run did.",
}
"""Why there is no record of a run that is over."""

_SUCCESS = {Outcome.PASSED: True, Outcome.FAILED: False}

_EVALUATED = {Outcome.PASSED: "success", Outcome.FAILED: "failure"}


def number_of(run: RunLine | AskedRun) -> int | str | None:
    """1 to frequency of a repeated text run, as a number; a telephone number as it is."""
    if run.number is None or run.dial_opened_at is not None or not run.number.isdecimal():
        return run.number
    return int(run.number)


def line_fields(run: RunLine | AskedRun) -> dict[str, Any]:
    """Our telephone numbers of the run, and when its agent may call."""
    window = run.dial_window
    return {
        "inbound_number": run.inbound_number,
        "outbound_number": window.number if window else None,
        "outbound_dial_window_opens_at": window.opens_at if window else None,
        "outbound_dial_window_seconds": window.seconds if window else None,
        "outbound_dial_window_closes_at": window.closes_at if window else None,
    }


def success_of(run: RunLine) -> bool | None:
    """True for passed, False for failed; None where the run says nothing about the agent, or is not over."""
    return _SUCCESS.get(Outcome(run.outcome)) if run.outcome and run.is_over else None


def review_of(run: RunLine) -> dict[str, Any]:
    """What people noted, beside what the run itself says."""
    noted: dict[str, Any] = orjson.loads(run.review) if run.review else {}
    over = run.outcome is not None and run.is_over
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
        "outcome": run.outcome if run.is_over else None,
        **line_fields(run),
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
    return None if ending in (None, OPENING) else Ending(code=EndingCode(ending), sentence="").reference_reason


def entry_parts(run: RunLine, scenario_name: str, members: str | None) -> tuple[str, str, str]:
    """The run's entry of its result's detail as JSON text, in three parts: nothing of the brief is copied.

    Args:
        run: its row.
        scenario_name: the scenario's name as JSON text.
        members: what was rendered when the run was done; None where there is nothing.
    """
    if members is None:
        text = json_text({**own_fields(run), **without_record(run), **review_of(run)}, ascii_only=True)
        return text[:1], text[1:-1], text[-1:]
    standing, review = _standing(run.status, run.outcome, run.ending, run.awaits_call)
    numbers = _NO_NUMBERS if run.dial_opened_at is None and run.inbound_number is None else _members(line_fields(run))
    begins = (
        f'{{"id":{run.id},"result_id":{run.result_id},"scenario":{run.scenario_id},"scenario_name":{scenario_name},'
        f'"number":{_text(run)},"personality":{_number(run.personality_id)},'
        f'"test_profile":{_number(run.test_profile_id)},"repeat":{run.repeat},"attempt":{run.attempt},{standing},'
        f"{numbers},"
    )
    return begins, members, f",{review if run.review is None else _members(review_of(run))}}}"


@cache
def _standing(status: str, outcome: str | None, ending: str | None, awaits_call: bool | None) -> tuple[str, str]:
    """How a run stands, and the review of one that nobody reviewed: the same for all that ended alike."""
    nothing = dict.fromkeys(RunLine._fields)
    standing: dict[str, Any] = {"status": status, "outcome": outcome, "ending": ending, "awaits_call": awaits_call}
    run = RunLine(**{**nothing, **standing})  # pyright: ignore[reportArgumentType] - only these are read
    own = own_fields(run)
    return _members({name: own[name] for name in ("status", "success", "outcome")}), _members(review_of(run))


def _members(values: dict[str, Any]) -> str:
    """The members of a JSON object, without its braces."""
    return json_text(values, ascii_only=True)[1:-1]


def _number(value: int | None) -> int | str:
    return "null" if value is None else value


def _text(run: RunLine) -> str:
    return "null" if run.number is None else json_text(number_of(run), ascii_only=True)


_NO_NUMBERS = _members(line_fields(RunLine(**dict.fromkeys(RunLine._fields))))  # pyright: ignore[reportArgumentType] - nothing is there
