"""One side of the telephone benchmark in a process of its own; `bench/telephone.py` starts them.

`bare` is the SIP stack alone, `ours` whole calls; either takes `--set-up`, so many calls one after the other, or so
many `--calls` at once.
"""

import argparse
import asyncio
import json


def main() -> None:
    """One side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("bare", "ours"))
    parser.add_argument("--port", type=int, required=True, help="where the agent hears SIP")
    parser.add_argument("--agent", type=int, required=True, help="the agent's process")
    parser.add_argument("--set-up", type=int, default=0)
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    if options.side == "bare":
        import telephone_bare as side  # noqa: PLC0415 - one side does not load the other

        run = asyncio.run
    else:
        import telephone_ours as side  # noqa: PLC0415 - one side does not load the other
        import uvloop  # noqa: PLC0415 - the same

        run = uvloop.run  # as `ringback run` does
    uri = f"sip:agent@127.0.0.1:{options.port}"
    if options.set_up:
        job = side.set_up(uri, options.set_up)
    else:
        job = side.hold(uri, options.calls, options.seconds, agent=options.agent)
    print(json.dumps(run(job)))


if __name__ == "__main__":
    main()
