"""Keeps agents: what may be shown as a document, and what is secret sealed beside it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from pydantic import SecretStr, ValidationError
from sqlalchemy import ColumnElement, Connection, select

from ringback.domain.agent import Agent, Transport
from ringback.errors import InvalidFields, InvalidRequest, UsageError
from ringback.library.addresses import checked_url, shown_url
from ringback.library.agent_fields import (
    CHAT_KINDS,
    MASK,
    PLATFORMS,
    SOCKET_URLS,
    WRITE_ONLY,
    AgentFields,
    AgentSecrets,
)
from ringback.library.agent_telephone import has_telephone, needs_trunk, telephone_agent, telephone_problems
from ringback.library.basic_auth import FORM, basic_auth
from ringback.library.form import BLANK, refuse, sentences_of
from ringback.library.headers import check_headers
from ringback.library.kept_rows import KeptRows
from ringback.library.known_lines import known_lines_problem
from ringback.library.secret_names import laid_over, without_secrets
from ringback.library.suite_format import Language
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.records import Row, batches
from ringback.storage.sealing import Seal

NO_URL = "Agent does not have a websocket URL"
"""The reference product's sentence about an agent that no conversation can be opened to."""

_OWN = frozenset({"", "self_hosted", "sms", "whatsapp", "vocera"})
"""Providers that are no voice platform of their own."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "language": get_args(Language),
    "assistant_provider": PLATFORMS,
    "chat_type": CHAT_KINDS,
}
"""Fields of which the reference product takes no other word."""

_UNUSED = ("mock_tools", "dynamic_variables")
"""Lists that are kept and not used: no secret in them is worth keeping."""

_VOICE_URLS = {Transport.MEDIA_STREAMS: "media_streams_url", Transport.CHIRP: "websocket_voice_url"}
"""Where the URL of each transport for voice is, the one that is called first at the front."""

_rows = KeptRows(tables.agents, "agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanges:
    """What a request says of an agent, whatever form it came in."""

    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Fields of `AgentFields`."""
    secrets: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Fields of `AgentSecrets`; keys and settings of providers are laid over those that are there, null removing one;
    everything else replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAgent:
    """An agent and what is known of it. Its representation shows no secret."""

    id: int
    fields: AgentFields
    secrets: AgentSecrets = field(repr=False)
    created_at: datetime
    updated_at: datetime

    @property
    def name(self) -> str:
        """What lists and reports call it."""
        return self.fields.name

    @property
    def assistant_id(self) -> str | None:
        """Its id at its provider."""
        return self.fields.assistant_id

    @property
    def inbound(self) -> bool:
        """Whether it is called; else it calls."""
        return self.fields.inbound

    @property
    def agent_speaks_first(self) -> bool | None:
        """True: it greets. False: the caller opens. None: the opening wait decides."""
        return self.fields.agent_speaks_first

    @property
    def has_text(self) -> bool:
        """Whether a chat can be opened to it."""
        return bool(self.secrets.websocket_url)

    @property
    def has_voice(self) -> bool:
        """Whether any connection for voice is set."""
        said, hidden = self.fields, self.secrets
        at_provider = said.assistant_provider not in _OWN and bool(said.assistant_id)
        own = self.voice_transports or said.outbound_numbers
        return bool(own or hidden.livekit_data or hidden.pipecat_data or at_provider)

    @property
    def voice_transports(self) -> tuple[Transport, ...]:
        """What it can be spoken to by, the one that is called first at the front; who calls us does it by telephone."""
        sockets = tuple(transport for transport in _VOICE_URLS if getattr(self.secrets, _VOICE_URLS[transport]))
        return (Transport.SIP, *sockets) if has_telephone(self.fields) else sockets

    @property
    def needs_trunk(self) -> bool:
        """Whether its telephone is a number, which only a trunk leads to."""
        return needs_trunk(self.fields)

    def domain_agent(
        self, url: str | None = None, *, channel: Transport = Transport.TEXT, number: str | None = None
    ) -> Agent:
        """What runs use, with its secrets.

        Args:
            url: where to connect instead of the agent's own URL.
            channel: which of its connections is meant.
            number: by telephone, the number to call instead; of an agent that calls us, where its calls come from.

        Raises:
            InvalidRequest: there is no URL or number, or its Basic authentication is in no form that is understood.
            UsageError: it is none that can be used.
        """
        if channel is Transport.SIP:
            return telephone_agent(self.fields, self.secrets, url=url, number=number)
        chosen = url or getattr(self.secrets, _VOICE_URLS.get(channel, "websocket_url"))
        if not chosen:
            raise InvalidRequest(NO_URL)
        chosen = checked_url(chosen)
        secret = self.secrets.websocket_secret
        headers = self._voice_headers() if channel.is_voice else self.secrets.websocket_headers
        return Agent(
            name=self.name,
            url=SecretStr(chosen),
            shown_url=shown_url(chosen),
            channel=channel,
            known_lines=tuple(self.fields.known_lines) if channel.is_voice else (),
            headers={name: SecretStr(value) for name, value in headers.items()},
            secret=SecretStr(secret) if secret else None,
            agent_speaks_first=self.fields.agent_speaks_first,
        )

    def _voice_headers(self) -> dict[str, str]:
        """The chat's headers stay with the chat: voice may be another server's."""
        if not self.secrets.websocket_auth:
            return {}
        authorization = basic_auth(self.secrets.websocket_auth)
        if authorization is None:
            raise InvalidRequest(f"The agent's websocket_auth cannot be sent. {FORM}")
        return {"Authorization": authorization}


class AgentLibrary:
    """The agents of a database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def get(self, number: int) -> KeptAgent:
        """Raises `NotFound`."""
        return self._kept(await self._database.read(lambda connection: _rows.get(connection, number)))

    async def by_assistant(self, assistant_id: str) -> KeptAgent:
        """The agent with an id at its provider. Raises `InvalidFields` where none or several have it."""
        same = tables.agents.c.assistant_id == assistant_id
        rows = await self._database.read(lambda connection: _rows.where(connection, same, limit=2))
        if len(rows) != 1:
            sentence = "Several agents have" if rows else "No agent has"
            raise InvalidFields({"assistant_id": [f"{sentence} the assistant id {assistant_id}."]})
        return self._kept(rows[0])

    async def domain_agent(self, number: int, url: str | None = None) -> Agent:
        """What runs use, with its secrets. Raises `NotFound`, and `InvalidRequest` where there is no URL."""
        return (await self.get(number)).domain_agent(url)

    async def page(
        self, *, assistant_id: str | None = None, search: str | None = None, offset: int, limit: int
    ) -> tuple[int, list[KeptAgent]]:
        """How many there are with an id at their provider and a text in their name, and some of them."""
        conditions: list[ColumnElement[bool]] = []
        if assistant_id is not None:
            conditions.append(tables.agents.c.assistant_id == assistant_id)
        if search:
            conditions.append(tables.agents.c.name.icontains(search, autoescape=True))
        count, rows = await self._database.read(
            lambda connection: _rows.page(connection, *conditions, offset=offset, limit=limit)
        )
        return count, [self._kept(row) for row in rows]

    async def add(self, changes: AgentChanges) -> KeptAgent:
        """Keep a new one. Raises `InvalidFields`, by the names of `AgentFields` and `AgentSecrets`."""
        fields, secrets = _applied(changes, AgentFields(), AgentSecrets())
        return self._kept(await self._database.write(lambda connection: self._insert(connection, fields, secrets)))

    async def change(self, number: int, changes: AgentChanges, *, whole: bool = False) -> KeptAgent:
        """Replace what the changes name; with `whole` everything but secrets that no answer shows.

        Raises:
            NotFound: there is no such agent.
            InvalidFields: it could not be used any more.
        """

        def change(connection: Connection) -> Row:
            kept = self._kept(_rows.to_change(connection, number))
            fields, secrets = _applied(changes, kept.fields, kept.secrets, whole=whole)
            _rows.change(connection, number, _document(fields), **self._columns(fields, secrets))
            return _rows.get(connection, number)

        return self._kept(await self._database.write(change))

    async def copy(self, number: int, name: str | None = None) -> KeptAgent:
        """Keep a copy, secrets included, under a name of its own. Raises `NotFound`."""

        def copy(connection: Connection) -> Row:
            kept = self._kept(_rows.get(connection, number))
            called = name or f"{kept.name[:240]} (copy)"
            # An id at the provider names one agent.
            fields = kept.fields.model_copy(update={"name": called, "assistant_id": None})
            return self._insert(connection, fields, kept.secrets)

        return self._kept(await self._database.write(copy))

    async def remove(self, number: int) -> None:
        """Raises `NotFound`. Its scenarios and runs stay."""

        def remove(connection: Connection) -> None:
            _rows.to_change(connection, number)
            _rows.remove(connection, [number])

        await self._database.write(remove)

    def _insert(self, connection: Connection, fields: AgentFields, secrets: AgentSecrets) -> Row:
        number = _rows.add(connection, _document(fields), **self._columns(fields, secrets))
        return _rows.get(connection, number)

    def _columns(self, fields: AgentFields, secrets: AgentSecrets) -> dict[str, Any]:
        sealed = self._seal.close(json.dumps(secrets.model_dump(mode="json", exclude_defaults=True)))
        return {"name": fields.name, "assistant_id": fields.assistant_id, "sealed": sealed}

    def _kept(self, row: Row) -> KeptAgent:
        sealed = row.columns["sealed"]
        return KeptAgent(
            id=row.id,
            fields=AgentFields.model_validate(row.document),
            secrets=AgentSecrets.model_validate_json(self._seal.open(sealed)) if sealed else AgentSecrets(),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def agent_names(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """The names of those agents that there are."""
    wanted = sorted({number for number in numbers if 0 < number < 2**31})
    table = tables.agents
    found: dict[int, str] = {}
    for some in batches(wanted):
        query = select(table.c.id, table.c.name).where(table.c.id.in_(some), table.c.deleted_at.is_(None))
        found |= {row.id: row.name for row in connection.execute(query)}
    return found


def agents_of_assistant(connection: Connection, assistant_id: str) -> Sequence[int]:
    """The numbers of the agents with an id at their provider."""
    table = tables.agents
    query = select(table.c.id).where(table.c.assistant_id == assistant_id, table.c.deleted_at.is_(None))
    return connection.execute(query).scalars().all()


def _document(fields: AgentFields) -> dict[str, Any]:
    return fields.model_dump(mode="json")


def _applied(
    changes: AgentChanges, fields: AgentFields, secrets: AgentSecrets, *, whole: bool = False
) -> tuple[AgentFields, AgentSecrets]:
    said: dict[str, Any] = {} if whole else fields.model_dump()
    hidden = secrets.model_dump(include=set(WRITE_ONLY) if whole else None)
    over = dict(changes.secrets)
    try:
        bare = {name: without_secrets(changes.fields[name]) for name in _UNUSED if name in changes.fields}
        new_fields = AgentFields.model_validate({**said, **changes.fields, **bare})
        over |= _settings(changes, fields, secrets)
        if "api_keys" in over:
            laid = {**hidden["api_keys"], **over["api_keys"]}
            of_provider = new_fields.assistant_provider or "provider"
            over["api_keys"] = {name or of_provider: key for name, key in laid.items() if key}
        new_secrets = AgentSecrets.model_validate({**hidden, **over}).keeping(secrets)
    except ValidationError as error:
        raise InvalidFields(sentences_of(error)) from None
    refuse(_not_among_the_choices(new_fields, fields))
    return new_fields, _checked(new_fields, new_secrets)


def _settings(changes: AgentChanges, fields: AgentFields, secrets: AgentSecrets) -> dict[str, Any]:
    """The provider's settings and the chat's; those of another one than before begin from nothing."""
    settings: dict[str, Any] = {}
    for place, kind in (("credentials", "assistant_provider"), ("chat_config", "chat_type")):
        kept = getattr(secrets, place)
        moved = changes.fields.get(kind, getattr(fields, kind)) != getattr(fields, kind)
        if place in changes.secrets or (moved and place == "chat_config"):
            settings[place] = laid_over({} if moved else kept, changes.secrets.get(place) or {})
    return settings


def _not_among_the_choices(fields: AgentFields, before: AgentFields) -> dict[str, list[str]]:
    """A sentence for each word that is none of the choices; what was kept before there were any may stay."""
    wrong: dict[str, list[str]] = {}
    for name, choices in _CHOICES.items():
        value = getattr(fields, name)
        if value is not None and value not in choices and value != getattr(before, name):
            listed = ", ".join(filter(None, choices))
            wrong[name] = [f'"{value}" is not a valid choice. Choices: {listed}.']
    return wrong


def _checked(fields: AgentFields, secrets: AgentSecrets) -> AgentSecrets:
    """The secrets with their URLs as they are used. Raises `InvalidFields`."""
    wrong: dict[str, list[str]] = {}
    urls: dict[str, str | None] = {}
    if not fields.name.strip():
        wrong["name"] = [BLANK]
    for place in SOCKET_URLS:
        try:
            urls[place] = _usable(url) if (url := getattr(secrets, place)) else None
        except UsageError as error:
            wrong[place] = [str(error)]
    if secrets.webhook_url and not re.match(r"https?://[^\s/]", secrets.webhook_url):
        wrong["webhook_url"] = ["A URL that begins with http:// or https:// is needed."]
    wrong |= telephone_problems(fields, secrets)
    if sentence := check_headers({"X-CEKURA-SECRET": secrets.outbound_trigger_secret or ""}):
        wrong["outbound_trigger_secret"] = [sentence]
    if sentence := _headers_problem(secrets):
        wrong["websocket_headers"] = [sentence]
    if sentence := _auth_problem(secrets):
        wrong["websocket_auth"] = [sentence]
    if sentence := known_lines_problem(fields.known_lines):
        wrong["known_lines"] = [sentence]
    if sentence := check_headers({}, secret=secrets.websocket_secret):
        wrong["websocket_secret"] = [sentence]
    refuse(wrong)
    return secrets.model_copy(update=urls)


def _usable(url: str) -> str:
    if f"={MASK}" in url:
        raise UsageError(f"{MASK} stands for what is kept of another URL. Write this one out.")
    return checked_url(url)


def _headers_problem(secrets: AgentSecrets) -> str | None:
    headers = secrets.websocket_headers
    unknown = next((name for name, value in headers.items() if value == MASK), None)
    if unknown is not None:
        return f"{MASK} keeps a value, and the header {unknown!a} has none yet."
    if sentence := check_headers(headers):
        return sentence
    if _logs_in(secrets.websocket_url) and any(name.lower() == "authorization" for name in headers):
        return "The URL carries a user already, so Authorization cannot be sent as well."
    return None


def _auth_problem(secrets: AgentSecrets) -> str | None:
    if not secrets.websocket_auth:
        return None
    if basic_auth(secrets.websocket_auth) is None:
        return f"This is no form of Basic authentication that is understood. {FORM}"
    if any(_logs_in(getattr(secrets, place)) for place in _VOICE_URLS.values()):
        return "The URL for voice carries a user already, so Basic authentication cannot be sent as well."
    return None


def _logs_in(url: str | None) -> bool:
    return url is not None and "@" in url.split("://", 1)[-1].split("/", 1)[0]
