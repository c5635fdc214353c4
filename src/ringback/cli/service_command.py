"""What `ringback serve` and `ringback worker` do: open, run until told to stop, drain."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import typer

from ringback.cli.beside import WorkersBeside, until_orphaned
from ringback.cli.connecting import PROJECT_FILE
from ringback.domain.api_key import Scope
from ringback.domain.secret import Redactor
from ringback.errors import RingbackError, UsageError
from ringback.library.project import load_project
from ringback.settings import Settings, load_settings
from ringback.storage.sole_server import sole_server
from ringback.wiring.collector import tune_garbage_collector
from ringback.wiring.hands import open_hands
from ringback.wiring.logs import configure_logging, secrets_of
from ringback.wiring.service import Services, open_services

EXIT_INTERRUPTED = 130

_ROOM_FOR_ANSWERS = 5
"""Seconds that requests under way have when the server stops."""


def serve_until_stopped(host: str, port: int, workers: int) -> int:
    """Serve; the process's exit code. Raises `RingbackError` for what the user has to mend."""
    return _run(lambda settings: _serve(settings, host, port, workers))


def work_until_stopped() -> int:
    """Carry out runs; the process's exit code. Raises `RingbackError` for what the user has to mend."""
    return _run(_work)


def _run(main: Callable[[Settings], Coroutine[Any, Any, None]]) -> int:
    import uvloop  # noqa: PLC0415 - absent on some systems, where the service does not run

    settings = load_settings(os.environ, load_project(PROJECT_FILE).settings)
    configure_logging(settings, Redactor(secrets_of(settings, os.environ)))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(main(settings))
        except (KeyboardInterrupt, asyncio.CancelledError):
            return EXIT_INTERRUPTED
        except ExceptionGroup as group:
            expected, others = group.split(RingbackError)
            if others is not None or expected is None:
                raise
            raise _first(expected) from None
    return 0


def _first(group: BaseExceptionGroup[RingbackError]) -> RingbackError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


class _Stop:
    """What SIGINT and SIGTERM ask for: once, to end in order; twice, at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if self.asked.is_set():
            typer.echo("Stopping at once; what was finished is kept.", err=True)
            os._exit(EXIT_INTERRUPTED)
        self.asked.set()
        typer.echo("Stopping: conversations under way may end, the others are handed back. Again: at once.", err=True)


@asynccontextmanager
async def _services(settings: Settings) -> AsyncGenerator[Services]:
    async with open_services(settings, os.environ) as services:
        yield services


async def _serve(settings: Settings, host: str, port: int, workers: int) -> None:
    if workers > 1:
        _need_postgresql(settings, f"--workers {workers}")
        _need_numbers_that_find_us(settings, workers)
    stop = _Stop()
    with sole_server(settings.effective_database_url):
        await _serve_alone(settings, host, port, workers, stop)


async def _serve_alone(settings: Settings, host: str, port: int, workers: int, stop: _Stop) -> None:
    from ringback.cli.web_server import WebServer  # noqa: PLC0415 - not needed by a worker

    async with (
        _services(settings) as services,
        WorkersBeside(workers - 1) as beside,
        open_hands(services, places=settings.worker_concurrency if workers else 0) as hands,
    ):
        server = WebServer(services, host, port, patience=_ROOM_FOR_ANSWERS)
        async with server:
            await _first_key(services)  # it is shown once, so not before all else has gone well
            beside.begin()
            typer.echo(
                f"Ringback serves on {server.url} (API: {server.url}/test_framework/v1/, {_whom(settings, workers)})."
            )
            typer.echo("Ctrl-C stops it.")
            tune_garbage_collector()
            try:
                await _until(stop, server.task, hands.upkeep, *beside.tasks)
            finally:
                beside.tell()  # they drain while this process does


async def _work(settings: Settings) -> None:
    _need_postgresql(settings, "`ringback worker`")
    stop = _Stop()
    async with _services(settings) as services, open_hands(services, places=settings.worker_concurrency) as hands:
        typer.echo(f"Ringback works: {settings.worker_concurrency} conversations at a time. Ctrl-C stops it.")
        tune_garbage_collector()
        orphaned = asyncio.create_task(until_orphaned(os.environ))
        await _until(stop, hands.upkeep, orphaned)
        orphaned.cancel()


async def _until(stop: _Stop, *tasks: asyncio.Task[None]) -> None:
    """Until somebody wants to stop, or one of the tasks ends; raises what it raised."""
    asked = asyncio.create_task(stop.asked.wait())
    done, _ = await asyncio.wait((asked, *tasks), return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    for task in done:
        if task is not asked:
            task.result()


def _need_postgresql(settings: Settings, what: str) -> None:
    if settings.effective_database_url.startswith("sqlite"):
        raise UsageError(
            f"{what} needs PostgreSQL: an SQLite file belongs to one process. Set RINGBACK_DATABASE_URL=postgresql://…,"
            " or let `ringback serve` do the work alone (RINGBACK_WORKER_CONCURRENCY says how much at a time)."
        )


def _need_numbers_that_find_us(settings: Settings, workers: int) -> None:
    """Each process has a telephone of its own, and a call has to arrive at the one that has the run."""
    any_port = settings.sip_listen.endswith(":0")
    if not settings.phone_numbers or (settings.sip_registrar is not None and any_port):
        return
    raise UsageError(
        f"--workers {workers}: agents call RINGBACK_PHONE_NUMBERS at one address, and only one process can be there."
        " Take --workers 1 (RINGBACK_WORKER_CONCURRENCY says how much at a time), or have the numbers register, each"
        " process at a port of its own (RINGBACK_SIP_REGISTRAR, and RINGBACK_SIP_LISTEN with port 0)."
    )


def _whom(settings: Settings, workers: int) -> str:
    if workers == 0:
        return "without workers"
    count = f"{workers} workers" if workers > 1 else "one worker"
    return f"{count}, {settings.worker_concurrency} conversations at a time each"


async def _first_key(services: Services) -> None:
    """A server that nobody could use makes a key, and shows it once."""
    if services.settings.api_key is not None or any(key.revoked_at is None for key in await services.keys.list()):
        return
    _, token = await services.keys.create("first key", Scope.ADMIN)
    typer.echo(f"No API key was there, so one was made (scope admin). It is shown this once:\n\n    {token}\n")
