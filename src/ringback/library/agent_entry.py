"""One `[agents.NAME]` table of `ringback.toml`: its keys, and the rules that reach over several of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from ringback.errors import UsageError
from ringback.library.addresses import checked_url, shown_url
from ringback.library.document import Place
from ringback.library.telephone_addresses import checked_caller, checked_number, checked_telephone
from ringback.library.validation import Finding

ENV = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9_-]*) )?env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)")
_CREDENTIAL = re.compile(r"authorization|cookie|token|secret|password|api[-_]?key", re.IGNORECASE)
_RESERVED = "x-vocera-"
_TELEPHONE_ONLY = ("phone_number", "sip_auth", "contact_number", "trigger_url", "trigger_secret")
_SECRET = "a secret does not belong into this file."  # noqa: S105 - a sentence about secrets
_WRITE_ENV = 'Write "env:NAME" and set that environment variable.'


class AgentEntry(BaseModel):
    """One `[agents.NAME]` table."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: str | None = Field(default=None, min_length=1)
    """`ws://…` or `wss://…`; on the telephone `sip:…` or `sips:…`; or `env:NAME`."""
    channel: Literal["text", "media-streams", "chirp", "sip"] = "text"
    """What conversations are carried by: words, or voice in one of two protocols or by telephone."""
    known_lines: str | None = Field(default=None, min_length=1)
    """File of what the agent can say, from the folder of `ringback.toml`: a line each, or a JSGF grammar."""
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    """Handshake headers; values may be `env:NAME` or `Bearer env:NAME`. On the telephone only `X-` ones are sent."""
    secret: str | None = None
    """`env:NAME`: where the value of `X-VOCERA-SECRET` is."""
    agent_speaks_first: StrictBool | None = None
    """True: the agent greets. False: the caller opens. Left out: the opening wait decides."""
    ca_file: str | None = Field(default=None, min_length=1)
    """PEM file of a private certificate authority, from the folder of `ringback.toml`."""
    phone_number: str | None = Field(default=None, min_length=1)
    """In place of `url`: a telephone number, called through the trunk of the settings; or `env:NAME`."""
    sip_auth: str | None = None
    """`env:NAME`, whose value is `user:password` of the agent's own SIP server; over those of the trunk."""
    inbound: StrictBool = True
    """False: an outbound agent, which calls one of our numbers."""
    contact_number: str | None = Field(default=None, min_length=1)
    """Outbound agents: the number that their calls come from; or `env:NAME`."""
    trigger_url: str | None = Field(default=None, min_length=1)
    """Outbound agents: where they are asked to call, by POST; or `env:NAME`. Left out: they call by themselves."""
    trigger_secret: str | None = None
    """`env:NAME`: where the value of the trigger's `X-CEKURA-SECRET` is."""


def is_env(text: str) -> bool:
    """Whether a value stands in the environment."""
    return bool(ENV.fullmatch(text))


def missing_address(name: str, table: Any) -> Iterator[Finding]:
    """What an agent that is called cannot do without; the table need not fit the format."""
    if not isinstance(table, dict):
        return
    entry = cast("Mapping[str, Any]", table)
    if "url" in entry or "phone_number" in entry or entry.get("inbound") is False:
        return
    yield ("agents", name, "url"), "`url` is missing.", "Add `url: …`.", False


def agent_rules(name: str, entry: AgentEntry) -> Iterator[Finding]:
    """Everything that is wrong in a table that fits the format."""
    place: Place = ("agents", name)
    yield from _address_rules(place, entry)
    if entry.channel != "sip":
        yield from _elsewhere_rules(place, entry)
    elif entry.inbound:
        yield from _inbound_rules(place, entry)
    else:
        yield from _outbound_rules(place, entry)
    yield from _secret_rules(place, entry)


def _address_rules(place: Place, entry: AgentEntry) -> Iterator[Finding]:
    if entry.url is not None and entry.phone_number is not None:
        message = "`url` and `phone_number` are both given."
        yield (*place, "phone_number"), message, "Keep one of them.", True
    check = checked_telephone if entry.channel == "sip" else checked_url
    for key, checked in (
        ("url", check),
        ("phone_number", checked_number),
        ("contact_number", checked_caller),
        ("trigger_url", checked_trigger),
    ):
        value = getattr(entry, key)
        if value is None or is_env(value):
            continue
        try:
            checked(value)
        except UsageError as error:
            yield (*place, key), str(error), "", False


def _elsewhere_rules(place: Place, entry: AgentEntry) -> Iterator[Finding]:
    for key in _TELEPHONE_ONLY:
        if getattr(entry, key) is not None:
            yield (*place, key), f"`{key}` is for agents on the telephone.", 'Add channel = "sip".', True
    if not entry.inbound:
        yield (*place, "inbound"), "only agents on the telephone call us.", 'Add channel = "sip".', True


def _inbound_rules(place: Place, entry: AgentEntry) -> Iterator[Finding]:
    for key in ("contact_number", "trigger_url", "trigger_secret"):
        if getattr(entry, key) is not None:
            yield (*place, key), f"`{key}` is for agents that call us.", "Add inbound = false.", True


def _outbound_rules(place: Place, entry: AgentEntry) -> Iterator[Finding]:
    for key in ("url", "phone_number", "sip_auth"):
        if getattr(entry, key) is not None:
            yield (*place, key), f"nobody calls an agent with inbound = false: `{key}` has no use.", "Remove it.", True
    if entry.contact_number is None:
        message = "`contact_number` is missing: only calls from it are taken."
        yield (*place, "contact_number"), message, 'Add `contact_number = "+1…"`.', False
    if entry.trigger_secret is not None and entry.trigger_url is None:
        yield (*place, "trigger_secret"), "there is no `trigger_url` that it is for.", "Add it.", True


def _secret_rules(place: Place, entry: AgentEntry) -> Iterator[Finding]:
    for key in ("secret", "sip_auth", "trigger_secret"):
        if (value := getattr(entry, key)) is not None and not is_env(value):
            yield (*place, key), _SECRET, _WRITE_ENV, False
    for header, value in entry.headers.items():
        where: Place = (*place, "headers", header)
        if header.lower().startswith(_RESERVED):
            message = "headers that begin with X-VOCERA- are set by Ringback."
            yield where, message, "Remove it; for X-VOCERA-SECRET use `secret`.", False
        elif _CREDENTIAL.search(header) and not is_env(value):
            yield where, _SECRET, 'Write "env:NAME" (or "Bearer env:NAME") and set that environment variable.', False


def checked_trigger(url: str) -> str:
    """The URL of a trigger, if a request can be sent to it.

    Raises:
        UsageError: it cannot.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(ord(character) <= ord(" ") for character in url):
        raise UsageError(f"{shown_url(url)} is not an address to send a request to. Write e.g. https://host/call.")
    return url
