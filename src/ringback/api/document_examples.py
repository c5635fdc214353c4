"""Examples of what is answered, for the API's document: of results and runs, of lists, and of the smaller bodies.

They are added to the finished document, because FastAPI leaves out of a model's own examples what is null.
"""

from collections.abc import Mapping
from typing import Any

_RUN = {
    "id": 12,
    "scenario": 3,
    "scenario_name": "Books an appointment",
    "number": 1,
    "status": "completed",
    "success": True,
}
_NO_CALL = {
    "inbound_number": None,
    "outbound_number": None,
    "outbound_dial_window_opens_at": None,
    "outbound_dial_window_seconds": None,
    "outbound_dial_window_closes_at": None,
}
_ASKED_RUN = {
    **_RUN,
    **_NO_CALL,
    "status": "running",
    "success": None,
    "test_profile_data": {"id": 2, "name": "Ada Quill", "information": {"name": "Ada Quill"}},
}
_HEAD = {
    "id": 4,
    "name": "Nightly",
    "agent": 1,
    "agent_name": "Clinic",
    "agent_inbound": True,
    "agent_version": None,
    "status": "completed",
    "success_rate": 50.0,
    "run_as_text": True,
    "run_type": "Text",
    "is_cronjob": False,
    "created_at": "2027-01-31T12:00:00Z",
    "updated_at": "2027-01-31T12:00:09Z",
    "finished_at": "2027-01-31T12:00:09Z",
    "concurrency_limit": None,
}
_COUNTED = {
    **_HEAD,
    "total_runs_count": 2,
    "completed_runs_count": 2,
    "success_runs_count": 1,
    "failed_runs_count": 1,
    "met_expected_outcome_count": 1,
    "total_expected_outcome_count": 2,
    "valid_runs_count": 2,
    "invalid_runs_count": 0,
    "inconclusive_runs_count": 0,
    "error_runs_count": 0,
    "success_rate_interval": {"low": 9.45, "high": 90.55, "n": 2},
    "sufficient_evidence": True,
    "scenarios": [{"id": 3, "name": "Books an appointment"}],
}
_METRIC = {
    "id": 1,
    "name": "Latency",
    "slug": "latency",
    "type": "numeric",
    "score": 0.42,
    "score_normalized": None,
    "explanation": "Mean of 4 answers; the slowest, entry 7, took 0.61 s.",
    "function_name": "latency",
    "extra": {"unit": "s", "percentiles": {"p50": 0.4, "p95": 0.6}},
}
_ENTRY = {
    **_RUN,
    **_NO_CALL,
    "personality": 1,
    "personality_name": "Normal Caller",
    "test_profile": 2,
    "test_profile_name": "Ada Quill",
    "repeat": 1,
    "attempt": 1,
    "result_id": 4,
    "outcome": "passed",
    "outcome_reason": "Everything that was asserted holds.",
    "expected_outcome": {
        "score": 100,
        "explanation": ["The agent booked Friday and repeated the time."],
        "outcome_alignments": [],
    },
    "evaluation": {"metrics": [_METRIC]},
    "error_message": None,
    "duration": "00:08",
    "duration_seconds": 8.25,
    "timestamp": "2027-01-31T12:00:00Z",
    "executed_at": "2027-01-31T12:00:00Z",
    "finished_at": "2027-01-31T12:00:09Z",
    "call_ended_reason": "Main agent-ended-call",
    "metadata": {"ended_reason": "Main agent-ended-call"},
    "is_reviewed": False,
    "feedback": None,
    "evaluation_status": "success",
    "review_required": False,
}
_EVIDENCE = {"entry": 1, "quote": "how can I help?"}
_CHECK = {"name": "says hello", "passed": True, "explanation": "Found in entry 1.", "evidence": [_EVIDENCE]}
_FINDING = {"at": 7.5, "code": "bad_content", "sentence": "The content of a frame was no text.", "entry": None}
_RULE = {
    "metric_id": 1,
    "metric_name": "Latency",
    "value": 0.42,
    "explanation": ["Mean of 4 answers."],
    "passed": True,
    "conditions": {"operator": "and", "conditions": [{"field": "score", "op": "lt", "value": 1}]},
    "expected_conditions": ["score < 1"],
}
_CALL = {
    "transport": "chirp",
    "sample_rate": 16000,
    "duration": 8.3,
    "recognition": "grammar",
    "speech_to_text": "pocketsphinx",
    "text_to_speech": "flite:slt",
    "main_speaking": [[0.1, 1.9]],
    "testing_speaking": [[2.3, 4.0]],
    "backchannels": [],
    "protected": [],
    "keys": [{"at": 5.5, "digit": "1", "by": "caller"}],
    "lateness": {"frames": 85, "p50": 0.0002, "p99": 0.0011, "worst": 0.0031},
    "degraded": [],
    "seed": 0,
    "ringing": None,
    "media": None,
    "holds": [],
    "transferred_to": None,
}
_LINE = {
    "codec": "PCMU",
    "packets_sent": 415,
    "packets_received": 414,
    "lost_received": 1,
    "lost_sent": 0,
    "jitter_received": 0.0021,
    "jitter_sent": 0.0018,
    "round_trip": 0.031,
}
_PROVENANCE = {
    "ringback_version": "0.1.0",
    "git_commit": "3f1d2c0",
    "git_branch": "main",
    "labels": {"build": "512"},
    "suite_hashes": {"booking.yaml": "9f86d081884c7d65"},
    "models": {"caller": "openai:gpt-4.1-mini"},
    "prompt_versions": {"caller": "3"},
    "prices": "2026-11-01",
    "seed": 0,
}
_USAGE = {
    "calls": 3,
    "input_tokens": 1200,
    "output_tokens": 60,
    "cost": 0.0004,
    "characters": 0,
    "sound_seconds": 0.0,
}
_SAID = {
    "role": "Main Agent",
    "content": "Clinic, how can I help?",
    "time": "00:00",
    "start_time": 0.1,
    "end_time": 0.1,
    "timestamp": "2027-01-31T12:00:00.100000+00:00",
}
_FULL = {
    **_ENTRY,
    "result_name": "Nightly",
    "agent": 1,
    "agent_name": "Clinic",
    "run_type": "Text",
    "run_as_text": True,
    "scenario_type": "instruction",
    "scenario_instructions": "You want an appointment on Friday at noon.",
    "expected_outcome_prompt": "The agent books an appointment on Friday and repeats the time.",
    "test_profile_data": {"id": 2, "name": "Ada Quill", "information": {"name": "Ada Quill"}},
    "tags": ["booking"],
    "created_at": "2027-01-31T11:59:58Z",
    "updated_at": "2027-01-31T12:00:09Z",
    "transcript": "[00:00] Main Agent: Clinic, how can I help?\n[00:02] Testing Agent: Friday at noon, please.",
    "transcript_object": [
        _SAID,
        {
            "role": "Testing Agent",
            "content": "Friday at noon, please.",
            "time": "00:02",
            "start_time": 2.3,
            "end_time": 2.3,
            "timestamp": "2027-01-31T12:00:02.300000+00:00",
        },
    ],
    "rubric": [_RULE],
    "checks": [_CHECK],
    "findings": [_FINDING],
    "earlier_attempts": [{"number": 1, "reason": "The worker was lost.", "transcript_object": [_SAID]}],
    "usage": {"caller": _USAGE},
    "latency_trusted": True,
    "voice_recording_url": None,
    "testing_channel_index": None,
    "provider_call_id": None,
}
_SUMMARY = {
    "id": 1,
    "name": "Latency",
    "type": "numeric",
    "score": 0.42,
    "score_normalized": None,
    "runs": 2,
    "function_name": "latency",
    "p50": 0.4,
}
_VALUE = {"id": 1, "name": "Latency", "type": "numeric", "value": 0.42, "percentiles": {"p50": 0.4, "p95": 0.6}}
_OVERALL = {
    "success_rate": 50.0,
    "metric_summary": {"1": _SUMMARY},
    "worst_performing_metrics": [],
    "numeric_metrics": [_VALUE],
    "enum_metrics": [],
    "extra_metrics": [],
}
_DETAIL = {
    **_COUNTED,
    "runs": {"12": _ENTRY},
    "overall_evaluation": _OVERALL,
    "total_duration": "00:16",
    "connected_runs": [12, 13],
    "not_connected_runs": [],
    "successful_calls": [12],
    "run_settings": {"operation": "run_scenarios_text", "agent_id": 1, "scenarios": [3], "frequency": 2},
    "provenance": _PROVENANCE,
}
_PLAN: dict[str, Any] = {
    "agent_id": 1,
    "project_id": None,
    "channel": "text",
    "suite_name": "Clinic",
    "scenario_count": 1,
    "total_runs": 2,
    "estimated_cost": 0.0,
    "scenarios": [
        {
            "key": "hours",
            "name": "Asks for the opening hours",
            "type": "script",
            "frequency": 2,
            "metric_ids": [],
            "tags": [],
            "personality": {"mode": "project_default", "id": None, "name": None},
            "test_profile": None,
        }
    ],
    "warnings": [],
}
_BEGUN = {**_HEAD, "status": "running", "success_rate": 0.0, "finished_at": None, "runs": [_ASKED_RUN]}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "ResultAnswer": _BEGUN,
    "RunRequestAnswer": _BEGUN,
    "ListedResult": {**_COUNTED, "runs": [{**_RUN, "outcome": "passed"}], "runs_left_out": 1},
    "ResultDetail": _DETAIL,
    "FullRun": _FULL,
    "ShareableLink": {
        "token": "gAAAAAB…",
        "shareable_link": "https://calls.example.com/share/gAAAAAB…",
        "expire_at": "2027-02-07T12:00:00Z",
    },
    "CallsEnded": {"id": 4, "status": "running", "ended_runs_count": 2, "detail": "2 runs are being ended."},
    "Rescoring": {"result_ids": [4, 5], "runs_count": 8, "detail": "8 runs are being scored again."},
    "RunEnded": {"id": 12, "status": "in_progress", "detail": "The run is being ended."},
    "ChatSubmitted": {"run_id": 12, "result_id": 4, "turn_id": 1, "status": "generating"},
    "ChatTurn": {
        "run_id": 12,
        "result_id": 4,
        "turn_id": 1,
        "status": "ready",
        "message": "For Monday, please.",
        "ended": False,
        "ended_reason": None,
    },
    "ChatEnded": {"run_id": 12, "result_id": 4, "status": "in_progress"},
    "ValidatedSuite": {"valid": True, "plan": _PLAN},
    "DryRun": {"dry_run": True, "valid": True, "plan": _PLAN},
    "Readiness": {
        "status": "ready",
        "checks": {"database": "ok", "schema": "ok", "workers": "ok"},
        "workers": 2,
    },
    "Alive": {"status": "ok"},
    "ResultIds": {"result_ids": [5, 4]},
    "VoiceFacts": _CALL,
    "TelephoneMedia": _LINE,
    "RecognitionEntry": {"mode": "grammar", "matched": True, "confidence": 0.93},
    "MessagePlan": {"idle_timeout_seconds": 10, "idle_message_max_spoken_count": 3},
    "StopSpeakingPlan": {"num_words": 2, "voice_seconds": 0.2, "backoff_seconds": 1.0},
    "ScenarioNumbers": {"scenarios": [1, 2]},
    "TagsToAdd": {"scenarios": [1, 2], "tags": ["nightly"]},
    "ScenarioUrl": {"scenario": 12, "websocket_url": "wss://agent.example.com/chat"},
    "ResultEdit": {"name": "Nightly, second try"},
    "KeyAnswer": {
        "id": 1,
        "name": "nightly job",
        "project": None,
        "project_name": None,
        "organization_name": None,
        "key": "rbk_Zb3kQ2fA…",
        "scope": "run",
        "created_at": "2027-01-31T12:00:00Z",
        "revoked_at": None,
    },
    "KeyEdit": {"name": "weekly job", "scope": "read"},
}
"""By the name of the schema."""

_RECORDS = {"key_id": "API key"}
_PARAMETERS = {
    "turn_id": "Number of the turn; 0 is the opening.",
    "token": "The token of a share link.",
    "name": "Name of the file, as `voice_recording_url` of the run has it.",
    "idempotency-key": "A name of the request: with the same name and body the first answer is given again for a day.",
}


def complete(document: dict[str, Any]) -> None:
    """Add the examples, those of lists, and what parameters are that say nothing of themselves."""
    schemas = document["components"]["schemas"]
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name].setdefault("examples", [example])
    for schema in schemas.values():
        item = schema.get("properties", {}).get("results", {}).get("items", {}).get("$ref")
        if item is not None and "examples" not in schema:
            entries = schemas[item.rsplit("/", 1)[-1]].get("examples", [])[:1]
            schema["examples"] = [{"count": len(entries), "next": None, "previous": None, "results": entries}]
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                parameter.setdefault("description", _words(parameter["name"]))
                if parameter["name"] == "turn_id":
                    parameter["schema"]["minimum"] = 0


def _words(name: str) -> str:
    record = _RECORDS.get(name, name.removesuffix("_id").replace("_", " "))
    return _PARAMETERS.get(name.lower(), f"Number of the {record}.")
