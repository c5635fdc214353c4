"""Numbers the model calls of one run, so that a recording can tell them apart."""

from collections import Counter
from typing import Literal

from ringback.domain.run import RunSpecification
from ringback.models.model import CallKey


class CallKeys:
    """Hands out the key of each model call; numbers run on per role."""

    def __init__(self, specification: RunSpecification) -> None:
        parts = (
            specification.scenario.key,
            specification.personality.name if specification.personality else "",
            specification.profile.name if specification.profile else "",
        )
        self._run = "/".join(parts).rstrip("/")
        self._repeat = specification.repeat
        self._used: Counter[str] = Counter()

    def next(self, role: Literal["caller", "condition"]) -> CallKey:
        """The key of the next call in a role."""
        self._used[role] += 1
        return CallKey(role=role, run=self._run, repeat=self._repeat, number=self._used[role])
