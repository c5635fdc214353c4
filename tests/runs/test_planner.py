"""Planning is pure: the same request, the same runs."""

import pytest

from ringback.callers.directives import parse_directives
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType, Personality, Scenario, ScenarioType
from ringback.domain.scenario import TestProfile as Profile
from ringback.errors import UsageError
from ringback.runs.planner import plan


def scenario(**fields: object) -> Scenario:
    return Scenario.model_validate({"key": "k", "name": "K", "type": ScenarioType.SCRIPT, "script": ("Hi",), **fields})


def test_personalities_profiles_and_frequency_multiply() -> None:
    planned = plan(
        [
            scenario(
                frequency=2,
                personalities=(Personality(name="calm"), Personality(name="angry")),
                profiles=(Profile(name="a"), Profile(name="b"), Profile(name="c")),
            )
        ],
        {"k": 7},
    )
    assert len(planned) == 12
    assert {run.scenario_id for run in planned} == {7}
    assert {run.repeat for run in planned} == {1, 2}


def test_repeat_replaces_every_frequency() -> None:
    assert len(plan([scenario(frequency=5)], {"k": 1}, repeat=3)) == 3


def test_a_slip_in_a_frequency_is_a_sentence_and_fills_no_memory() -> None:
    with pytest.raises(UsageError, match=r"^2,000,000,000 conversations are more than one result holds"):
        plan([scenario(personalities=(Personality(name="calm"), Personality(name="angry")))], {"k": 1}, repeat=10**9)


def test_each_run_has_a_seed_of_its_own_that_is_the_same_every_time() -> None:
    first = [run.seed for run in plan([scenario()], {"k": 1}, repeat=4, seed=9)]
    again = [run.seed for run in plan([scenario()], {"k": 1}, repeat=4, seed=9)]
    other = [run.seed for run in plan([scenario()], {"k": 1}, repeat=4, seed=10)]
    assert first == again
    assert len(set(first)) == 4
    assert not set(first) & set(other)


def test_templates_are_filled_everywhere() -> None:
    actions = ConditionalActions(
        role="I am {{test_profile.name}}",
        conditions=(
            Condition(
                id=0,
                condition="FIRST_MESSAGE",
                action="Hi, {{test_profile.name}} here",
                type=ConditionType.STANDARD,
                fixed_message=True,
            ),
            Condition(
                id=1,
                condition=0,
                action="{{test_profile.name}}!",
                type=ConditionType.ACTION_FOLLOWUP,
                fixed_message=True,
            ),
        ),
    )
    (run,) = plan(
        [
            scenario(
                instructions="You are {{test_profile.name}}",
                script=("I am {{test_profile.name}}",),
                first_message="{{test_profile.name}} speaking",
                expected_outcome="The agent greets {{test_profile.name}}",
                conditional_actions=actions,
                profiles=(Profile(name="p", caller_variables={"name": "Ada"}),),
            )
        ],
        {"k": 1},
    )
    assert "test_profile" not in run.model_dump_json(exclude={"profile"})
    assert run.scenario.script == ("I am Ada",)


def test_an_unknown_template_name_is_an_error_that_names_the_scenario_and_what_exists() -> None:
    profile = Profile(name="p", caller_variables={"name": "Ada"})
    with pytest.raises(UsageError, match=r"'k'.*script\[0\].*") as caught:
        plan([scenario(script=("{{test_profile.nam}}",), profiles=(profile,))], {"k": 1})
    assert "name" in str(caught.value)


def test_a_directive_in_a_profile_is_data_and_hangs_nothing_up() -> None:
    actions = ConditionalActions(
        conditions=(
            Condition(
                id=0,
                condition="FIRST_MESSAGE",
                action="{{test_profile.name}} <endcall/>",
                type=ConditionType.STANDARD,
                fixed_message=True,
            ),
        )
    )
    profile = Profile(name="p", caller_variables={"name": "<hold time='9s'/>"})
    (run,) = plan([scenario(conditional_actions=actions, profiles=(profile,))], {"k": 1})
    assert run.scenario.conditional_actions is not None
    utterance = parse_directives(run.scenario.conditional_actions.conditions[0].action)
    assert utterance.text == "<hold time='9s'/>"
    assert utterance.ends_call
