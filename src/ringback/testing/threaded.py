"""Scripted servers for tests that are not async: each runs in an event loop of its own, in a thread."""

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Protocol, TypeVar


class _Server(Protocol):
    async def start(self) -> None: ...
    async def close(self) -> None: ...


_S = TypeVar("_S", bound=_Server)


@contextmanager
def in_thread(server: _S) -> Generator[_S, None, None]:
    """Run a scripted server beside the test.

    ```python
    with in_thread(ScriptedAgentServer(greeting="Hello.")) as agent:
        ...  # agent.url, then agent.calls
    ```

    What it recorded may be looked at and rules may be added at any time; its `async` methods belong to the thread.
    Raises what the server's `close` raises, unless the test itself went wrong.
    """
    started: Future[None] = Future()
    stop: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    closed: Future[None] = Future()

    async def serve() -> None:
        stopping = asyncio.Event()
        try:
            await server.start()
        except Exception as error:  # noqa: BLE001 - raised again where the test waits for the start
            started.set_exception(error)
            return
        stop.set_result((asyncio.get_running_loop(), stopping))
        started.set_result(None)
        await stopping.wait()
        try:
            await server.close()
        except Exception as error:  # noqa: BLE001 - raised again where the test waits for the end
            closed.set_exception(error)
        else:
            closed.set_result(None)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="scripted server", daemon=True)
    thread.start()
    started.result()
    try:
        yield server
    finally:
        loop, stopping = stop.result()
        loop.call_soon_threadsafe(stopping.set)
        thread.join()
    closed.result()
