"""What a set of conditional actions must look like, and what each condition is."""

from collections import Counter
from collections.abc import Iterator

from ringback.callers.directives import has_directives, parse_directives
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType
from ringback.domain.utterance import VoiceDirective, Words

FIRST_MESSAGE = "FIRST_MESSAGE"
_SHOWN = 60

Finding = tuple[str, str, str]
"""Path below `conditional_actions`, what is wrong, what would be right."""


def parent_of(condition: Condition) -> int | None:
    """The id that a followup refers to; None where it names no id."""
    trigger = condition.condition
    if isinstance(trigger, str):
        return int(trigger) if trigger.strip().isdecimal() else None
    return trigger


def conditional_problems(actions: ConditionalActions, language: str | None) -> list[Finding]:
    """Every rule of the format that the conditions break; empty when the set can run.

    Args:
        actions: the set, with templates filled or not.
        language: the scenario's language as written; None or empty where the file names none.
    """
    problems: list[Finding] = []
    if not language:
        problems.append(("", "a conditional scenario needs a language.", 'Add `language: "en"` or another code.'))
    problems += _first(actions)
    problems += _ids(actions)
    known = {condition.id for condition in actions.conditions}
    for index, condition in enumerate(actions.conditions):
        path = f"conditions[{index}]"
        problems += _trigger(condition, path, known, first=index == 0)
        problems += _action(condition, path, first=index == 0)
    return problems


def _first(actions: ConditionalActions) -> Iterator[Finding]:
    if not actions.conditions:
        yield ("conditions", "there is no condition.", "Begin with id 0, condition FIRST_MESSAGE, fixed_message true.")
        return
    first = actions.conditions[0]
    if first.id != 0:
        yield ("conditions[0].id", f"the first condition has id {first.id}.", "Give it id 0.")
    if first.condition != FIRST_MESSAGE:
        yield ("conditions[0].condition", "the first condition is not FIRST_MESSAGE.", f'Write "{FIRST_MESSAGE}".')
    if not first.fixed_message:
        yield ("conditions[0].fixed_message", "the first message is not fixed.", "Set it to true.")
    if first.type is not ConditionType.STANDARD:
        yield ("conditions[0].type", "the first message follows nothing.", 'Set it to "standard".')


def _ids(actions: ConditionalActions) -> Iterator[Finding]:
    counts = Counter(condition.id for condition in actions.conditions)
    for index, condition in enumerate(actions.conditions):
        if counts[condition.id] > 1:
            yield (f"conditions[{index}].id", f"id {condition.id} is used more than once.", "Give each its own id.")


def _trigger(condition: Condition, path: str, known: set[int], *, first: bool) -> Iterator[Finding]:
    where = f"{path}.condition"
    if condition.type is ConditionType.ACTION_FOLLOWUP:
        parent = parent_of(condition)
        others = ", ".join(str(i) for i in sorted(known - {condition.id})) or "none"
        if parent is None:
            yield (where, "a followup names no id.", f"Write the id of another condition: {others}.")
        elif parent == condition.id:
            yield (where, "a followup refers to itself.", f"Write the id of another condition: {others}.")
        elif parent not in known:
            yield (where, f"there is no condition with id {parent}.", f"Write one of: {others}.")
    elif isinstance(condition.condition, int):
        yield (where, "a standard condition is a number.", 'Write a sentence, or set type to "action_followup".')
    elif not condition.condition.strip():
        yield (where, "the condition is empty.", "Write what the agent says when this action is due.")
    elif not first and condition.condition == FIRST_MESSAGE:
        yield (where, "only the first condition is FIRST_MESSAGE.", "Write what the agent says when it is due.")


def _action(condition: Condition, path: str, *, first: bool) -> Iterator[Finding]:
    where = f"{path}.action"
    if not condition.action.strip():
        if not first:
            yield (where, "the action is empty.", "Write what the caller says or does.")
        return
    if not condition.fixed_message:
        if has_directives(condition.action):
            yield (where, "directives work in fixed messages only.", "Set fixed_message to true, or say it in words.")
        return
    try:
        parts = parse_directives(condition.action).parts
    except ValueError as error:
        if "{{" not in condition.action:  # a template may stand in a directive: then only the filled text can tell
            yield (where, str(error), "Correct the directive.")
        return
    if any(isinstance(part, VoiceDirective) and part.name == "interruption" for part in parts):
        begins = next(part for part in parts if not (isinstance(part, Words) and not part.text.strip()))
        at_start = isinstance(begins, VoiceDirective) and begins.name == "interruption"
        if condition.type is not ConditionType.ACTION_FOLLOWUP or not at_start:
            yield (
                where,
                "`<interruption>` works at the start of a followup only.",
                'Move it to the start of an action of type "action_followup".',
            )


def shown(condition: Condition) -> str:
    """The condition as a sentence for a person, cut where it is long."""
    text = str(condition.condition)
    return f"{condition.id}: {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}"
