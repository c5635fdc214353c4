"""The process that carries telephone calls as a program, see `runtime`."""

import asyncio
import os
import signal
import sys

from ringback.channels.sip.runtime import carry_calls

if __name__ == "__main__":
    os.umask(0o077)
    for told_to_all in (signal.SIGINT, signal.SIGTERM):
        # Whoever stops a service tells all its processes at once; we go when our parent has hung up and goes.
        signal.signal(told_to_all, signal.SIG_IGN)
    asyncio.run(carry_calls(int(sys.argv[1])))
