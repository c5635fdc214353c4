"""Metrics that the judge answers: one question of the scenario's author, one typed value, its quotes looked up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, Field

from ringback.domain.evaluation import Evidence, MetricScore
from ringback.domain.scenario import MetricDefinition, MetricKind
from ringback.errors import BadModelReply
from ringback.evaluation.judge_session import JudgeSession
from ringback.evaluation.prompts import asked_again, metric_messages
from ringback.evaluation.quotes import quotables
from ringback.evaluation.record import Record
from ringback.evaluation.unheard import unheard_words
from ringback.evaluation.verdict import QuotedLine, check_quotes
from ringback.evaluation.wording import excerpt, fold, has_negation
from ringback.models.model import Message

_TRIES = 2
_EXPLANATION_LIMIT = 500
_BEST_RATING = 5


class _Judged(BaseModel):
    """What all answers have in common."""

    explanation: str = Field(default="", description="Why, in one or two sentences.")
    evidence: list[QuotedLine] = Field(default_factory=list[QuotedLine], description="The lines that show it.")
    absence: bool = Field(default=False, description="True where the point is that something is nowhere in the record.")
    status: Literal["value", "cannot_tell", "not_applicable"] = "value"


class BinaryVerdict(_Judged):
    """A yes or no."""

    value: bool | None


class NumberVerdict(_Judged):
    """A number."""

    value: float | None


class ChoiceVerdict(_Judged):
    """One of the definition's values."""

    value: str | None


_Verdict = BinaryVerdict | NumberVerdict | ChoiceVerdict


@dataclass(frozen=True, slots=True)
class _Checked:
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    value: bool | float | str | None = None


@dataclass(frozen=True, slots=True)
class JudgedMetric:
    """One question to the judge."""

    definition: MetricDefinition
    session: JudgeSession
    first_call: int
    """Running number of its first call; the second try has the next one."""

    async def measure(self, record: Record) -> MetricScore:
        """The value. Raises `ModelUnavailable`, `ModelRejected` and `CostLimitReached`."""
        messages = metric_messages(self.definition, record)
        question = messages
        checked = _Checked(())
        for attempt in range(_TRIES):
            answer = ""
            try:
                verdict, answer = await self._ask(question, self.first_call + attempt)
            except BadModelReply:
                checked = _Checked(("The answer did not have the form that was asked for.",))
            else:
                checked = self._check(verdict, record)
                if not checked.reasons:
                    return _doubted(self._score(verdict, checked), verdict, record)
            question = asked_again(messages, answer, checked.reasons)
        return self._score(None, checked)

    def crashed(self, explanation: str) -> MetricScore:
        """The score of a metric that could not be measured."""
        return MetricScore(
            slug=self.definition.slug,
            name=self.definition.name,
            kind=self.definition.kind,
            value=None,
            explanation=explanation,
            crashed=True,
            attached=True,
        )

    async def _ask(self, question: Sequence[Message], call: int) -> tuple[_Verdict, str]:
        match self.definition.kind:
            case MetricKind.BINARY:
                return await self.session.ask(question, BinaryVerdict, call=call)
            case MetricKind.RATING | MetricKind.NUMERIC:
                return await self.session.ask(question, NumberVerdict, call=call)
            case MetricKind.ENUM:
                return await self.session.ask(question, ChoiceVerdict, call=call)

    def _check(self, verdict: _Verdict, record: Record) -> _Checked:
        """What is wrong with an answer, or its value and evidence."""
        wrong, evidence, _ = check_quotes(verdict.evidence, quotables(record))
        if verdict.status != "value":
            return _Checked(tuple(wrong), evidence)
        value, complaint = self._value(verdict)
        if complaint:
            wrong.append(complaint)
        elif not evidence and not wrong:
            if not verdict.absence:
                wrong.append("The value has no quote.")
            elif value is True and not has_negation(self.definition.description):
                wrong.append("The question forbids nothing, so absence cannot make it true: quote what shows it.")
        return _Checked(tuple(wrong), evidence, value)

    def _value(self, verdict: _Verdict) -> tuple[bool | float | str | None, str]:
        """The value in its type, and what is wrong with it (empty: nothing)."""
        value = verdict.value
        if value is None:
            return None, "The status is “value”, but the value is null."
        if isinstance(value, str):
            wanted = fold(value)
            choice = next((choice for choice in self.definition.enum_values if fold(choice) == wanted), None)
            return choice, "" if choice is not None else f"“{excerpt(value)}” is none of the values allowed."
        if isinstance(value, bool):
            return value, ""
        rating = self.definition.kind is MetricKind.RATING
        if not math.isfinite(value) or (rating and not 0 <= value <= _BEST_RATING):
            return None, f"The value {value} is out of range."
        return value, ""

    def _score(self, verdict: _Verdict | None, checked: _Checked) -> MetricScore:
        """The score of an accepted answer; with none accepted, nobody can tell."""
        told = verdict is not None
        explanation = (
            verdict.explanation[:_EXPLANATION_LIMIT]
            if told
            else f"The judge's answer was not accepted, twice. {checked.reasons[0]}"
        )
        return MetricScore(
            slug=self.definition.slug,
            name=self.definition.name,
            kind=self.definition.kind,
            value=checked.value if told else None,
            explanation=explanation,
            evidence=checked.evidence if told else (),
            cannot_tell=not told or verdict.status == "cannot_tell",
            attached=True,
        )


def _doubted(score: MetricScore, verdict: _Verdict, record: Record) -> MetricScore:
    """The same, but for a value by absence where words of the agent are missing: nobody can tell."""
    if score.value is None or score.evidence or not verdict.absence or not record.unheard:
        return score
    explanation = f"{unheard_words(record.unheard)}. {score.explanation}"
    return replace(score, value=None, cannot_tell=True, explanation=explanation)
