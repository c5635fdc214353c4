"""Settings to the telephone: who we are on it, and whom we call."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr

from ringback.channels.channel import Noted
from ringback.channels.sip.account import Identity, TelephoneSettings
from ringback.channels.sip.heard_at import host_and_port, port_range
from ringback.channels.wire_reading import cleaner
from ringback.conversation.recorder import Recorder
from ringback.domain.agent import Agent
from ringback.domain.event import CallAwaited, CallTaken
from ringback.domain.run import Run
from ringback.domain.secret import Redactor
from ringback.domain.telephone import DialWindow, plain_number
from ringback.errors import UsageError
from ringback.settings import Settings, environment_variable

_SCHEMES = ("sip:", "sips:")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?")


def telephone_settings(settings: Settings, numbers: Sequence[str] = ()) -> TelephoneSettings:
    """What the process that carries calls is started with.

    Args:
        settings: addresses and bounds.
        numbers: ours, for each of which a run may begin to wait at any time. With a registrar they ring nowhere before.

    Raises:
        UsageError: an address or a range of ports that is none.
    """
    name = "sip_listen"
    try:
        host_and_port(settings.sip_listen)
        name = "sip_media_ports"
        media_ports = port_range(settings.sip_media_ports)
    except ValueError as error:
        raise UsageError(f"{environment_variable(name)}: {error}.") from None
    expected = () if settings.sip_registrar else tuple(identity_of_number(number, settings) for number in numbers)
    return TelephoneSettings(
        expected=expected,
        listen=settings.sip_listen,
        interface=settings.sip_interface,
        media_ports=media_ports,
        max_calls=settings.max_telephone_calls,
        media_timeout=settings.media_timeout,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
    )


def identity_for(agent: Agent, settings: Settings, calls_from: str | None = None) -> Identity:
    """Whom a call to an agent comes from; `calls_from`: which of our numbers, where the run says one.

    The trunk's password is for the trunk alone: an agent that is called at an address of its own gets only the
    credentials that its settings have.
    """
    own = agent.sip_credentials
    if _is_address(agent):
        credentials = (own.user, own.password) if own is not None else None
        domain = None
    else:
        credentials = (own.user, own.password) if own is not None else _of_trunk(settings, settings.sip_user)
        domain = settings.sip_trunk
    return Identity(
        user=plain_number(calls_from or settings.sip_user or "") or "ringback",
        domain=domain,
        credentials=credentials,
        proxy=settings.sip_proxy,
        transport=settings.sip_transport,
    )


def identity_of_number(number: str, settings: Settings) -> Identity:
    """Who we are where an outbound agent calls a number of ours."""
    return Identity(
        user=number,
        domain=settings.sip_registrar,
        credentials=_of_trunk(settings, settings.sip_user or number) if settings.sip_registrar else None,
        registrar=settings.sip_registrar,
        proxy=settings.sip_proxy if settings.sip_registrar else None,
        transport=settings.sip_transport,
    )


def _of_trunk(settings: Settings, user: str | None) -> tuple[str, SecretStr] | None:
    return (user, settings.sip_password) if user and settings.sip_password is not None else None


def _is_address(agent: Agent) -> bool:
    return agent.url.get_secret_value().lower().startswith(_SCHEMES)


def dialled_uri(agent: Agent, settings: Settings) -> str:
    """The address that is called: the agent's own, or its number at the trunk.

    Raises:
        UsageError: it has a number, and there is no trunk, or none that can be called.
    """
    if _is_address(agent):
        return agent.url.get_secret_value()
    number = plain_number(agent.url.get_secret_value())
    if settings.sip_trunk is None:
        raise UsageError(
            f"Agent '{agent.name}' has a telephone number, and there is no trunk to call it through. Set"
            f" {environment_variable('sip_trunk')} (or sip_trunk in ringback.toml) to the host of your SIP provider."
        )
    if not _HOST.fullmatch(settings.sip_trunk):
        raise UsageError(
            f"{environment_variable('sip_trunk')}: {settings.sip_trunk!r} is no host, as sip.provider.example or"
            " 192.0.2.7:5080 is one."
        )
    way = f";transport={settings.sip_transport}" if settings.sip_transport != "udp" else ""
    return f"sip:{number}@{settings.sip_trunk}{way}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaiting:
    """What a run with an outbound agent needs beside its line."""

    window: DialWindow
    on_awaited: Callable[[], Awaitable[None]]
    on_taken: Callable[[], None]


def awaiting(
    agent: Agent, run: Run, recorder: Recorder, session: aiohttp.ClientSession, redactor: Redactor | None = None
) -> Awaiting | None:
    """How the call of a run's outbound agent is waited for; None where we call the agent.

    Args:
        agent: who is tested.
        run: with its dial window.
        recorder: of the run; its listeners are told of the waiting.
        session: for the agent's trigger URL.
        redactor: takes secrets out of what the agent answers there.
    """
    clean = cleaner(redactor)
    window = run.dial_window
    if agent.inbound or window is None:
        return None
    contact = agent.contact_number or ""

    async def awaited() -> None:
        recorder.tell(
            CallAwaited(run_id=run.id, number=window.number, contact_number=contact, closes_at=window.closes_at)
        )
        if agent.dial_trigger is None:
            return
        from ringback.channels.dial_trigger import ask_to_call  # noqa: PLC0415 - few agents have a trigger

        profile = run.specification.profile
        call_id = await ask_to_call(
            agent.dial_trigger,
            from_number=contact,
            to_number=window.number,
            dynamic_variables=dict(profile.agent_variables) if profile is not None else {},
            session=session,
        )
        if call_id is not None:
            shown = "".join(
                letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in clean(call_id)
            )
            recorder.heard(Noted(at=recorder.clock(), metadata={"call_id": shown}))

    return Awaiting(window=window, on_awaited=awaited, on_taken=lambda: recorder.tell(CallTaken(run_id=run.id)))
