"""Intervals, differences, tests and pass^k against published figures and scipy."""

import subprocess
import sys
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.results.statistics import Interval, difference, fisher_exact, pass_hats, wilson

_COUNTS = st.integers(0, 60).flatmap(lambda valid: st.tuples(st.integers(0, valid), st.just(valid)))


@pytest.mark.parametrize(
    ("passed", "valid", "low", "high"),
    [(10, 10, 0.722467, 1.0), (0, 10, 0.0, 0.277533), (9, 10, 0.595850, 0.982124), (81, 263, 0.255289, 0.366206)],
)
def test_wilson_gives_the_published_interval(passed: int, valid: int, low: float, high: float) -> None:
    interval = wilson(passed, valid)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)


@settings(deadline=None)
@given(_COUNTS)
def test_wilson_agrees_with_scipy(counts: tuple[int, int]) -> None:
    passed, valid = counts
    ours = wilson(passed, valid)
    if valid == 0:
        assert ours == Interval(0.0, 1.0)
        return
    from scipy.stats import binomtest  # a second, which only the process that is here has to take

    theirs = binomtest(passed, valid).proportion_ci(confidence_level=0.95, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((float(theirs.low), float(theirs.high)), abs=1e-9)


def test_the_difference_gives_newcombe_s_published_interval() -> None:
    """Newcombe 1998, table II, method 10: 56/70 against 48/80 is 0.0524 to 0.3339."""
    interval = difference(48, 80, 56, 70)
    assert (interval.low, interval.high) == pytest.approx((0.0524, 0.3339), abs=1e-4)


@settings(deadline=None)
@given(_COUNTS, _COUNTS)
def test_the_difference_holds_its_own_point_and_turns_round(one: tuple[int, int], other: tuple[int, int]) -> None:
    there, back = difference(*one, *other), difference(*other, *one)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    if one[1] and other[1]:
        moved = other[0] / other[1] - one[0] / one[1]
        assert -1 - 1e-9 <= there.low <= moved + 1e-9
        assert moved - 1e-9 <= there.high <= 1 + 1e-9


def test_fisher_s_lady_tastes_tea() -> None:
    """3 of 4 right against 1 of 4: the textbook's two-sided 0.4857."""
    assert fisher_exact(3, 4, 1, 4) == pytest.approx(0.4857, abs=1e-4)


@pytest.mark.parametrize("counts", [(1, 1, 0, 1), (0, 0, 5, 5), (5, 10, 50, 100)])
def test_too_little_or_no_difference_is_no_evidence(counts: tuple[int, int, int, int]) -> None:
    assert fisher_exact(*counts) == 1.0


def test_a_clear_drop_is_evidence() -> None:
    assert fisher_exact(20, 20, 8, 20) < 0.001


@settings(deadline=None)
@given(_COUNTS)
def test_pass_hat_is_the_combinatorial_estimate(counts: tuple[int, int]) -> None:
    passed, valid = counts
    assert pass_hats(passed, valid) == pytest.approx({k: comb(passed, k) / comb(valid, k) for k in range(1, valid + 1)})


@pytest.mark.parametrize("counts", [(2, 1), (-1, 3)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        wilson(*counts)


def test_a_summary_never_imports_scipy() -> None:
    """It would cost every run two seconds."""
    code = "import sys, ringback.results.summary, ringback.results.compare; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
