"""How a kept agent is reached by telephone, and what of that cannot be."""

from pydantic import SecretStr

from ringback.domain.agent import Agent, DialTrigger, SipCredentials, Transport
from ringback.errors import InvalidRequest, UsageError
from ringback.library.addresses import shown_url
from ringback.library.agent_entry import checked_trigger
from ringback.library.agent_fields import MASK, AgentFields, AgentSecrets
from ringback.library.basic_auth import FORM, user_and_password
from ringback.library.telephone_addresses import checked_caller, checked_number, checked_telephone

NO_TELEPHONE = "Agent does not have a SIP endpoint or a telephone number."


def has_telephone(fields: AgentFields) -> bool:
    """Whether it is on the telephone at all: one that calls us always is."""
    return not fields.inbound or bool(fields.sip_endpoint or fields.phone_number)


def needs_trunk(fields: AgentFields) -> bool:
    """Whether it is called on a number, which only a trunk leads to."""
    return fields.inbound and not fields.sip_endpoint


def telephone_agent(fields: AgentFields, secrets: AgentSecrets, *, url: str | None, number: str | None) -> Agent:
    """The agent as telephone calls meet it.

    Args:
        fields: what is kept of it.
        secrets: the same.
        url: SIP address to call in place of its own.
        number: telephone number to call in place of its own; of an agent that calls us, where its calls come from.

    Raises:
        InvalidRequest: there is nothing to call, or nowhere that its calls may come from.
        UsageError: it is none that can be called.
    """
    credentials = None
    # What is kept for the agent's own server is not offered to the trunk that a number is called through.
    if secrets.sip_auth and fields.inbound and (url or not (number and fields.sip_endpoint)):
        credentials = _credentials(secrets)
    called = _called(fields, url, number) if fields.inbound else ""
    return Agent(
        name=fields.name,
        url=SecretStr(called),
        shown_url=shown_url(called),
        channel=Transport.SIP,
        known_lines=tuple(fields.known_lines),
        agent_speaks_first=fields.agent_speaks_first,
        inbound=fields.inbound,
        contact_number=None if fields.inbound else _contact_number(fields, number),
        sip_credentials=credentials,
        dial_trigger=_trigger(fields, secrets),
    )


def telephone_problems(fields: AgentFields, secrets: AgentSecrets) -> dict[str, list[str]]:
    """What cannot be right, by the field."""
    checks = {
        "sip_endpoint": lambda: _sip_endpoint(fields),
        "phone_number": lambda: _phone_number(fields),
        "sip_auth": lambda: _credentials(secrets) if secrets.sip_auth else None,
        "outbound_trigger_url": lambda: _trigger_url(secrets),
    }
    found: dict[str, list[str]] = {}
    for field, check in checks.items():
        try:
            check()
        except UsageError as error:
            found[field] = [str(error)]
    return found


def _called(fields: AgentFields, url: str | None, number: str | None) -> str:
    if url is None and number is not None:
        return f"tel:{checked_number(number)}"
    chosen = url or fields.sip_endpoint or fields.phone_number
    if not chosen:
        raise InvalidRequest(NO_TELEPHONE)
    return checked_telephone(chosen)


def _contact_number(fields: AgentFields, number: str | None) -> str:
    """Where the calls of an agent that calls us have to come from."""
    # Of several numbers that it calls from nobody can say which it takes this time.
    only = fields.outbound_numbers[0] if len(fields.outbound_numbers) == 1 else None
    chosen = number or fields.phone_number or only
    if not chosen:
        raise InvalidRequest(
            f"Agent {fields.name} makes its calls itself (inbound is false) and has no contact_number: only calls from"
            " that number are taken. Set it, or give the request an agent_number."
        )
    return checked_caller(chosen)


def _credentials(secrets: AgentSecrets) -> SipCredentials:
    found = user_and_password(secrets.sip_auth)
    if found is None:
        raise UsageError(f"This is no form of SIP credentials that is understood. {FORM}")
    user, password = found
    return SipCredentials(user=user, password=SecretStr(password))


def _trigger(fields: AgentFields, secrets: AgentSecrets) -> DialTrigger | None:
    if fields.inbound or not fields.outbound_auto_call or not secrets.outbound_trigger_url:
        return None
    secret = secrets.outbound_trigger_secret
    return DialTrigger(
        url=SecretStr(checked_trigger(secrets.outbound_trigger_url)), secret=SecretStr(secret) if secret else None
    )


def _sip_endpoint(fields: AgentFields) -> None:
    if not fields.sip_endpoint:
        return
    if not fields.sip_endpoint.lower().startswith(("sip:", "sips:")):
        raise UsageError("A SIP address begins with sip: or sips:. A telephone number is the agent's contact_number.")
    checked_telephone(fields.sip_endpoint)


def _phone_number(fields: AgentFields) -> None:
    if fields.phone_number:
        (checked_number if fields.inbound else checked_caller)(fields.phone_number)


def _trigger_url(secrets: AgentSecrets) -> None:
    url = secrets.outbound_trigger_url
    if url and f"={MASK}" in url:
        raise UsageError(f"{MASK} stands for what is kept of another URL. Write this one out.")
    if url:
        checked_trigger(url)
