"""Where the program begins: nothing is loaded yet, and Ctrl-C simply ends it until all is."""

import os
import signal
import sys

from ringback.wiring.collector import load_without_collecting

_UNTIL_STOPPED = frozenset({"serve", "worker"})
"""Commands that end in order when SIGTERM asks for it; they take the signal themselves once they are loaded."""


def main() -> None:
    """Load the command line and run it."""
    load_without_collecting()
    # Looking for plugins of Pydantic reads what every installed package says about itself; nothing here uses one.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if _UNTIL_STOPPED.intersection(sys.argv[1:2]):
        signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))  # nothing is begun yet that has an order
    interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ringback.cli.main import main as run  # noqa: PLC0415 - takes a while, in which Ctrl-C must not end in a trace

    signal.signal(signal.SIGINT, interrupt)
    run()
