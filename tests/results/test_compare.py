"""Two results side by side."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ringback.domain.run import Result
from ringback.results.compare import Verdict, compare

ResultOf = Callable[..., Result]


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        ("PPPPPPPPPP", "PPFFFFFFFF", Verdict.WORSE),
        ("PPFFFFFFFF", "PPPPPPPPPP", Verdict.BETTER),
        ("PPPPP", "PPPFF", Verdict.NO_EVIDENCE),
        ("P", "F", Verdict.NO_EVIDENCE),
        ("F", "P", Verdict.NO_EVIDENCE),
        ("PPPPPPPPPP", "PPPPPPPPPP", Verdict.NO_EVIDENCE),
        ("PPPPPPPPPP", "EEEEEEEEEE", Verdict.NO_EVIDENCE),
        ("PPPPPPPPPP", "FFFFEEEEEE", Verdict.NO_EVIDENCE),
        ("PPPPPPPPPP", "FFFFFEEEEE", Verdict.WORSE),
        ("P", "F" * 10, Verdict.NO_EVIDENCE),
    ],
)
def test_a_difference_is_named_only_on_evidence(result_of: ResultOf, before: str, now: str, verdict: Verdict) -> None:
    comparison = compare(result_of({"a": before}), result_of({"a": now}, result_id=2))
    assert comparison.scenarios[0].verdict is verdict
    assert comparison.got_worse is (verdict is Verdict.WORSE)


def test_a_scenario_reads_as_one_sentence(result_of: ResultOf) -> None:
    before = result_of({"book": "P" * 10}, latencies=(0.1,))
    now = result_of({"book": "PPPFFFFFFF"}, result_id=2, latencies=(0.3,))
    (sentence,) = compare(before, now).sentences()
    assert sentence == (
        "Book: worse; 3 of 10 (30 %) passed against 10 of 10 (100 %), -70 points "
        "(95 % interval -89 to -29, p = 0.003); latency p50 0.300 s against 0.100 s, p95 0.300 s against 0.100 s"
    )


def test_nothing_valid_is_said_and_not_tested(result_of: ResultOf) -> None:
    comparison = compare(result_of({"a": "PP"}, latencies=()), result_of({"a": "E?"}, result_id=2))
    assert list(comparison.sentences()) == [
        "A: no evidence; 0 of 0 passed against 2 of 2 (100 %); insufficient evidence in the new result"
    ]


def test_latency_under_our_own_lag_is_marked(result_of: ResultOf) -> None:
    comparison = compare(result_of({"a": "P"}), result_of({"a": "P"}, lag=0.2))
    assert comparison.scenarios[0].sentence().endswith("(not trusted: Ringback itself lagged)")


def test_scenarios_of_one_side_are_listed_and_worse_ones_come_first(result_of: ResultOf) -> None:
    before = result_of({"old": "P", "same": "PP", "drop": "P" * 10})
    now = result_of({"same": "PP", "new": "F", "drop": "F" * 10}, result_id=2)
    sentences = list(compare(before, now).sentences())
    assert [sentence.split(":")[0] for sentence in sentences] == [
        "Drop",
        "Same",
        "Only in result 2",
        "Only in result 1",
    ]
    assert sentences[2:] == ["Only in result 2: new.", "Only in result 1: old."]


def test_what_else_changed_is_noted(result_of: ResultOf) -> None:
    before = result_of(
        {"a": "P"}, suite_hashes={"a.yaml": "1", "b.yaml": "1"}, models={"judge": "x:1"}, prompt_versions={"judge": "1"}
    )
    now = result_of(
        {"a": "P"},
        suite_hashes={"a.yaml": "2", "b.yaml": "1"},
        models={"judge": "x:2", "caller": "x:1"},
        prompt_versions={"judge": "2"},
    )
    assert compare(before, replace(now, agent_name="other")).notes == (
        "The agent is another: other, before clinic.",
        "The suite file a.yaml is not the same.",
        "The judge model is not the same: x:2, before x:1.",
        "The caller model is not the same: x:1, before not named.",
        "The version of the judge prompt is not the same: 2, before 1.",
    )


def test_another_address_of_the_same_agent_is_noted(result_of: ResultOf) -> None:
    result = result_of({"a": "P"})
    moved = replace(result, agent_url="wss://clinic.example")
    assert compare(result, moved).notes == (
        "The agent was reached at wss://clinic.example, before at ws://localhost:1.",
    )


def test_many_comparisons_come_with_a_warning(result_of: ResultOf) -> None:
    before = {f"s{number}": "P" * 10 for number in range(12)}
    now = before | {"s3": "F" * 10}
    (note,) = compare(result_of(before), result_of(now)).notes
    assert note.startswith("12 scenarios were compared; up to 0.6 of them")
    assert compare(result_of(before), result_of(before)).notes == ()
