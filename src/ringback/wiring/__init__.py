"""Settings to live objects: the only place that picks concrete classes.

What is slow to load (HTTP, the database, models) is imported where it is opened: no command loads what it does not use.
"""

import asyncio
import gc
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from ringback.callers.build import PROMPT_VERSIONS as CALLER_PROMPTS
from ringback.callers.build import model_needs
from ringback.channels.channel import CallIds, Channel
from ringback.channels.handshake import handshake_headers
from ringback.conversation.limits import Limits
from ringback.domain.agent import Agent, Transport
from ringback.domain.scenario import MetricDefinition, Scenario, TestProfile
from ringback.domain.secret import Redactor, secrets_of_url
from ringback.errors import ModelNotConfigured, UsageError
from ringback.evaluation.evaluator import PROMPT_VERSIONS as JUDGE_PROMPTS
from ringback.evaluation.evaluator import judge_needs
from ringback.models.budget import Budget
from ringback.models.model import LanguageModel
from ringback.models.price_file import load_prices
from ringback.models.prices import Prices
from ringback.settings import Settings, environment_variable

if TYPE_CHECKING:
    import aiohttp

    from ringback.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """Which model a role uses and how it is reached."""

    role: str
    name: str
    base_url: str | None
    api_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models that a request needs; None where it needs none."""

    caller: ModelChoice | None
    judge: ModelChoice | None


def choose_models(
    scenarios: Sequence[Scenario], settings: Settings, environ: Mapping[str, str], *, to_be_asked: bool = True
) -> Models:
    """The models that these scenarios need, checked before anything runs.

    Args:
        scenarios: what is to run.
        settings: where models are named.
        environ: where the providers' keys are.
        to_be_asked: False: they are only named and priced, so keys may be missing.

    Raises:
        ModelNotConfigured: a scenario needs a model and none is set, or its provider's key is missing.
        UsageError: a name that no model can have.
    """
    caller_needs = [(f"scenario '{s.key}'", need) for s in scenarios if not s.unsupported for need in model_needs(s)]
    judging_needs = [(f"scenario '{s.key}'", need) for s in scenarios if not s.unsupported for need in judge_needs(s)]
    models = Models(
        caller=_choice("caller", settings.caller_model, settings.caller_base_url, caller_needs, environ),
        judge=_judge_choice(judging_needs, settings, environ),
    )
    if to_be_asked:
        _check_key(models.caller, caller_needs)
        _check_key(models.judge, judging_needs)
    return models


def require_judge(
    metrics: Sequence[MetricDefinition],
    settings: Settings,
    environ: Mapping[str, str],
    *,
    scenarios: Sequence[Scenario] = (),
) -> None:
    """Make sure that these metrics, and all that these scenarios have, can be judged on records that are kept.

    Raises:
        ModelNotConfigured: one of them is judged, and no model is set or its provider's key is missing.
        UsageError: a name that no model can have.
    """
    needs = [(f"metric '{metric.slug}'", "It is judged.") for metric in metrics if metric.description]
    needs += [(f"scenario '{scenario.key}'", need) for scenario in scenarios for need in judge_needs(scenario)]
    _check_key(_judge_choice(needs, settings, environ), needs)


def _judge_choice(
    needs: Sequence[tuple[str, str]], settings: Settings, environ: Mapping[str, str]
) -> ModelChoice | None:
    name = settings.judge_model or settings.caller_model
    url = settings.judge_base_url if settings.judge_model else settings.judge_base_url or settings.caller_base_url
    return _choice("judge", name, url, needs, environ)


def _choice(
    role: str, name: str | None, base_url: str | None, needs: Sequence[tuple[str, str]], environ: Mapping[str, str]
) -> ModelChoice | None:
    if not needs:
        return None
    if name is None:
        raise ModelNotConfigured(
            f"{needs[0][0]} needs a language model: {_first_of(needs)}. Set"
            f" {environment_variable(f'{role}_model')} (for example openai:gpt-4o-mini with OPENAI_API_KEY), or"
            f" {environment_variable(f'{role}_base_url')} as well for a server of your own."
        )
    from ringback.models.build import check_name, provider_key_variables  # noqa: PLC0415 - see above

    check_name(name, base_url, role=role)
    api_key = next((environ[variable] for variable in provider_key_variables(name) if environ.get(variable)), None)
    return ModelChoice(role=role, name=name, base_url=base_url, api_key=api_key)


def _check_key(choice: ModelChoice | None, needs: Sequence[tuple[str, str]]) -> None:
    if choice is None or choice.api_key:
        return
    from ringback.models.build import needs_key, provider_key_variables  # noqa: PLC0415 - see above

    if not needs_key(choice.name, choice.base_url):
        return
    variables = " or ".join(provider_key_variables(choice.name))
    raise ModelNotConfigured(
        f"{needs[0][0]} needs the {choice.role} model {choice.name}: {_first_of(needs)}."
        f" Its key is missing: set {variables}."
    )


def _first_of(needs: Sequence[tuple[str, str]]) -> str:
    others = f" ({len(needs) - 1} more like it)" if len(needs) > 1 else ""
    return needs[0][1].rstrip(".") + others


def speech_names(agent: Agent, settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """`provider:name` of what speaks and hears in runs of an agent, by role, checked before anything runs.

    Empty for text, which takes nothing of the voice into the process.

    Raises:
        UsageError: one that there is not, whose key or known lines are missing, or that cannot be used on this machine.
    """
    if not agent.channel.is_voice:
        return {}
    from ringback.wiring.voice import check_speech  # noqa: PLC0415 - half a second and 60 MB that text does not need

    return check_speech(agent, settings, environ)


def prompt_versions() -> dict[str, str]:
    """Version of every prompt that models are given."""
    return {**CALLER_PROMPTS, **JUDGE_PROMPTS}


def with_default_secret(agent: Agent, settings: Settings) -> Agent:
    """The agent with the secret that its calls carry: its own, else the default one, else the API key."""
    secret = agent.secret or settings.websocket_secret or settings.api_key
    return agent.model_copy(update={"secret": secret})


def redactor_for(agent: Agent, settings: Settings, models: Models | None = None) -> Redactor:
    """Knows every secret that a run handles."""
    values: list[SecretStr | None] = [agent.secret, settings.api_key, settings.websocket_secret, settings.sip_password]
    if agent.sip_credentials is not None:
        values.append(agent.sip_credentials.password)
    trigger = agent.dial_trigger
    if trigger is not None:
        values.append(trigger.secret)
    values.extend(agent.headers.values())
    values.extend(agent.run_headers.values())
    keys = [choice.api_key for choice in (models.caller, models.judge) if choice] if models else []
    urls = [agent.url, *([trigger.url] if trigger is not None else [])]
    of_urls = [secret for url in urls for secret in secrets_of_url(url.get_secret_value())]
    return Redactor([value.get_secret_value() for value in values if value] + [key for key in keys if key] + of_urls)


def limits_from(settings: Settings) -> Limits:
    """How long a conversation waits for what."""
    return Limits(
        settle=settings.settle,
        opening_wait=settings.opening_wait,
        inactivity=settings.inactivity,
        tool_hold=settings.tool_hold,
        tool_settle=settings.tool_settle,
        grace=settings.grace,
    )


def ssl_context_for(agent: Agent, settings: Settings) -> ssl.SSLContext | None:
    """Verifies `wss://` certificates, against a private authority where one is set; None for `ws://`.

    Raises:
        UsageError: the file with the authority cannot be read.
    """
    if not agent.url.get_secret_value().startswith("wss://"):
        return None
    ca_file = agent.ca_file or (str(settings.ca_file) if settings.ca_file else None)
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"ca_file {ca_file} cannot be used: {error}. It has to be a PEM certificate.") from None


def tune_garbage_collector() -> None:
    """Let the collector look less often: what runs keep are many plain records without cycles.

    With the interpreter's own thresholds it walks over all finished conversations again and again, which took about a
    fifth of the CPU of a large result.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


class LineFactory(Protocol):
    """Makes the line of one call."""

    def __call__(self, ids: CallIds, profile: TestProfile | None = None) -> Channel:
        """Raises `BadHeader` where a header cannot be sent."""
        ...


def lines_to(
    agent: Agent,
    settings: Settings,
    session: "aiohttp.ClientSession",
    *,
    redactor: Redactor | None = None,
    on_frame: Callable[[str, str], None] | None = None,
) -> LineFactory:
    """Lines to one agent; no more than the set number of handshakes are under way at once."""
    from ringback.channels.websocket import WebSocketChannel  # noqa: PLC0415 - see above

    ssl_context = ssl_context_for(agent, settings)
    gate = asyncio.Semaphore(settings.max_connecting)

    def line(ids: CallIds, profile: TestProfile | None = None) -> Channel:
        return WebSocketChannel(
            agent.url.get_secret_value(),
            handshake_headers(agent, profile, ids),
            session=session,
            ssl_context=ssl_context,
            max_frame_bytes=settings.max_frame_bytes,
            max_call_bytes=settings.max_call_bytes,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            connect_timeout=settings.connect_timeout,
            redactor=redactor,
            on_frame=on_frame,
            gate=gate,
        )

    return line


def own_prices(settings: Settings) -> Prices:
    """The user's own prices, which go before the listed ones. Raises `UsageError` where the file is wrong."""
    return load_prices(settings.prices_file) if settings.prices_file else {}


def open_models(
    models: Models, settings: Settings, budget: Budget
) -> tuple[LanguageModel | None, LanguageModel | None]:
    """The live models of caller and judge; where both are one model they share its places.

    Models behind OpenAI-compatible servers share one HTTP client.

    Raises:
        UsageError: a name or address that cannot be right, or no price under a cost limit.
    """
    from ringback.models.build import open_model  # noqa: PLC0415 - see above
    from ringback.models.connections import Connections  # noqa: PLC0415 - see above

    places: dict[tuple[str, str | None], asyncio.Semaphore] = {}
    connections = Connections()
    prices = own_prices(settings)

    def opened(choice: ModelChoice | None) -> LanguageModel | None:
        if choice is None:
            return None
        return open_model(
            choice.name,
            base_url=choice.base_url,
            api_key=choice.api_key,
            timeout=settings.model_timeout,
            budget=budget,
            role=choice.role,
            own_prices=prices,
            slots=places.setdefault((choice.name, choice.base_url), asyncio.Semaphore(settings.model_concurrency)),
            connections=connections,
        )

    return opened(models.caller), opened(models.judge)


async def open_store(settings: Settings, *, temporary: bool = False) -> "Store":
    """The database of the settings, or one that is gone when it is closed.

    Raises:
        StorageError: it cannot be opened.
    """
    from ringback.storage.store import Store  # noqa: PLC0415 - see above

    if temporary:
        return await Store.temporary()
    if settings.database_url is None:
        _make_home(settings.home)
    return await Store.open(settings.effective_database_url, patience=settings.database_patience)


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # transcripts are nobody else's business
        ignore = home / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"{home} cannot be written: {why}. Set {environment_variable('home')} to a folder that can,"
            " or run with --no-store."
        ) from None


def connect_attempts(agent: Agent, settings: Settings) -> int:
    """How often a call is dialled where another try can help: CHIRP has three retries behind the first, SIP none.

    A telephone that rings again is no longer the call that was asked for.
    """
    if agent.channel is Transport.SIP:
        return 1
    return settings.connect_attempts + 1 if agent.channel is Transport.CHIRP else settings.connect_attempts
