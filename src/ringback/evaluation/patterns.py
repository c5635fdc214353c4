"""Regular expressions with a time limit: what an agent sends must not be able to stall a run."""

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from ringback.evaluation.wording import excerpt

if TYPE_CHECKING:
    import regex

_MAY_REPEAT = re.compile(r"[*+?{]")
"""What takes long repeats something. A pattern without these is searched without a limit, 15 times as fast."""

TIME_LIMIT = 0.25
"""Seconds for one pattern on one conversation; sane patterns need microseconds."""


class PatternUnusable(Exception):
    """A pattern cannot be compiled, or took too long on this text."""


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> "regex.Pattern[str]":
    import regex  # noqa: PLC0415 - costs 50 ms, and most suites have no pattern

    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise PatternUnusable(f"The pattern {excerpt(pattern)} is not a regular expression: {error}.") from error


class Search:
    """One pattern with its time budget; may be asked about several texts."""

    def __init__(self, pattern: str, *, seconds: float = TIME_LIMIT) -> None:
        """Raises `PatternUnusable` where the pattern is not a regular expression."""
        self._source = pattern
        self._deadline = time.monotonic() + seconds
        self._pattern = _compiled(pattern)
        self._limited = _MAY_REPEAT.search(pattern) is not None

    def find(self, text: str) -> str | None:
        """The words found; None where there are none. Raises `PatternUnusable` when the time is up."""
        try:
            if self._limited:
                found = self._pattern.search(text, timeout=max(self._deadline - time.monotonic(), 0.001))
            else:
                found = self._pattern.search(text)
        except TimeoutError as error:
            raise PatternUnusable(
                f"The pattern {excerpt(self._source)} took too long on what the agent sent; "
                "nested repeats such as (a+)+ do that."
            ) from error
        return found.group() if found else None
