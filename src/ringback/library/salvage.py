"""What of a file with problems can still be looked at by the rules, so that all problems show at once."""

from typing import Any, cast

from ringback.library.document import Place
from ringback.library.salvaged_conditions import mended
from ringback.library.suite_format import Defaults, ScenarioEntry, SuiteHead
from ringback.library.validation import validate

_STUBS: dict[str, Any] = {
    "checks": {"type": "ended_by", "by": "caller"},
    "metrics": "latency",
    "script": "…",
    "personalities": {"prompt": "…"},
    "profiles": {"agent_variables": {}},
}
"""What stands in for an entry of a list or table that has problems of its own."""

_TAKES_ALONG = {
    "script": ("then", "type"),
    "instructions": ("type",),
    "conditional_actions": ("type",),
    "metrics": ("rubric",),
    "checks": ("rubric",),
    "expected_outcome": ("rubric",),
}
"""Fields about which nothing can be said without the one that is not there."""


def what_is_valid(value: dict[str, Any]) -> tuple[SuiteHead, dict[int, ScenarioEntry]]:
    """The valid parts of a file: all but the scenarios, and the scenarios by their index."""
    parts: dict[str, Any] = {}
    if "defaults" in value:
        parts["defaults"] = _salvaged(Defaults, value["defaults"])
    for name in ("personalities", "profiles"):
        if isinstance(table := value.get(name), dict):
            entries = cast("dict[str, Any]", table)
            valid = {key: validate(SuiteHead, {name: {key: entry}})[0] for key, entry in entries.items()}
            parts[name] = {key: entries[key] if found else _STUBS[name] for key, found in valid.items()}
    head, _ = validate(SuiteHead, {name: part for name, part in parts.items() if part is not None})
    listed = value.get("scenarios")
    scenarios: dict[int, ScenarioEntry] = {}
    for index, entry in enumerate(cast("list[Any]", listed) if isinstance(listed, list) else []):
        found, _ = validate(ScenarioEntry, _salvaged(ScenarioEntry, entry))
        if found is not None:
            scenarios[index] = found
    return head or SuiteHead(), scenarios


def _salvaged(model: type[Defaults | ScenarioEntry], value: Any) -> Any:
    """The value without what does not fit; None where nothing is left of it."""
    if not isinstance(value, dict):
        return None
    kept = dict(cast("dict[str, Any]", value))
    places = [place for place, *_ in validate(model, value)[1]]
    for place in places:
        _remove(kept, place)
    if (name := "conditional_actions") in cast("dict[str, Any]", value) and name not in kept:
        actions = mended(value[name], [place[1:] for place in places if place[0] == name])
        kept |= {} if actions is None else {name: actions}
    if model is ScenarioEntry:
        _complete(kept, cast("dict[str, Any]", value))
    return kept if validate(model, kept)[0] is not None else None


def _remove(kept: dict[str, Any], place: Place) -> None:
    name = str(place[0]) if place else ""
    entries = kept.get(name)
    if name in _STUBS and len(place) > 1 and isinstance(entries, list):
        stubbed = list(cast("list[Any]", entries))
        stubbed[int(place[1])] = _STUBS[name]
        kept[name] = stubbed
        return
    kept.pop(name, None)


def _complete(kept: dict[str, Any], given: dict[str, Any]) -> None:
    """Let nothing be missing that is only missing because it did not fit."""
    kept.setdefault("name", "…")
    for lost in given.keys() - kept.keys():
        for name in _TAKES_ALONG.get(lost, ()):
            kept.pop(name, None)
    what_the_caller_does = ("script", "instructions", "conditional_actions")
    if not any(name in kept for name in what_the_caller_does) and any(name in given for name in what_the_caller_does):
        kept["instructions"] = "…"
        kept.pop("type", None)
    if {"test_profile", "profiles"} & (given.keys() - kept.keys()):
        # A profile that cannot be known here: nothing is said of templates then.
        kept.pop("profiles", None)
        kept["test_profile"] = 1
