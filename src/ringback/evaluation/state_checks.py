"""Checks on metadata, the ending, the number of turns and the agent's latency."""

from collections.abc import Mapping
from typing import Any, cast

from ringback.domain.check import EndedByCheck, LatencyWithin, MetadataEquals, TurnsWithin
from ringback.domain.evaluation import CheckScore, Evidence
from ringback.evaluation.arguments import same_value, shown
from ringback.evaluation.percentiles import LAG_BOUND, percentile
from ringback.evaluation.record import Record
from ringback.evaluation.wording import excerpt

_ABSENT = object()


def metadata_equals(check: MetadataEquals, record: Record) -> CheckScore:
    """Compares a value of the merged metadata; a key with dots may also stand as it is."""
    metadata = record.conversation.metadata
    value = _value_at(check.key, metadata)
    if value is _ABSENT:
        known = f"Its keys are {excerpt(', '.join(metadata))}." if metadata else "The agent sent no metadata."
        return CheckScore(name="", passed=False, explanation=f"Metadata has no `{check.key}`. {known}")
    if same_value(check.value, value):
        return CheckScore(name="", passed=True, explanation=f"Metadata `{check.key}` is {shown(value)}.")
    return CheckScore(
        name="",
        passed=False,
        explanation=f"Metadata `{check.key}` is {shown(value)}, expected {shown(check.value)}.",
    )


def ended_by(check: EndedByCheck, record: Record) -> CheckScore:
    """Compares who ended the conversation."""
    ending = record.conversation.ending
    return CheckScore(
        name="",
        passed=ending.ended_by == check.by,
        explanation=f"Ended by {ending.ended_by.value} ({ending.code.value}): {ending.sentence}",
    )


def turns_within(check: TurnsWithin, record: Record) -> CheckScore:
    """Compares the number of the caller's utterances."""
    turns = record.conversation.caller_turns
    said = f"The caller spoke {turns} times"
    if check.min is not None and turns < check.min:
        return CheckScore(name="", passed=False, explanation=f"{said}, at least {check.min} expected.")
    if check.max is not None and turns > check.max:
        return CheckScore(name="", passed=False, explanation=f"{said}, at most {check.max} expected.")
    return CheckScore(name="", passed=True, explanation=f"{said}.")


def latency_within(check: LatencyWithin, record: Record) -> CheckScore:
    """Compares the agent's reply latency; undecided where nothing was measured or our own lag may be to blame."""
    answers = record.answers
    if not answers:
        return CheckScore(
            name="",
            passed=False,
            explanation="The agent answered no turn of the caller, so there is no latency.",
            undecided=True,
        )
    values = [answer.seconds for answer in answers]
    slowest = max(answers, key=lambda answer: answer.seconds).entry
    evidence = () if slowest is None else (Evidence(entry=slowest),)
    seen = [
        (what, measured, limit)
        for what, measured, limit in (
            ("The longest reply latency", max(values), check.max),
            ("The p95 of reply latency", percentile(values, 95), check.p95),
        )
        if limit is not None
    ]
    words = "; ".join(f"{what} is {measured:.3f} s, limit {limit:g} s" for what, measured, limit in seen)
    place = "" if slowest is None else f", slowest at entry {slowest}"
    explanation = f"{words or 'No limit was given'} ({len(values)} answers{place})."
    if all(measured <= limit for _, measured, limit in seen):
        return CheckScore(name="", passed=True, explanation=explanation, evidence=evidence)
    voice = record.conversation.voice
    if voice is not None:  # its latencies are counted in samples, so only what we sent too late can be in them
        doubt = f" Not trusted: {' '.join(voice.degraded)}" if voice.degraded else ""
        return CheckScore(
            name="", passed=False, explanation=explanation + doubt, evidence=evidence, undecided=bool(voice.degraded)
        )
    lag = record.conversation.loop_lag
    ours = lag > LAG_BOUND and all(measured - lag <= limit for _, measured, limit in seen)
    doubt = f" Ringback itself lagged by up to {lag:.3f} s, so the agent may not be to blame." if ours else ""
    return CheckScore(name="", passed=False, explanation=f"{explanation}{doubt}", evidence=evidence, undecided=ours)


def _value_at(key: str, metadata: Mapping[str, Any]) -> Any:
    """The value under a key; where no key is spelled so, its dots reach into objects."""
    if key in metadata:
        return metadata[key]
    head, dot, tail = key.partition(".")
    inner = metadata.get(head)
    if dot and isinstance(inner, Mapping):
        return _value_at(tail, cast("Mapping[str, Any]", inner))
    return _ABSENT
