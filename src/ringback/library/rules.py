"""Rules of a suite file that reach over several fields of one scenario (or of the defaults)."""

import re
from collections.abc import Iterable, Iterator, Sequence

from ringback.callers.conditions import conditional_problems
from ringback.callers.directives import has_directives
from ringback.domain.check import (
    AgentNeverSaid,
    AgentSaid,
    ArgumentMatch,
    Check,
    LatencyWithin,
    ToolCalled,
    TurnsWithin,
)
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType
from ringback.library.document import Place
from ringback.library.suite_format import (
    ConditionalActionsEntry,
    Defaults,
    MetricEntry,
    PersonalityEntry,
    PersonalityReference,
    ProfileReference,
    ScenarioEntry,
)
from ringback.library.validation import Finding, did_you_mean

PAIRS = (("personality", "personalities"), ("test_profile", "profiles"))
"""One, or several: never both in the same place."""

NEEDED = {
    "script": "script",
    "instruction": "instructions",
    "conditional_actions": "conditional_actions",
    "real_world_fixed": "instructions",
    "real_world_smart": "instructions",
}
"""What a scenario of each type cannot do without."""


def shared_rules(entry: ScenarioEntry | Defaults) -> Iterator[Finding]:
    """What holds for a scenario and for the defaults alike; places are below the entry."""
    for one, several in PAIRS:
        if getattr(entry, one) is not None and getattr(entry, several) is not None:
            yield (several,), f"`{one}` and `{several}` are both given.", "Keep one of them.", True
    yield from _check_rules(entry.checks or ())
    for index, metric in enumerate(entry.metrics or ()):
        if isinstance(metric, MetricEntry):
            yield from _metric_rules(metric, ("metrics", index))
    low, high = entry.min_turns, entry.max_turns
    if low is not None and high is not None and low > high:
        yield ("min_turns",), f"{low} is more than `max_turns`, {high}.", "Make it smaller.", False
    if isinstance(entry.personality, PersonalityEntry):
        yield from personality_rules(entry.personality, ("personality",))
    for index, personality in enumerate(entry.personalities or ()):
        if isinstance(personality, PersonalityEntry):
            yield from personality_rules(personality, ("personalities", index))


def personality_rules(entry: PersonalityEntry, place: Place) -> Iterator[Finding]:
    """A personality says how it behaves, or names one that does."""
    if entry.base is None and entry.prompt is None:
        yield place, "the personality has no `prompt`.", "Add `prompt:` and say how the caller behaves.", False


def name_rules(
    entry: ScenarioEntry | Defaults, personalities: Iterable[str], profiles: Iterable[str]
) -> Iterator[Finding]:
    """Personalities and profiles that are named must be there."""
    for one, several, table, known in (
        ("personality", "personalities", "personalities", personalities),
        ("test_profile", "profiles", "profiles", profiles),
    ):
        single: PersonalityReference | ProfileReference | None = getattr(entry, one)
        many: Sequence[PersonalityReference | ProfileReference] = getattr(entry, several) or ()
        named: list[tuple[Place, object]] = [((one,), single), *(((several, i), name) for i, name in enumerate(many))]
        for place, name in named:
            if isinstance(name, str) and name not in known:
                remedy = f"Describe it under `{table}:` at the top of the file."
                remedy = f"{did_you_mean(name, known)} Or describe it under `{table}:`." if known else remedy
                yield place, f"there is no entry `{name}` in `{table}`.", remedy, False


def scenario_rules(entry: ScenarioEntry, kind: str, language: str | None) -> Iterator[Finding]:
    """What holds for a scenario, given its type and the language that it or the defaults name."""
    wanted = NEEDED[kind]
    if getattr(entry, wanted) is None:
        if entry.type is None:
            message = "the scenario does not say what the caller does."
            yield (), message, "Add `script:`, `instructions:` or `conditional_actions:`.", False
        else:
            yield (), f"`{wanted}` is missing, which type {kind} needs.", f"Add `{wanted}: …`.", False
    if entry.then is not None and entry.script is None:
        yield ("then",), "`then` says what comes after a script, and there is none.", "Add `script:`.", True
    if entry.script is not None and kind != "script":
        yield ("script",), f"a scenario of type {kind} has no script.", "Remove one of the two.", True
    if kind == "script":
        yield from _script_rules(entry)
    if entry.conditional_actions is not None and kind == "conditional_actions":
        yield from _conditional_rules(entry.conditional_actions, language)


def _script_rules(entry: ScenarioEntry) -> Iterator[Finding]:
    for index, line in enumerate(entry.script or ()):
        place: Place = ("script", index)
        if not line.strip():
            yield place, "the line is empty.", "Write what the caller says, or remove the line.", False
    if entry.conditional_actions is not None:
        message = "a scenario has either a script or conditional actions."
        yield ("conditional_actions",), message, "Remove one of the two.", True


def script_warnings(entry: ScenarioEntry) -> Iterator[Finding]:
    """Lines that a reader of the format may expect to do more than they do."""
    for index, line in enumerate(entry.script or ()):
        if has_directives(line):
            message = "a script is said verbatim, so the directive in this line is sent to the agent as words."
            yield ("script", index), message, "Directives work in fixed messages of `conditional_actions`.", False


def template_warnings(entry: ScenarioEntry | Defaults) -> Iterator[Finding]:
    """Templates where none are filled: a check would look for the braces."""
    parts: list[tuple[Place, object]] = [(("checks", index), check) for index, check in enumerate(entry.checks or ())]
    if isinstance(entry, ScenarioEntry) and entry.facts is not None:
        parts.append((("facts",), entry.facts))
    for place, part in parts:
        if "{{test_profile" in repr(part).replace(" ", ""):
            yield place, f"templates are not filled in `{place[0]}`.", "Write the value itself.", False


def conditional_actions(entry: ConditionalActionsEntry) -> ConditionalActions:
    """The record behind the entry."""
    return ConditionalActions(
        role=entry.role or "",
        conditions=tuple(
            Condition(
                id=condition.id,
                condition=condition.condition,
                action=condition.action,
                type=ConditionType(condition.type),
                fixed_message=condition.fixed_message,
            )
            for condition in entry.conditions
        ),
        functions=tuple(entry.functions or ()),
    )


def _conditional_rules(entry: ConditionalActionsEntry, language: str | None) -> Iterator[Finding]:
    for path, message, remedy in conditional_problems(conditional_actions(entry), language):
        yield ("conditional_actions", *_place(path)), message, remedy, False


def _place(path: str) -> Place:
    """`conditions[0].action` as a place."""
    names = re.findall(r"[^.\[\]]+", path)
    return tuple(int(name) if name.isdigit() else name for name in names)


def _metric_rules(metric: MetricEntry, place: Place) -> Iterator[Finding]:
    if metric.kind == "enum" and not metric.enum_values:
        yield place, "a metric of kind enum needs its categories.", "Add `enum_values: [a, b]`.", False
    if metric.kind != "enum" and metric.enum_values:
        yield (*place, "enum_values"), f"a metric of kind {metric.kind} has no categories.", "Set `kind: enum`.", True


def _check_rules(checks: Sequence[Check]) -> Iterator[Finding]:
    for index, check in enumerate(checks):
        place: Place = ("checks", index)
        match check:
            case AgentSaid() | AgentNeverSaid():
                yield from _wording_rules(check, place)
            case TurnsWithin():
                yield from _bounds_rules(check, place)
            case LatencyWithin(max=None, p95=None):
                yield place, "latency needs a limit.", "Add `max:` or `p95:`, in seconds.", False
            case ToolCalled(match=ArgumentMatch.REGEX):
                for name, pattern in (check.arguments or {}).items():
                    if isinstance(pattern, str):
                        yield from _pattern_rules(pattern, (*place, "arguments", name))
            case _:
                pass


def _wording_rules(check: AgentSaid | AgentNeverSaid, place: Place) -> Iterator[Finding]:
    if (check.text is None) == (check.regex is None):
        yield place, f"{check.type} needs either `text` or `regex`.", "Give one of the two.", False
    if check.text is not None and not check.text.strip():
        yield (*place, "text"), "is empty.", "Write the words to look for.", False
    if check.regex is not None:
        yield from _pattern_rules(check.regex, (*place, "regex"))


def _bounds_rules(check: TurnsWithin, place: Place) -> Iterator[Finding]:
    if check.min is None and check.max is None:
        yield place, "turns needs a limit.", "Add `min:` or `max:`.", False
    elif check.min is not None and check.max is not None and check.min > check.max:
        yield (*place, "min"), f"{check.min} is more than `max`, {check.max}.", "Make it smaller.", False


def _pattern_rules(pattern: str, place: Place) -> Iterator[Finding]:
    import regex  # noqa: PLC0415 - costs 50 ms, and most suites have no pattern

    try:
        regex.compile(pattern)
    except regex.error as error:
        yield (
            place,
            f"this is not a regular expression: {error}.",
            "Correct it; `\\` keeps a sign's plain meaning.",
            False,
        )
