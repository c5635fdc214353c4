"""Settings of an agent's platform over the API: what comes back, what stays unseen, and which words are taken."""

import json
from typing import Any

import pytest
from running_service import Service
from sqlalchemy import select

from ringback.storage import tables

V1 = "/test_framework/v1/aiagents/"
V2 = "/test_framework/v2/aiagents/"
PLANTED = "planted-and-not-to-be-found"
VAPI = {"assistant_id": "a-1", "autoStart": True, "max_tokens": 50, "server_url": f"https://x/?k={PLANTED}"}
SEALED = {"api_key": PLANTED, "voice": PLANTED, "token_id": PLANTED, "extra": {"id": PLANTED}, "pin": 1234}


def chat(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Desk", "provider": {"chat_agent_details": {"type": kind, "config": config}}}


async def config_of(service: Service, number: int) -> dict[str, Any]:
    return (await service.get(f"{V2}{number}/")).body["provider"]["chat_agent_details"]["config"]


async def test_settings_that_are_no_secrets_come_back_and_the_others_are_named(service: Service) -> None:
    made = (await service.post(V2, chat("vapi", {**VAPI, **SEALED}))).body
    config = made["provider"]["chat_agent_details"]["config"]
    assert {name: config[name] for name in VAPI} == {**VAPI, "server_url": "https://x/?k=***"}
    assert config["configured"] == sorted(SEALED)
    assert PLANTED not in repr(made)


async def test_what_was_read_can_be_written_back_and_one_setting_changed(service: Service) -> None:
    made = (await service.post(V2, chat("vapi", {**VAPI, **SEALED}))).body
    path = f"{V2}{made['id']}/"
    written = await service.put(path, made)
    assert written.status == 200
    assert written.body["provider"] == made["provider"]
    kept = await service.services.agents.get(made["id"])
    assert kept.secrets.chat_config == {**VAPI, **SEALED}
    await service.patch(path, chat("vapi", {"assistant_id": "a-2", "voice": None, "autoStart": False}))
    kept = await service.services.agents.get(made["id"])
    rest = {name: value for name, value in SEALED.items() if name != "voice"}
    assert kept.secrets.chat_config == {**VAPI, **rest, "assistant_id": "a-2", "autoStart": False}


async def test_settings_of_another_kind_of_chat_begin_from_nothing(service: Service) -> None:
    made = (await service.post(V2, chat("vapi", {**VAPI, **SEALED}))).body
    await service.patch(f"{V2}{made['id']}/", chat("self_hosted", {"url": "ws://agent.example", "model": "small"}))
    config = await config_of(service, made["id"])
    assert (config["url"], config["model"], config["configured"]) == ("ws://agent.example", "small", [])
    assert (await service.services.agents.get(made["id"])).has_text


async def test_secrets_in_lists_that_are_not_used_are_neither_kept_nor_shown(service: Service) -> None:
    tool = {"name": "book", "headers": {"k": PLANTED}, "mcp_url": f"https://u:{PLANTED}@mcp.example/?k={PLANTED}"}
    variables = [{"name": "api_key", "value": PLANTED}, {"name": "tier", "value": "gold"}, {"accessToken": PLANTED}]
    body = {"name": "Desk", "mock_tools": [tool, {"key": PLANTED}], "dynamic_variables": variables}
    made = (await service.post(V2, body)).body
    assert made["mock_tools"][0] == {"name": "book", "headers": {"k": "***"}, "mcp_url": "https://mcp.example/?k=***"}
    assert made["dynamic_variables"] == [
        {"name": "api_key", "value": "***"},
        {"name": "tier", "value": "gold"},
        {"accessToken": "***"},
    ]
    assert PLANTED not in repr(made)
    rows = await service.services.database.read(lambda connection: connection.execute(select(tables.agents)).all())
    assert PLANTED not in repr(rows)


@pytest.mark.parametrize(
    ("base", "body", "field", "choice"),
    [
        (V1, {"agent_name": "D", "language": "xx"}, "language", "multi"),
        (V1, {"agent_name": "D", "assistant_provider": "self-hosted"}, "assistant_provider", "self_hosted"),
        (V2, {"name": "D", "provider": {"type": "bogus"}}, "provider.type", "amazon_connect"),
        (V2, chat("bogus", {}), "provider.chat_agent_details.type", "whatsapp"),
    ],
)
async def test_a_word_that_is_none_of_the_choices_is_refused_with_them(
    service: Service, base: str, body: dict[str, Any], field: str, choice: str
) -> None:
    reply = await service.post(base, body)
    assert (reply.status, list(reply.body)) == (400, [field])
    assert "is not a valid choice. Choices: " in reply.body[field][0]
    assert choice in reply.body[field][0]


async def test_a_word_that_was_kept_before_there_were_choices_may_stay(service: Service) -> None:
    made = (await service.post(V1, {"agent_name": "Desk"})).body
    agents = tables.agents

    def as_before(connection: Any) -> None:
        row = connection.execute(select(agents.c.document).where(agents.c.id == made["id"])).scalar_one()
        old = {**json.loads(row), "language": "xx", "assistant_provider": "own"}
        connection.execute(agents.update().where(agents.c.id == made["id"]).values(document=json.dumps(old)))

    await service.services.database.write(as_before)
    read = (await service.get(f"{V1}{made['id']}/")).body
    assert (read["language"], read["assistant_provider"]) == ("xx", "own")
    assert (await service.put(f"{V1}{made['id']}/", read)).status == 200
    assert (await service.patch(f"{V2}{made['id']}/", {"description": "New."})).status == 200
    assert (await service.patch(f"{V1}{made['id']}/", {"language": "yy"})).status == 400
