"""Language models from their names: `provider:name`, perhaps with a base URL."""

import asyncio
from dataclasses import dataclass, replace

from yarl import URL

from ringback.domain.secret import Redactor
from ringback.errors import ModelNotConfigured, UsageError
from ringback.models import prices
from ringback.models.budget import Budget
from ringback.models.connections import Connections
from ringback.models.model import LanguageModel
from ringback.models.openai_compatible import OpenAiCompatible
from ringback.models.provider import Provider
from ringback.models.provider_model import ProviderModel, SettingNames
from ringback.models.proxies import proxy_for
from ringback.models.retrying import Retries


@dataclass(frozen=True, slots=True)
class _Hosted:
    key_variables: tuple[str, ...]
    """Where the key is usual, the first as the one to name."""
    base_url: str | None
    """Of its OpenAI-compatible API; None: a protocol of its own."""


_HOSTED = {
    "openai": _Hosted(("OPENAI_API_KEY",), "https://api.openai.com/v1"),
    "anthropic": _Hosted(("ANTHROPIC_API_KEY",), None),
    "google": _Hosted(("GOOGLE_API_KEY", "GEMINI_API_KEY"), None),
    "google-gla": _Hosted(("GOOGLE_API_KEY", "GEMINI_API_KEY"), None),
    "groq": _Hosted(("GROQ_API_KEY",), "https://api.groq.com/openai/v1"),
    "mistral": _Hosted(("MISTRAL_API_KEY",), "https://api.mistral.ai/v1"),
    "deepseek": _Hosted(("DEEPSEEK_API_KEY",), "https://api.deepseek.com"),
    "openrouter": _Hosted(("OPENROUTER_API_KEY",), "https://openrouter.ai/api/v1"),
    "together": _Hosted(("TOGETHER_API_KEY",), "https://api.together.xyz/v1"),
    "xai": _Hosted(("XAI_API_KEY",), "https://api.x.ai/v1"),
    "cerebras": _Hosted(("CEREBRAS_API_KEY",), "https://api.cerebras.ai/v1"),
    "fireworks": _Hosted(("FIREWORKS_API_KEY",), "https://api.fireworks.ai/inference/v1"),
}
"""Providers that can be named without a base URL; the addresses are those of their public documentation."""


def provider_key_variable(name: str) -> str | None:
    """The environment variable that usually holds the key for a model (`provider:name`); None: no such provider."""
    return next(iter(provider_key_variables(name)), None)


def provider_key_variables(name: str) -> tuple[str, ...]:
    """All environment variables to look into for the key of a model (`provider:name`), in order."""
    hosted = _HOSTED.get(name.partition(":")[0])
    return hosted.key_variables if hosted else ()


def needs_key(name: str, base_url: str | None) -> bool:
    """Whether a model cannot be asked without a key: hosted ones; with a base URL the key is optional."""
    return base_url is None and name.partition(":")[0] in _HOSTED


def open_model(
    name: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    concurrency: int = 16,
    budget: Budget | None = None,
    timeout: float = 60.0,
    role: str = "caller",
    own_prices: prices.Prices | None = None,
    temperature: float | None = None,
    retries: Retries | None = None,
    slots: asyncio.Semaphore | None = None,
    connections: Connections | None = None,
) -> LanguageModel:
    """A language model, ready to be asked. Nothing is sent before the first call.

    Args:
        name: `provider:name`. With a base URL any provider's name may stand there (prices are looked up under it).
        base_url: Of an OpenAI-compatible server, whatever provider the name has.
        api_key: Its value; optional with a base URL.
        concurrency: Requests under way at the same time; more wait.
        budget: What the calls are counted in, and their cost limited by.
        timeout: Seconds for one request; each retry has as much again.
        role: `caller` or `judge`; errors name that role's settings.
        own_prices: The user's own prices, before the listed ones.
        temperature: None: the provider's own.
        retries: How often and how patiently to try again.
        slots: Shared with another model of the same provider, in place of `concurrency`.
        connections: To share with models of other roles, where they are reached through OpenAI-compatible servers.

    Raises:
        ModelNotConfigured: A hosted provider, and no key.
        UsageError: The name, base URL or key cannot be right, or the budget has a limit and the model no known price.
    """
    settings = _setting_names(role, name)
    budget = budget or Budget()
    check_name(name, base_url, role=role)
    key = _checked_key(api_key, name, base_url, settings)
    _check_price(name, budget, own_prices)
    if base_url is not None:
        _check_base_url(base_url, key, settings)
    provider = _provider(name, base_url, key, request_timeout=timeout, temperature=temperature, connections=connections)
    return ProviderModel(
        name=name,
        provider=provider,
        budget=budget,
        slots=slots or asyncio.Semaphore(concurrency),
        retries=retries or Retries(),
        own_prices=own_prices,
        settings=settings if base_url is not None else replace(settings, base_url=None),
        redactor=Redactor(_secrets(key, base_url)),
    )


def _provider(
    name: str,
    base_url: str | None,
    key: str | None,
    *,
    request_timeout: float,
    temperature: float | None,
    connections: Connections | None,
) -> Provider:
    provider, _, model = name.partition(":")
    hosted = _HOSTED.get(provider)
    address = base_url or (hosted.base_url if hosted else None)
    if address is None:
        from ringback.models.hosted import Hosted  # noqa: PLC0415 - pydantic_ai takes more than a second to import

        return Hosted(provider, model, api_key=key, timeout=request_timeout, temperature=temperature)
    return OpenAiCompatible(
        model,
        address,
        api_key=key,
        timeout=request_timeout,
        temperature=temperature,
        proxy=proxy_for(address),
        connections=connections,
    )


def _setting_names(role: str, name: str) -> SettingNames:
    return SettingNames(
        model=f"RINGBACK_{role.upper()}_MODEL",
        base_url=f"RINGBACK_{role.upper()}_BASE_URL",
        key=provider_key_variable(name) or "the key",
    )


def check_name(name: str, base_url: str | None, *, role: str) -> None:
    """Whether a model can be asked under this name. Raises `UsageError` that names the role's settings."""
    settings = _setting_names(role, name)
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise UsageError(f"{settings.model} is {name!r}; write it as provider:name, for example openai:gpt-4o-mini.")
    if base_url is None and provider not in _HOSTED:
        raise UsageError(
            f"{settings.model} names the provider {provider!r}, which is not known; set {settings.base_url} to its "
            f"OpenAI-compatible address, or take one of: {', '.join(_HOSTED)}."
        )


def _checked_key(api_key: str | None, name: str, base_url: str | None, settings: SettingNames) -> str | None:
    key = (api_key or "").strip()
    if not key and needs_key(name, base_url):
        raise ModelNotConfigured(f"{name} needs a key; set {settings.key} in the environment.")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"{settings.key} holds characters that no key has (line breaks or letters beyond ASCII).")
    return key or None


def _check_base_url(base_url: str, key: str | None, settings: SettingNames) -> None:
    url = URL()
    try:
        url = URL(base_url)
        host = url.host or ""
        # What the name service is asked for; raises where a part of the name is empty or too long.
        host.encode("idna")
        sound = url.scheme in ("http", "https") and host.isprintable() and bool(host) and " " not in host
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(f"{settings.base_url} is no http:// or https:// address, as http://localhost:11434/v1 is one.")
    if url.user is not None and key:
        raise UsageError(f"{settings.base_url} carries a user name, and {settings.key} is set; only one can be sent.")


def _secrets(key: str | None, base_url: str | None) -> list[str]:
    url = URL(base_url or "")
    return [secret for secret in (key, url.user, url.password, *url.query.values()) if secret]


def _check_price(name: str, budget: Budget, own_prices: prices.Prices | None) -> None:
    # Looked up in any case: reading the list takes a moment that no conversation should have to wait for.
    known = prices.has_price(name, own_prices)
    if budget.limit_usd is not None and not known:
        raise UsageError(
            f"The price of {name} is not known, so the cost limit cannot be kept; leave --max-cost out, or give its "
            "price in the prices file (RINGBACK_PRICES_FILE; 0 for a model that is free)."
        )
