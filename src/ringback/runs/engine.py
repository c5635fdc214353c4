"""The durable execution engine (DBOS Transact) behind four verbs: enqueue, cancel, known, recover.

One attempt of one run is one workflow, `run-<id>-<attempt>`, with these two numbers as its arguments and no steps. The
run table is the truth; the engine only remembers what is to be begun and begins each attempt **at most once**, in one
of the processes that share its database. Cron jobs come with schedules and are not here yet.

What makes it so, of the engine's own means: claiming is one atomic write (`ENQUEUED` → `PENDING`); a workflow may be
dispatched once (`max_recovery_attempts=0`: it is dead-lettered, not run, if anything puts it back); and its recovery
at start looks for work of its own executor id, which is new for each process.
"""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, error
from sqlalchemy import Engine as Connections
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from ringback.errors import RingbackError, StorageError
from ringback.runs.engine_connection import connect
from ringback.runs.engine_logging import quiet_engine
from ringback.runs.enqueueing import APPLICATION, QUEUE, SCHEMA, WORKFLOW, RunKey, enqueue, workflow_id
from ringback.storage.failures import failures_as_sentences
from ringback.storage.letting_go import let_go

RunBody = Callable[[int, int], Awaitable[None]]
"""Carries out (run id, attempt); idempotent over the run table."""

UPKEEP_INTERVAL = 10.0
"""Seconds between two rounds of tidying up."""

_THREADS = 8
_AT_ONCE = 500
"""Workflows that one statement names."""
_OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_KNOWN = {"ENQUEUED": "enqueued", "DELAYED": "enqueued", "PENDING": "running"}
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Engine:
    """One process's place at the engine. The engine is a singleton: one may be open at a time."""

    _open: "Engine | None" = None

    def __init__(
        self, connections: Connections, place: str, *, worker_id: str, body: RunBody | None, concurrency: int
    ) -> None:
        """Use `open`."""
        self._connections = connections
        self._place = place
        self._worker_id = worker_id
        self._body = body
        # The engine counts what runs here a moment late, and on a busy machine takes more than there are places.
        self._places = asyncio.Semaphore(concurrency)
        self._version = ""
        self._home = asyncio.get_running_loop()
        # Bodies see the context of who opened the engine, not that of the engine's workflow.
        self._context = contextvars.copy_context()
        self._running: dict[RunKey, asyncio.Task[None]] = {}
        self._strays: set[str] = set()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="ringback-engine")
        self._client: DBOSClient | None = None
        self._dbos: DBOS | None = None
        self._upkeep: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        database_url: str,
        *,
        worker_id: str,
        body: RunBody | None,
        concurrency: int,
        poll_interval: float = 0.1,
        application_version: str = "ringback-1",
        keep_finished: float = 3600.0,
    ) -> "Engine":
        """Start the engine; bodies run on the event loop that calls this.

        Args:
            database_url: `sqlite:///…`, a file of the engine's own that one process owns, or `postgresql://…`.
            worker_id: this process, a new name each time it starts.
            body: what carries out an attempt; None for a process that enqueues and cancels only.
            concurrency: attempts that this process carries out at once; other processes have their own number.
            poll_interval: seconds between two looks at the queue, by and large twice the median start latency.
            application_version: work enqueued under one version is begun under that version only.
            keep_finished: seconds before finished work is forgotten.

        Raises:
            StorageError: the database cannot be used.
            RuntimeError: an engine is open in this process already.
        """
        if Engine._open is not None:
            raise RuntimeError("This process has an engine open already; close it before another is opened.")
        connections, place = connect(database_url, threads=_THREADS + 4)
        engine = Engine._open = cls(connections, place, worker_id=worker_id, body=body, concurrency=concurrency)
        try:
            await engine._in_thread(
                lambda: engine._launch(
                    concurrency=concurrency, poll_interval=poll_interval, application_version=application_version
                )
            )
        except BaseException:
            await engine.close()
            raise
        engine._upkeep = asyncio.create_task(engine._keep_up(keep_finished))
        return engine

    async def enqueue(self, runs: Sequence[RunKey]) -> None:
        """Have these attempts carried out; what was enqueued before stays as it is.

        Raises:
            StorageError: some may have been enqueued; asking again for all of them is harmless.
        """
        if runs:
            await self._in_thread(lambda: enqueue(self._connections, self._connected(), self._version, runs))

    async def cancel(self, runs: Sequence[RunKey]) -> None:
        """What has not begun never begins. What has begun is the run table's to stop, and goes on here."""
        if runs:
            await self._in_thread(lambda: self._cancel(runs))

    async def known(self, runs: Sequence[RunKey]) -> dict[RunKey, str]:
        """`enqueued`, `running` or `over` for each attempt that the engine knows; the others are left out."""
        return await self._in_thread(lambda: self._known(runs))

    async def recover(self, worker_ids: Sequence[str]) -> None:
        """Drop what dead workers held: it is over here and never begins again under its old attempt number.

        The engine's call is `cancel_workflows` on what is pending under their executor ids. (Its own recovery call
        would put the old attempts back into the queue.) Nothing has to be freed: places are counted in each process.
        """
        if worker_ids:
            await self._in_thread(lambda: self._recover(worker_ids))

    async def drop_strays(self) -> None:
        """Let go of what this process owns here and never began, if it was so the last time, too.

        A database that dies while it answers leaves such work. The engine does this by itself every `UPKEEP_INTERVAL`.
        """
        await self._in_thread(self._drop_strays)

    async def forget(self, older_than: float) -> None:
        """Delete what has been over for so many seconds. The engine does this by itself, see `open`."""
        await self._in_thread(lambda: self._forget(older_than))

    async def stop_taking(self) -> None:
        """Begin nothing more; when this returns, what this process has taken has begun, and goes on."""
        await self._in_thread(self._stop_taking)

    async def close(self) -> None:
        """Let go. Bodies that are still going on are cancelled, and their attempts are over in the engine."""
        if self._upkeep is not None:
            self._upkeep.cancel()
        try:
            await self._in_thread(self._stop_taking)
            await self._cancel_bodies()
            await self._in_thread(self._end)
        finally:
            self._threads.shutdown(wait=False)
            Engine._open = None

    # -- in threads ---------------------------------------------------------------------------------------------

    def _launch(self, *, concurrency: int, poll_interval: float, application_version: str) -> None:
        self._version = application_version
        serializer = DBOSPortableJSONSerializer()
        dbos = self._dbos = DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._connections,
                "dbos_system_schema": SCHEMA,
                "executor_id": self._worker_id,
                "application_version": application_version,
                "serializer": serializer,
                "max_executor_threads": _THREADS,
                "log_level": quiet_engine(),
                # Nobody here waits for the engine's events; listening would cost a connection and a thread.
                "use_listen_notify": False,
                # Its thread looks at nothing, but close() waits for it to wake up.
                "notification_listener_polling_interval_sec": 0.1,
            }
        )
        DBOS.listen_queues([])

        async def carry_out(run_id: int, attempt: int) -> None:
            await self._carry_out(run_id, attempt)

        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=0)(carry_out)
        if self._body is not None:
            # A queue that the database describes has one number of places for all processes; this one is ours.
            registry = dbos._registry  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - no public way to it
            registry._register_internal_queue(  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - as above
                QUEUE, worker_concurrency=concurrency, polling_interval_sec=poll_interval
            )
        # Its workflows are tasks of our event loop. It would take the loop of the thread that launches it; this one has
        # none, and a launch on the loop's thread would hold everything up while tables are made.
        loops = dbos._background_event_loop  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - no public way to it
        loops._main_loop = self._home  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - as above
        DBOS.launch()
        # After a long outage its threads, the one that begins runs among them, would sleep for up to 90 s more. What
        # fails instead is tried again at the next look, or is a stray.
        dbos._sys_db._retry_connection_errors = False  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - as above
        self._client = DBOSClient(
            system_database_engine=self._connections,
            dbos_system_schema=SCHEMA,
            serializer=serializer,
            application_name=APPLICATION,
            # A verb fails and is tried again by the reconciler; blocked threads would pile up.
            retry_connection_errors=False,
        )

    def _cancel(self, runs: Sequence[RunKey]) -> None:
        client = self._connected()
        for names in _portions([workflow_id(key) for key in runs]):
            # Cancelling what has begun would have its thread wait for an outcome that nobody writes.
            waiting = client.list_workflows(
                workflow_ids=names, status=["ENQUEUED", "DELAYED"], load_input=False, load_output=False
            )
            client.cancel_workflows([one.workflow_id for one in waiting])

    def _known(self, runs: Sequence[RunKey]) -> dict[RunKey, str]:
        client, keys = self._connected(), {workflow_id(key): key for key in runs}
        return {
            keys[one.workflow_id]: _KNOWN.get(one.status, "over")
            for names in _portions(list(keys))
            for one in client.list_workflows(workflow_ids=names, load_input=False, load_output=False)
        }

    def _recover(self, worker_ids: Sequence[str]) -> None:
        client = self._connected()
        for names in _portions(self._pending(worker_ids)):
            client.cancel_workflows(names)

    def _drop_strays(self) -> None:
        ours = set(self._pending([self._worker_id])) - {workflow_id(key) for key in list(self._running)}
        if lost := sorted(ours & self._strays):
            _log.warning("Let go of %d attempts that never began: %s", len(lost), ", ".join(lost[:10]))
            self._connected().cancel_workflows(lost)
        self._strays = ours

    def _forget(self, older_than: float) -> None:
        client = self._connected()
        before = (datetime.now(UTC) - timedelta(seconds=older_than)).isoformat()
        while True:
            old = client.list_workflows(
                status=_OVER, completed_before=before, limit=_AT_ONCE, load_input=False, load_output=False
            )
            client.delete_workflows([one.workflow_id for one in old])
            if len(old) < _AT_ONCE:
                return

    def _pending(self, worker_ids: Sequence[str]) -> list[str]:
        held = self._connected().list_workflows(
            executor_id=list(worker_ids), status="PENDING", load_input=False, load_output=False
        )
        return [one.workflow_id for one in held]

    def _stop_taking(self) -> None:
        if self._dbos is None:
            return
        for stop in self._dbos.background_thread_stop_events:
            stop.set()
        for thread in threading.enumerate():
            if thread.name == f"queue-worker-{QUEUE}":
                thread.join(timeout=10.0)  # longer only where the database is away, and then nothing is taken either

    def _end(self) -> None:
        DBOS.destroy(destroy_registry=True)
        if self._client is not None:
            try:
                self._recover([self._worker_id])
            except (SQLAlchemyError, error.DBOSException):  # whoever finds this worker dead does the same
                _log.warning("The engine's database was out of reach at the end; another process will tidy up.")
            self._client.destroy()
        # Its threads try again for as long as a database is away; the process may not wait for that.
        event.listen(self._connections, "do_connect", _refuse)
        let_go(self._connections)

    def _connected(self) -> DBOSClient:
        if self._client is None:
            raise RuntimeError("The engine is not open.")
        return self._client

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        def working() -> _T:
            with failures_as_sentences(self._place):
                try:
                    return work()
                except error.DBOSException as refused:
                    raise StorageError(f"The engine cannot work with the database {self._place}: {refused}") from None

        return await self._home.run_in_executor(self._threads, working)

    # -- on the event loop --------------------------------------------------------------------------------------

    async def _carry_out(self, run_id: int, attempt: int) -> None:
        """The workflow: the body, in the context of who opened the engine."""
        key = (run_id, attempt)
        body = self._running[key] = asyncio.create_task(self._guarded(key), context=self._context.copy())
        try:
            await body
        finally:
            self._running.pop(key, None)

    async def _cancel_bodies(self) -> None:
        self._body = None  # what was taken and has not come that far begins no more
        bodies = tuple(self._running.values())
        for body in bodies:
            body.cancel()
        await asyncio.gather(*bodies, return_exceptions=True)

    async def _guarded(self, key: RunKey) -> None:
        if self._body is None:
            return
        about = {"run_id": key[0], "attempt": key[1]}
        try:
            async with self._places:
                await self._body(*key)
        except RingbackError as failure:
            _log.error("Run %d, attempt %d: %s The reconciler decides what becomes of it.", *key, failure, extra=about)
        except Exception:  # noqa: BLE001 - whatever a body raises ends that run's workflow and nothing else
            ended = "Run %d, attempt %d: its body failed; the reconciler decides what becomes of it."
            _log.exception(ended, *key, extra=about)

    async def _keep_up(self, keep_finished: float) -> None:
        while True:
            await asyncio.sleep(UPKEEP_INTERVAL)
            try:
                await self.drop_strays()
                await self.forget(keep_finished)
            except RingbackError as failure:
                _log.warning("The engine's tables could not be tidied up: %s", failure)


def _refuse(*_arguments: object) -> None:
    raise RuntimeError("The engine is closed.")


def _portions(names: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while portion := list(islice(rest, _AT_ONCE)):
        yield portion
