"""How the calls of a request go by telephone: whom we call from which of our numbers, or which of them are called."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringback.domain.agent import Transport
from ringback.domain.telephone import plain_number
from ringback.errors import InvalidFields, InvalidRequest
from ringback.runs.selection import KeptAgent
from ringback.runs.submission_request import Numbers, RunsWanted
from ringback.runs.submission_way import VOICE, Reach
from ringback.settings import environment_variable

_NO_NUMBERS = f"This installation has no telephone numbers; {environment_variable('phone_numbers')} lists them."
_TWO_ADDRESSES = "`sip_endpoint` and `agent_number` both say where to call. Give one of them."
_CALLS_ITSELF = "The agent makes its calls itself (inbound is false): nobody calls it."


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLines:
    """What this installation has of a telephone."""

    numbers: tuple[str, ...] = ()
    """Its numbers, which agents call and calls come from."""
    calls_from: str | None = None
    """The one that calls come from where a request says nothing."""
    has_trunk: bool = False
    """Whether telephone numbers can be called."""


def by_telephone(agent: KeptAgent, wanted: RunsWanted, lines: OwnLines) -> Reach:
    """The way of a request by telephone.

    Raises:
        InvalidFields: numbers that cannot be meant.
        InvalidRequest: the agent is not on the telephone, or we are not as its calls need it.
    """
    if agent.inbound:
        return _we_call(agent, wanted, lines)
    return _it_calls(wanted, lines)


def _we_call(agent: KeptAgent, wanted: RunsWanted, lines: OwnLines) -> Reach:
    numbers = wanted.numbers
    if numbers.sip_endpoint and numbers.agent_number:
        raise InvalidFields({"sip_endpoint": [_TWO_ADDRESSES], "agent_number": [_TWO_ADDRESSES]})
    if not (numbers.sip_endpoint or numbers.agent_number) and Transport.SIP not in agent.voice_transports:
        raise InvalidRequest("Agent does not have a SIP endpoint or a telephone number.")
    if (numbers.agent_number or (agent.needs_trunk and not numbers.sip_endpoint)) and not lines.has_trunk:
        raise InvalidRequest(
            "Telephone numbers are called through a trunk, and this installation has none: set"
            f" {environment_variable('sip_trunk')}, or give the agent a sip_endpoint."
        )
    return Reach(
        run_type=VOICE,
        channel=Transport.SIP,
        url=numbers.sip_endpoint,
        number=numbers.agent_number,
        headers=wanted.websocket_headers,
        calls_from=_calling(numbers, lines),
    )


def _it_calls(wanted: RunsWanted, lines: OwnLines) -> Reach:
    numbers = wanted.numbers
    if numbers.sip_endpoint:
        raise InvalidFields({"sip_endpoint": [_CALLS_ITSELF]})
    if not lines.numbers:
        raise InvalidRequest(f"The agent calls one of our numbers. {_NO_NUMBERS}")
    return Reach(
        run_type=VOICE,
        channel=Transport.SIP,
        number=numbers.agent_number,
        headers=wanted.websocket_headers,
        takes_calls=True,
        taken_on=_own(numbers.outbound_phone_number, lines) if numbers.outbound_phone_number else None,
    )


def _calling(numbers: Numbers, lines: OwnLines) -> Sequence[str]:
    """Our numbers that the calls come from, one after the other."""
    first = _own(numbers.outbound_phone_number, lines) if numbers.outbound_phone_number else None
    if not numbers.different:
        usual = first or lines.calls_from
        return (usual,) if usual else ()
    if not lines.numbers:
        raise InvalidFields({"mode": [_NO_NUMBERS]})
    at = lines.numbers.index(first) if first else 0
    return lines.numbers[at:] + lines.numbers[:at]


def _own(asked: str, lines: OwnLines) -> str:
    """The number as the settings write it. Raises `InvalidFields` where it is not ours."""
    plain = plain_number(asked)
    found = next((number for number in lines.numbers if plain_number(number) == plain), None)
    if found is None:
        sentence = "This is none of the numbers that phone-numbers/ lists." if lines.numbers else _NO_NUMBERS
        raise InvalidFields({"outbound_phone_number": [sentence]})
    return found
