"""Every rule of the conditional format, each with its path and a remedy."""

import pytest

from ringback.callers.conditions import conditional_problems, parent_of
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType

FIRST = Condition(id=0, condition="FIRST_MESSAGE", action="Hello", type=ConditionType.STANDARD, fixed_message=True)


def standard(number: int, *, condition: str | int = "asks", action: str = "yes", fixed: bool = True) -> Condition:
    return Condition(id=number, condition=condition, action=action, type=ConditionType.STANDARD, fixed_message=fixed)


def followup(number: int, parent: str | int, *, action: str = "and") -> Condition:
    return Condition(id=number, condition=parent, action=action, type=ConditionType.ACTION_FOLLOWUP, fixed_message=True)


def test_a_valid_set_has_no_problem() -> None:
    conditions = (
        FIRST,
        standard(3, condition='contains "x"'),
        standard(1, action="Bye<endcall/>"),
        standard(2, action="be rude about a < b", fixed=False),
        followup(4, 3, action='<interruption time="1s"/>Wait'),
        followup(5, "4"),
        standard(6, action='<ivr text="Press 1"/>'),
        standard(7, action='<silence time="{{test_profile.pause}}"/>'),
    )
    assert conditional_problems(ConditionalActions(conditions=conditions), "en") == []


def test_an_empty_first_message_is_valid() -> None:
    actions = ConditionalActions(conditions=(FIRST.model_copy(update={"action": ""}),))
    assert conditional_problems(actions, "en") == []


@pytest.mark.parametrize(
    ("conditions", "path", "message"),
    [
        ((), "conditions", "no condition"),
        ((FIRST.model_copy(update={"id": 1}),), "conditions[0].id", "id 1"),
        ((FIRST.model_copy(update={"condition": "greets"}),), "conditions[0].condition", "not FIRST_MESSAGE"),
        ((FIRST.model_copy(update={"fixed_message": False}),), "conditions[0].fixed_message", "not fixed"),
        ((FIRST, standard(1), standard(1)), "conditions[2].id", "more than once"),
        ((FIRST, standard(1, action="  ")), "conditions[1].action", "empty"),
        ((FIRST, standard(1, condition=" ")), "conditions[1].condition", "empty"),
        ((FIRST, standard(1, condition=0)), "conditions[1].condition", "is a number"),
        ((FIRST, standard(1, condition="FIRST_MESSAGE")), "conditions[1].condition", "only the first"),
        ((FIRST, followup(1, 9)), "conditions[1].condition", "no condition with id 9"),
        ((FIRST, followup(1, 1)), "conditions[1].condition", "itself"),
        ((FIRST, followup(1, "after that")), "conditions[1].condition", "names no id"),
        ((FIRST, standard(1, action="Bye<endcall/>", fixed=False)), "conditions[1].action", "fixed messages only"),
        ((FIRST, standard(1, action="<spell>x")), "conditions[1].action", "never closed"),
        ((FIRST, standard(1, action='Hi <ivr text="x"/>')), "conditions[1].action", "whole message"),
        ((FIRST, standard(1, action='Hi <voicemail text="x"/>')), "conditions[1].action", "whole message"),
        ((FIRST, standard(1, action='<interruption time="1s"/>No')), "conditions[1].action", "followup"),
        ((FIRST, followup(1, 0, action='No <interruption time="1s"/>')), "conditions[1].action", "followup"),
    ],
)
def test_each_broken_rule_is_named_with_its_path(conditions: tuple[Condition, ...], path: str, message: str) -> None:
    problems = conditional_problems(ConditionalActions(conditions=conditions), "en")
    assert any(where == path and message in what and remedy for where, what, remedy in problems), problems


def test_a_language_is_mandatory() -> None:
    ((path, message, remedy),) = conditional_problems(ConditionalActions(conditions=(FIRST,)), None)
    assert path == ""
    assert "language" in message
    assert "language" in remedy


def test_a_parent_may_be_written_as_text() -> None:
    assert parent_of(followup(2, " 1 ")) == 1
    assert parent_of(followup(2, "one")) is None
