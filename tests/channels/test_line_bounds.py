"""How much an agent may send, and how many remarks are kept of it."""

from ringback.channels.bounds import FRAME_COST, Allowance, Thinned
from ringback.channels.channel import Remark
from ringback.channels.line import Encoding
from ringback.domain.conversation import FindingCode

MEGABYTE = 1024 * 1024


def test_sound_in_real_time_never_floods() -> None:
    """An hour in frames of 20 ms, as JSON of media streams takes it."""
    allowance = Allowance(Encoding.MULAW, MEGABYTE, 0.0)
    assert all(allowance.take(320, number * 0.02) for number in range(180_000))


def test_what_comes_at_once_is_bounded() -> None:
    allowance = Allowance(Encoding.PCM, MEGABYTE, 0.0)
    taken = 0
    while allowance.take(640, 5.0):
        taken += 1
    assert taken == MEGABYTE // (640 + FRAME_COST)
    assert not allowance.take(0, 5.0)
    assert allowance.take(640, 15.0)


def test_a_clock_that_stands_or_goes_back_adds_nothing() -> None:
    allowance = Allowance(Encoding.PCM, 2000, 10.0)
    assert allowance.take(640, 9.0)
    assert not allowance.take(640, 9.0) or not allowance.take(640, 9.0)


def test_what_is_kept_is_bounded_whatever_the_time() -> None:
    allowance = Allowance(Encoding.PCM, 10_000, 0.0)
    assert [allowance.keep(4500) for _ in range(3)] == [True, True, False]


def remark(sentence: str) -> Remark:
    return Remark(code=FindingCode.BAD_FRAME, sentence=sentence)


def test_remarks_alike_are_counted_from_the_21st_on() -> None:
    thinned = Thinned()
    kept = [thinned.of([remark("Odd.")]) for _ in range(30)]
    assert [len(some) for some in kept] == [1] * 20 + [0] * 10
    assert len(thinned.of([remark("Odd."), remark("Empty.")])) == 1
    assert thinned.rest() == (remark("Odd. (11 more of these.)"),)


def test_nothing_left_out_leaves_no_rest() -> None:
    thinned = Thinned()
    thinned.of([remark("Odd.")])
    assert thinned.rest() == ()


def test_remarks_of_ever_new_words_are_bounded_too() -> None:
    thinned = Thinned()
    kept = sum(len(thinned.of([remark(f"Odd {number}.")])) for number in range(2000))
    assert kept == 500
    assert thinned.rest() == (remark("Other frames made no sense. (1500 more of these.)"),)
