"""How the conversations of a request reach the agent: over which connection, at which URL, with which headers."""

from collections.abc import Mapping

from pydantic import SecretStr

from ringback.channels.channel import CallIds
from ringback.channels.handshake import handshake_headers
from ringback.domain.agent import Agent, Transport
from ringback.errors import BadHeader, InvalidFields, InvalidRequest, UsageError
from ringback.runs.selection import KeptAgent
from ringback.runs.submission_request import Over, RunsWanted
from ringback.runs.submission_telephone import OwnLines, by_telephone
from ringback.runs.submission_way import NO_CONNECTION, TEXT, VOICE, WEBSOCKET, Reach

_OVER_TEXT_OR_CHIRP = (
    "The agent is spoken to over its own connection. A URL of your own is for run_scenarios_chirp and"
    " run_scenarios_text."
)

_NOBODY = CallIds(scenario=0, result=0, run=0)


def reach(agent: KeptAgent, wanted: RunsWanted, lines: OwnLines) -> Reach:
    """The way that a request takes.

    Args:
        agent: who is tested.
        wanted: the request.
        lines: our own telephone.

    Raises:
        InvalidFields: a header that cannot be sent, a number that is not ours.
        InvalidRequest: the agent has no connection of the kind, or we have none to it.
        UsageError: it has one that cannot be used yet.
    """
    _check_headers(wanted.websocket_headers)
    match wanted.over:
        case Over.API_CHAT:
            return Reach(run_type=TEXT, pulled=True)
        case Over.OWN_URLS:
            return _at_urls(agent, wanted)
        case Over.CHIRP:
            if Transport.CHIRP not in agent.voice_transports and wanted.websocket_url is None:
                raise InvalidRequest(NO_CONNECTION)
            return _spoken(agent, wanted, Transport.CHIRP)
        case Over.SIP:
            return by_telephone(agent, wanted, lines)
        case Over.VOICE | Over.TEXT:
            by_voice = wanted.over is Over.VOICE and wanted.transport is not Transport.TEXT
            return _by_voice(agent, wanted, lines) if by_voice else _by_text(agent, wanted)


def _at_urls(agent: KeptAgent, wanted: RunsWanted) -> Reach:
    """Each scenario at its own URL, those without one at the agent's."""
    listed = wanted.selector.scenarios
    own_too = isinstance(listed, tuple) and any(number not in wanted.urls for number in listed)
    if own_too and not agent.has_text:
        raise InvalidRequest(NO_CONNECTION)
    return Reach(run_type=WEBSOCKET, urls=wanted.urls, own_too=own_too, headers=wanted.websocket_headers)


def _by_text(agent: KeptAgent, wanted: RunsWanted) -> Reach:
    if wanted.websocket_url is not None:
        return Reach(run_type=WEBSOCKET, url=wanted.websocket_url, headers=wanted.websocket_headers)
    if not agent.has_text:
        raise InvalidRequest(NO_CONNECTION)
    return Reach(run_type=TEXT, headers=wanted.websocket_headers)


def _by_voice(agent: KeptAgent, wanted: RunsWanted, lines: OwnLines) -> Reach:
    """Over the agent's connection for voice; where it has none, over text."""
    dialled = wanted.numbers.agent_number is not None and lines.has_trunk
    if not agent.has_voice and not dialled:
        return _by_text(agent, wanted)
    if wanted.websocket_url is not None:
        raise InvalidFields({"websocket_url": [_OVER_TEXT_OR_CHIRP]})
    channel = Transport.SIP if dialled else _called_first(agent, wanted, lines)
    return by_telephone(agent, wanted, lines) if channel is Transport.SIP else _spoken(agent, wanted, channel)


def _called_first(agent: KeptAgent, wanted: RunsWanted, lines: OwnLines) -> Transport:
    """The connection for voice that is called; one that was called before is kept to where it is still there.

    Raises `UsageError` where there is none that can be used.
    """
    there = list(agent.voice_transports)
    if wanted.transport is not None and wanted.transport in there:
        return wanted.transport
    # A number that nothing leads to says no more than which agent it is, where there is another way.
    if Transport.SIP in there and agent.needs_trunk and not lines.has_trunk and len(there) > 1:
        there.remove(Transport.SIP)
    if not there:
        raise UsageError(
            f"Agent {agent.id} is spoken to over a platform only, and that is not available yet. Give it sip_endpoint,"
            " contact_number, media_streams_url or websocket_voice_url, or run it over text with run_scenarios_text."
        )
    return there[0]


def _spoken(agent: KeptAgent, wanted: RunsWanted, channel: Transport) -> Reach:
    if not agent.inbound:
        raise UsageError(
            f"Agent {agent.id} makes its calls itself (inbound is false); its calls are taken by telephone only, with"
            " run_scenarios or run_scenarios_sip."
        )
    return Reach(run_type=VOICE, channel=channel, url=wanted.websocket_url, headers=wanted.websocket_headers)


def _check_headers(headers: Mapping[str, str]) -> None:
    """Whether HTTP can carry them: said at once, not by each of the runs."""
    nobody = Agent(
        name="",
        url=SecretStr(""),
        shown_url="",
        run_headers={name: SecretStr(value) for name, value in headers.items()},
    )
    try:
        handshake_headers(nobody, None, _NOBODY)
    except BadHeader as error:
        raise InvalidFields({"websocket_headers": [str(error)]}) from None
