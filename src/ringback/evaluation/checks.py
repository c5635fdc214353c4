"""Checks: deterministic assertions on the record. Each says which entry decided it and what stands there."""

import logging
from collections.abc import Callable, Sequence
from typing import assert_never

from ringback.domain.check import (
    AgentNeverSaid,
    AgentSaid,
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
from ringback.domain.conversation import Entry
from ringback.domain.evaluation import CheckScore, Evidence
from ringback.evaluation import state_checks, tool_checks
from ringback.evaluation.check_names import name_of
from ringback.evaluation.patterns import PatternUnusable, Search
from ringback.evaluation.record import Record
from ringback.evaluation.unheard import unheard_words
from ringback.evaluation.wording import excerpt, fold, locate

log = logging.getLogger(__name__)

_LONGEST_SEARCHED = 50_000
"""Characters up to which the exact place of a text is looked for; of longer messages the whole entry is evidence."""

_SHOWN_EVIDENCE = 20
"""Entries that a check lists as evidence at most; an agent may repeat itself for hours."""


def run_check(check: Check, record: Record) -> CheckScore:
    """What one check saw; a check that cannot be decided says why and neither passes nor fails."""
    try:
        score = _decide(check, record)
    except PatternUnusable as error:
        score = CheckScore(name="", passed=False, explanation=str(error), undecided=True)
    except Exception as error:
        log.exception("a check crashed")
        sentence = f"The check crashed: {type(error).__name__}: {error}"
        score = CheckScore(name="", passed=False, explanation=sentence, undecided=True)
    return CheckScore(
        name=check.name or name_of(check),
        passed=score.passed,
        explanation=score.explanation,
        evidence=score.evidence,
        undecided=score.undecided,
    )


def _decide(check: Check, record: Record) -> CheckScore:  # noqa: C901, PLR0911 - one line for each type of check
    match check:
        case AgentSaid():
            return _agent_said(check, record)
        case AgentNeverSaid():
            return _agent_never_said(check, record)
        case ToolCalled():
            return tool_checks.called(check, record)
        case ToolNotCalled():
            return tool_checks.called_at_most(check.tool, 0, record)
        case ToolCalledAtMost():
            return tool_checks.called_at_most(check.tool, check.times, record)
        case ToolsInOrder():
            return tool_checks.in_order(check.tools, record)
        case ToolSucceeded():
            return tool_checks.succeeded(check.tool, record)
        case MetadataEquals():
            return state_checks.metadata_equals(check, record)
        case EndedByCheck():
            return state_checks.ended_by(check, record)
        case TurnsWithin():
            return state_checks.turns_within(check, record)
        case LatencyWithin():
            return state_checks.latency_within(check, record)
        case _:
            assert_never(check)


def _agent_said(check: AgentSaid, record: Record) -> CheckScore:
    """Passes at the first entry in which all that the check gives (text, pattern) is found."""
    finders = _finders(check)
    for entry, folded in record.agent_words:
        quotes = [find(entry, folded) for find in finders]
        if None not in quotes:
            return CheckScore(
                name="",
                passed=True,
                explanation=f"Entry {entry.number}: “{excerpt(entry.content)}”.",
                evidence=tuple([Evidence(entry=entry.number, quote=quote or "") for quote in quotes]),
            )
    return CheckScore(
        name="",
        passed=False,
        explanation=_not_said(_wanted(check), record) + _doubt(record),
        evidence=_last_words(record),
        undecided=bool(record.unheard),
    )


def _agent_never_said(check: AgentNeverSaid, record: Record) -> CheckScore:
    """Fails when any of what the check gives (text, pattern) is found anywhere."""
    finders = _finders(check)
    found = [
        (entry, quote)
        for entry, folded in record.agent_words
        for find in finders
        if (quote := find(entry, folded)) is not None
    ]
    if not found:
        count = len(record.agent_words)
        said = f"Found in none of the {count} messages of the agent.{_doubt(record)}"
        return CheckScore(name="", passed=not record.unheard, explanation=said, undecided=bool(record.unheard))
    first = found[0][0]
    numbers = list(dict.fromkeys(str(entry.number) for entry, _ in found))
    others = f" Also in entry {', '.join(numbers[1:_SHOWN_EVIDENCE])}." if len(numbers) > 1 else ""
    return CheckScore(
        name="",
        passed=False,
        explanation=f"The agent said it in entry {first.number}: “{excerpt(first.content)}”.{others}",
        evidence=tuple(Evidence(entry=entry.number, quote=quote) for entry, quote in found[:_SHOWN_EVIDENCE]),
    )


_Finder = Callable[[Entry, str], str | None]
"""Given an entry and its folded text: the words found (empty: the whole entry), or None."""


def _finders(check: AgentSaid | AgentNeverSaid) -> Sequence[_Finder]:
    finders: list[_Finder] = []
    if check.text is not None:
        wanted = fold(check.text)

        def find_text(entry: Entry, folded: str) -> str | None:
            return _verbatim(wanted, entry.content, folded) if wanted in folded else None

        finders.append(find_text)
    if check.regex is not None:
        search = Search(check.regex)

        def find_pattern(entry: Entry, _folded: str) -> str | None:
            return search.find(entry.content)

        finders.append(find_pattern)
    return finders


def _verbatim(wanted: str, content: str, folded: str) -> str:
    """The place of a folded text in the original, as it stands there."""
    if len(folded) == len(content) and content.isascii():  # nothing moved, the common case
        start = folded.index(wanted)
        return content[start : start + len(wanted)]
    place = locate(wanted, content) if len(content) <= _LONGEST_SEARCHED else None
    return content[slice(*place)] if place else ""


def _wanted(check: AgentSaid | AgentNeverSaid) -> str:
    wanted = [f"“{excerpt(check.text)}”"] if check.text is not None else []
    if check.regex is not None:
        wanted.append(f"/{excerpt(check.regex)}/")
    return " and ".join(wanted)


def _not_said(wanted: str, record: Record) -> str:
    words = record.agent_words
    if not words:
        said = "No word of the agent was recognised" if record.unheard else "The agent said nothing"
        return f"{said}, so not {wanted} either."
    last = words[-1][0]
    return (
        f"None of the agent's {len(words)} messages has {wanted}; "
        f"the last one, entry {last.number}, is “{excerpt(last.content)}”."
    )


def _doubt(record: Record) -> str:
    """That words are missing, where they are."""
    return f" {unheard_words(record.unheard)}: it may stand there." if record.unheard else ""


def _last_words(record: Record) -> tuple[Evidence, ...]:
    return tuple(Evidence(entry=entry.number) for entry, _ in record.agent_words[-1:])
