"""What the engine says, through `logging`: warnings only, and each of them not more than every so often."""

import logging
import time

ENGINE_LOGGER = "dbos"

REPEAT_AFTER = 30.0
"""Seconds; an outage would otherwise be told ten times a second by each thread."""

_PARKED = (
    # A run that was cancelled or handed on while it was carried out: the run table has said so already.
    "Waiting for the recorded outcome",
    "Waiting for the owner's recorded outcome",
    "Exception encountered in asynchronous workflow",
    # close() abandons what is still going on.
    "Asyncio task cancelled for workflow",
)


def quiet_engine() -> str:
    """Let the engine log where everything else logs; returns the level to configure it with."""
    logger = logging.getLogger(ENGINE_LOGGER)
    if not logger.handlers:
        # With a handler in place the engine neither adds one of its own nor stops propagating.
        logger.addHandler(logging.NullHandler())
    if not any(isinstance(one, SeldomFilter) for one in logger.filters):
        logger.addFilter(SeldomFilter())
    return "DEBUG" if logging.getLogger("ringback").isEnabledFor(logging.DEBUG) else "WARNING"


class SeldomFilter(logging.Filter):
    """Lets one message of a place in the code through, then none for a while; drops what is no news."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged."""
        if record.levelno < logging.WARNING:
            return True
        if any(words in str(record.msg) for words in _PARKED):
            return False
        place, now = (record.pathname, record.lineno), time.monotonic()
        seldom = now - self._last.get(place, float("-inf")) >= REPEAT_AFTER
        if seldom:
            self._last[place] = now
        return seldom
