"""The statistics of pass rates: closed formulas are written out, the exact test is scipy's and imported late."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


def wilson(passed: int, valid: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of a rate, both ends within 0 and 1; with nothing valid it is the whole range.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). Raises
    `ValueError` where the counts cannot be.
    """
    _require(passed, valid)
    if valid == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = passed / valid
    centre = (rate + z * z / (2 * valid)) / (1 + z * z / valid)
    half = z / (1 + z * z / valid) * sqrt(rate * (1 - rate) / valid + z * z / (4 * valid * valid))
    # The ends are exact where all or none passed; rounding would leave 0.9999…
    low = 0.0 if passed == 0 else max(0.0, centre - half)
    high = 1.0 if passed == valid else min(1.0, centre + half)
    return Interval(low, high)


def difference(
    baseline_passed: int, baseline_valid: int, passed: int, valid: int, *, confidence: float = CONFIDENCE
) -> Interval:
    """Interval of the new rate minus the baseline's, from both Wilson intervals.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions", method 10, Statistics in
    Medicine 17 (1998). With nothing valid on a side it is -1 to 1.
    """
    _require(baseline_passed, baseline_valid)
    _require(passed, valid)
    if not baseline_valid or not valid:
        return Interval(-1.0, 1.0)
    before, after = baseline_passed / baseline_valid, passed / valid
    old = wilson(baseline_passed, baseline_valid, confidence=confidence)
    new = wilson(passed, valid, confidence=confidence)
    moved = after - before
    return Interval(
        moved - sqrt((after - new.low) ** 2 + (old.high - before) ** 2),
        moved + sqrt((new.high - after) ** 2 + (before - old.low) ** 2),
    )


def fisher_exact(baseline_passed: int, baseline_valid: int, passed: int, valid: int) -> float:
    """Two-sided p-value of Fisher's exact test that both rates are the same; 1 with nothing valid on a side."""
    _require(baseline_passed, baseline_valid)
    _require(passed, valid)
    if not baseline_valid or not valid or baseline_passed / baseline_valid == passed / valid:
        return 1.0  # also spares the import where there is nothing to test
    import numpy as np  # noqa: PLC0415 - comes with scipy, and as late
    from scipy.stats import fisher_exact as test  # noqa: PLC0415 - takes 2 s to import

    table = np.array([[baseline_passed, baseline_valid - baseline_passed], [passed, valid - passed]])
    return float(test(table).pvalue)


def pass_hats(passed: int, valid: int) -> dict[int, float]:
    """pass^k for each k from 1 to `valid`: the chance that k runs, drawn without putting back, all pass.

    C(passed, k) / C(valid, k), unbiased for the chance that k independent runs all pass; from Yao et al., "tau-bench: A
    Benchmark for Tool-Agent-User Interaction in Real-World Domains" (arXiv 2406.12045), section 3.
    """
    _require(passed, valid)
    chances: dict[int, float] = {}
    chance = 1.0
    for drawn in range(valid):
        chance *= max(passed - drawn, 0) / (valid - drawn)
        chances[drawn + 1] = chance
    return chances


def _require(passed: int, valid: int) -> None:
    if not 0 <= passed <= valid:
        raise ValueError(f"{passed} passed of {valid} valid runs cannot be")
