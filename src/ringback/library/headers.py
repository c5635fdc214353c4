"""Whether headers can be sent to an agent, by the rules of the handshake itself."""

from collections.abc import Mapping

from pydantic import SecretStr

from ringback.channels.channel import CallIds
from ringback.channels.handshake import handshake_headers
from ringback.domain.agent import Agent
from ringback.domain.scenario import TestProfile
from ringback.errors import BadHeader


def check_headers(
    headers: Mapping[str, str], *, secret: str | None = None, profile: TestProfile | None = None
) -> str | None:
    """What is wrong with headers, a secret or a profile's `X-` fields, without their values; None: nothing."""
    agent = Agent(
        name="",
        url=SecretStr(""),
        shown_url="",
        headers={name: SecretStr(value) for name, value in headers.items()},
        secret=SecretStr(secret) if secret else None,
    )
    try:
        handshake_headers(agent, profile, CallIds(scenario=0, result=0, run=0))
    except BadHeader as error:
        return str(error)
    return None
