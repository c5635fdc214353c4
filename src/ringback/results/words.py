"""Facts of a result in words: what every report says alike."""

import json
from collections.abc import Iterator
from typing import Any

from ringback.domain.conversation import Entry, Role
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance, Result, Run
from ringback.domain.usage import Usage
from ringback.evaluation.unheard import NOT_RECOGNISED, is_unheard
from ringback.results.summary import ScenarioSummary, Tally

SPEAKERS = {
    Role.CALLER: "caller",
    Role.AGENT: "agent",
    Role.TOOL_CALL: "tool call",
    Role.TOOL_RESULT: "tool result",
}

UNFINISHED = "unfinished"

WORST_FIRST = (Outcome.FAILED, Outcome.ERROR, Outcome.INVALID, Outcome.INCONCLUSIVE, None, Outcome.PASSED)
"""The order in which reports show runs."""

_SHORT_COMMIT = 12
_MINUTE = 60.0
_TEN_MILLISECONDS = 0.01


def outcome_word(outcome: Outcome | None) -> str:
    """`passed`, …; a run without an outcome is unfinished."""
    return str(outcome) if outcome else UNFINISHED


def percent(share: float) -> str:
    """`83 %`; never 0 % or 100 % for what is only near to it."""
    rounded = round(share * 100)
    if rounded == 100 and share < 1:  # noqa: PLR2004 - per cent
        return "> 99 %"
    if rounded == 0 and share > 0:
        return "< 1 %"
    return f"{rounded} %"


def share_words(tally: Tally) -> str:
    """`3 of 4 passed (75 %)`, with what did not count where there is any."""
    if tally.rate is None:
        return f"0 valid of {tally.planned}"
    return f"{tally.passed} of {tally.valid} passed ({percent(tally.rate)})"


def interval_words(tally: Tally) -> str:
    """`95 % interval 30 to 95 %`; empty where nothing is valid."""
    if tally.rate is None:
        return ""
    return f"95 % interval {round(tally.interval.low * 100)} to {round(tally.interval.high * 100)} %"


def other_counts(tally: Tally) -> Iterator[str]:
    """`2 invalid`, `1 error`, …: runs that say nothing about the agent."""
    for outcome in (Outcome.ERROR, Outcome.INVALID, Outcome.INCONCLUSIVE):
        if count := tally.outcomes[outcome]:
            yield f"{count} {outcome}{'s' if outcome is Outcome.ERROR and count > 1 else ''}"
    if tally.unfinished:
        yield f"{tally.unfinished} {UNFINISHED}"


def standing(scenario: ScenarioSummary) -> str:
    """Whether a scenario meets its threshold, in one or two words."""
    if scenario.meets is None:
        return "insufficient evidence"
    return "meets" if scenario.meets else "misses"


def seconds_words(seconds: float) -> str:
    """`0.24 s`, `12.3 s`, `4 min 5 s`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def milliseconds_words(seconds: float) -> str:
    """`3 ms`; under ten, `0.4 ms`."""
    return f"{seconds * 1000:.{0 if seconds >= _TEN_MILLISECONDS else 1}f} ms"


def usage_words(usage: Usage) -> str:
    """Model calls, tokens, speech and money."""
    parts: list[str] = []
    if usage.calls:
        parts.append(f"{usage.calls} model call{'' if usage.calls == 1 else 's'}")
        parts.append(f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out")
    if usage.utterances:
        parts.append(speech_words(usage))
    if not parts:
        return "no model calls"
    parts.append("cost unknown" if usage.cost is None else f"${usage.cost:.4f}")
    return ", ".join(parts)


def speech_words(usage: Usage) -> str:
    """What was spoken and heard: `9 utterances, 312 characters spoken, 41.0 s of sound`."""
    spoken = f", {usage.characters:,} characters spoken" if usage.characters else ""
    utterances = f"{usage.utterances} utterance{'' if usage.utterances == 1 else 's'}"
    return f"{utterances}{spoken}, {usage.sound_seconds:.1f} s of sound"


def variant(run: Run) -> str:
    """What tells a run from its siblings: `repeat 2, Impatient, VIP customer`."""
    specification = run.specification
    parts = [f"repeat {specification.repeat}"]
    if specification.personality is not None:
        parts.append(specification.personality.name)
    if specification.profile is not None and specification.profile.name:
        parts.append(specification.profile.name)
    return ", ".join(parts)


def json_words(value: Any, *, indent: int | None = None) -> str:
    """A JSON value as text; plain text stays as it is."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def entry_words(entry: Entry) -> str:
    """The entry on one line, more or less: words, or the tool with its arguments or result."""
    if entry.tool is not None:
        return f"{entry.tool.name}({tool_words(entry)})" if entry.role is Role.TOOL_CALL else tool_words(entry)
    if is_unheard(entry):
        return NOT_RECOGNISED
    if entry.interrupted:
        return f"{entry.content} (broken off)".lstrip()
    return entry.content or ("(ends the call)" if entry.ends_call else "(nothing)")


def tool_words(entry: Entry) -> str:
    """Arguments of a call, result of a return."""
    if entry.tool is None:
        return ""
    return json_words(entry.tool.arguments if entry.role is Role.TOOL_CALL else entry.tool.result)


def agent_words(result: Result) -> str:
    """Name and URL of the agent; the URL alone where it has no other name."""
    if result.agent_name in ("", result.agent_url):
        return result.agent_url
    return f"{result.agent_name} ({result.agent_url})"


def provenance_facts(result: Result) -> Iterator[tuple[str, str]]:
    """Where the result comes from, as names and values."""
    provenance: Provenance = result.provenance
    yield "result", str(result.id)
    yield "agent", agent_words(result)
    yield "started", result.created_at.isoformat(timespec="seconds")
    if result.finished_at is not None:
        yield "finished", result.finished_at.isoformat(timespec="seconds")
    if provenance.git_commit:
        yield "git commit", provenance.git_commit
    if provenance.git_branch:
        yield "git branch", provenance.git_branch
    for name, value in provenance.labels.items():
        yield f"label {name}", value
    for name, value in provenance.suite_hashes.items():
        yield f"suite {name}", f"sha256 {value}"
    for role, name in provenance.models.items():
        yield f"{role.replace('_', ' ')} model", name
    for prompt, version in provenance.prompt_versions.items():
        yield f"prompt {prompt}", version
    if provenance.prices:
        yield "prices", provenance.prices
    yield "seed", str(provenance.seed)
    yield "ringback", provenance.ringback_version


def short_commit(provenance: Provenance) -> str:
    """The first characters of the commit; empty where there is none."""
    return (provenance.git_commit or "")[:_SHORT_COMMIT]
