"""What `ringback run` does: from flags to an exit code."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from rich.console import Console

from ringback.cli.connecting import PROJECT_FILE, header_warnings, key_and_value
from ringback.cli.planning import Planned, dry_run_lines, plan_request
from ringback.cli.progress import RunProgress
from ringback.cli.reports import ReportFiles
from ringback.cli.run_options import RunOptions
from ringback.cli.summary import print_summary
from ringback.cli.terminal import open_console
from ringback.domain.agent import Agent, Transport
from ringback.domain.event import Event, Notice
from ringback.domain.run import Result
from ringback.errors import UsageError
from ringback.library.project import Project, load_project, resolve_agent
from ringback.results.compare import compare
from ringback.results.summary import summarise
from ringback.runs.service import RunService, is_left
from ringback.settings import Settings, load_settings
from ringback.storage.store import Store
from ringback.wiring.collector import tune_garbage_collector
from ringback.wiring.models import Models, choose_models, own_prices, speech_names
from ringback.wiring.one_agent import check_numbers, reach_warning, run_service
from ringback.wiring.store import open_store

EXIT_INTERRUPTED = 130


def carry_out(options: RunOptions) -> int:
    """Run, show, report; the process's exit code. Raises `RingbackError` for what the user has to mend."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(_carry_out(options))
        except (KeyboardInterrupt, asyncio.CancelledError):
            typer.echo("Stopped at once; what was finished is kept.", err=True)
            return EXIT_INTERRUPTED


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - absent on some systems
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _carry_out(options: RunOptions) -> int:
    _check(options)
    project = load_project(PROJECT_FILE)
    settings = load_settings(os.environ, project.settings)
    reports = ReportFiles.of(options)
    reports.check()
    store = await open_store(settings, temporary=options.no_store)
    try:
        return await _with_store(options, project, settings, store, reports)
    finally:
        await store.close()


def _check(options: RunOptions) -> None:
    if options.resume is not None and (options.suites or options.failed_of is not None):
        raise UsageError("--resume does what its result left: give it no suite and no --failed-of.")
    if options.resume is None and not options.suites:
        raise UsageError("Which suite? `ringback run suite.yaml --agent …`; `ringback init` writes one to start from.")
    if options.no_store and options.resume is not None:
        raise UsageError("--resume needs the database: leave --no-store out.")


def _check_voice(options: RunOptions, agent: Agent) -> None:
    if options.hang_up_port is not None and agent.channel is Transport.SIP:
        raise UsageError("--hang-up-port is not for the telephone: the agent hangs up itself. Leave it out.")
    if agent.channel.is_voice:
        return
    given = {"--known-lines": options.known_lines, "--hang-up-port": options.hang_up_port}
    for flag, value in given.items():
        if value is not None:
            raise UsageError(f"{flag} is for agents that are spoken to: add --channel media-streams, chirp or sip.")


async def _with_store(
    options: RunOptions, project: Project, settings: Settings, store: Store, reports: ReportFiles
) -> int:
    await store.mark_abandoned()
    baseline = await store.result(options.baseline) if options.baseline is not None else None
    planned = await plan_request(options, store)
    models = choose_models(planned.scenarios, settings, os.environ, to_be_asked=not options.dry_run)
    planned = planned.with_models(models, settings.prices_file)
    if options.dry_run:
        if options.agent is not None:
            resolve_agent(project, options.agent, os.environ)  # a wrong name is better known before
        for line in dry_run_lines(planned, models, own_prices(settings)):
            typer.echo(line)
        return 0
    agent = await _agent(options, project, store)
    _check_voice(options, agent)
    check_numbers(agent, settings)
    planned = planned.with_speech(speech_names(agent, settings, os.environ))
    console = open_console()
    for warning in filter(None, (*planned.warnings, *header_warnings(options.headers), reach_warning(agent, settings))):
        console.print(f"warning: {warning}", style="yellow")
    stop = asyncio.Event()
    with _where_sound_goes(options, settings, agent) as settings_with_folder:
        result = await _hold(
            options,
            settings_with_folder,
            store=store,
            agent=agent,
            planned=planned,
            models=models,
            console=console,
            stop=stop,
        )
        summary = summarise(result, min_pass_rate=options.min_pass_rate)
        comparison = compare(baseline, result) if baseline is not None else None
        print_summary(console, result, summary, comparison, stored=not options.no_store)
        folder, stored = settings_with_folder.effective_recordings, not options.no_store
        for path in reports.write(result, summary, comparison, recordings=folder, stored=stored):
            console.print(f"report  {path}")
    return EXIT_INTERRUPTED if stop.is_set() else summary.exit_code


async def _agent(options: RunOptions, project: Project, store: Store) -> Agent:
    name = options.agent
    if name is None and options.resume is not None:
        name = (await store.result(options.resume)).agent_name
    if name is None and len(project.agents) == 1:
        name = next(iter(project.agents))
    if name is None:
        known = f" Known: {', '.join(sorted(project.agents))}." if project.agents else ""
        raise UsageError(f"Which agent? `--agent ws://localhost:8765`, or a name from {PROJECT_FILE}.{known}")
    return resolve_agent(
        project,
        name,
        os.environ,
        secret=options.secret,
        run_headers=dict(key_and_value(header, "--header") for header in options.headers),
        channel=Transport(options.channel) if options.channel else None,
        known_lines=options.known_lines,
    )


@contextmanager
def _where_sound_goes(options: RunOptions, settings: Settings, agent: Agent) -> Generator[Settings]:
    """The settings with the folder of recordings that the flags mean: one that is gone afterwards with `--no-store`."""
    if options.recordings is not None:
        yield settings.model_copy(update={"recordings": options.recordings})
    elif options.no_store and agent.channel.is_voice:
        with TemporaryDirectory(prefix="ringback-recordings-") as folder:
            yield settings.model_copy(update={"recordings": Path(folder)})
    else:
        yield settings


async def _hold(
    options: RunOptions,
    settings: Settings,
    *,
    store: Store,
    agent: Agent,
    planned: Planned,
    models: Models,
    console: Console,
    stop: asyncio.Event,
) -> Result:
    """The conversations, shown as they happen, stoppable by Ctrl-C."""
    runs_per_scenario = Counter(
        specification.scenario.key
        for specification in (
            planned.request.specifications
            if planned.request
            else [run.specification for run in (await store.result(planned.resume or 0)).runs if is_left(run)]
        )
    )
    tune_garbage_collector()
    progress = RunProgress(console, options.verbosity, dict(runs_per_scenario))
    with progress:
        async with run_service(
            agent,
            settings,
            store,
            models,
            on_event=progress.show,
            stop=stop,
            concurrency=options.concurrency or planned.concurrency,
            invalid_retries=options.invalid_retries,
            max_cost=options.max_cost,
            environ=os.environ,
            hang_up_port=options.hang_up_port,
        ) as service:
            _stop_on_signals(stop, progress.show)
            return await _start(service, planned, agent)


async def _start(service: RunService, planned: Planned, agent: Agent) -> Result:
    if planned.resume is not None:
        return await service.resume(planned.resume)
    if planned.request is None:
        raise AssertionError("a plan either resumes or requests")
    return await service.start(replace(planned.request, agent_name=agent.name, agent_url=agent.shown_url))


def _stop_on_signals(stop: asyncio.Event, show: Callable[[Event], None]) -> None:
    """Ctrl-C once: running conversations are ended and reported. Twice: at once."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def interrupted() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
            return
        stop.set()
        show(Notice(sentence="Stopping: running conversations are being ended. Ctrl-C again stops at once."))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
