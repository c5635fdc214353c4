"""From the fields of a kept scenario to the scenario that runs, by the rules of suite files."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from pydantic import TypeAdapter

from ringback.domain.check import Check
from ringback.domain.rubric import Rubric
from ringback.domain.scenario import (
    AfterScript,
    Facts,
    MetricDefinition,
    Personality,
    Scenario,
    ScenarioType,
    TestProfile,
)
from ringback.domain.template import template_names
from ringback.evaluation.computed import COMPUTED
from ringback.evaluation.rubric import CHECKS, EXPECTED_OUTCOME
from ringback.library.document import Place, spell
from ringback.library.rules import NEEDED, conditional_actions, scenario_rules, shared_rules
from ringback.library.scenario_form import TOOLS, ScenarioFields
from ringback.library.suite_format import CallerTool, ConditionalActionsEntry, ConditionEntry, ScenarioEntry
from ringback.library.validation import Finding, did_you_mean, validate

_OURS = {
    "type": "scenario_type",
    "language": "scenario_language",
    "expected_outcome": "expected_outcome_prompt",
    "tools": "tool_ids",
}
"""Suite file's keys whose fields are called otherwise."""

_CHECKS = TypeAdapter[tuple[Check, ...]](tuple[Check, ...])
_NO_FACTS = Facts()
"""As a default, pydantic would copy it for each scenario, which takes longer than all the rest."""
_NOTHING: Mapping[int, str] = MappingProxyType({})


def kind_of(fields: ScenarioFields) -> str:
    """The type of a scenario, which follows from what it holds where it is not named."""
    if fields.scenario_type is not None:
        return fields.scenario_type
    if fields.script is not None:
        return "script"
    return "conditional_actions" if fields.conditional_actions and not fields.instructions else "instruction"


def scenario_problems(
    fields: ScenarioFields, *, language: str, metrics: Sequence[MetricDefinition], metric_ids: Sequence[int]
) -> dict[str, list[str]]:
    """What is wrong with a scenario, by field; empty where it is in order.

    Args:
        fields: all of the scenario.
        language: of the conversation, which the personality says where the scenario does not.
        metrics: those that are attached.
        metric_ids: their numbers, and those of the computed ones, which every scenario has.
    """
    entry, findings = validate(ScenarioEntry, _entry(fields))
    if entry is not None:
        findings += shared_rules(entry)
        findings += scenario_rules(entry, kind_of(fields), language)
        findings += _template_rules(fields)
        findings += _rubric_rules(fields, entry.rubric, metrics, metric_ids)
    findings += _tool_rules(fields)
    # A sentence about the scenario as a whole goes to the field that its type needs.
    whole = NEEDED.get(kind_of(fields), "instructions")
    sentences: dict[str, list[str]] = {}
    for place, message, remedy, _ in findings:
        field = str(place[0]) if place else whole
        where = spell(place[1:]) if len(place) > 1 else ""
        sentence = f"{message[0].upper()}{message[1:]} {remedy}".rstrip()
        sentences.setdefault(_OURS.get(field, field), []).append(f"{where}: {sentence}" if where else sentence)
    return sentences


def domain_scenario(
    number: int,
    fields: ScenarioFields,
    *,
    personality: Personality | None,
    profile: TestProfile | None,
    metrics: Mapping[int, MetricDefinition],
    computed: Mapping[int, str] = _NOTHING,
) -> Scenario:
    """The scenario that runs; its fields have been found in order when they were written.

    Args:
        number: the scenario's.
        fields: all of it.
        personality: of the caller, where it has one.
        profile: the test profile, where it has one.
        metrics: those that are attached, by number.
        computed: slugs of computed metrics by number, for rules of its rubric on those that are not attached.
    """
    kind = kind_of(fields)
    said = _conditions(fields.conditional_actions) if kind == "conditional_actions" else None
    actions = ConditionalActionsEntry.model_validate(said) if said is not None else None
    language = fields.scenario_language or (personality.language if personality else "en")
    # What is left out is not checked either: a request may build thousands.
    said_of_it: dict[str, Any] = {
        "instructions": fields.instructions,
        "script": tuple(fields.script or ()) if kind == "script" else (),
        "after_script": AfterScript(fields.then) if fields.then else None,
        "conditional_actions": conditional_actions(actions) if actions else None,
        "first_message": fields.first_message,
        "expected_outcome": fields.expected_outcome_prompt,
        "facts": Facts.model_validate(fields.facts) if fields.facts else _NO_FACTS,
        "checks": _CHECKS.validate_json(json.dumps(fields.checks)) if fields.checks else (),
        "metrics": tuple(metrics.values()),
        "rubric": _by_slug(fields.rubric, metrics, computed),
        "personalities": (personality,) if personality else (),
        "profiles": (profile,) if profile else (),
        "tags": tuple(fields.tags),
        "tools": _tools(fields) if fields.tool_ids else (),
        "unsupported": _unsupported(kind, actions),
    }
    numbers: dict[str, Any] = {
        "min_turns": fields.min_turns,
        "max_turns": fields.max_turns,
        "max_duration": fields.max_duration,
        "pass_rate": fields.pass_rate,
    }
    return Scenario(
        key=f"scenario-{number}",
        name=fields.name,
        type=ScenarioType(kind),
        language=language,
        **{name: value for name, value in said_of_it.items() if value},
        **{name: value for name, value in numbers.items() if value is not None},
    )


def _entry(fields: ScenarioFields) -> dict[str, Any]:
    """The scenario as a suite file has it, without what a number refers to."""
    entry: dict[str, Any] = {
        "name": fields.name,
        "type": kind_of(fields),
        "instructions": fields.instructions or None,
        "script": fields.script,
        "then": fields.then,
        "conditional_actions": _conditions(fields.conditional_actions),
        "first_message": fields.first_message or None,
        "expected_outcome": fields.expected_outcome_prompt or None,
        "facts": fields.facts,
        "checks": fields.checks or None,
        "rubric": fields.rubric,
        "min_turns": fields.min_turns,
        "max_turns": fields.max_turns,
        "max_duration": fields.max_duration,
        "pass_rate": fields.pass_rate,
        "tools": list(_tools(fields)) or None,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _conditions(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Without what is not documented, which clients send back with what they have read."""
    if value is None:
        return None
    known = {name: part for name, part in value.items() if name in ConditionalActionsEntry.model_fields}
    known = {name: part for name, part in known.items() if part is not None}
    if isinstance(known.get("conditions"), list):
        known["conditions"] = [_condition(part) for part in cast("list[Any]", known["conditions"])]
    return known


def _condition(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in cast("dict[str, Any]", part).items() if name in ConditionEntry.model_fields}


def _tool(name: str) -> CallerTool | None:
    """The suite file's name of a tool; None where it has none."""
    return TOOLS.get(name.upper()) or next((tool for tool in TOOLS.values() if tool == name), None)


def _tools(fields: ScenarioFields) -> tuple[CallerTool, ...]:
    return tuple(dict.fromkeys(tool for name in fields.tool_ids if (tool := _tool(name))))


def _tool_rules(fields: ScenarioFields) -> Iterator[Finding]:
    for name in fields.tool_ids:
        # The reference's list is not documented whole, so what looks like one of its names is kept.
        if _tool(name) is None and not name.startswith("TOOL_"):
            yield ("tools",), f"there is no tool {name!a}.", did_you_mean(name, TOOLS), False


def _template_rules(fields: ScenarioFields) -> Iterator[Finding]:
    """Broken templates; whether a profile has what they name is known when a run is asked for."""
    texts: list[tuple[Place, str | None]] = [
        (("instructions",), fields.instructions),
        (("first_message",), fields.first_message),
        (("expected_outcome",), fields.expected_outcome_prompt),
        *((("script", index), line) for index, line in enumerate(fields.script or ())),
    ]
    for place, text in texts:
        try:
            template_names(text or "")
        except ValueError as error:
            yield place, str(error), "Correct it.", False


def _rubric_rules(
    fields: ScenarioFields, rubric: Rubric | None, metrics: Iterable[MetricDefinition], metric_ids: Sequence[int]
) -> Iterator[Finding]:
    """A rule about what is not there never fails: what looks like a strict rubric would let all pass."""
    attached = {metric.slug for metric in metrics} | set(COMPUTED)
    attached |= {EXPECTED_OUTCOME} if fields.expected_outcome_prompt else set()
    attached |= {CHECKS} if fields.checks else set()
    for index, rule in enumerate(rubric.rules if rubric else ()):
        wanted = rule.metric_id
        if wanted not in (metric_ids if isinstance(wanted, int) else attached):
            place: Place = ("rubric", "rules", index, "metric_id")
            yield place, f"the scenario has no metric `{wanted}`.", did_you_mean(str(wanted), attached), False


def _by_slug(
    said: dict[str, Any] | None, metrics: Mapping[int, MetricDefinition], computed: Mapping[int, str]
) -> Rubric | None:
    """The rubric with numbers of metrics replaced by their slugs, and without rules about metrics that are gone."""
    if said is None:
        return None
    rubric = Rubric.model_validate(said)
    slugs = {**computed, **{number: metric.slug for number, metric in metrics.items()}}
    rules = [
        rule.model_copy(update={"metric_id": slugs[rule.metric_id]}) if isinstance(rule.metric_id, int) else rule
        for rule in rubric.rules
        if not isinstance(rule.metric_id, int) or rule.metric_id in slugs
    ]
    return rubric.model_copy(update={"rules": tuple(rules)}) if rules else None


def _unsupported(kind: str, actions: ConditionalActionsEntry | None) -> str | None:
    if kind.startswith("real_world"):
        return f"Not yet supported: a scenario of type {kind}."
    if actions is not None and actions.functions:
        return "Not yet supported: `functions`."
    return None
