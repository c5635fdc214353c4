"""Checks on the agent's tool calls."""

from collections.abc import Sequence

from ringback.domain.check import ToolCalled
from ringback.domain.evaluation import CheckScore, Evidence
from ringback.domain.visible import every_sign, visible
from ringback.evaluation.arguments import mismatches, shown
from ringback.evaluation.check_names import times
from ringback.evaluation.record import Record, ToolUse
from ringback.evaluation.tool_results import error_in

_SHOWN = 5
"""Calls that an explanation describes at most."""


def called(check: ToolCalled, record: Record) -> CheckScore:
    """Passes at the first call of the tool whose arguments are as expected."""
    uses = _of(check.tool, record)
    if not uses:
        return _never_called(check.tool, record)
    misses: list[str] = []
    for use in uses:
        found = (
            mismatches(check.arguments, _arguments(use), match=check.match, tolerance=check.tolerance)
            if check.arguments is not None
            else []
        )
        if not found:
            return _score(passed=True, explanation=f"{_described(use)}.", uses=[use])
        misses.append(f"entry {use.call.number}: {'; '.join(found)}")
    more = f" (and {len(misses) - _SHOWN} more calls)" if len(misses) > _SHOWN else ""
    return _score(
        passed=False,
        explanation=f"{check.tool} was called {times(len(uses))}, never as expected. "
        f"At {'. At '.join(misses[:_SHOWN])}{more}.",
        uses=uses,
    )


def called_at_most(tool: str, most: int, record: Record) -> CheckScore:
    """Fails from the first call too many; `most` 0 means never."""
    uses = _of(tool, record)
    if len(uses) <= most:
        seen = f"{tool} was called {times(len(uses))}." if uses else f"{tool} was never called."
        return _score(passed=True, explanation=seen, uses=uses)
    too_many = uses[most]
    limit = f"{tool} was called {times(len(uses))}, at most {most} allowed" if most else f"{tool} was called"
    return _score(passed=False, explanation=f"{limit}: {_described(too_many)}.", uses=uses[most:])


def in_order(tools: Sequence[str], record: Record) -> CheckScore:
    """Passes when the tools occur in this order; others may come between."""
    matched: list[ToolUse] = []
    for use in record.tool_uses:
        if len(matched) < len(tools) and use.name == tools[len(matched)]:
            matched.append(use)
    if len(matched) == len(tools):
        places = ", ".join(f"{use.name} (entry {use.call.number})" for use in matched)
        return _score(passed=True, explanation=f"Called in order: {places}.", uses=matched)
    missing = tools[len(matched)]
    after = f" after {matched[-1].name} (entry {matched[-1].call.number})" if matched else ""
    explanation = f"{missing} was not called{after}. {_all_calls(record, but=missing)}"
    return _score(passed=False, explanation=explanation, uses=record.tool_uses)


def succeeded(tool: str, record: Record) -> CheckScore:
    """Passes when every call (at least one) has a result and no result is an error."""
    uses = _of(tool, record)
    if not uses:
        return _never_called(tool, record)
    for use in uses:
        if not use.results:
            return _score(passed=False, explanation=f"The call at entry {use.call.number} has no result.", uses=[use])
        for result in use.results:
            if error := error_in(result):
                value = result.tool.result if result.tool and result.tool.result is not None else result.content
                return CheckScore(
                    name="",
                    passed=False,
                    explanation=f"The result at entry {result.number} is an error, for {error}: {shown(value)}.",
                    evidence=(Evidence(entry=use.call.number), Evidence(entry=result.number)),
                )
    return CheckScore(
        name="",
        passed=True,
        explanation=f"{tool} was called {times(len(uses))}; each result is a success.",
        evidence=tuple(Evidence(entry=result.number) for use in uses[:_SHOWN] for result in use.results[:1]),
    )


def _never_called(tool: str, record: Record) -> CheckScore:
    explanation = f"{tool} was never called. {_all_calls(record, but=tool)}"
    return _score(passed=False, explanation=explanation, uses=record.tool_uses)


def _of(tool: str, record: Record) -> list[ToolUse]:
    return [use for use in record.tool_uses if use.name == tool]


def _arguments(use: ToolUse) -> object:
    tool = use.call.tool
    # A call without arguments is a call with an empty object: agents leave them out where there are none.
    return {} if tool is None or tool.arguments in (None, "") else tool.arguments


def _described(use: ToolUse) -> str:
    return f"entry {use.call.number} is {use.name}({shown(_arguments(use))})"


def _all_calls(record: Record, *, but: str) -> str:
    """Which tools were called, all but the one that is missed."""
    uses = record.tool_uses
    if not uses:
        return "No tool was called."
    names = ", ".join(f"{_told_apart(use.name, but)} (entry {use.call.number})" for use in uses[:_SHOWN])
    more = f" and {len(uses) - _SHOWN} more" if len(uses) > _SHOWN else ""
    return f"Called were: {names}{more}."


def _told_apart(name: str, missed: str) -> str:
    """The name; where it is shown like that of the missed tool, with the signs that are else left out."""
    return every_sign(name) if name != missed and visible(name) == visible(missed) else name


def _score(*, passed: bool, explanation: str, uses: Sequence[ToolUse] = ()) -> CheckScore:
    return CheckScore(
        name="",
        passed=passed,
        explanation=f"{explanation[:1].upper()}{explanation[1:]}" if explanation.startswith("entry ") else explanation,
        evidence=tuple(Evidence(entry=use.call.number) for use in uses[:_SHOWN]),
    )
