"""The judge of the expected outcome: a model answers part by part, code looks up every quote, then counts.

A verdict that is not accepted is asked for once more, with the reasons; if the second is not accepted either, nobody
can tell: no score. The score is the share of parts that are met; the judge never names a number.
"""

from dataclasses import dataclass

from ringback.domain.evaluation import Answer, ExpectedOutcomeScore, OutcomePart
from ringback.errors import BadModelReply
from ringback.evaluation.judge_session import JudgeSession
from ringback.evaluation.percentiles import rounded
from ringback.evaluation.prompts import asked_again, expectation_messages
from ringback.evaluation.quotes import quotables
from ringback.evaluation.record import Record
from ringback.evaluation.verdict import Checked, Verdict, check_verdict
from ringback.evaluation.wording import excerpt

TRIES = 2
"""The question, and once more with the reasons."""

_REASONS_KEPT = 20


async def judge_expectation(
    expectation: str, record: Record, session: JudgeSession, *, first_call: int
) -> ExpectedOutcomeScore:
    """The verdict with its quotes looked up. Raises `ModelUnavailable`, `ModelRejected` and `CostLimitReached`.

    `first_call` is the running number of the first call; the second try has the next one.
    """
    lines = quotables(record)
    messages = expectation_messages(expectation, record)
    question = messages
    rejected: list[str] = []
    checked = Checked((), ())
    for attempt in range(TRIES):
        answer = ""
        try:
            verdict, answer = await session.ask(question, Verdict, call=first_call + attempt)
        except BadModelReply as error:
            # The error repeats what the model wrote; the judge only needs to know the form.
            checked = Checked((), ("The answer did not have the form that was asked for.",))
            rejected.append(f"Try {attempt + 1}: {excerpt(str(error), 300)}")
        else:
            checked = check_verdict(verdict, expectation, lines)
            rejected += [f"Try {attempt + 1}: {reason}" for reason in checked.reasons]
        if not checked.reasons:
            return _accepted(checked.parts, rejected)
        question = asked_again(messages, answer, checked.reasons)
    return ExpectedOutcomeScore(
        parts=checked.parts,
        score=None,
        explanation=f"The judge's verdict was not accepted, twice. {checked.reasons[0]}",
        quotes_verified=False,
        rejected=tuple(rejected[:_REASONS_KEPT]),
    )


@dataclass(frozen=True, slots=True)
class _Count:
    met: int
    not_met: int
    open: int


def _accepted(parts: tuple[OutcomePart, ...], rejected: list[str]) -> ExpectedOutcomeScore:
    answers = [part.answer for part in parts]
    count = _Count(answers.count(Answer.MET), answers.count(Answer.NOT_MET), answers.count(Answer.CANNOT_TELL))
    said = [f"{count.met} of {len(parts)} parts met"]
    said += [f"{count.not_met} not met"] if count.not_met else []
    said += [f"{count.open} cannot be told"] if count.open else []
    return ExpectedOutcomeScore(
        parts=parts,
        score=rounded(100 * count.met / len(parts)),
        explanation=f"{', '.join(said)}.",
        rejected=tuple(rejected[:_REASONS_KEPT]),
    )
