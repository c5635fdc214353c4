"""The working side of the service in one process: engine, admission, reconciler and, where it has places, a worker."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from ringback.channels.websocket import agent_session
from ringback.runs.admission import Admission, QueueLimits
from ringback.runs.engine import Engine
from ringback.runs.reconciler import Patience, Reconciler
from ringback.runs.worker import Worker
from ringback.settings import Settings
from ringback.storage.owner import Owner
from ringback.storage.store import Store
from ringback.wiring.carrying import Carrying
from ringback.wiring.service import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What works in the background of one process."""

    engine: Engine
    worker: Worker | None
    """None: this process only lets runs in and looks after the others."""
    upkeep: asyncio.Task[None]
    """Everything that goes on by itself; ends with an exception where one of it failed for good."""


def engine_url(database_url: str) -> str:
    """Where the engine keeps its own tables: beside ours in PostgreSQL, in a file beside ours with SQLite."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return database_url
    return url.set(database=f"{url.database}-engine").render_as_string(hide_password=False)


def queue_limits(settings: Settings) -> QueueLimits:
    """The bounds over all workers."""
    return QueueLimits(
        runs=settings.max_concurrent_runs,
        runs_with_agent=settings.agent_concurrency,
        starts_per_second=settings.starts_per_second,
    )


@asynccontextmanager
async def open_hands(services: Services, *, places: int) -> AsyncGenerator[Hands]:
    """Start working; drain and stop when the context ends.

    Args:
        services: what the process shares.
        places: runs that this process carries out at once; 0: none.

    Raises:
        StorageError: the database or the engine's cannot be used.
    """
    settings = services.settings
    async with AsyncExitStack() as stack:
        worker = await _worker(services, places, stack) if places else None
        engine = await Engine.open(
            engine_url(settings.effective_database_url),
            worker_id=str(worker.owner if worker else Owner.newborn("service")),
            body=worker.body if worker else None,
            concurrency=max(1, places),
            poll_interval=settings.queue_poll,
        )
        stack.push_async_callback(engine.close)
        admission = Admission(services.queue, engine.enqueue, queue_limits(settings))
        reconciler = Reconciler(
            services.queue,
            services.workers,
            known=engine.known,
            forget=engine.recover,
            patience=Patience(
                silence=settings.worker_timeout,
                most_losses=settings.max_worker_losses,
                taken_up_within=settings.lost_run_timeout,
            ),
        )
        await reconciler.once()  # what a process that died here left behind is taken up at once
        if worker is not None:
            await worker.register()
        upkeep = asyncio.create_task(_keep_going(admission, reconciler, worker, settings), name="upkeep")
        try:
            yield Hands(engine=engine, worker=worker, upkeep=upkeep)
        finally:
            try:
                await engine.stop_taking()
                if worker is not None:
                    await worker.drain(settings.drain_timeout)
            finally:
                upkeep.cancel()
                await asyncio.gather(upkeep, return_exceptions=True)


async def _worker(services: Services, places: int, stack: AsyncExitStack) -> Worker:
    settings = services.settings
    session = await stack.enter_async_context(agent_session(connect_timeout=settings.connect_timeout))
    carrying = Carrying(
        settings,
        services.environ,
        services.seal,
        session,
        chats=services.chats,
        calls=services.calls,
        numbers=services.phone_numbers,
    )
    stack.push_async_callback(carrying.close)
    await carrying.expect_calls()

    def open_store(owner: Owner) -> Store:
        return Store(services.database, owner, brief_of=services.brief_of, metric_numbers=services.metric_numbers)

    return Worker(
        queue=services.queue,
        workers=services.workers,
        open_store=open_store,
        carry_out=carrying.carry_out,
        places=places,
        heartbeat=settings.heartbeat,
        most_losses=settings.max_worker_losses,
    )


async def _keep_going(admission: Admission, reconciler: Reconciler, worker: Worker | None, settings: Settings) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(admission.run())
        group.create_task(reconciler.run(settings.heartbeat))
        if worker is not None:
            group.create_task(worker.run())
