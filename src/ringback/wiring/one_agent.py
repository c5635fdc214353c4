"""What `ringback run` holds conversations with: one agent, in one process, without a queue."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from ringback.callers.build import build_caller
from ringback.domain.agent import Agent, Transport
from ringback.domain.event import Event, Notice
from ringback.domain.secret import Redactor
from ringback.errors import UsageError
from ringback.models.budget import Budget
from ringback.runs.executor import Executor
from ringback.runs.service import RunService
from ringback.runs.talking import Talk, by_text
from ringback.settings import Settings, environment_variable
from ringback.storage.store import Store
from ringback.wiring.agent_secrets import redactor_for, with_default_secret
from ringback.wiring.lines import connect_attempts, limits_from, lines_to
from ringback.wiring.models import Models, open_models

if TYPE_CHECKING:
    import aiohttp


@asynccontextmanager
async def run_service(
    agent: Agent,
    settings: Settings,
    store: Store,
    models: Models,
    *,
    on_event: Callable[[Event], None],
    stop: asyncio.Event,
    concurrency: int | None = None,
    invalid_retries: int = 1,
    max_cost: float | None = None,
    environ: Mapping[str, str] | None = None,
    hang_up_port: int | None = None,
) -> AsyncGenerator[RunService]:
    """Everything that runs of one agent need, open for as long as the context lasts.

    Args:
        agent: who is called, and over what.
        settings: waits, models and folders.
        store: where runs are kept.
        models: that the scenarios need.
        on_event: told of everything that happens.
        stop: set by the user.
        concurrency: conversations at once; None: the setting, else 10.
        invalid_retries: further attempts of a run whose caller was invalid.
        max_cost: US dollars of models and speech after which nothing new is begun.
        environ: where the keys of speech providers are.
        hang_up_port: where spoken agents can hang up by REST; 0: any port. None: nowhere.

    Raises:
        UsageError: the agent cannot be spoken to with these settings on this machine.
    """
    from ringback.channels.websocket import agent_session  # noqa: PLC0415 - dry runs and wrong suites need no HTTP

    agent = with_default_secret(agent, settings)
    settings = _with_loopback(agent, settings)
    concurrency = concurrency or settings.max_concurrent_runs or 10
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(agent_session(connect_timeout=settings.connect_timeout))
        budget = Budget(max_cost)
        caller_model, judge_model = open_models(models, settings, budget)
        for model in (caller_model, judge_model):
            if model is not None:
                stack.push_async_callback(model.close)
        redactor = redactor_for(agent, settings, models)
        if agent.channel.is_voice:
            speaking = _speaking(
                agent,
                settings,
                environ or {},
                session,
                redactor=redactor,
                concurrency=concurrency,
                on_event=on_event,
                hang_up_port=hang_up_port,
                budget=budget,
            )
            talk = await stack.enter_async_context(speaking)
        else:
            talk = by_text(lines_to(agent, settings, session, redactor=redactor), agent.agent_speaks_first)
        if not agent.inbound:
            talk, concurrency = _on_our_numbers(talk, settings, concurrency)
        executor = Executor(
            store=store,
            talk=talk,
            build_caller=lambda specification, model, remark: build_caller(specification, model=model, remark=remark),
            caller_model=caller_model,
            judge_model=judge_model,
            limits=limits_from(settings),
            on_event=on_event,
            stop=stop,
            invalid_retries=invalid_retries,
            connect_attempts=connect_attempts(agent, settings),
        )
        yield RunService(store, executor, concurrency=concurrency, on_event=on_event, stop=stop)


def _with_loopback(agent: Agent, settings: Settings) -> Settings:
    """Settings whose telephone is at home on loopback, where that is where it listens or where the agent is.

    The stack has to be told; else it takes the interface that leads out.
    """
    if settings.sip_interface is not None or agent.channel is not Transport.SIP:
        return settings
    called = agent.url.get_secret_value().rpartition("@")[2].partition(";")[0]
    for host in (settings.sip_listen.rpartition(":")[0], called.removeprefix("sip:").partition(":")[0]):
        if host == "localhost" or host.startswith("127."):
            return settings.model_copy(update={"sip_interface": "127.0.0.1"})
    return settings


def check_numbers(agent: Agent, settings: Settings) -> None:
    """Whether there is a number that the agent can call, where it calls us, and else a way to its own.

    Raises:
        UsageError: there is none.
    """
    if agent.inbound and agent.channel is Transport.SIP:
        from ringback.wiring.telephone import dialled_uri  # noqa: PLC0415 - most agents have no telephone

        dialled_uri(agent, settings)  # better told before the processes of the voice are started
    if agent.inbound or settings.phone_numbers:
        return
    raise UsageError(
        f"Agent '{agent.name}' calls us, and there is no number that it could call. Set"
        f" {environment_variable('phone_numbers')} (or phone_numbers in ringback.toml) to the numbers or SIP users at"
        f" which it reaches this machine, and {environment_variable('sip_listen')} to where their calls arrive."
    )


def reach_warning(agent: Agent, settings: Settings) -> str | None:
    """What a person should know before an agent's call is awaited: that it cannot find this machine; None: it can."""
    if agent.inbound or settings.sip_registrar is not None or not settings.sip_listen.endswith(":0"):
        return None
    listen, registrar = (environment_variable(name) for name in ("sip_listen", "sip_registrar"))
    return f"{listen} has no port of its own, and {registrar} is not set: nobody knows where our numbers are called."


def _on_our_numbers(talk: Talk, settings: Settings, concurrency: int) -> tuple[Talk, int]:
    """Conversations that wait for the agent's call, and how many there may be at once: one a number."""
    from ringback.runs.phone_pool import PhonePool, on_numbers_of  # noqa: PLC0415 - few agents call us

    pool = PhonePool(settings.phone_numbers, seconds=settings.dial_window)
    return on_numbers_of(pool, talk), min(concurrency, len(pool))


@asynccontextmanager
async def _speaking(
    agent: Agent,
    settings: Settings,
    environ: Mapping[str, str],
    session: "aiohttp.ClientSession",
    *,
    redactor: Redactor,
    concurrency: int,
    on_event: Callable[[Event], None],
    hang_up_port: int | None,
    budget: Budget,
) -> AsyncGenerator[Talk]:
    """Spoken conversations with one agent, everything loaded that they need."""
    from ringback.channels.hang_up_rest import CallsInProgress, serve_hang_ups  # noqa: PLC0415 - text does not need it
    from ringback.wiring.voice import Voices  # noqa: PLC0415 - half a second and 60 MB that text does not need

    calls = CallsInProgress()
    voices = Voices(
        settings,
        environ,
        session,
        recordings=settings.effective_recordings,
        concurrency=concurrency,
        calls=calls,
        budget=budget,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(voices.close)
        await voices.warm_up(agent)
        if hang_up_port is not None:
            try:
                url = await stack.enter_async_context(serve_hang_ups(calls, port=hang_up_port))
            except OSError as error:
                raise UsageError(f"--hang-up-port {hang_up_port} cannot be used: {error.strerror}.") from None
            on_event(Notice(sentence=f"Agents can hang up at {url}/2010-04-01/Accounts/…/Calls/….json"))
        yield voices.talk_to(agent, redactor)
