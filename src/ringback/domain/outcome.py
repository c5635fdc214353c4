"""What one run tells about the agent."""

from enum import StrEnum


class Outcome(StrEnum):
    """The five answers a run can give; only the first two say something about the agent."""

    PASSED = "passed"
    """The rubric holds on valid evidence."""
    FAILED = "failed"
    """The agent did something wrong."""
    INVALID = "invalid"
    """Our caller misbehaved, so the run says nothing about the agent."""
    INCONCLUSIVE = "inconclusive"
    """The judge cannot tell from the record, or a limit was reached and nothing was asserted."""
    ERROR = "error"
    """The run could not be carried out."""

    @property
    def is_valid(self) -> bool:
        """Whether the run counts in a pass rate (passed or failed)."""
        return self in (Outcome.PASSED, Outcome.FAILED)
