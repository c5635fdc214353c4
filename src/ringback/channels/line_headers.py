"""What a line tells the agent of a call besides its sound: headers of the handshake, parameters of the stream."""

import base64
from collections.abc import Mapping

from yarl import URL

from ringback.channels.channel import CallIds
from ringback.channels.handshake import RESERVED, handshake_headers
from ringback.domain.agent import Agent
from ringback.domain.scenario import TestProfile

_SECRET = "x-vocera-secret"  # noqa: S105 - the name of the header, not its value


def media_streams_headers(agent: Agent, profile: TestProfile | None, ids: CallIds) -> dict[str, str]:
    """The headers of a media stream's handshake: the chat's, and the `X-Run-Id` family, which nothing overrides.

    Raises BadHeader as `handshake_headers` does.
    """
    return _with_run_ids(handshake_headers(agent, profile, ids), ids)


def media_streams_parameters(agent: Agent, profile: TestProfile | None, ids: CallIds) -> dict[str, str]:
    """The custom parameters of a media stream's `start`: ids, and the profile's `X-` fields as the headers have them.

    Neither the agent's secret nor headers of its settings or of the run are among them: agents tend to log parameters.
    Raises BadHeader as `handshake_headers` does.
    """
    headers = media_streams_headers(agent, profile, ids)
    of_profile = {name.lower() for name in profile.agent_variables} if profile is not None else set[str]()
    ours = {name.lower() for name in _run_ids(ids)}
    return {
        name: value
        for name, value in headers.items()
        if (key := name.lower()) in ours
        or (key.startswith(RESERVED) and key != _SECRET)
        or (key.startswith("x-") and key in of_profile and not key.startswith(RESERVED))
    }


def chirp_headers(agent: Agent, profile: TestProfile | None, ids: CallIds) -> dict[str, str]:
    """The headers of a CHIRP handshake: as for chat, with the `X-Run-Id` family in place of `X-VOCERA-*`.

    The agent's secret has no header there; its server asks for user and password (in the URL, or as a header).
    Raises BadHeader as `handshake_headers` does.
    """
    headers = handshake_headers(agent.model_copy(update={"secret": None}), profile, ids)
    kept = {name: value for name, value in headers.items() if not name.lower().startswith(RESERVED)}
    return _with_run_ids(kept, ids)


def sip_headers(agent: Agent, profile: TestProfile | None, ids: CallIds) -> dict[str, str]:
    """What the INVITE of a telephone call carries: the `X-` headers of the agent, profile and run, and the ids.

    No other header of the agent's settings is sent: SIP has meanings of its own for many of them. Raises BadHeader as
    `handshake_headers` does.
    """
    return {name: value for name, value in chirp_headers(agent, profile, ids).items() if name.lower().startswith("x-")}


def _run_ids(ids: CallIds) -> dict[str, str]:
    return {"X-Run-Id": str(ids.run), "X-Scenario-Id": str(ids.scenario), "X-Result-Id": str(ids.result)}


def _with_run_ids(headers: Mapping[str, str], ids: CallIds) -> dict[str, str]:
    ours = _run_ids(ids)
    reserved = {name.lower() for name in ours}
    return {name: value for name, value in headers.items() if name.lower() not in reserved} | ours


def dialled(url: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The URL without its user info, and the headers with that as Basic `Authorization` (RFC 7617, UTF-8).

    A header of that name that is there already wins. A URL that cannot be read is left as it is, to be refused later.
    """
    found = dict(headers)
    try:
        parsed = URL(url)
        user, password = parsed.user, parsed.password
        bare = str(parsed.with_user(None))
    except ValueError:
        return url, found
    if user is None and password is None:
        return url, found
    if not any(name.lower() == "authorization" for name in found):
        credentials = base64.b64encode(f"{user or ''}:{password or ''}".encode()).decode()
        found["Authorization"] = f"Basic {credentials}"
    return bare, found
