"""From scenarios to run specifications: pure, so the same request always plans the same runs."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from ringback.domain.run import RunSpecification
from ringback.domain.scenario import Condition, Personality, Scenario, TestProfile
from ringback.domain.template import fill, may_have_templates
from ringback.errors import UsageError

MOST_RUNS = 100_000
"""Runs of one result: a slip in a frequency must not fill memory and disk."""


def conversations(scenarios: Iterable[Scenario], repeat: int | None = None) -> int:
    """How many conversations scenarios come to; `repeat` replaces every scenario's frequency."""
    return sum(
        (len(scenario.personalities) or 1) * (len(scenario.profiles) or 1) * (repeat or scenario.frequency)
        for scenario in scenarios
    )


def plan(
    scenarios: Sequence[Scenario], scenario_ids: Mapping[str, int], *, repeat: int | None = None, seed: int = 0
) -> tuple[RunSpecification, ...]:
    """One specification per scenario, personality, profile and repetition, in that order.

    Args:
        scenarios: what to run.
        scenario_ids: the store's id of each scenario key.
        repeat: replaces every scenario's frequency.
        seed: from it each run gets its own, which depends on nothing but what identifies the run.

    Raises:
        UsageError: a template names a value that the profile lacks, or there would be too many runs.
    """
    asked = conversations(scenarios, repeat)
    if asked > MOST_RUNS:
        raise UsageError(
            f"{asked:,} conversations are more than one result holds ({MOST_RUNS:,}). Lower --repeat or `frequency`, or"
            " choose scenarios with --only or --tag."
        )
    filled_with = [
        [
            (profile, scenario if scenario.unsupported else _filled(scenario, profile))
            for profile in scenario.profiles or (None,)
        ]
        for scenario in scenarios
    ]
    return tuple(
        RunSpecification(
            scenario=filled,
            scenario_id=scenario_ids[scenario.key],
            repeat=number,
            personality=personality,
            profile=profile,
            seed=_run_seed(seed, scenario.key, personality, profile, number),
        )
        for position, scenario in enumerate(scenarios)
        for personality in scenario.personalities or (None,)
        # What cannot run anyway may be templated with a profile that is kept elsewhere.
        for profile, filled in filled_with[position]
        for number in range(1, (repeat or scenario.frequency) + 1)
    )


def _run_seed(seed: int, key: str, personality: Personality | None, profile: TestProfile | None, repeat: int) -> int:
    identity = "\0".join(
        (str(seed), key, personality.name if personality else "", profile.name if profile else "", str(repeat))
    )
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:4])


def _is_templated(scenario: Scenario) -> bool:
    """Whether anything in it could have to be filled in."""
    texts = (scenario.instructions, scenario.first_message or "", scenario.expected_outcome or "", *scenario.script)
    return scenario.conditional_actions is not None or may_have_templates("\n".join(texts))


def _filled(scenario: Scenario, profile: TestProfile | None) -> Scenario:
    """The scenario with every template replaced by the profile's data."""
    if not _is_templated(scenario):
        return scenario

    def filled(text: str, field: str, *, before_directives: bool = False) -> str:
        where = f"scenario '{scenario.key}', {field}"
        return fill(text, profile, where=where, before_directives=before_directives)

    def filled_condition(condition: Condition) -> Condition:
        where = f"conditional_actions.conditions[id={condition.id}]"
        trigger = condition.condition
        return condition.model_copy(
            update={
                "condition": filled(trigger, f"{where}.condition") if isinstance(trigger, str) else trigger,
                "action": filled(condition.action, f"{where}.action", before_directives=condition.fixed_message),
            }
        )

    actions = scenario.conditional_actions
    return scenario.model_copy(
        update={
            "instructions": filled(scenario.instructions, "instructions"),
            "script": tuple(filled(line, f"script[{i}]") for i, line in enumerate(scenario.script)),
            "first_message": scenario.first_message and filled(scenario.first_message, "first_message"),
            "expected_outcome": scenario.expected_outcome and filled(scenario.expected_outcome, "expected_outcome"),
            "conditional_actions": actions
            and actions.model_copy(
                update={
                    "role": filled(actions.role, "conditional_actions.role"),
                    "conditions": tuple(filled_condition(condition) for condition in actions.conditions),
                }
            ),
        }
    )
