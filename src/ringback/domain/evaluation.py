"""What was found out about one run: checks, metrics, the expected outcome, and the outcome."""

from dataclasses import field
from enum import StrEnum

from ringback.domain.fixed import fixed
from ringback.domain.outcome import Outcome
from ringback.domain.scenario import MetricKind
from ringback.domain.usage import Usage


class Answer(StrEnum):
    """What a judge can say of one part of an expectation."""

    MET = "met"
    NOT_MET = "not_met"
    CANNOT_TELL = "cannot_tell"


@fixed
class Evidence:
    """A place in the transcript, with the words that stand there."""

    entry: int
    quote: str = ""
    """Verbatim; empty where the whole entry is meant."""


@fixed
class CheckScore:
    """What one check saw."""

    name: str
    passed: bool
    explanation: str
    """Which entry and what it saw."""
    evidence: tuple[Evidence, ...] = ()
    undecided: bool = False
    """It could not be decided (a pattern took too long, nothing to measure): neither passed nor failed."""


@fixed
class MetricScore:
    """The value of one metric."""

    slug: str
    name: str
    kind: MetricKind
    value: bool | float | str | None
    """None: not applicable, or cannot tell."""
    explanation: str = ""
    evidence: tuple[Evidence, ...] = ()
    unit: str = ""
    percentiles: dict[str, float] | None = None
    """`p25` … `p99` where the metric has a distribution."""
    crashed: bool = False
    """The metric failed; a recorded failure of the metric, not of the run."""
    cannot_tell: bool = False
    """The value is None because nobody can tell it from the record (else None means: not applicable)."""
    attached: bool = False
    """Asked for by the scenario (computed metrics that always run are not)."""
    id: int | None = None
    """Number under which the metric is kept; None for one that only a suite file has."""


@fixed
class OutcomePart:
    """One part of the expected outcome and the judge's answer."""

    part: str
    answer: Answer
    explanation: str
    evidence: tuple[Evidence, ...] = ()


@fixed
class ExpectedOutcomeScore:
    """The judge's verdict on the expected outcome, its quotes verified by code."""

    parts: tuple[OutcomePart, ...]
    score: float | None
    """0 to 100: the share of parts that are met; None when the verdict could not be verified."""
    explanation: str = ""
    quotes_verified: bool = True
    """False: after one more try some quote was still not in the record."""
    rejected: tuple[str, ...] = ()
    """Why earlier verdicts were turned down (quotes that are not there, …)."""


@fixed
class Evaluation:
    """The evaluation of one run."""

    outcome: Outcome
    reason: str
    """One sentence: what decided the outcome."""
    checks: tuple[CheckScore, ...] = ()
    metrics: tuple[MetricScore, ...] = ()
    expected_outcome: ExpectedOutcomeScore | None = None
    nothing_asserted: bool = False
    usage: Usage = field(default_factory=Usage)
    """Of the judge."""
