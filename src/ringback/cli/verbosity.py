"""How much of a running result is shown."""

from enum import Enum


class Verbosity(Enum):
    """How much of a running result is shown."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2
