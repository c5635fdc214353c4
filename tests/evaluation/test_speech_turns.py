"""Who speaks when: replies, interruptions, waits and silences of calls whose stretches are known."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.domain.voice import RecognitionMode, Span, VoiceRecord
from ringback.evaluation.speech_turns import SOUND_GAP, UTTERANCE_PAUSE, Floor, joined, shared, total

Edges = tuple[float, float]


def spans(*edges: Edges) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end) for start, end in edges)


def call(
    caller: list[Edges],
    agent: list[Edges],
    *,
    duration: float = 30.0,
    backchannels: list[Edges] | None = None,
    protected: list[Edges] | None = None,
    broken_off: list[float] | None = None,
) -> Floor:
    voice = VoiceRecord(
        transport="chirp",
        rate=16_000,
        duration=duration,
        recognition=RecognitionMode.OPEN,
        speech_to_text="test:ear",
        text_to_speech="test:mouth",
        caller_speech=spans(*caller, *(backchannels or [])),
        agent_speech=spans(*agent),
        backchannels=spans(*(backchannels or [])),
        protected=spans(*(protected or [])),
    )
    return Floor.of(voice, broken_off or [])


def latencies(floor: Floor) -> list[float]:
    return pytest.approx([reply.latency for reply in floor.replies()])  # pyright: ignore[reportReturnType] - compared


def test_an_answer_is_timed_from_the_end_of_the_caller_s_turn() -> None:
    floor = call([(0, 1), (5, 6)], [(1.7, 4), (7.7, 9)])
    assert latencies(floor) == [0.7, 1.7]


def test_a_turn_with_pauses_is_timed_from_its_last_word() -> None:
    """Long pauses part utterances, but nobody answered in between."""
    assert latencies(call([(0, 1), (1.4, 2), (4, 5)], [(5.5, 6)])) == [0.5]


def test_a_start_within_the_error_of_measurement_is_an_answer_at_once() -> None:
    floor = call([(0, 2)], [(1.95, 3)])
    assert latencies(floor) == [0.0]
    assert not floor.agent_interruptions()


def test_an_agent_that_speaks_into_the_caller_s_turn_interrupts_and_has_no_latency() -> None:
    floor = call([(0, 2)], [(1.0, 3)])
    assert latencies(floor) == []
    assert floor.agent_interruptions() == (1.0,)


def test_an_agent_that_starts_in_a_short_pause_of_the_caller_interrupts() -> None:
    assert call([(0, 1), (1.4, 3)], [(1.2, 2)]).agent_interruptions() == (1.2,)


def test_going_on_after_a_breath_is_no_new_interruption() -> None:
    assert call([(0, 4)], [(1, 2), (2.4, 3)]).agent_interruptions() == (1.0,)
    assert call([(0, 4)], [(1, 2), (2.6, 3)]).agent_interruptions() == (1.0, 2.6)


def test_sides_that_begin_at_once_collide() -> None:
    floor = call([(1.0, 3)], [(1.05, 3)])
    assert not floor.agent_interruptions()
    assert not floor.barge_ins()


@pytest.mark.parametrize("start", [2.95, 3.0, 3.3])
def test_an_agent_that_breaks_the_caller_off_interrupts_even_where_the_caller_stops_at_once(start: float) -> None:
    """CHIRP announces speech before it is heard."""
    floor = call([(1, 3)], [(start, 6)], broken_off=[3.01])
    assert floor.agent_interruptions() == (start,)
    assert latencies(floor) == []
    finished = call([(1, 3)], [(start, 6)])
    assert finished.agent_interruptions() == ()
    assert latencies(finished) == [max(0.0, start - 3)]


def test_an_agent_that_is_silent_after_it_broke_the_caller_off_answers_late() -> None:
    floor = call([(1, 3)], [(4, 6)], broken_off=[3])
    assert not floor.agent_interruptions()
    assert latencies(floor) == [1.0]


def test_speaking_over_a_backchannel_or_protected_playback_is_no_interruption() -> None:
    assert not call([], [(1.2, 3)], backchannels=[(1, 1.5)]).agent_interruptions()
    assert not call([(0, 4)], [(2, 3)], protected=[(0, 4)]).agent_interruptions()


def test_a_barge_in_is_timed_to_the_agent_s_stop() -> None:
    (barge_in,) = call([(2, 4)], [(0, 2.4), (4.8, 6)]).barge_ins()
    assert (barge_in.at, barge_in.stopped, barge_in.quiet, barge_in.yielded) == (2, 2.4, 2.4, True)


def test_an_agent_that_stops_and_goes_on_has_not_yielded_until_it_is_quiet() -> None:
    (barge_in,) = call([(2, 4)], [(0, 2.4), (2.7, 3.5)]).barge_ins()
    assert (barge_in.stopped, barge_in.quiet, barge_in.yielded) == (2.4, 3.5, True)


def test_an_agent_that_never_stops_does_not_yield() -> None:
    floor = call([(2, 4), (10, 11)], [(0, 30)])
    assert [(one.stopped, one.yielded) for one in floor.barge_ins()] == [(30, False), (30, False)]
    assert latencies(floor) == []
    assert not floor.silences()


def test_a_pause_in_a_barge_in_is_not_a_second_one() -> None:
    assert len(call([(2, 3), (3.3, 4)], [(0, 10)]).barge_ins()) == 1


def test_a_backchannel_neither_interrupts_nor_takes_the_turn() -> None:
    floor = call([(0, 1)], [(1.5, 8)], backchannels=[(4, 4.4)])
    assert not floor.barge_ins()
    assert latencies(floor) == [0.5]
    assert floor.false_yields() == (1, 0)


def test_an_agent_that_stops_at_a_backchannel_yields_falsely() -> None:
    assert call([], [(1, 4.6), (7, 9)], backchannels=[(4, 4.4)]).false_yields() == (1, 1)
    assert call([], [(1, 4.6), (4.9, 9)], backchannels=[(4, 4.4)]).false_yields() == (1, 0)
    assert call([], [(1, 2)], backchannels=[(4, 4.4)]).false_yields() == (0, 0)


def test_waits_go_on_while_the_caller_asks_whether_anybody_is_there() -> None:
    floor = call([(1, 2), (12, 13)], [(15, 16)])
    assert [(wait.start, wait.end, wait.answered) for wait in floor.waits()] == [
        (0, 1, True),
        (2, 15, True),
        (13, 15, True),
    ]


def test_silence_is_where_nobody_is_heard() -> None:
    floor = call([(1, 2)], [(2.1, 5)], duration=10, backchannels=[(7, 7.5)])
    assert floor.silences() == spans((0, 1), (5, 7), (7.5, 10))


def test_a_call_of_no_length_has_nothing() -> None:
    floor = call([(0, 1)], [(0, 1)], duration=0)
    assert not floor.caller + floor.agent + floor.silences()
    assert not floor.replies()
    assert not floor.barge_ins()


def test_a_call_without_the_agent_is_one_long_wait() -> None:
    floor = call([(1, 2)], [], duration=14)
    assert not floor.replies()
    assert [(wait.end, wait.answered) for wait in floor.waits()] == [(1, True), (14, False)]
    nobody = call([], [], duration=3)
    assert [(wait.end, wait.answered) for wait in nobody.waits()] == [(3, False)]
    assert nobody.silences() == spans((0, 3))


_SPANS = st.lists(
    st.tuples(st.floats(-5, 40), st.floats(-1, 15)).map(lambda one: (one[0], one[0] + one[1])), max_size=8
)


@settings(deadline=None)
@given(_SPANS, st.sampled_from([0.0, SOUND_GAP, UTTERANCE_PAUSE]))
def test_joined_stretches_are_in_order_apart_and_within_the_call(edges: list[Edges], gap: float) -> None:
    found = joined(spans(*edges), 30.0, gap)
    assert all(0 <= one.start < one.end <= 30 for one in found)
    assert all(later.start - earlier.end >= gap for earlier, later in pairwise(found))
    assert joined(found, 30.0, gap) == found
    for one in spans(*edges):
        heard = Span(start=max(0.0, one.start), end=min(30.0, one.end))
        assert heard.duration <= 0 or shared(heard, found) == pytest.approx(heard.duration)


@settings(deadline=None)
@given(_SPANS, _SPANS, _SPANS, _SPANS)
def test_whatever_was_heard_the_figures_are_possible(
    caller: list[Edges], agent: list[Edges], backchannels: list[Edges], protected: list[Edges]
) -> None:
    floor = call(caller, agent, backchannels=backchannels, protected=protected)
    replies = floor.replies()
    assert all(0 <= reply.latency <= floor.duration for reply in replies)
    assert len(replies) <= min(len(floor.caller), len(floor.agent))
    assert len({reply.answered_from for reply in replies}) == len(replies)
    assert len(floor.agent_interruptions()) <= len(floor.agent)
    for barge_in in floor.barge_ins():
        assert barge_in.at < barge_in.stopped <= barge_in.quiet <= floor.duration
    inside, stopped = floor.false_yields()
    assert 0 <= stopped <= inside <= len(floor.backchannels)
    heard = joined([*floor.caller_sounds, *floor.agent_sounds], floor.duration, SOUND_GAP)
    assert total(floor.silences()) + total(heard) == pytest.approx(floor.duration)
    assert all(0 <= wait.start <= wait.end <= floor.duration for wait in floor.waits())
