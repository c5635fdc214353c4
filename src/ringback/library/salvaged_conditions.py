"""What of conditional actions with problems can still be looked at by the rules, so that all problems show at once.

A field that does not fit gets a value that breaks no rule; a rule that would speak of that very field is not heard
(the reader of suite files sees to that), for the field has its problem already.
"""

from collections.abc import Iterable
from typing import Any, cast

from ringback.library.document import Place

_FITTING: dict[str, Any] = {"condition": "…", "action": "…", "fixed_message": True}


def mended(value: Any, problems: Iterable[Place]) -> Any:
    """The conditional actions with fitting values at the places of problems; None where nothing is left of them.

    Args:
        value: what the file has under `conditional_actions`.
        problems: where it does not fit the format, below it.
    """
    places = list(problems)
    if not isinstance(value, dict) or any(place in ((), ("conditions",)) for place in places):
        return None
    kept = dict(cast("dict[str, Any]", value))
    conditions = list(cast("list[Any]", kept["conditions"]))
    wrong: dict[int, set[str]] = {}
    for place in places:
        if place[0] != "conditions":
            kept.pop(str(place[0]), None)
            continue
        index = int(place[1])
        if len(place) == 2:  # noqa: PLR2004 - the condition itself is no object
            conditions[index] = {}
            wrong[index] = {"id", "condition", "action", "type", "fixed_message"}
        else:
            wrong.setdefault(index, set()).add(str(place[2]))
    for index, names in wrong.items():
        conditions[index] = _condition(conditions[index], index, names)
    if any("id" in names for names in wrong.values()):
        conditions = [_after_any(condition, conditions) for condition in conditions]
    return {**kept, "conditions": conditions}


def _condition(given: dict[str, Any], index: int, wrong: set[str]) -> dict[str, Any]:
    fits = {name: value for name, value in given.items() if name not in wrong}
    if "id" in wrong:
        fits["id"] = -1 - index  # nobody else's
    fits |= {name: value for name, value in _FITTING.items() if name in wrong}
    if "type" in wrong:
        names_an_id = str(fits["condition"]).strip().isdecimal()
        fits["type"] = "action_followup" if names_an_id else "standard"
    return fits


def _after_any(condition: dict[str, Any], conditions: list[dict[str, Any]]) -> dict[str, Any]:
    """A followup of a condition that is there: which one it means cannot be told where an id is not readable."""
    if condition["type"] != "action_followup":
        return condition
    others = [other["id"] for other in conditions if other["id"] != condition["id"]]
    return {**condition, "condition": others[0]} if others else {**condition, "type": "standard", "condition": "…"}
