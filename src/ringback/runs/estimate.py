"""What a request would cost, before it is made: conversations, model calls, tokens, money."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ringback.callers.build import model_needs
from ringback.domain.run import RunSpecification
from ringback.evaluation.evaluator import judge_needs

TYPICAL_TURNS = 8
"""Turns assumed of a conversation whose length a model decides."""
TOKENS_PER_TURN = 60
"""Tokens assumed of one turn of either side."""
CALLER_PROMPT_TOKENS = 900
"""Tokens assumed of the caller's standing prompt, scenario included."""
JUDGE_PROMPT_TOKENS = 900
JUDGE_ANSWER_TOKENS = 350


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An expectation, not a bound."""

    conversations: int
    caller_calls: int
    judge_calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    """US dollars; None where a model that is called has no known price."""


Price = Callable[[int, int], float | None]
"""US dollars for input and output tokens of one model."""


def estimate(specifications: Sequence[RunSpecification], caller_price: Price, judge_price: Price) -> Estimate:
    """Expected use of models: each caller call resends the conversation so far."""
    caller_calls = judge_calls = caller_in = judge_in = 0
    for specification in specifications:
        scenario = specification.scenario
        turns = min(scenario.max_turns, max(TYPICAL_TURNS, scenario.min_turns))
        if model_needs(scenario):
            caller_calls += turns
            caller_in += turns * CALLER_PROMPT_TOKENS + TOKENS_PER_TURN * turns * (turns - 1)
        if judge_needs(scenario):
            calls = int(bool(scenario.expected_outcome)) + sum(bool(metric.description) for metric in scenario.metrics)
            judge_calls += calls
            judge_in += calls * (JUDGE_PROMPT_TOKENS + 2 * TOKENS_PER_TURN * turns)
    caller_out, judge_out = caller_calls * TOKENS_PER_TURN, judge_calls * JUDGE_ANSWER_TOKENS
    costs = [
        price(tokens_in, tokens_out) if calls else 0.0
        for calls, price, tokens_in, tokens_out in (
            (caller_calls, caller_price, caller_in, caller_out),
            (judge_calls, judge_price, judge_in, judge_out),
        )
    ]
    known = [cost for cost in costs if cost is not None]
    return Estimate(
        conversations=len(specifications),
        caller_calls=caller_calls,
        judge_calls=judge_calls,
        input_tokens=caller_in + judge_in,
        output_tokens=caller_out + judge_out,
        cost=sum(known) if len(known) == len(costs) else None,
    )
