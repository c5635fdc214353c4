"""What a request may cost, told before it is made."""

import pytest

from ringback.domain.run import RunSpecification
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.runs.estimate import TYPICAL_TURNS, estimate

SCRIPTED = Scenario(key="s", name="S", type=ScenarioType.SCRIPT, script=("a",))
PERSONA = Scenario(
    key="p", name="P", type=ScenarioType.INSTRUCTION, instructions="Be a patient.", expected_outcome="It is booked."
)


def specification(scenario: Scenario) -> RunSpecification:
    return RunSpecification(scenario=scenario, scenario_id=1, repeat=1)


def dollar_a_token(tokens_in: int, tokens_out: int) -> float | None:
    return float(tokens_in + tokens_out)


def no_price(tokens_in: int, tokens_out: int) -> float | None:
    return None


def test_scripts_cost_nothing_even_where_no_price_is_known() -> None:
    expected = estimate([specification(SCRIPTED)] * 3, no_price, no_price)
    assert (expected.conversations, expected.caller_calls, expected.judge_calls, expected.cost) == (3, 0, 0, 0.0)


def test_a_persona_calls_its_model_each_turn_and_the_judge_once() -> None:
    expected = estimate([specification(PERSONA)] * 2, dollar_a_token, dollar_a_token)
    assert (expected.caller_calls, expected.judge_calls) == (2 * TYPICAL_TURNS, 2)
    assert expected.cost == expected.input_tokens + expected.output_tokens


def test_a_judge_without_a_price_leaves_the_cost_unknown() -> None:
    assert estimate([specification(PERSONA)], dollar_a_token, no_price).cost is None


@pytest.mark.parametrize(("turns", "calls"), [({"max_turns": 3}, 3), ({"min_turns": 20}, 20)])
def test_the_limits_of_turns_bound_the_calls(turns: dict[str, int], calls: int) -> None:
    scenario = PERSONA.model_copy(update=turns)
    assert estimate([specification(scenario)], no_price, no_price).caller_calls == calls
