"""Percentiles of latencies, how exact figures are, and when latencies are to be believed."""

from collections.abc import Sequence

PERCENTILES = (25, 50, 75, 90, 95, 99)
"""Those that reports show."""

_DECIMALS = 6
"""Of figures: to the microsecond, as entries have their times. More would only show how computers calculate."""

_NAMED = tuple((f"p{percent}", percent) for percent in PERCENTILES)

LAG_BOUND = 0.05
"""Seconds of event-loop lag from which latencies are not trusted: the lag may be in them."""


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the values lie, interpolated linearly between the two nearest ranks.

    For sorted values x0 … xn-1 the place is (n - 1) x percent / 100, as numpy's default has it. Raises `ValueError`
    where there are no values.
    """
    if not values:
        raise ValueError("no percentile of no values")
    return _interpolated(sorted(values), percent)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """`p25` … `p99` of the values, which must not be empty."""
    ordered = sorted(values)
    return {name: _interpolated(ordered, percent) for name, percent in _NAMED}


def rounded(value: float) -> float:
    """A figure as it is kept: to six decimals."""
    return round(value, _DECIMALS)


def _interpolated(ordered: Sequence[float], percent: float) -> float:
    last = len(ordered) - 1
    place = last * percent / 100
    below = int(place)
    low, high = ordered[below], ordered[below + 1 if below < last else last]
    if place == below:
        return low
    between = rounded(low + (high - low) * (place - below))
    return min(high, max(low, between))  # rounding may leave it a hair outside
