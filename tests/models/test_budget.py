"""The account of a result."""

import pytest

from ringback.domain.usage import Usage
from ringback.errors import CostLimitReached
from ringback.models.budget import Budget


def test_usages_add_up() -> None:
    budget = Budget()
    budget.add("a:b", Usage(calls=1, input_tokens=10, output_tokens=5, cost=0.5, seconds=1.0))
    budget.add("c:d", Usage(calls=1, input_tokens=1, output_tokens=1, cost=None, seconds=2.0))
    assert budget.usage == Usage(calls=2, input_tokens=11, output_tokens=6, cost=None, seconds=3.0)
    assert budget.spent == 0.5
    budget.check()


def test_the_limit_itself_may_be_spent_and_no_more() -> None:
    budget = Budget(1.0)
    budget.check()
    budget.add("a:b", Usage(calls=1, cost=0.99))
    budget.check()
    budget.add("a:b", Usage(calls=1, cost=0.01))
    with pytest.raises(CostLimitReached, match=r"\$1\.00 is reached \(\$1\.00 spent\); raise --max-cost"):
        budget.check()


def test_a_limit_of_nothing_allows_nothing() -> None:
    with pytest.raises(CostLimitReached):
        Budget(0.0).check()


def test_a_cost_that_is_not_known_cannot_be_limited() -> None:
    budget = Budget(1.0)
    budget.add("local:llama", Usage(calls=1, cost=None))
    with pytest.raises(CostLimitReached, match=r"local:llama does not report its tokens"):
        budget.check()
