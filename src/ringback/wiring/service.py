"""The live objects behind the service: one set a process, shared by the API's routes and the worker."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ringback.channels.hang_up_rest import CallsInProgress
from ringback.domain.run import Run
from ringback.domain.secret import Redactor
from ringback.domain.telephone import plain_number
from ringback.library.agents import AgentLibrary
from ringback.library.metrics import MetricLibrary
from ringback.library.personalities import PersonalityLibrary
from ringback.library.profiles import ProfileLibrary
from ringback.library.scenarios import ScenarioLibrary
from ringback.results.brief import brief_of
from ringback.results.progress import ProgressFeed
from ringback.results.recording_links import RecordingLinks
from ringback.results.share import ShareLinks
from ringback.runs.submission import Submission
from ringback.settings import Settings
from ringback.storage.chats import Chats
from ringback.storage.database import Database
from ringback.storage.key_check import check_key
from ringback.storage.keys import KeyStore
from ringback.storage.number_leases import NumberLeases, NumberPool
from ringback.storage.owner import Owner
from ringback.storage.queue import RunQueue
from ringback.storage.reading_changes import Revisions
from ringback.storage.readings import Readings
from ringback.storage.recordings import remove_recordings
from ringback.storage.sealing import Seal, key_of_home
from ringback.storage.store import Store
from ringback.storage.workers import Workers
from ringback.wiring.submission import open_submission
from ringback.wiring.verifying import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the doors of the service use."""

    settings: Settings
    environ: Mapping[str, str]
    """Where model providers' keys are."""
    database: Database
    seal: Seal
    store: Store
    keys: KeyStore
    queue: RunQueue
    workers: Workers
    phone_numbers: tuple[str, ...]
    """Ours, as the settings list them; telephone numbers without separators."""
    number_leases: NumberLeases
    readings: Readings
    revisions: Revisions
    progress: ProgressFeed
    share_links: ShareLinks
    recording_links: RecordingLinks
    agents: AgentLibrary
    scenarios: ScenarioLibrary
    personalities: PersonalityLibrary
    profiles: ProfileLibrary
    metrics: MetricLibrary
    verifier: Verifier
    submission: Submission
    chats: Chats
    calls: CallsInProgress
    """The spoken calls of this process, which agents can hang up by their ids."""
    brief_of: Callable[[Run], str]
    """Renders a finished run's entry of its result's detail."""
    metric_numbers: Mapping[str, int]
    """Of the computed metrics, by slug."""

    async def remove_recordings(self, result_id: int, run_ids: Sequence[int] | None = None) -> None:
        """Delete the recordings of some runs of a result, or of all; what is not there is passed over."""
        await asyncio.to_thread(remove_recordings, self.settings.effective_recordings, result_id, run_ids)


@asynccontextmanager
async def open_services(settings: Settings, environ: Mapping[str, str]) -> AsyncGenerator[Services]:
    """Everything that a server or worker needs, open for as long as the context lasts.

    Raises:
        StorageError: the database cannot be used, or what is sealed in it was sealed with another key.
        UsageError: there is no encryption key and none can be made.
    """
    key = settings.encryption_key
    seal = Seal(key.get_secret_value() if key else key_of_home(settings.home))
    database = await Database.open(settings.effective_database_url, patience=settings.database_patience)
    store = Store(database, Owner.this_process("service"))
    try:
        await check_key(database, seal)
        personalities, metrics = PersonalityLibrary(database), MetricLibrary(database)
        await personalities.make_ready()
        await metrics.make_ready()
        readings = Readings(database)
        progress = ProgressFeed(readings)
        numbers = _own_numbers(settings)
        pool = NumberPool(numbers=numbers, window=settings.dial_window)
        queue = RunQueue(database, changed=progress.wake, pool=pool)
        submission = open_submission(settings, environ, numbers, database=database, seal=seal, store=store, queue=queue)
        yield Services(
            settings=settings,
            environ=environ,
            database=database,
            seal=seal,
            store=store,
            keys=KeyStore(database),
            queue=queue,
            workers=Workers(database, brief_of=brief_of),
            phone_numbers=numbers,
            number_leases=NumberLeases(database),
            readings=readings,
            revisions=Revisions(database),
            progress=progress,
            share_links=ShareLinks(seal),
            recording_links=RecordingLinks(seal, settings.recording_link_life),
            agents=AgentLibrary(database, seal),
            scenarios=ScenarioLibrary(database),
            personalities=personalities,
            profiles=ProfileLibrary(database),
            metrics=metrics,
            verifier=Verifier(settings),
            submission=submission,
            chats=Chats(database, clean=_own_secrets(settings).clean),
            calls=CallsInProgress(),
            brief_of=brief_of,
            metric_numbers={metric.slug: metric.id for metric in await metrics.predefined()},
        )
    finally:
        await store.close()


def _own_numbers(settings: Settings) -> tuple[str, ...]:
    plain = (plain_number(number) for number in settings.phone_numbers)
    return tuple(dict.fromkeys(number for number in plain if number))


def _own_secrets(settings: Settings) -> Redactor:
    values = (settings.api_key, settings.websocket_secret, settings.encryption_key, settings.sip_password)
    return Redactor(value.get_secret_value() for value in values if value)
