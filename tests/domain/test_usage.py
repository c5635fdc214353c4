"""What was used and cost, as a person reads it."""

import pytest

from ringback.domain.usage import dollars


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$0.00"),
        (0.0047, "$0.0047"),
        (0.0005, "$0.0005"),
        (0.00001234, "$0.000012"),
        (0.01, "$0.01"),
        (0.0999, "$0.10"),
        (0.05, "$0.05"),
        (0.30000000000000004, "$0.30"),
        (1, "$1.00"),
        (1234.5, "$1234.50"),
    ],
)
def test_an_amount_of_money_that_is_not_nothing_never_looks_like_nothing(amount: float, shown: str) -> None:
    assert dollars(amount) == shown
