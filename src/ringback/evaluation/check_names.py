"""What a check is called where its author gave it no name."""

from typing import assert_never

from ringback.domain.check import (
    AgentNeverSaid,
    AgentSaid,
    ArgumentMatch,
    Check,
    EndedByCheck,
    LatencyWithin,
    MetadataEquals,
    ToolCalled,
    ToolCalledAtMost,
    ToolNotCalled,
    ToolsInOrder,
    ToolSucceeded,
    TurnsWithin,
)
from ringback.evaluation.arguments import shown
from ringback.evaluation.wording import excerpt

_MATCH_WORDS = {
    ArgumentMatch.EXACT: "with exactly",
    ArgumentMatch.SUBSET: "with",
    ArgumentMatch.REGEX: "with arguments like",
}


def name_of(check: Check) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each type of check
    """A sentence (without its full stop) made from the check's fields."""
    match check:
        case AgentSaid():
            return f"agent said {_words(check)}"
        case AgentNeverSaid():
            return f"agent never said {_words(check)}"
        case ToolCalled(arguments=None):
            return f"tool {check.tool} was called"
        case ToolCalled():
            return f"tool {check.tool} was called {_MATCH_WORDS[check.match]} {shown(check.arguments, 80)}"
        case ToolNotCalled():
            return f"tool {check.tool} was not called"
        case ToolCalledAtMost():
            return f"tool {check.tool} was called at most {times(check.times)}"
        case ToolsInOrder():
            return f"tools were called in the order {', '.join(check.tools)}"
        case ToolSucceeded():
            return f"tool {check.tool} succeeded"
        case MetadataEquals():
            return f"metadata {check.key} is {shown(check.value, 80)}"
        case EndedByCheck():
            return f"conversation ended by {'a limit' if check.by == 'limit' else f'the {check.by}'}"
        case TurnsWithin():
            return f"turns {_range(check.min, check.max)}"
        case LatencyWithin():
            limits = [f"{name} ≤ {value:g} s" for name, value in (("max", check.max), ("p95", check.p95)) if value]
            return f"latency {' and '.join(limits) or 'measured'}"
        case _:
            assert_never(check)


def times(count: int) -> str:
    """`once`, `3 times`."""
    return "once" if count == 1 else f"{count} times"


def _words(check: AgentSaid | AgentNeverSaid) -> str:
    words = [f"“{excerpt(check.text, 80)}”"] if check.text is not None else []
    if check.regex is not None:
        words.append(f"/{excerpt(check.regex, 80)}/")
    return (" and " if isinstance(check, AgentSaid) else " or ").join(words)


def _range(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"between {least} and {most}"
    return f"at least {least or 0}" if most is None else f"at most {most}"
