"""The demo agent on a voice line: what hears, what speaks, and the server that both transports reach."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from aiohttp import web

from ringback.demo.caller_lines import CALLER_LINES
from ringback.demo.voice_desk import VoiceDesk
from ringback.errors import UsageError
from ringback.speech.flite import FliteVoice
from ringback.speech.pocketsphinx_ear import GrammarEar
from ringback.testing.voice_agent_server import VoiceAgentServer
from ringback.wiring.collector import tune_garbage_collector

if TYPE_CHECKING:
    from ringback.cli.telephone_demo import TelephoneDemo


def run_forever(
    host: str,
    port: int,
    *,
    thinking: float = 0.2,
    sip_listen: str | None = None,
    sip_to: str | None = None,
    while_stdin_is_open: bool = False,
) -> None:
    """Run the spoken demo agent until Ctrl-C, SIGTERM or (if asked to) the end of the standard input.

    Args:
        host: address to listen on.
        port: port to listen on; 0: any.
        thinking: seconds before each answer.
        sip_listen: `HOST:PORT` where telephone calls are answered, too; None: nowhere.
        sip_to: `HOST:PORT` where the numbers are that it is asked to call.
        while_stdin_is_open: whether it ends with its standard input.

    Raises:
        UsageError: flite or pocketsphinx is not installed, or the port is taken.
    """
    telephone = None
    if sip_listen is not None or sip_to is not None:
        from ringback.cli.telephone_demo import TelephoneDemo  # noqa: PLC0415 - other lines do not need it

        telephone = TelephoneDemo(sip_listen or f"{host}:0", sip_to)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(host, port, thinking, telephone, while_stdin_is_open=while_stdin_is_open))


class _DemoServer(VoiceAgentServer):
    """Takes calls, and requests to call where there is a telephone."""

    def __init__(self, desk: VoiceDesk, telephone: "TelephoneDemo | None", *, host: str, port: int) -> None:
        super().__init__(desk, host=host, port=port)
        self._telephone = telephone

    def _application(self) -> web.Application:
        application = super()._application()
        if self._telephone is not None:
            application.router.add_post("/call", self._telephone.asked_to_call)
        return application


async def _run(
    host: str, port: int, thinking: float, telephone: "TelephoneDemo | None", *, while_stdin_is_open: bool
) -> None:
    ear, mouth = GrammarEar(CALLER_LINES), FliteVoice()
    await ear.warm_up()  # the first caller shall not wait for what hears to be loaded
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its event loop
        loop.add_signal_handler(signal.SIGTERM, stop.set)
    if while_stdin_is_open:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    desk = VoiceDesk(ear, mouth, thinking=thinking)
    server = _DemoServer(desk, telephone, host=host, port=port)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(ear.close)
        stack.push_async_callback(mouth.close)
        if telephone is not None:
            await telephone.start(desk)
            stack.push_async_callback(telephone.close)
        try:
            await server.start()
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"The demo agent cannot listen on {host}:{port}: {_cause(error)}. Choose another --port."
            ) from None
        stack.push_async_callback(server.close)
        by_telephone = "" if telephone is None else telephone.sentences(f"http://{host}:{server.port}/call")
        tune_garbage_collector()
        sys.stdout.write(
            f"The demo agent answers calls on {server.media_streams_url} (--channel media-streams)"
            f" and {server.chirp_url} (--channel chirp).{by_telephone} Ctrl-C stops it.\n"
        )
        sys.stdout.flush()
        await stop.wait()


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
