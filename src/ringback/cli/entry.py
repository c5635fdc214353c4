"""Where the program begins: nothing is loaded yet, and Ctrl-C simply ends it until all is."""

import signal


def main() -> None:
    """Load the command line and run it."""
    interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ringback.cli.main import main as run  # noqa: PLC0415 - takes a while, in which Ctrl-C must not end in a trace

    signal.signal(signal.SIGINT, interrupt)
    run()
