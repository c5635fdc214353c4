"""Who is tested where a request says itself how to reach the agent, and its scenarios belong to none that is kept."""

from pydantic import SecretStr

from ringback.channels.refusals import shown_url
from ringback.domain.agent import Agent, Transport
from ringback.errors import InvalidRequest
from ringback.runs.submission_way import NO_CONNECTION


class NoAgent:
    """Nobody that is kept: no connection, no secret, no headers; a `KeptAgent`."""

    id = None
    name = ""
    has_text = False
    has_voice = False
    voice_transports: tuple[Transport, ...] = ()
    inbound = True
    needs_trunk = False

    def domain_agent(
        self,
        url: str | None = None,
        *,
        channel: Transport = Transport.TEXT,
        number: str | None = None,  # noqa: ARG002 - as `KeptAgent` has it
    ) -> Agent:
        """Whoever answers at the URL. Raises `InvalidRequest` where there is none."""
        if not url:
            raise InvalidRequest(NO_CONNECTION)
        return Agent(name="", url=SecretStr(url), shown_url=shown_url(url), channel=channel)
