"""The judge of the expected outcome: a model answers part by part, code verifies every quote, then counts."""

from ringback.domain.evaluation import ExpectedOutcomeScore
from ringback.evaluation.judge_session import JudgeSession
from ringback.evaluation.record import Record


async def judge_expectation(
    expectation: str, record: Record, session: JudgeSession, *, first_call: int
) -> ExpectedOutcomeScore:
    """The verified verdict."""
    raise NotImplementedError
