"""The queue of the agent's sound: whole frames, marks where they belong, and never more than its bound."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.channels.line import Encoding
from ringback.channels.playout import MAX_MARKS, Playout

FRAME = 160


def mulaw(frames: float) -> bytes:
    return b"\x01" * round(FRAME * frames)


def test_nothing_queued_is_silence() -> None:
    playout = Playout(Encoding.MULAW)
    assert playout.frame() == Encoding.MULAW.silence
    assert Playout(Encoding.PCM).frame() == bytes(640)


def test_the_last_piece_is_filled_up_with_silence() -> None:
    playout = Playout(Encoding.MULAW)
    playout.add(mulaw(1.5))
    assert playout.waiting == pytest.approx(0.03)
    assert playout.frame() == mulaw(1)
    assert playout.frame() == mulaw(0.5) + b"\xff" * 80
    assert playout.frame() == Encoding.MULAW.silence
    assert playout.waiting == 0


def test_a_mark_is_reached_when_what_was_queued_before_it_has_been_played() -> None:
    playout = Playout(Encoding.MULAW)
    playout.add(mulaw(1.5))
    playout.mark("first")
    playout.add(mulaw(1))
    playout.mark("second")
    reached: list[tuple[str, ...]] = []
    for _ in range(4):
        playout.frame()
        reached.append(playout.take_reached())
    assert reached == [(), ("first",), ("second",), ()]


def test_a_mark_with_nothing_before_it_is_reached_by_the_next_frame() -> None:
    playout = Playout(Encoding.MULAW)
    playout.mark("at once")
    playout.frame()
    assert playout.take_reached() == ("at once",)


def test_clear_drops_sound_and_gives_the_marks_back_in_order() -> None:
    playout = Playout(Encoding.MULAW)
    playout.add(mulaw(10))
    playout.mark("a")
    playout.mark("a")
    playout.add(mulaw(5))
    playout.mark("b")
    playout.frame()
    seconds, names = playout.clear()
    assert seconds == pytest.approx(0.28)
    assert names == ("a", "a", "b")
    assert playout.frame() == Encoding.MULAW.silence
    assert playout.take_reached() == ()
    assert playout.clear() == (0, ())


def test_marks_after_a_clear_wait_for_the_sound_after_it() -> None:
    playout = Playout(Encoding.MULAW)
    playout.add(mulaw(3))
    playout.clear()
    playout.add(mulaw(2))
    playout.mark("new")
    playout.frame()
    assert playout.take_reached() == ()
    playout.frame()
    assert playout.take_reached() == ("new",)


def test_more_than_the_bound_is_dropped_and_counted() -> None:
    playout = Playout(Encoding.MULAW, max_seconds=1)
    assert playout.add(mulaw(40)) == 0
    assert playout.add(mulaw(20)) == pytest.approx(0.2)
    assert playout.waiting == 1
    assert playout.add(mulaw(1)) == pytest.approx(0.02)
    playout.frame()
    assert playout.add(mulaw(1)) == 0


def test_too_many_marks_are_not_kept() -> None:
    playout = Playout(Encoding.MULAW)
    assert all(playout.mark("x") for _ in range(MAX_MARKS))
    assert not playout.mark("x")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=700).map(lambda sound: ("add", sound)),
            st.just(("mark", b"")),
            st.integers(1, 4).map(lambda count: ("play", bytes(count))),
        ),
        max_size=40,
    )
)
def test_what_is_played_is_what_was_queued_and_marks_keep_their_order(steps: list[tuple[str, bytes]]) -> None:
    """Whatever comes in whatever pieces: no byte is lost, doubled or moved, and each mark is reached once."""
    playout = Playout(Encoding.MULAW)
    queued, heard = b"", b""
    marks: list[str] = []
    reached: list[str] = []
    for kind, data in [*steps, ("play", bytes(200))]:
        match kind:
            case "add":
                queued += data
                playout.add(data)
            case "mark":
                marks.append(str(len(marks)))
                playout.mark(marks[-1])
            case _:
                for _ in data:
                    waiting = round(playout.waiting * 8000)
                    frame = playout.frame()
                    assert len(frame) == FRAME
                    heard += frame[:waiting]
                    reached += playout.take_reached()
    assert heard == queued
    assert reached == marks
    assert all(int(first) < int(second) for first, second in pairwise(reached))
