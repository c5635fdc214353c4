"""Agents as they are kept, on both databases."""

import asyncio
import json
from typing import Any

import pytest
from library_rooms import Rooms, rooms_of
from pydantic import SecretStr
from sqlalchemy import select

from ringback.domain.agent import Transport
from ringback.errors import InvalidFields, InvalidRequest, NotFound, StorageError, UsageError
from ringback.library.agents import NO_URL, AgentChanges
from ringback.library.basic_auth import basic_auth
from ringback.library.known_lines import LARGEST, MOST
from ringback.storage import tables
from ringback.storage.sealing import Seal, new_key

PLANTED = "planted-and-not-to-be-found"
SECRETS: dict[str, Any] = {
    "websocket_url": f"ws://user:{PLANTED}@localhost:9/chat?token={PLANTED}",
    "websocket_headers": {"X-Key": PLANTED},
    "websocket_secret": PLANTED,
    "websocket_auth": {"password": PLANTED},
    "sip_auth": {"password": PLANTED},
    "webhook_secret": PLANTED,
    "webhook_url": f"https://hook.example/?k={PLANTED}",
    "api_keys": {"vapi": PLANTED},
    "credentials": {"x": PLANTED},
    "livekit_data": {"api_secret": PLANTED},
}


def changes(**fields: Any) -> AgentChanges:
    return AgentChanges(fields={"name": "Front desk", **fields}, secrets=SECRETS)


async def test_no_secret_is_in_the_database_or_in_a_representation(rooms: Rooms) -> None:
    kept = await rooms.agents.add(changes())
    rows = await rooms.database.read(lambda connection: connection.execute(select(tables.agents)).all())
    assert PLANTED not in repr(rows)
    assert PLANTED not in repr(kept)
    assert PLANTED not in repr(kept.domain_agent())


async def test_a_run_gets_the_agent_with_its_secrets(rooms: Rooms) -> None:
    kept = await rooms.agents.add(changes(agent_speaks_first=True))
    agent = await rooms.agents.domain_agent(kept.id)
    assert agent.url.get_secret_value() == SECRETS["websocket_url"]
    assert agent.shown_url == "ws://localhost:9/chat?token=***"
    assert agent.headers == {"X-Key": SecretStr(PLANTED)}
    assert agent.secret == SecretStr(PLANTED)
    assert agent.agent_speaks_first is True
    other = await rooms.agents.domain_agent(kept.id, "ws://elsewhere:1/")
    assert (other.url.get_secret_value(), other.secret) == ("ws://elsewhere:1/", SecretStr(PLANTED))
    with pytest.raises(UsageError):
        await rooms.agents.domain_agent(kept.id, "http://elsewhere/")


async def test_another_key_does_not_open_what_is_sealed(rooms: Rooms) -> None:
    kept = await rooms.agents.add(changes())
    elsewhere = await rooms_of(rooms.database, Seal(new_key()))
    with pytest.raises(StorageError, match="another encryption key"):
        await elsewhere.agents.get(kept.id)


async def test_an_agent_without_a_url_cannot_be_called(rooms: Rooms) -> None:
    kept = await rooms.agents.add(AgentChanges(fields={"name": "A"}))
    assert (kept.has_text, kept.has_voice) == (False, False)
    with pytest.raises(InvalidRequest, match=NO_URL):
        await rooms.agents.domain_agent(kept.id)


async def test_connections_for_voice_are_known(rooms: Rooms) -> None:
    connections: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"phone_number": "+49301234"}, {}),
        ({"sip_endpoint": "sip:a@b"}, {}),
        ({"assistant_provider": "vapi", "assistant_id": "x"}, {}),
        ({}, {"websocket_voice_url": "wss://localhost/"}),
        ({}, {"media_streams_url": "wss://localhost/"}),
        ({}, {"livekit_data": {"url": "x"}}),
    ]
    for fields, secrets in connections:
        kept = await rooms.agents.add(AgentChanges(fields={"name": "A", **fields}, secrets=secrets))
        assert (kept.has_text, kept.has_voice) == (False, True)


async def test_agents_are_found_by_the_id_at_their_provider(rooms: Rooms) -> None:
    kept = await rooms.agents.add(changes(assistant_id="17"))
    assert (await rooms.agents.by_assistant("17")).id == kept.id
    with pytest.raises(InvalidFields, match="No agent has the assistant id 18"):
        await rooms.agents.by_assistant("18")
    await rooms.agents.add(changes(assistant_id="17"))
    with pytest.raises(InvalidFields, match="Several agents have"):
        await rooms.agents.by_assistant("17")
    count, found = await rooms.agents.page(assistant_id="17", search="FRONT", offset=1, limit=5)
    assert (count, len(found)) == (2, 1)


async def test_a_change_keeps_what_it_does_not_name(rooms: Rooms) -> None:
    kept = await rooms.agents.add(changes(description="old", language="de"))
    changed = await rooms.agents.change(
        kept.id, AgentChanges(fields={"description": "new"}, secrets={"api_keys": {"retell": "k", "vapi": ""}})
    )
    assert (changed.fields.description, changed.fields.language) == ("new", "de")
    assert changed.secrets.api_keys == {"retell": "k"}
    assert changed.secrets.websocket_secret == PLANTED
    removed = await rooms.agents.change(kept.id, AgentChanges(secrets={"websocket_secret": None}))
    assert removed.domain_agent().secret is None


async def test_what_is_shown_can_be_written_back(rooms: Rooms) -> None:
    kept = await rooms.agents.add(changes())
    shown = {"websocket_url": "ws://localhost:9/chat?token=***", "websocket_headers": {"x-key": "***", "X-New": "1"}}
    replaced = await rooms.agents.change(kept.id, AgentChanges(fields={"name": "B"}, secrets=shown), whole=True)
    assert replaced.secrets.websocket_url == SECRETS["websocket_url"]
    assert replaced.secrets.websocket_headers == {"x-key": PLANTED, "X-New": "1"}
    assert (replaced.secrets.websocket_secret, replaced.secrets.api_keys) == (PLANTED, {"vapi": PLANTED})
    assert replaced.secrets.webhook_url is None
    for wrong in ({"websocket_url": "ws://other/?token=***"}, {"websocket_headers": {"X-Other": "***"}}):
        with pytest.raises(InvalidFields, match=r"\*\*\*"):
            await rooms.agents.change(kept.id, AgentChanges(secrets=wrong))


async def test_what_no_connection_could_be_made_with_is_refused(rooms: Rooms) -> None:
    wrong: list[tuple[str, Any]] = [
        ("websocket_url", "http://localhost/"),
        ("websocket_url", "ws://"),
        ("websocket_url", "ws://a b/"),
        ("websocket_url", "ws://["),
        ("websocket_voice_url", "ftp://x"),
        ("media_streams_url", "https://localhost/"),
        ("websocket_auth", "no colon"),
        ("websocket_auth", {"token": "x"}),
        ("websocket_auth", {"username": "a:b", "password": "x"}),
        ("websocket_auth", 7),
        ("webhook_url", "ftp://x"),
        ("websocket_headers", {"Bad Name": "x"}),
        ("websocket_headers", {"Upgrade": "x"}),
        ("websocket_headers", {"X-A": "line\nbreak"}),
        ("websocket_headers", {"X-A": "ünsendable"}),
        ("websocket_secret", "line\r\nbreak"),
    ]
    for field, value in wrong:
        with pytest.raises(InvalidFields) as error:
            await rooms.agents.add(AgentChanges(fields={"name": "A"}, secrets={field: value}))
        assert list(error.value.fields) == [field]


async def test_a_user_in_the_url_and_authorization_are_too_much(rooms: Rooms) -> None:
    secrets = {"websocket_url": "ws://u:p@localhost/", "websocket_headers": {"authorization": "Basic x"}}
    with pytest.raises(InvalidFields, match="carries a user already"):
        await rooms.agents.add(AgentChanges(fields={"name": "A"}, secrets=secrets))


async def test_changes_at_the_same_moment_are_all_kept(rooms: Rooms) -> None:
    kept = await rooms.agents.add(changes())
    names = [f"platform-{number}" for number in range(8)]
    await asyncio.gather(
        *(rooms.agents.change(kept.id, AgentChanges(secrets={"api_keys": {name: "k"}})) for name in names)
    )
    assert set((await rooms.agents.get(kept.id)).secrets.api_keys) == {"vapi", *names}


async def test_a_removed_agent_is_gone_and_its_number_too(rooms: Rooms) -> None:
    kept = await rooms.agents.add(changes())
    copied = await rooms.agents.copy(kept.id)
    assert (copied.name, copied.secrets, copied.assistant_id) == ("Front desk (copy)", kept.secrets, None)
    await rooms.agents.remove(copied.id)
    for number in (copied.id, 0, -1, 2**31, 2**64):
        with pytest.raises(NotFound):
            await rooms.agents.get(number)
        with pytest.raises(NotFound):
            await rooms.agents.remove(number)
    assert (await rooms.agents.add(changes())).id > copied.id
    document = await rooms.database.read(
        lambda connection: (
            connection.execute(select(tables.agents.c.document).order_by(tables.agents.c.id)).scalars().first()
        )
    )
    assert json.loads(document or "")["name"] == "Front desk"


async def test_an_agent_is_spoken_to_by_media_streams_first_and_without_the_chats_headers(rooms: Rooms) -> None:
    secrets = {
        "websocket_url": "wss://localhost/chat",
        "websocket_headers": {"X-Chat": "1"},
        "websocket_voice_url": "wss://localhost/chirp?k=1",
        "media_streams_url": "wss://localhost/media",
        "websocket_auth": {"username": "desk", "password": "wörd"},
        "websocket_secret": PLANTED,
    }
    kept = await rooms.agents.add(AgentChanges(fields={"name": "A", "known_lines": ["Hello."]}, secrets=secrets))
    assert kept.voice_transports == (Transport.MEDIA_STREAMS, Transport.CHIRP)
    text = kept.domain_agent()
    assert (text.channel, text.known_lines, list(text.headers)) == (Transport.TEXT, (), ["X-Chat"])
    chirp = kept.domain_agent(channel=Transport.CHIRP)
    assert (chirp.shown_url, chirp.known_lines) == ("wss://localhost/chirp?k=***", ("Hello.",))
    assert [value.get_secret_value() for value in chirp.headers.values()] == ["Basic ZGVzazp3w7ZyZA=="]
    assert chirp.secret is not None
    assert kept.domain_agent(channel=Transport.MEDIA_STREAMS).shown_url == "wss://localhost/media"
    assert "w\u00f6rd" not in repr(kept)
    again = await rooms.agents.change(kept.id, AgentChanges(secrets={"websocket_voice_url": chirp.shown_url}))
    assert again.secrets.websocket_voice_url == "wss://localhost/chirp?k=1"
    gone = await rooms.agents.change(kept.id, AgentChanges(secrets={"media_streams_url": None}))
    assert gone.voice_transports == (Transport.CHIRP,)


async def test_a_url_for_voice_that_logs_in_goes_with_no_other_authentication(rooms: Rooms) -> None:
    for place in ("media_streams_url", "websocket_voice_url"):
        secrets = {place: "wss://user:word@localhost/", "websocket_auth": "a:b"}
        with pytest.raises(InvalidFields, match="carries a user"):
            await rooms.agents.add(AgentChanges(fields={"name": "A"}, secrets=secrets))


async def test_known_lines_that_no_grammar_can_hold_are_refused(rooms: Rooms) -> None:
    for lines in (["x"] * (MOST + 1), ["#JSGF V1.0;", "Hello."], ["x" * (LARGEST + 1)]):
        with pytest.raises(InvalidFields) as error:
            await rooms.agents.add(AgentChanges(fields={"name": "A", "known_lines": lines}))
        assert list(error.value.fields) == ["known_lines"]


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("user:pass:word", "Basic dXNlcjpwYXNzOndvcmQ="),
        ("Basic dXNlcg==", "Basic dXNlcg=="),
        ({"user": "u", "password": ""}, "Basic dTo="),
        ({"password": "p"}, "Basic OnA="),
        ("Basic line\r\nbreak", None),
        ({"username": 1, "password": "p"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_basic_authentication_is_understood_in_several_forms(value: Any, header: str | None) -> None:
    assert basic_auth(value) == header
