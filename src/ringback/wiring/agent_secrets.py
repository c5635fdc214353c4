"""The secret that calls to an agent carry, and who keeps all secrets of a run out of what is written."""

from typing import TYPE_CHECKING

from pydantic import SecretStr

from ringback.domain.agent import Agent
from ringback.domain.secret import Redactor, secrets_of_url
from ringback.settings import Settings

if TYPE_CHECKING:
    from ringback.wiring.models import Models


def with_default_secret(agent: Agent, settings: Settings) -> Agent:
    """The agent with the secret that its calls carry: its own, else the default one, else the API key."""
    secret = agent.secret or settings.websocket_secret or settings.api_key
    return agent.model_copy(update={"secret": secret})


def redactor_for(agent: Agent, settings: Settings, models: "Models | None" = None) -> Redactor:
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
