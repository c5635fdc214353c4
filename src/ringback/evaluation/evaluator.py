"""The evaluation of one run: checks, then metrics, then the expected outcome, then the rubric, then the outcome."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Evaluation, ExpectedOutcomeScore, MetricScore
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunSpecification
from ringback.domain.scenario import MetricDefinition, MetricKind, Scenario
from ringback.domain.usage import Usage
from ringback.errors import CostLimitReached, DefectError, ModelError, ModelNotConfigured, RingbackError
from ringback.evaluation.checks import run_check
from ringback.evaluation.computed import COMPUTED, applicable
from ringback.evaluation.judge import judge_expectation
from ringback.evaluation.judge_session import JudgeSession
from ringback.evaluation.judged_metric import JudgedMetric
from ringback.evaluation.metric import Metric
from ringback.evaluation.outcome import Decision, decided_by_assertions, decided_by_ending
from ringback.evaluation.record import Record
from ringback.evaluation.rubric import EXPECTED_OUTCOME, assertions
from ringback.models.model import LanguageModel

log = logging.getLogger(__name__)

PROMPT_VERSIONS = {"judge": "1", "judged_metric": "1"}
"""Changes whenever a prompt of the judge changes, so that results made with different ones can be told apart."""

_QUESTION_TRIES = 2
"""Calls that one question to the judge can take: the question, and once more with the reasons."""


def judge_needs(scenario: Scenario) -> tuple[str, ...]:
    """Why a scenario needs a judge's model, one sentence a reason; empty where it needs none."""
    needs = ["It has an expected outcome."] if scenario.expected_outcome else []
    needs += [f"Its metric {metric.slug} is judged." for metric in scenario.metrics if metric.description]
    return tuple(needs)


async def evaluate(
    specification: RunSpecification,
    conversation: Conversation,
    *,
    judge: LanguageModel | None,
    failure: RingbackError | None = None,
) -> Evaluation:
    """Evaluate one finished conversation; `failure` is what ended it, where an error of ours did.

    Never raises for what a metric, a judge or an agent does: all of it becomes part of the evaluation. The judge is
    not asked where the ending already settles the outcome; a failed check does not keep it from being asked.
    """
    scenario = specification.scenario
    record = Record(conversation)
    checks = tuple(run_check(check, record) for check in scenario.checks)
    metrics = [
        await _measure(metric, record) for metric in _computed(scenario.metrics, spoken=conversation.voice is not None)
    ]
    settled = decided_by_ending(conversation, failure)
    judged = _Judged()
    if settled is None and judge_needs(scenario):
        judged = await _ask_judge(specification, record, judge)
        settled = _judge_down(scenario, judged)
    metrics += judged.metrics
    decision = settled or decided_by_assertions(
        conversation,
        assertions(scenario.rubric, checks=checks, metrics=metrics, expected=judged.expected, unheard=record.unheard),
    )
    return Evaluation(
        outcome=decision.outcome,
        reason=decision.reason,
        checks=checks,
        metrics=_numbered(metrics, scenario),
        expected_outcome=judged.expected,
        nothing_asserted=decision.nothing_asserted,
        usage=judged.usage,
    )


def _numbered(scores: Sequence[MetricScore], scenario: Scenario) -> tuple[MetricScore, ...]:
    """The scores with the numbers of the metrics that they are of."""
    numbers = {metric.slug: metric.id for metric in scenario.metrics if metric.id is not None}
    if not numbers:
        return tuple(scores)
    return tuple(replace(score, id=numbers.get(score.slug)) for score in scores)


def _computed(definitions: Sequence[MetricDefinition], *, spoken: bool) -> list[Metric]:
    """Every computed metric; those that the scenario names carry its name and count as attached.

    Metrics of speech are not among those of text, but where the scenario names them.
    """
    asked = {definition.slug: definition for definition in definitions if not definition.description}
    usual = applicable(spoken=spoken)
    metrics: list[Metric] = [
        _Attached(metric, asked[slug]) if slug in asked else metric
        for slug, metric in COMPUTED.items()
        if slug in usual or slug in asked
    ]
    return metrics + [_Unknown(definition) for slug, definition in asked.items() if slug not in COMPUTED]


@dataclass(frozen=True, slots=True)
class _Attached:
    """A computed metric that the scenario asked for."""

    metric: Metric
    definition: MetricDefinition

    async def measure(self, record: Record) -> MetricScore:
        score = await self.metric.measure(record)
        return replace(score, name=self.definition.name or score.name, attached=True)


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A metric without a description whose slug no computed metric has."""

    definition: MetricDefinition

    async def measure(self, record: Record) -> MetricScore:  # noqa: ARG002 - the contract has it
        known = ", ".join(COMPUTED)
        return MetricScore(
            slug=self.definition.slug,
            name=self.definition.name,
            kind=self.definition.kind,
            value=None,
            explanation=f"No computed metric is called {self.definition.slug} (there are {known}); "
            "a judged one needs a description.",
            crashed=True,
            attached=True,
        )


async def _measure(metric: Metric, record: Record) -> MetricScore:
    """The metric's score; its crash is recorded on it and harms nothing else."""
    try:
        return await metric.measure(record)
    except Exception as error:
        log.exception("a computed metric crashed")
        slug, name = str(getattr(metric, "slug", "metric")), str(getattr(metric, "name", "Metric"))
        return MetricScore(
            slug=slug,
            name=name,
            kind=MetricKind.NUMERIC,
            value=None,
            explanation=f"The metric crashed: {type(error).__name__}: {error}",
            crashed=True,
        )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the judge found."""

    expected: ExpectedOutcomeScore | None = None
    metrics: tuple[MetricScore, ...] = ()
    usage: Usage = Usage()  # noqa: RUF009 - a frozen record
    down: tuple[tuple[str, RingbackError], ...] = ()
    """By slug, the questions for which the judge could not be asked at all."""


async def _ask_judge(specification: RunSpecification, record: Record, judge: LanguageModel | None) -> _Judged:
    """Ask everything that the scenario wants judged, side by side."""
    scenario = specification.scenario
    definitions = [definition for definition in scenario.metrics if definition.description]
    if judge is None:
        error = ModelNotConfigured(
            f"Scenario {scenario.key} needs a judge and none is configured: set RINGBACK_JUDGE_MODEL. "
            f"{' '.join(judge_needs(scenario))}"
        )
        slugs = [definition.slug for definition in definitions]
        return _Judged(down=tuple((slug, error) for slug in [EXPECTED_OUTCOME, *slugs]))
    session = JudgeSession.of(judge, specification)
    metrics = [
        JudgedMetric(definition, session, first_call=1 + _QUESTION_TRIES * (number + 1))
        for number, definition in enumerate(definitions)
    ]
    async with asyncio.TaskGroup() as group:
        expectation = group.create_task(_expectation(scenario.expected_outcome, record, session))
        scores = [group.create_task(_judged(metric, record)) for metric in metrics]
    expected, expected_down = expectation.result()
    downs = [(metric.definition.slug, score.result()[1]) for metric, score in zip(metrics, scores, strict=True)]
    return _Judged(
        expected=expected,
        metrics=tuple(score.result()[0] for score in scores),
        usage=session.usage,
        down=tuple((slug, error) for slug, error in [(EXPECTED_OUTCOME, expected_down), *downs] if error is not None),
    )


async def _expectation(
    expectation: str | None, record: Record, session: JudgeSession
) -> tuple[ExpectedOutcomeScore | None, RingbackError | None]:
    if not expectation:
        return None, None
    try:
        return await judge_expectation(expectation, record, session, first_call=1), None
    except (ModelError, CostLimitReached) as error:
        return None, error
    except Exception as error:
        log.exception("the judge crashed")
        return None, DefectError(error)


async def _judged(metric: JudgedMetric, record: Record) -> tuple[MetricScore, RingbackError | None]:
    try:
        return await metric.measure(record), None
    except (ModelError, CostLimitReached) as error:
        return metric.crashed(f"The judge could not be asked. {error}"), error
    except Exception as error:
        log.exception("the judged metric %s crashed", metric.definition.slug)
        return metric.crashed(f"The metric crashed: {type(error).__name__}: {error}"), None


def _judge_down(scenario: Scenario, judged: _Judged) -> Decision | None:
    """A judge that cannot be asked about something that decides the run makes the run an error."""
    deciding = _deciding(scenario)
    for slug, error in judged.down:
        if slug in deciding:
            return Decision(Outcome.ERROR, f"The judge could not be asked. {error}")
    return None


def _deciding(scenario: Scenario) -> set[str]:
    """Slugs of what decides the run."""
    if scenario.rubric is not None:
        return {str(rule.metric_id) for rule in scenario.rubric.rules}
    binary = {metric.slug for metric in scenario.metrics if metric.kind is MetricKind.BINARY}
    return binary | ({EXPECTED_OUTCOME} if scenario.expected_outcome else set())
