"""Rates, thresholds, sufficiency and the exit code."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ringback.domain.outcome import Outcome
from ringback.domain.run import Result
from ringback.domain.usage import Usage
from ringback.results.summary import summarise
from ringback.results.words import usage_words

ResultOf = Callable[..., Result]


def test_a_rate_is_passed_of_valid_and_success_rate_passed_of_all(result_of: ResultOf) -> None:
    summary = summarise(result_of({"book": "PPPFE?I."}))
    (book,) = summary.scenarios
    assert (book.key, book.name) == ("book", "Book")
    assert book.tally.planned == 8
    assert book.tally.outcomes == {
        Outcome.PASSED: 3,
        Outcome.FAILED: 1,
        Outcome.INVALID: 1,
        Outcome.INCONCLUSIVE: 1,
        Outcome.ERROR: 1,
    }
    assert book.tally.unfinished == 1
    assert book.tally.rate == 0.75
    assert book.tally.success_rate == 37.5
    assert book.tally.sufficient
    assert book.tally.interval.low == pytest.approx(0.3006, abs=1e-4)


@pytest.mark.parametrize(
    ("scenarios", "code", "verdict"),
    [
        ({"a": "PP", "b": "P"}, 0, "2 of 2 scenarios at or above the pass rate."),
        ({"a": "PF"}, 1, "1 of 1 scenario below the pass rate."),
        ({"a": "PF", "b": "EE"}, 1, "1 of 2 scenarios below the pass rate, 1 without sufficient evidence."),
        ({"a": "P", "b": "E"}, 3, "1 of 2 scenarios without sufficient evidence."),
        ({"a": "I"}, 3, "1 of 1 scenario without sufficient evidence."),
        ({"a": "?"}, 3, "1 of 1 scenario without sufficient evidence."),
        ({"a": "FEE"}, 3, "1 of 1 scenario without sufficient evidence."),
        ({"a": "FE"}, 1, "1 of 1 scenario below the pass rate."),
        ({"a": "PE"}, 0, "1 of 1 scenario at or above the pass rate."),
        ({"a": "P.."}, 3, "1 of 1 scenario without sufficient evidence."),
        ({}, 3, "No scenario ran."),
    ],
)
def test_the_exit_code_follows_from_the_scenarios(
    result_of: ResultOf, scenarios: dict[str, str], code: int, verdict: str
) -> None:
    summary = summarise(result_of(scenarios))
    assert summary.exit_code == code
    assert summary.verdict == verdict


def test_a_threshold_is_met_to_the_run(result_of: ResultOf) -> None:
    result = result_of({"a": "PPPPPPPPPF"}, pass_rate=0.9)
    assert summarise(result).exit_code == 0
    assert summarise(result, min_pass_rate=0.91).exit_code == 1
    assert summarise(result, min_pass_rate=0.0).scenarios[0].threshold == 0.0


def test_with_too_few_valid_runs_nothing_is_met_or_missed(result_of: ResultOf) -> None:
    assert summarise(result_of({"a": "PEE"})).scenarios[0].meets is None


def test_pass_hat_falls_with_every_run_asked_for(result_of: ResultOf) -> None:
    (scenario,) = summarise(result_of({"a": "PPPF"})).scenarios
    assert scenario.pass_hat == pytest.approx({1: 0.75, 2: 0.5, 3: 0.25, 4: 0.0})


def test_times_tokens_and_cost_add_up_by_role(result_of: ResultOf) -> None:
    summary = summarise(result_of({"a": "PP", "b": "F"}))
    assert summary.usage == {"caller": Usage(calls=6, input_tokens=30, output_tokens=15, cost=0.75)}
    assert summary.total_usage.tokens == 45
    assert summary.seconds == 5.0
    assert summary.talk_seconds == 6.0


def test_a_clock_that_was_set_back_makes_no_negative_time(result_of: ResultOf) -> None:
    result = result_of({"a": "P"})
    assert summarise(replace(result, finished_at=result.created_at - timedelta(hours=1))).seconds == 0.0


def test_scoring_again_later_does_not_make_the_conversations_longer(result_of: ResultOf) -> None:
    result = result_of({"a": "PP"})
    ends = [result.created_at + timedelta(seconds=seconds) for seconds in (3, 7)]
    runs = tuple(replace(run, finished_at=end) for run, end in zip(result.runs, ends, strict=True))
    later = replace(result, runs=runs, finished_at=result.created_at + timedelta(days=2))
    assert summarise(later).seconds == 7.0


def test_latency_covers_all_turns_and_says_when_it_is_not_trusted(result_of: ResultOf) -> None:
    summary = summarise(result_of({"a": "PP"}, latencies=(0.1, 0.3)))
    assert summary.latency is not None
    assert (summary.latency.turns, summary.latency.slowest) == (4, 0.3)
    assert summary.latency.mean == pytest.approx(0.2)
    assert summary.latency.trusted
    lagging = summarise(result_of({"a": "P"}, lag=0.2)).latency
    assert lagging is not None
    assert not lagging.trusted
    assert summarise(result_of({"a": "P"}, latencies=())).latency is None


def test_one_key_in_two_files_stays_two_scenarios(result_of: ResultOf) -> None:
    one = result_of({"a": "P"})
    other = result_of({"x": ".", "a": "F"})
    summary = summarise(replace(one, runs=one.runs + other.runs[1:]))
    assert [scenario.key for scenario in summary.scenarios] == ["a", "a"]
    assert summary.exit_code == 1


def test_speech_is_told_beside_the_models() -> None:
    spoken = Usage(utterances=3, characters=1200, sound_seconds=4.25, cost=0.018)
    assert usage_words(Usage()) == "no model calls"
    assert usage_words(spoken) == "3 utterances, 1,200 characters spoken, 4.2 s of sound, $0.0180"
    both = spoken + Usage(calls=1, input_tokens=10, output_tokens=5, cost=None)
    assert usage_words(both) == (
        "1 model call, 10 tokens in, 5 out, 3 utterances, 1,200 characters spoken, 4.2 s of sound, cost unknown"
    )
