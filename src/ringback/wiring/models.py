"""Which models a request needs, and the live ones.

What asks them is loaded where they are opened: no command loads what it does not use.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ringback.callers.build import PROMPT_VERSIONS as CALLER_PROMPTS
from ringback.callers.build import model_needs
from ringback.domain.agent import Agent
from ringback.domain.scenario import MetricDefinition, Scenario
from ringback.errors import ModelNotConfigured
from ringback.evaluation.evaluator import PROMPT_VERSIONS as JUDGE_PROMPTS
from ringback.evaluation.evaluator import judge_needs
from ringback.models.budget import Budget
from ringback.models.model import LanguageModel
from ringback.models.prices import Prices
from ringback.settings import Settings, environment_variable


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
    from ringback.models.build import check_name, provider_key_variables  # noqa: PLC0415 - only where a model is asked

    check_name(name, base_url, role=role)
    api_key = next((environ[variable] for variable in provider_key_variables(name) if environ.get(variable)), None)
    return ModelChoice(role=role, name=name, base_url=base_url, api_key=api_key)


def _check_key(choice: ModelChoice | None, needs: Sequence[tuple[str, str]]) -> None:
    if choice is None or choice.api_key:
        return
    from ringback.models.build import needs_key, provider_key_variables  # noqa: PLC0415 - only where a model is asked

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


def own_prices(settings: Settings) -> Prices:
    """The user's own prices, which go before the listed ones. Raises `UsageError` where the file is wrong."""
    if settings.prices_file is None:
        return {}
    from ringback.models.price_file import load_prices  # noqa: PLC0415 - only where a model is asked

    return load_prices(settings.prices_file)


def open_models(
    models: Models, settings: Settings, budget: Budget
) -> tuple[LanguageModel | None, LanguageModel | None]:
    """The live models of caller and judge; where both are one model they share its places.

    Models behind OpenAI-compatible servers share one HTTP client.

    Raises:
        UsageError: a name or address that cannot be right, or no price under a cost limit.
    """
    prices = own_prices(settings)
    if models.caller is None and models.judge is None:
        return None, None
    from ringback.models.build import open_model  # noqa: PLC0415 - only where a model is asked
    from ringback.models.connections import Connections  # noqa: PLC0415 - only where a model is asked

    places: dict[tuple[str, str | None], asyncio.Semaphore] = {}
    connections = Connections()

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
