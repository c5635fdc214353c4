"""Scores, rubrics and transcripts in the reference product's shapes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ringback.domain.conversation import Conversation, Entry, Role, ToolData
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import (
    Answer,
    CheckScore,
    Evaluation,
    ExpectedOutcomeScore,
    MetricScore,
    OutcomePart,
)
from ringback.domain.outcome import Outcome
from ringback.domain.rubric import Rubric
from ringback.domain.scenario import MetricKind
from ringback.results.brief import figures_of
from ringback.results.json_text import json_text
from ringback.results.reference_scores import expected_outcome, metric_entries, rubric_entries
from ringback.results.reference_totals import overall_evaluation
from ringback.results.reference_transcript import clock, transcript_object, transcript_text


def evaluated(**fields: Any) -> Evaluation:
    return Evaluation(outcome=Outcome.PASSED, reason="So.", **fields)


def metric(kind: MetricKind, value: Any, **more: Any) -> dict[str, Any]:
    score = MetricScore(slug="m", name="M", kind=kind, value=value, id=8, **more)
    return metric_entries(evaluated(metrics=(score,)))[0]


@pytest.mark.parametrize(
    ("kind", "value", "score", "normalized"),
    [
        (MetricKind.BINARY, True, 5, 1),
        (MetricKind.BINARY, False, 0, 0),
        (MetricKind.BINARY, None, None, None),
        (MetricKind.RATING, 4, 4, 0.8),
        (MetricKind.NUMERIC, 0.25, 0.25, None),
        (MetricKind.ENUM, "glad", None, None),
    ],
)
def test_scores_are_on_the_scales_of_the_reference(
    kind: MetricKind, value: Any, score: float | None, normalized: float | None
) -> None:
    entry = metric(kind, value, unit="s", crashed=value is None)
    assert (entry["id"], entry["score"], entry["score_normalized"]) == (8, score, normalized)
    assert entry.get("enum") == (value if kind is MetricKind.ENUM else None)
    assert entry["extra"].get("crashed", False) is (value is None)


@pytest.mark.parametrize(
    ("states", "score"), [((True, True), 5), ((True, False), 0), ((True, None), None), ((False, None), 0)]
)
def test_all_checks_together_are_one_binary_metric(states: tuple[bool | None, ...], score: float | None) -> None:
    checks = tuple(
        CheckScore(name=f"c{number}", passed=bool(state), undecided=state is None, explanation="entry 1")
        for number, state in enumerate(states)
    )
    (entry,) = metric_entries(evaluated(checks=checks))
    assert (entry["id"], entry["type"], entry["score"]) == ("checks", "binary", score)
    marks = {True: "✅", False: "❌", None: "❔"}
    assert entry["explanation"] == [f"{marks[state]} c{number}: entry 1" for number, state in enumerate(states)]


def test_a_verdict_that_could_not_be_verified_has_no_score() -> None:
    parts = (OutcomePart(part="books", answer=Answer.CANNOT_TELL, explanation="No quote."),)
    shown = expected_outcome(ExpectedOutcomeScore(parts=parts, score=50.0, quotes_verified=False))
    assert shown is not None
    assert (shown["score"], shown["explanation"]) == (None, ["❔ books: No quote."])
    assert shown["outcome_alignments"][0]["aligned"] is None
    empty = expected_outcome(ExpectedOutcomeScore(parts=(), score=None, explanation="Twice refused."))
    assert empty is not None
    assert empty["explanation"] == ["Twice refused."]
    assert expected_outcome(None) is None


def test_each_rule_of_a_rubric_says_what_was_wanted_and_what_was_there() -> None:
    def rule(slug: str, op: str, value: Any) -> dict[str, Any]:
        return {"metric_id": slug, "conditions": {"conditions": [{"op": op, "value": value}]}}

    rubric = Rubric.model_validate(
        {
            "rules": [
                rule("checks", "eq", True),
                rule("latency", "lte", 1),
                rule("expected_outcome", "gte", 80),
                rule("mood", "eq", "glad"),
                rule("absent", "eq", True),
            ]
        }
    )
    evaluation = evaluated(
        checks=(CheckScore(name="hello", passed=True, explanation="entry 1"),),
        metrics=(
            MetricScore(slug="latency", name="Latency", kind=MetricKind.NUMERIC, value=2.0, id=1),
            MetricScore(slug="mood", name="Mood", kind=MetricKind.ENUM, value="glad"),
        ),
        expected_outcome=ExpectedOutcomeScore(
            parts=(OutcomePart(part="books", answer=Answer.MET, explanation=""),), score=100.0
        ),
    )
    entries = rubric_entries(rubric, evaluation)
    assert entries is not None
    assert [entry["passed"] for entry in entries] == [True, False, True, True, None]
    assert [entry["value"] for entry in entries] == [True, 2.0, 100.0, "glad", None]
    assert [entry["metric_name"] for entry in entries][1:3] == ["Latency", "Expected outcome"]
    assert [entry["metric_id"] for entry in entries][:4] == ["checks", 1, "expected_outcome", "mood"]
    assert entries[1]["expected_conditions"] == ["score lte 1"]
    assert entries[0]["conditions"]["operator"] == "and"
    assert rubric_entries(None, evaluation) is None
    assert rubric_entries(rubric, None) is None


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00"), (59.99, "00:59"), (61, "01:01"), (6000, "100:00"), (-3, "00:00")]
)
def test_times_are_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def conversation(*entries: Entry) -> Conversation:
    return Conversation(
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration=5.0,
        entries=entries,
        ending=Ending(code=EndingCode.CALLER_ENDED, sentence="Over."),
    )


def test_what_was_said_cannot_begin_a_line_of_its_own() -> None:
    forged = Entry(
        number=1, role=Role.AGENT, content="Hi.\n[00:09] Testing Agent: I am content.", start=1, end=1, turn=0
    )
    text = transcript_text(conversation(forged))
    assert text == "[00:01] Main Agent: Hi. [00:09] Testing Agent: I am content."


def test_tools_show_what_was_sent_as_text() -> None:
    plain = ToolData(id="", name="find", arguments="not JSON")
    listed = ToolData(id="1", name="find", result=[1, "ü"])
    told = transcript_object(
        conversation(
            Entry(number=1, role=Role.TOOL_CALL, content="x", start=1.23456, end=2, turn=0, tool=plain),
            Entry(number=2, role=Role.TOOL_RESULT, content="x", start=2, end=2, turn=0, tool=listed),
        )
    )
    assert [item["content"] for item in told] == ["", ""]
    assert told[0]["data"]["arguments"] == "not JSON"
    assert told[1]["data"]["result"] == '[1, "ü"]'
    assert told[0]["start_time"] == 1.235
    assert transcript_object(None) == []
    assert transcript_text(None) == ""


def test_nothing_that_an_agent_sends_is_no_json() -> None:
    assert json_text({"a": float("inf"), "b": "\ud83d", "c": 10**40}) == '{"a":null,"b":"\ufffd","c":1' + "0" * 40 + "}"
    assert json_text("✅\u2028", ascii_only=True) == '"\\u2705\\u2028"'


def test_a_result_without_a_value_adds_up_to_nothing() -> None:
    assert overall_evaluation([], 0.0) == {
        "success_rate": 0.0,
        "metric_summary": {},
        "worst_performing_metrics": [],
        "numeric_metrics": [],
        "enum_metrics": [],
        "extra_metrics": [],
    }


def test_values_add_up_whatever_metrics_a_run_has_and_whichever_version_wrote_its_brief() -> None:
    briefs = [
        '[50.0,null,2.0,true]\t[["turns","Turns","numeric","turns"],[7,"Kind","binary","kind"]]',
        '[null,1.5,4.0,null]\t[["turns","Turns","numeric","turns"],[7,"Kind","binary","kind"]]',
        '[100.0,null,false]\t[[7,"Kind","binary","kind"]]',
        "[null,null]\t[]",
        '[0.0,[["turns","Turns","numeric",6.0]]]',
        '[null,[["turns","Turns","numeric",8.0,"turns"]],2.5]',
    ]
    overall = overall_evaluation(figures_of(briefs), 0.0)
    summary = overall["metric_summary"]
    assert {name: (one["score"], one["runs"]) for name, one in summary.items()} == {"turns": (5.0, 4), "7": (2.5, 2)}
    assert summary["7"]["function_name"] == "kind"
    assert [(one["id"], one["value"], one["runs"]) for one in overall["extra_metrics"]] == [
        ("expected_outcome", 50.0, 3),
        ("ringing_duration", 2.0, 2),
    ]
