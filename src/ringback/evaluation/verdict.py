"""What the judge answers about an expected outcome, and what code accepts of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from ringback.domain.evaluation import Answer, Evidence, OutcomePart
from ringback.evaluation.quotes import Quotable, Speaker, Verified, verify
from ringback.evaluation.unheard import unheard_words
from ringback.evaluation.wording import excerpt, fold, shared_share, shares_negation

_MOST_PARTS = 30
_MOST_QUOTES = 12
_EXPLANATION_LIMIT = 500
_PART_LIMIT = 500
_LEAST_SHARED = 0.4
"""Share of a part's letter triples that must come from the expected outcome; less, and the part is invented."""
_LEAST_COVERED = 0.6
"""Share of the expected outcome's letter triples that the parts must have; less, and something was left out."""


class QuotedLine(BaseModel):
    """Words copied from one line of the record."""

    entry: int = Field(description="Number of the line.")
    speaker: Speaker = Field(description="Speaker of that line.")
    quote: str = Field(description="Words copied exactly from that line.")


class JudgedPart(BaseModel):
    """The judge's answer for one part of the expected outcome."""

    part: str = Field(description="The part, in the words of the expected outcome.")
    explanation: str = Field(default="", description="Why, in one or two sentences.")
    evidence: list[QuotedLine] = Field(default_factory=list[QuotedLine], description="The lines that show it.")
    absence: bool = Field(default=False, description="True where the point is that something is nowhere in the record.")
    answer: Answer = Field(description="met, not_met or cannot_tell.")


class Verdict(BaseModel):
    """The judge's answer about an expected outcome."""

    parts: list[JudgedPart] = Field(description="Every part of the expected outcome, once.")


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict after every quote was looked up."""

    parts: tuple[OutcomePart, ...]
    """With the evidence that holds; a part that was not accepted is `cannot_tell`."""
    reasons: tuple[str, ...]
    """Why the verdict is turned down; empty where it is accepted."""


def check_verdict(verdict: Verdict, expectation: str, lines: Mapping[int, Quotable]) -> Checked:
    """Look up every quote, and see that the parts are those of the expected outcome."""
    if len(verdict.parts) > _MOST_PARTS:
        return Checked((), (f"There are {len(verdict.parts)} parts; {_MOST_PARTS} are the most.",))
    reasons = _wrong_parts([part.part for part in verdict.parts], expectation)
    unheard = [number for number, line in lines.items() if not line.heard]
    answers: dict[str, Answer] = {}
    parts: list[OutcomePart] = []
    for part in verdict.parts:
        wrong, evidence = _check_part(part, expectation, lines)
        if answers.setdefault(fold(part.part), part.answer) is not part.answer:
            wrong.append(f"The part “{excerpt(part.part)}” has two different answers.")
        reasons += wrong
        # What is nowhere in the record may have been said where nobody could make it out.
        missing = unheard if part.absence and not evidence else []
        explanation = part.explanation[:_EXPLANATION_LIMIT]
        if wrong:
            explanation = f"Not accepted: {wrong[0]}"
        elif missing:
            explanation = f"{unheard_words(missing)}. {explanation}"
        parts.append(
            OutcomePart(
                part=part.part[:_PART_LIMIT],
                answer=Answer.CANNOT_TELL if wrong or missing else part.answer,
                explanation=explanation,
                evidence=evidence,
            )
        )
    return Checked(tuple(parts), tuple(reasons))


def check_quotes(
    quoted: Sequence[QuotedLine], lines: Mapping[int, Quotable]
) -> tuple[list[str], tuple[Evidence, ...], set[Speaker]]:
    """What is wrong with quotes, the evidence of those that hold, and whose words they are."""
    if len(quoted) > _MOST_QUOTES:
        return [f"There are {len(quoted)} quotes for one point; {_MOST_QUOTES} are the most."], (), set()
    wrong: list[str] = []
    evidence: list[Evidence] = []
    speakers: set[Speaker] = set()
    for line in quoted:
        match verify(line.entry, line.speaker, line.quote, lines):
            case Verified() as verified:
                evidence += verified.evidence
                speakers.add(verified.speaker)
            case reason:
                wrong.append(reason)
    return wrong, tuple(dict.fromkeys(evidence)), speakers


def _check_part(
    part: JudgedPart, expectation: str, lines: Mapping[int, Quotable]
) -> tuple[list[str], tuple[Evidence, ...]]:
    """What is wrong with one part, and its evidence."""
    wrong, evidence, speakers = check_quotes(part.evidence, lines)
    shown = f"“{excerpt(part.part)}”"
    if wrong or part.answer is Answer.CANNOT_TELL:
        return wrong, evidence
    if not evidence:
        if not part.absence:
            return [f"{shown} is {part.answer.value} without a quote."], ()
        if part.answer is Answer.MET and not shares_negation(part.part, expectation):
            needed = "quote what shows it, or, where it forbids something, use the expected outcome's own words"
            return [f"{shown} cannot be met by absence: {needed}."], ()
    elif speakers == {Speaker.CALLER} and part.answer is Answer.MET:
        return [f"{shown} is met by words of the caller alone; quote what the agent said or did."], evidence
    return [], evidence


def _wrong_parts(parts: Sequence[str], expectation: str) -> list[str]:
    """Parts that are not of the expected outcome, and an expected outcome that the parts do not cover."""
    if not parts:
        return ["There are no parts."]
    wrong = [
        f"The part “{excerpt(part)}” is not in the expected outcome."
        for part in parts
        if not part.strip() or shared_share(part, expectation) < _LEAST_SHARED
    ]
    if shared_share(expectation, "\n".join(parts)) < _LEAST_COVERED:
        wrong.append("The parts leave out some of the expected outcome; use its words and all of it.")
    return wrong
