"""Metrics computed from the record."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import MetricScore
from ringback.evaluation.computed import COMPUTED
from ringback.evaluation.percentiles import percentile, percentiles
from ringback.evaluation.record import Record

Talk = Callable[..., Conversation]


async def measured(slug: str, conversation: Conversation) -> MetricScore:
    return await COMPUTED[slug].measure(Record(conversation))


async def test_latency_has_mean_percentiles_and_its_slowest_entry(talk: Talk) -> None:
    conversation = talk("agent: a", "agent: b", "agent: c", latency=0.2)
    entries = tuple(
        replace(entry, latency=latency) for entry, latency in zip(conversation.entries, (0.1, 0.5, 0.3), strict=True)
    )
    score = await measured("latency", replace(conversation, entries=entries))
    assert score.value == pytest.approx(0.3)
    assert score.unit == "s"
    assert score.percentiles == pytest.approx(
        {"p25": 0.2, "p50": 0.3, "p75": 0.4, "p90": 0.46, "p95": 0.48, "p99": 0.496}
    )
    assert score.explanation == "Mean of 3 answers; the slowest, entry 2, took 0.500 s."


async def test_latency_under_our_own_lag_is_not_trusted(talk: Talk) -> None:
    score = await measured("latency", talk("agent: a", latency=0.2, loop_lag=0.07))
    assert score.explanation.endswith("Not trusted: Ringback itself lagged by up to 0.070 s.")


async def test_latency_without_answers_does_not_apply(talk: Talk) -> None:
    assert (await measured("latency", talk("agent: a"))).value is None


async def test_turns_count_utterances_not_closing_frames(talk: Talk) -> None:
    assert (await measured("turns", talk("agent: a", "caller: b", "caller: "))).value == 1.0


async def test_tool_call_success_looks_at_every_result(talk: Talk) -> None:
    good = talk("call a#1: {}", "result a#1: fine", "call b#2: {}")
    score = await measured("tool_call_success", good)
    assert score.value is True
    assert score.explanation == "2 calls, 1 results, 1 calls without a result."
    bad = talk("call a#1: {}", 'result a#1: {"error": "full"}', "call a#2: {}", "result a#2: fine")
    score = await measured("tool_call_success", bad)
    assert score.value is False
    assert score.explanation.startswith("1 of 2 results are errors (entry 2: it has `error`).")
    assert (await measured("tool_call_success", talk("agent: a"))).value is None


async def test_word_share_counts_words_of_both_sides(talk: Talk) -> None:
    score = await measured("word_share", talk("agent: one two three", "caller: four", "call t: {}"))
    assert score.value == 0.75
    assert (await measured("word_share", talk())).value is None


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1))
def test_percentiles_lie_within_the_values_and_rise(values: list[float]) -> None:
    found = list(percentiles(values).values())
    assert found == sorted(found)
    assert min(values) <= found[0]
    assert found[-1] <= max(values)
    assert percentile(values, 0) == min(values)
    assert percentile(values, 100) == max(values)


async def test_figures_have_six_decimals_at_most(talk: Talk) -> None:
    conversation = talk("agent: a b", "agent: b", "caller: c", "agent: c")
    latencies = (0.257, 0.1, None, 0.864)
    entries = tuple(replace(entry, latency=one) for entry, one in zip(conversation.entries, latencies, strict=True))
    score = await measured("latency", replace(conversation, entries=entries))
    assert score.value == 0.407
    assert score.percentiles == {
        "p25": 0.1785,
        "p50": 0.257,
        "p75": 0.5605,
        "p90": 0.7426,
        "p95": 0.8033,
        "p99": 0.85186,
    }
    assert (await measured("word_share", talk("agent: a b", "caller: c"))).value == 0.666667


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
