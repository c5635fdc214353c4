"""One run with everything that is known of it, in the reference product's shape."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from ringback.domain.run import Run
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.results.brief import error_message, run_metadata
from ringback.results.reference_form import profile_data
from ringback.results.reference_lines import own_fields, review_of, without_record
from ringback.results.reference_scores import (
    expected_outcome,
    is_spoken,
    metric_entries,
    rubric_entries,
    unheard_in,
)
from ringback.results.reference_transcript import clock, transcript_object, transcript_text
from ringback.results.reference_voice import voice_fields
from ringback.results.summary import latency_trusted
from ringback.storage.reading_rows import KeptRun

_ABSENT: dict[str, Any] = {
    "provider_call_id": None,
    "trace_id": None,
    "agent_version": None,
    "voice_recording_url": None,
    "email_id": None,
    "critical_categories": [],
    "generated_mock_tool_entries": [],
    "mocked_tool_names": [],
    "provider_call_details": None,
    "testing_channel_index": None,
}
"""Fields of the reference product for which a run over text, or over a WebSocket, has nothing."""


RecordingUrl = Callable[[str], str]
"""The link to a file of the folder of recordings."""


def full_run(kept: KeptRun, recording_url: RecordingUrl | None = None) -> dict[str, Any]:
    """The run with its transcript, scores and metadata.

    Args:
        kept: as it is kept.
        recording_url: makes links to recordings; None: there are none where this is going.
    """
    run, line, result = kept.run, kept.line, kept.result
    specification = run.specification
    scenario = specification.scenario
    return {
        **_ABSENT,
        **own_fields(line),
        "scenario_type": _type(scenario),
        "scenario_instructions": _instructions(scenario),
        "personality_name": specification.personality.name if specification.personality else None,
        "agent": result.agent_id,
        "agent_name": result.agent_name,
        "agent_number": (result.request or {}).get("telephone"),
        "result_name": result.name,
        "run_as_text": result.run_type != "Voice",
        "run_type": result.run_type or "Text",
        "expected_outcome_prompt": scenario.expected_outcome,
        "test_profile_data": profile_data(line.test_profile_id, specification.profile)
        if specification.profile
        else None,
        "tags": list(scenario.tags),
        "created_at": kept.created_at,
        "updated_at": kept.updated_at,
        **_told(kept),
        **_heard(run, recording_url),
        **review_of(line),
    }


async def full_runs(kept: Sequence[KeptRun], recording_url: RecordingUrl | None = None) -> list[dict[str, Any]]:
    """Many of them, not on the loop that serves everybody."""
    return await asyncio.to_thread(lambda: [full_run(one, recording_url) for one in kept])


def _heard(run: Run, recording_url: RecordingUrl | None) -> dict[str, Any]:
    """What only spoken calls have: the recording, on which of its channels our caller is, and the call's id."""
    voice = run.conversation.voice if run.conversation else None
    if voice is None:
        return {}
    url = recording_url(f"{voice.recording}.wav") if recording_url and voice.recording else None
    return {"voice_recording_url": url, "provider_call_id": voice.call_id, "testing_channel_index": 0}


def _told(kept: KeptRun) -> dict[str, Any]:
    """What the record says; of a run without one, that there is none."""
    run = kept.run
    conversation, evaluation = run.conversation, run.evaluation
    if conversation is None and evaluation is None:
        nothing: dict[str, Any] = {
            "transcript": "",
            "transcript_object": [],
            "rubric": None,
            "checks": [],
            "findings": [],
        }
        return {**without_record(kept.line), **nothing, "timestamp": run.started_at, "executed_at": run.started_at}
    started = run.started_at or (conversation.started_at if conversation else None)
    return {
        "expected_outcome": expected_outcome(evaluation.expected_outcome if evaluation else None),
        "evaluation": {"metrics": metric_entries(evaluation, spoken=is_spoken(conversation))},
        "rubric": rubric_entries(run.specification.scenario.rubric, evaluation, unheard_in(conversation)),
        "transcript": transcript_text(conversation),
        "transcript_object": transcript_object(conversation),
        "timestamp": started,
        "executed_at": started,
        "finished_at": run.finished_at,
        "duration": clock(conversation.duration) if conversation else None,
        "duration_seconds": round(conversation.duration, 3) if conversation else None,
        "error_message": error_message(evaluation),
        "outcome_reason": evaluation.reason if evaluation else "",
        "call_ended_reason": conversation.ending.reference_reason if conversation else None,
        "metadata": run_metadata(conversation, evaluation),
        **_own(run),
    }


def _own(run: Run) -> dict[str, Any]:
    """What the reference product has no field for."""
    conversation, evaluation = run.conversation, run.evaluation
    return {
        "checks": [
            {
                "name": check.name,
                "passed": None if check.undecided else check.passed,
                "explanation": check.explanation,
                "evidence": [{"entry": one.entry, "quote": one.quote} for one in check.evidence],
            }
            for check in (evaluation.checks if evaluation else ())
        ],
        "findings": [
            {"at": finding.at, "code": finding.code.value, "sentence": finding.sentence, "entry": finding.entry}
            for finding in (conversation.findings if conversation else ())
        ],
        "earlier_attempts": [
            {
                "number": attempt.number,
                "reason": attempt.reason,
                "transcript_object": transcript_object(attempt.conversation),
            }
            for attempt in run.earlier_attempts
        ],
        "usage": {
            role: {
                "calls": used.calls,
                "input_tokens": used.input_tokens,
                "output_tokens": used.output_tokens,
                "cost": used.cost,
                "characters": used.characters,
                "sound_seconds": used.sound_seconds,
            }
            for role, used in run.usage.items()
        },
        "latency_trusted": conversation is None or latency_trusted(conversation),
        **voice_fields(conversation),
    }


def _type(scenario: Scenario) -> str:
    """In the words of the reference product, which knows no scripts: they are conditional actions there."""
    return ScenarioType.CONDITIONAL_ACTIONS.value if scenario.type is ScenarioType.SCRIPT else scenario.type.value


def _instructions(scenario: Scenario) -> str:
    return "\n".join(scenario.script) if scenario.type is ScenarioType.SCRIPT else scenario.instructions
