"""The demo agent on a voice line: what hears, what speaks, and the server that both transports reach."""

import asyncio
import contextlib
import os
import signal
import sys
import threading

from ringback.demo.caller_lines import CALLER_LINES
from ringback.demo.voice_desk import VoiceDesk
from ringback.errors import UsageError
from ringback.speech.flite import FliteVoice
from ringback.speech.pocketsphinx_ear import GrammarEar
from ringback.testing.voice_agent_server import VoiceAgentServer


def run_forever(host: str, port: int, *, thinking: float = 0.2, while_stdin_is_open: bool = False) -> None:
    """Run the spoken demo agent until Ctrl-C, SIGTERM or (if asked to) the end of the standard input.

    Raises:
        UsageError: flite or pocketsphinx is not installed, or the port is taken.
    """
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(host, port, thinking, while_stdin_is_open=while_stdin_is_open))


async def _run(host: str, port: int, thinking: float, *, while_stdin_is_open: bool) -> None:
    ear, mouth = GrammarEar(CALLER_LINES), FliteVoice()
    await ear.warm_up()  # the first caller shall not wait for what hears to be loaded
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its event loop
        loop.add_signal_handler(signal.SIGTERM, stop.set)
    if while_stdin_is_open:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    server = VoiceAgentServer(VoiceDesk(ear, mouth, thinking=thinking), host=host, port=port)
    try:
        await server.start()
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"The demo agent cannot listen on {host}:{port}: {_cause(error)}. Choose another --port."
        ) from None
    sys.stdout.write(
        f"The demo agent answers calls on {server.media_streams_url} (--channel media-streams)"
        f" and {server.chirp_url} (--channel chirp). Ctrl-C stops it.\n"
    )
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await server.close()
        await mouth.close()
        await ear.close()


def _cause(error: OSError | OverflowError) -> str:
    """Without the address, which asyncio puts into `strerror` once more."""
    number = error.errno if isinstance(error, OSError) else None
    if number is not None and number > 0:  # those of name resolution are negative
        return os.strerror(number).lower()
    return getattr(error, "strerror", None) or str(error)


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not through the buffered reader: the interpreter could not shut down while this thread holds its lock.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    with contextlib.suppress(RuntimeError):  # the loop may be closed already
        loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":  # as the demo starts it
    run_forever("127.0.0.1", 0, while_stdin_is_open=True)
