"""One run as the HTML report shows it: every text made visible, every place of evidence found in its words."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from markupsafe import Markup, escape

from ringback.domain.conversation import Entry, Finding, MetadataUpdate, Role
from ringback.domain.evaluation import Answer, Evaluation, Evidence, MetricScore
from ringback.domain.run import Attempt, Run
from ringback.domain.scenario import MetricKind
from ringback.domain.visible import one_line, visible
from ringback.evaluation.record import Record
from ringback.evaluation.unheard import NOT_RECOGNISED, is_unheard
from ringback.results.export.html_voice import Recorded, VoiceView, measured_words, remarks_on, voice_facts, voice_view
from ringback.results.telephone_words import telephone_facts
from ringback.results.words import SPEAKERS, json_words, outcome_word, seconds_words, usage_words, variant

_LONGEST = 20_000
"""Characters shown of one entry or object."""

GOOD, BAD, UNSURE = "good", "bad", "unsure"
_RANK = {BAD: 0, UNSURE: 1, GOOD: 2}
_SIGNS = {GOOD: "✓", BAD: "✗", UNSURE: "?"}
_ANSWERS = {Answer.MET: GOOD, Answer.NOT_MET: BAD, Answer.CANNOT_TELL: UNSURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A check, a part of the expected outcome or a metric, with where it was seen."""

    light: str
    sign: str
    name: str
    explanation: str
    entries: Sequence[int]
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the transcript: an entry, a remark or metadata."""

    kind: str
    """`caller`, `agent`, `tool`, `remark` or `metadata`."""
    time: str
    who: str
    number: int | None = None
    text: Markup = field(default_factory=Markup)
    code: Markup = field(default_factory=Markup)
    """Shown as it is written: arguments, results, JSON."""
    latency: str = ""
    light: str = ""
    """How the evidence on it speaks: the worst of the verdicts that point here."""
    notes: Sequence[str] = ()
    """Names of the verdicts that point here and did not hold."""
    spoken: tuple[float, float] | None = None
    """From when to when it was said, in seconds; None for what was not spoken."""
    until: str = ""
    """Of what was spoken, when it ended."""
    remarks: Sequence[str] = ()
    """What a spoken line's words do not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """An earlier attempt."""

    number: int
    reason: str
    moments: Sequence[Moment]
    voice: VoiceView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run."""

    id: int
    outcome: str
    opened: bool
    title: str
    variant: str
    reason: str
    facts: Sequence[tuple[str, str]]
    verdicts: Sequence[Verdict]
    """Checks, then parts of the expected outcome, then attached metrics."""
    measured: Sequence[Verdict]
    """Metrics that were computed without being asked for."""
    rejected: Sequence[str]
    """Why verdicts of the judge were turned down."""
    moments: Sequence[Moment]
    absent: Sequence[Verdict]
    """What did not hold and has no place in the transcript, such as a tool that was never called."""
    metadata: str
    voice: VoiceView | None
    """None for text."""
    attempts: Sequence[AttemptView]


def run_title(run: Run) -> str:
    """The scenario's name."""
    return one_line(run.specification.scenario.name)


def run_view(run: Run, *, opened: bool, recordings: Mapping[str, Recorded]) -> RunView:
    """All that the page shows of a run."""
    record = Record(run.conversation) if run.conversation else None
    places = _places(run.evaluation)
    # What a reader looks for comes first; the order is otherwise that of the suite file.
    spoken = bool(run.conversation and run.conversation.voice)
    verdicts = sorted(
        _verdicts(run.evaluation, spoken=spoken), key=lambda verdict: _RANK.get(verdict.light, _RANK[GOOD])
    )
    return RunView(
        id=run.id,
        outcome=outcome_word(run.outcome),
        opened=opened,
        title=run_title(run),
        variant=one_line(variant(run)),
        reason=visible(run.evaluation.reason) if run.evaluation else "The run was not finished.",
        facts=list(_facts(run, record)),
        verdicts=verdicts,
        measured=[_metric(metric, spoken=spoken) for metric in run.evaluation.metrics if not metric.attached]
        if run.evaluation
        else (),
        rejected=_rejected(run.evaluation),
        moments=_moments(record, places),
        absent=[verdict for verdict in verdicts if verdict.light == BAD and not verdict.entries]
        if run.conversation and run.conversation.entries
        else (),
        metadata=_cut(visible(json_words(run.conversation.metadata, indent=2)))
        if run.conversation and run.conversation.metadata
        else "",
        voice=voice_view(record, recordings),
        attempts=[_attempt(attempt, recordings) for attempt in run.earlier_attempts],
    )


def _attempt(attempt: Attempt, recordings: Mapping[str, Recorded]) -> AttemptView:
    record = Record(attempt.conversation) if attempt.conversation else None
    return AttemptView(
        number=attempt.number,
        reason=visible(attempt.reason),
        moments=_moments(record, {}),
        voice=voice_view(record, recordings),
    )


def _facts(run: Run, record: Record | None) -> Iterator[tuple[str, str]]:
    conversation = run.conversation
    if conversation is not None and record is not None:
        yield "ending", one_line(conversation.ending.sentence)
        yield "ended by", str(conversation.ending.ended_by)
        yield "duration", seconds_words(conversation.duration)
        if record.answers:
            yield "slowest reply", seconds_words(max(answer.seconds for answer in record.answers))
        if updates := len(conversation.metadata_updates):
            yield "metadata", f"{updates} update{'' if updates == 1 else 's'}"
        yield from voice_facts(conversation)
        yield from telephone_facts(conversation)
    evaluation = run.evaluation
    if evaluation is not None and evaluation.expected_outcome is not None:
        score = evaluation.expected_outcome.score
        yield "expected outcome", "could not be verified" if score is None else f"{score:.0f} of 100"
    if evaluation is not None and evaluation.nothing_asserted:
        yield "asserted", "nothing"
    for role, usage in run.usage.items():
        yield one_line(role.replace("_", " ")), usage_words(usage)
    if run.attempt - run.scorings > 1:
        yield "attempt", str(run.attempt - run.scorings)
    yield "run", str(run.id)


def _verdicts(evaluation: Evaluation | None, *, spoken: bool) -> Iterator[Verdict]:
    if evaluation is None:
        return
    for check in evaluation.checks:
        light = GOOD if check.passed else UNSURE if check.undecided else BAD
        yield _verdict(light, check.name, check.explanation, check.evidence)
    if evaluation.expected_outcome is not None:
        for part in evaluation.expected_outcome.parts:
            yield _verdict(_ANSWERS[part.answer], part.part, part.explanation, part.evidence)
    for metric in evaluation.metrics:
        if metric.attached:
            yield _metric(metric, spoken=spoken)


def _metric(metric: MetricScore, *, spoken: bool) -> Verdict:
    if metric.crashed or metric.cannot_tell:
        light = UNSURE
    elif isinstance(metric.value, bool):
        light = GOOD if metric.value else BAD
    else:
        light = ""
    if spoken and metric.value is None and not metric.crashed:
        value = "—"
    else:
        value = "" if isinstance(metric.value, bool) or metric.value is None else _value(metric, spoken=spoken)
    return _verdict(light, metric.name, metric.explanation, metric.evidence, value=value)


def _value(metric: MetricScore, *, spoken: bool) -> str:
    number = f"{metric.value:.4g}" if isinstance(metric.value, float) else one_line(str(metric.value))
    words = f"{number} {'of 5' if metric.kind is MetricKind.RATING else one_line(metric.unit)}".strip()
    if spoken:
        words = measured_words(metric) or words
    # Of most that is measured on a line there is one value a call, whose percentiles tell nothing.
    if metric.percentiles and not (spoken and len(set(metric.percentiles.values())) == 1):
        words += " (" + ", ".join(f"{name} {value:.3g}" for name, value in metric.percentiles.items()) + ")"
    return words


def _verdict(light: str, name: str, explanation: str, evidence: Sequence[Evidence], *, value: str = "") -> Verdict:
    return Verdict(
        light=light,
        sign=_SIGNS.get(light, "·"),
        name=one_line(name),
        explanation=visible(explanation),
        entries=sorted({place.entry for place in evidence}),
        value=value,
    )


def _rejected(evaluation: Evaluation | None) -> Sequence[str]:
    if evaluation is None or evaluation.expected_outcome is None:
        return ()
    return [visible(reason) for reason in evaluation.expected_outcome.rejected]


@dataclass(slots=True)
class _Place:
    """What evidence says of one entry."""

    light: str = GOOD
    notes: list[str] = field(default_factory=list[str])
    quotes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Light and words."""


def _places(evaluation: Evaluation | None) -> dict[int, _Place]:
    """The evidence by entry; a verdict that did not hold is named at its entry."""
    places: dict[int, _Place] = {}
    for light, name, evidence in _pointing(evaluation):
        for found in evidence:
            place = places.setdefault(found.entry, _Place())
            if _RANK[light] < _RANK[place.light]:
                place.light = light
            note = f"{_SIGNS[light]} {one_line(name)}"
            if light != GOOD and note not in place.notes:
                place.notes.append(note)
            if found.quote:
                place.quotes.append((light, visible(found.quote)))
    return places


def _pointing(evaluation: Evaluation | None) -> Iterator[tuple[str, str, Iterable[Evidence]]]:
    if evaluation is None:
        return
    for check in evaluation.checks:
        yield (GOOD if check.passed else UNSURE if check.undecided else BAD), check.name, check.evidence
    if evaluation.expected_outcome is not None:
        for part in evaluation.expected_outcome.parts:
            yield _ANSWERS[part.answer], part.part, part.evidence
    for metric in evaluation.metrics:
        if metric.attached and metric.evidence:
            yield (
                (BAD if metric.value is False else UNSURE if metric.value is None else GOOD),
                metric.name,
                metric.evidence,
            )


def _moments(record: Record | None, places: dict[int, _Place]) -> Sequence[Moment]:
    """Entries, remarks and metadata in the order in which they came."""
    if record is None:
        return ()
    conversation = record.conversation
    heard = {answer.entry: answer.seconds for answer in record.answers} if conversation.voice else None
    timed = [(entry.start, 0, _entry(entry, places.get(entry.number), heard)) for entry in conversation.entries]
    timed += [(update.at, 1, _metadata(update)) for update in _telling(conversation.metadata_updates)]
    timed += [(finding.at, 2, _remark(finding)) for finding in conversation.findings]
    if len(timed) > len(conversation.entries) or conversation.voice:  # sides that speak at once end out of order
        timed.sort(key=lambda item: item[:2])
    return [moment for _, _, moment in timed]


def _entry(entry: Entry, place: _Place | None, heard: Mapping[int | None, float] | None) -> Moment:
    """`heard` are the latencies of a spoken call by entry; None for text."""
    text, code = visible(entry.content), ""
    if entry.tool is not None:
        detail: Any = entry.tool.arguments if entry.role is Role.TOOL_CALL else entry.tool.result
        code = visible(f"{entry.tool.name} {json_words(detail)}".strip())
    elif is_unheard(entry):
        text = NOT_RECOGNISED
    elif not text:
        text = "(ends the call)" if entry.ends_call else "(nothing)"
    quotes = place.quotes if place else ()
    latency = entry.latency if heard is None else heard.get(entry.number)
    spoken = (entry.start, entry.end) if heard is not None and entry.end > entry.start else None
    return Moment(
        kind="caller" if entry.role is Role.CALLER else "agent" if entry.role is Role.AGENT else "tool",
        time=clock(entry.start),
        who=SPEAKERS[entry.role],
        number=entry.number,
        text=marked(_cut(text), quotes),
        code=marked(_cut(code), quotes),
        latency=seconds_words(latency) if latency is not None else "",
        light=place.light if place else "",
        notes=place.notes if place else (),
        spoken=spoken,
        until=clock(entry.end) if spoken else "",
        remarks=list(remarks_on(entry)),
    )


def _telling(updates: Iterable[MetadataUpdate]) -> Iterator[MetadataUpdate]:
    """The updates that changed something: agents send metadata as a keep-alive too."""
    merged: dict[str, Any] = {}
    for update in updates:
        if any(name not in merged or merged[name] != value for name, value in update.values.items()):
            yield update
        merged.update(update.values)


def _metadata(update: MetadataUpdate) -> Moment:
    return Moment(
        kind="metadata", time=clock(update.at), who="metadata", code=escape(_cut(visible(json_words(update.values))))
    )


def _remark(finding: Finding) -> Moment:
    detail = _cut(visible(json_words(finding.detail)))
    return Moment(
        kind="remark", time=clock(finding.at), who="remark", text=escape(visible(finding.sentence)), code=escape(detail)
    )


def clock(seconds: float) -> str:
    """`1:02.4`: minutes, seconds and tenths from the call's start."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    return f"{int(minutes)}:{rest:04.1f}" if rest < 59.95 else f"{int(minutes) + 1}:00.0"  # noqa: PLR2004 - rounds up


def marked(text: str, quotes: Sequence[tuple[str, str]]) -> Markup:
    """The text, escaped, with each quote that stands in it marked in its verdict's light; the worse one covers."""
    if not quotes:
        return escape(text)
    lights = [""] * len(text)
    found_any = False
    for light, quote in sorted(quotes, key=lambda found: -_RANK[found[0]]):
        words = quote.split()
        if not words:
            continue
        # White space may have been normalised, and case is not what a quote is about.
        for found in re.finditer(r"\s+".join(map(re.escape, words)), text, re.IGNORECASE):
            lights[found.start() : found.end()] = [light] * (found.end() - found.start())
            found_any = True
    if not found_any:
        return escape(text)
    pieces: list[Markup] = []
    for light, letters in groupby(zip(lights, text, strict=True), key=itemgetter(0)):
        part = "".join(letter for _, letter in letters)
        pieces.append(Markup('<mark class="{}">{}</mark>').format(light, part) if light else escape(part))
    return Markup().join(pieces)


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} characters more; the JSON report has them all)"
