"""Agents over the API: two forms of one record, secrets that never come back, and the trial of a connection."""

from typing import Any

import pytest
from running_service import ADMIN_KEY, ServeService, Service

from ringback.domain.api_key import Scope
from ringback.testing.agent_call import AgentCall
from ringback.testing.agent_server import ScriptedAgentServer
from ringback.testing.voice_agent_server import VoiceAgentServer

V1 = "/test_framework/v1/aiagents/"
V2 = "/test_framework/v2/aiagents/"
PLANTED = "planted-and-not-to-be-found"
FLAT: dict[str, Any] = {
    "agent_name": "Front desk",
    "description": "Books.",
    "inbound": False,
    "project": 12,
    "contact_number": "+49301234",
    "assistant_id": 17,
    "assistant_provider": "vapi",
    "websocket_url": f"wss://user:{PLANTED}@agent.example/chat?token={PLANTED}",
    "websocket_headers": {"X-Key": PLANTED, "X-Number": 3},
    "websocket_secret": PLANTED,
    "websocket_voice_url": f"wss://agent.example/voice?k={PLANTED}",
    "websocket_auth": f"user:{PLANTED}",
    "media_streams_url": f"wss://agent.example/media?k={PLANTED}",
    "known_lines": ["Hello.", "Which day?"],
    "sip_endpoint": "sip:desk@agent.example",
    "sip_auth": {"username": "desk", "password": PLANTED},
    "vapi_api_key": PLANTED,
    "livekit_data": {"api_secret": PLANTED},
    "llm_model": "some-model",
    "llm_temperature": 0.5,
    "knowledge_base_files": [1],
    "a_field_of_tomorrow": True,
}


async def made(service: Service, **changed: Any) -> dict[str, Any]:
    reply = await service.post(V1, {**FLAT, **changed})
    assert reply.status == 201, reply.body
    return reply.body


async def test_one_record_has_two_forms(service: Service) -> None:
    flat = await made(service)
    nested = (await service.get(f"{V2}{flat['id']}/")).body
    assert (await service.get(f"/test_framework/v2/aiagents-external/{flat['id']}")).body == nested
    assert (await service.get(f"/test_framework/v1/aiagents-external/{flat['id']}")).body == flat
    assert nested["name"] == flat["agent_name"] == "Front desk"
    assert nested["telephony"]["phone_number"] == flat["contact_number"] == "+49301234"
    assert nested["telephony"]["inbound"] is flat["inbound"] is False
    assert nested["telephony"]["sip_uri"] == flat["sip_endpoint"]
    assert nested["telephony"]["websocket_url"] == flat["websocket_voice_url"] == "wss://agent.example/voice?k=***"
    assert nested["telephony"]["media_streams_url"] == flat["media_streams_url"] == "wss://agent.example/media?k=***"
    assert nested["telephony"]["known_lines"] == flat["known_lines"] == ["Hello.", "Which day?"]
    assert nested["provider"]["type"] == flat["assistant_provider"] == "vapi"
    assert nested["provider"]["agent_id"] == flat["assistant_id"] == "17"
    assert nested["provider"]["credentials"]["api_key_configured"] is True
    assert nested["provider"]["credentials"]["config_configured"] is False
    assert flat["vapi_api_key_configured"] is True
    assert flat["retell_api_key_configured"] is False
    config = nested["provider"]["chat_agent_details"]["config"]
    assert config["url"] == flat["websocket_url"] == "wss://agent.example/chat?token=***"
    assert config["headers"] == flat["websocket_headers"] == {"X-Key": "***", "X-Number": "***"}
    assert config["websocket_secret_configured"] is flat["websocket_secret_configured"] is True
    assert (flat["llm_model"], flat["llm_temperature"], flat["knowledge_base_files"]) == ("some-model", 0.5, [1])


async def test_a_nested_agent_can_be_made_and_changed_in_parts(service: Service) -> None:
    _, made = await service.post(
        V2,
        {
            "name": "Front desk",
            "description": "Books.",
            "telephony": {"inbound": True, "outbound_numbers": ["+1"]},
            "provider": {
                "type": "self_hosted",
                "agent_id": 5,
                "credentials": {"api_key": PLANTED, "config": {"region": "eu-west", "login": PLANTED}},
                "chat_agent_details": {
                    "type": "self_hosted",
                    "config": {"url": "ws://agent.example", "headers": {"X-A": "1"}, "websocket_secret": PLANTED},
                },
            },
            "webhook_url": f"https://hook.example/?k={PLANTED}",
            "webhook_secret": PLANTED,
            "mock_tools": [{"name": "t"}],
        },
    )
    path = f"{V2}{made['id']}/"
    assert made["webhook_secret_configured"] is True
    assert made["webhook_url"] == "https://hook.example/?k=***"
    assert made["provider"]["credentials"] == {
        "api_key_configured": True,
        "config": {"region": "eu-west"},
        "config_configured": True,
        "configured": ["login"],
    }
    assert PLANTED not in repr(made)
    status, changed = await service.patch(path, {"provider": {"chat_agent_details": {"config": {"headers": {}}}}})
    config = changed["provider"]["chat_agent_details"]["config"]
    assert status == 200
    assert (config["url"], config["headers"], config["websocket_secret_configured"]) == ("ws://agent.example", {}, True)
    assert changed["telephony"]["outbound_numbers"] == ["+1"]
    _, flat = await service.get(f"{V1}{made['id']}/")
    assert flat["websocket_url"] == "ws://agent.example"
    _, other = await service.patch(
        path, {"provider": {"chat_agent_details": {"type": "retell", "config": {"url": "x", "api_key": PLANTED}}}}
    )
    assert other["provider"]["chat_agent_details"]["config"]["configured"] == ["api_key"]
    assert other["provider"]["chat_agent_details"]["config"]["url"] == "x"
    _, kept = await service.put(path, other)
    assert kept["provider"]["chat_agent_details"] == other["provider"]["chat_agent_details"]
    _, none = await service.patch(path, {"provider": {"chat_agent_details": None}})
    assert none["provider"]["chat_agent_details"] is None


async def test_no_answer_shows_a_secret(service: Service) -> None:
    agent = await made(service)
    answers: list[Any] = [agent]
    for base in (V1, V2):
        path = f"{base}{agent['id']}/"
        answers += [
            (await service.get(base)).body,
            (await service.get(path)).body,
            (await service.patch(path, {"description": "New."})).body,
            (await service.post(f"{path}duplicate/")).body,
            (await service.patch(path, {"websocket_secret": f"{PLANTED}\n", "name": ""})).body,
        ]
        refused = await service.patch(f"{V1}{agent['id']}/", {"websocket_headers": {"X-A": f"{PLANTED}\n"}})
        assert refused.status == 400
        answers.append(refused.body)
    assert PLANTED not in repr(answers)


async def test_what_was_read_can_be_written_back_without_losing_a_secret(service: Service) -> None:
    agent = await made(service)
    for base in (V1, V2):
        path = f"{base}{agent['id']}/"
        before = (await service.get(path)).body
        status, after = await service.put(path, before)
        assert status == 200
        assert {**after, "updated_at": ""} == {**before, "updated_at": ""}
    kept = await service.services.agents.get(agent["id"])
    assert kept.domain_agent().url.get_secret_value() == FLAT["websocket_url"]
    assert {kept.secrets.websocket_secret, kept.secrets.api_keys["vapi"]} == {PLANTED}
    assert kept.secrets.livekit_data == FLAT["livekit_data"]
    assert (await service.patch(f"{V1}{agent['id']}/", {"websocket_secret": None})).body[
        "websocket_secret_configured"
    ] is False


async def test_mistakes_are_told_under_the_fields_of_the_form(service: Service) -> None:
    agent = await made(service)
    url = {"websocket_url": "http://agent.example"}
    assert list((await service.post(V1, {**FLAT, **url})).body) == ["websocket_url"]
    nested = {"provider": {"chat_agent_details": {"config": {"url": "http://agent.example"}}}}
    reply = await service.patch(f"{V2}{agent['id']}/", nested)
    assert (reply.status, list(reply.body)) == (400, ["provider.chat_agent_details.config.url"])
    assert (await service.post(V1, {"description": "x"})).body == {"agent_name": ["This field is required."]}
    assert (await service.post(V2, {"description": "x"})).body == {"name": ["This field is required."]}
    mistakes: list[dict[str, Any]] = [
        {"inbound": "perhaps"},
        {"websocket_headers": ["x"]},
        {"llm_max_tokens": 1.5},
        {"agent_name": {}},
    ]
    for wrong in mistakes:
        reply = await service.patch(f"{V1}{agent['id']}/", wrong)
        assert (reply.status, list(reply.body)) == (400, list(wrong))


async def test_agents_are_listed_by_assistant_and_name(service: Service) -> None:
    agent = await made(service)
    await made(service, assistant_id="other", agent_name="Back office")
    for query, names in (
        ("?assistant_id=17&project_id=99", ["Front desk"]),
        ("?search=BACK", ["Back office"]),
        ("?page_size=1&page=2", ["Back office"]),
        ("", ["Front desk", "Back office"]),
    ):
        assert [one["agent_name"] for one in (await service.get(V1 + query)).body["results"]] == names
        assert [one["name"] for one in (await service.get(V2 + query)).body["results"]] == names
    assert (await service.delete(f"{V2}{agent['id']}/")).status == 204
    assert (await service.get(f"{V1}{agent['id']}/")).status == 404
    assert (await service.delete(f"{V1}{agent['id']}/")).status == 404


async def test_only_admins_write_agents(service: Service) -> None:
    agent = await made(service)
    tokens: dict[str, str] = {}
    for scope in ("read", "run"):
        _, key = await service.post("/user/api/v1/user-api-key/", {"name": scope, "scope": scope})
        tokens[scope] = key["key"]
    for base in (V1, V2):
        path = f"{base}{agent['id']}/"
        for token in tokens.values():
            assert (await service.get(path, key=token)).status == 200
            for method, where in (("POST", base), ("PUT", path), ("PATCH", path), ("DELETE", path)):
                assert (await service.ask(method, where, {}, key=token)).status in (400, 403)
            assert (await service.patch(path, {"websocket_url": "ws://elsewhere"}, key=token)).status == 403
            assert (await service.post(f"{path}duplicate/", key=token)).status == 403
        verify = f"{base}verify-websocket/"
        assert (await service.post(verify, {"agent_id": agent["id"]}, key=tokens["read"])).status == 403


@pytest.mark.parametrize("base", [V1, V2])
async def test_an_unsaved_agent_is_tried_with_its_own_secret_only(serve: ServeService, base: str) -> None:
    async with serve(websocket_secret="the-server-s-own") as service, ScriptedAgentServer(greeting="Clinic.") as agent:
        status, answer = await service.post(f"{base}verify-websocket/", {"websocket_url": agent.url})
        assert status == 200
        assert answer == {
            "success": True,
            "opening_message_received": True,
            "opening_message": "Clinic.",
            "url": agent.url,
            "status": None,
            "error": None,
        }
        own = {"websocket_url": agent.url, "websocket_secret": "own-secret", "websocket_headers": {"X-Own": "1"}}
        assert (await service.post(f"{base}verify-websocket/", own)).body["success"] is True
        first, second = agent.calls
        assert first.header("X-VOCERA-SECRET") is None
        assert second.header("X-VOCERA-SECRET") == "own-secret"
        assert (second.header("X-Own"), second.header("X-VOCERA-RUN-ID")) == ("1", "0")
        for call in agent.calls:
            assert ADMIN_KEY not in repr(call.headers)
            assert "the-server-s-own" not in repr(call.headers)


async def test_a_saved_agent_is_tried_as_a_run_would_call_it(serve: ServeService) -> None:
    async with serve(websocket_secret="the-server-s-own") as service, ScriptedAgentServer() as agent:
        kept = await made(service, websocket_url=agent.url, websocket_secret=None)
        for number in (kept["id"], str(kept["id"])):
            _, answer = await service.post(f"{V1}verify-websocket/", {"agent_id": number})
            assert (answer["success"], answer["opening_message"]) == (True, None)
        assert agent.calls[0].header("X-VOCERA-SECRET") == "the-server-s-own"
        assert agent.calls[0].header("X-Key") == PLANTED
        # With a URL of its own it is another agent.
        await service.post(f"{V1}verify-websocket/", {"agent_id": kept["id"], "websocket_url": agent.url})
        assert agent.calls[2].header("X-VOCERA-SECRET") is None
        assert agent.calls[2].header("X-Key") is None


async def test_the_nested_form_is_tried_too(service: Service) -> None:
    async with ScriptedAgentServer(secret="s-e-c-r-e-t") as agent:
        config = {"url": agent.url, "websocket_secret": "s-e-c-r-e-t"}
        body = {"provider": {"chat_agent_details": {"type": "self_hosted", "config": config}}}
        assert (await service.post(f"{V2}verify-websocket/", body)).body["success"] is True
        config["websocket_secret"] = "wrong"
        _, answer = await service.post(f"{V2}verify-websocket/", body)
        assert (answer["success"], answer["status"]) == (False, 401)
        assert "refused the handshake: 401" in answer["error"]


async def test_what_an_agent_says_of_its_secrets_is_masked(service: Service) -> None:
    async def tells(call: AgentCall) -> None:
        await call.say(f"You sent {call.header('X-VOCERA-SECRET')} and {call.header('X-Key')}.")

    async with ScriptedAgentServer(tells) as agent:
        body = {"websocket_url": agent.url, "websocket_secret": PLANTED, "websocket_headers": {"X-Key": "hidden-too"}}
        _, answer = await service.post(f"{V1}verify-websocket/", body)
        assert answer["opening_message"] == "You sent [secret] and [secret]."


async def test_a_trial_says_in_words_what_is_wrong(service: Service) -> None:
    verify = f"{V1}verify-websocket/"
    _, answer = await service.post(verify, {"websocket_url": "ws://127.0.0.1:1/?token=abcdef"})
    assert (answer["success"], answer["url"]) == (False, "ws://127.0.0.1:1/?token=***")
    assert "connection refused" in answer["error"]

    async def closes(call: AgentCall) -> None:
        await call.close(4000, "go away")

    async with ScriptedAgentServer(closes) as agent:
        _, answer = await service.post(verify, {"websocket_url": agent.url})
        assert answer["error"] == "The agent closed the connection with code 4000: go away."

    async def complains(call: AgentCall) -> None:
        await call.send({"metadata": {"a": 1}})
        await call.send({"type": "error", "content": "no licence"})

    async with ScriptedAgentServer(complains) as agent:
        _, answer = await service.post(verify, {"websocket_url": agent.url})
        assert (answer["success"], answer["error"]) == (False, "The agent reported an error: no licence")
    bad = {"websocket_url": "ws://127.0.0.1:1/", "websocket_headers": {"Bad Name": "x"}}
    _, answer = await service.post(verify, bad)
    assert "not a name that an HTTP header can have" in answer["error"]
    assert (await service.post(verify, {})).body == {"websocket_url": ["This field is required."]}
    assert list((await service.post(verify, {"websocket_url": "http://x"})).body) == ["websocket_url"]
    assert (await service.post(verify, {"agent_id": 99})).status == 404
    without = await made(service, websocket_url=None, websocket_voice_url=None, media_streams_url=None)
    reply = await service.post(verify, {"agent_id": without["id"]})
    assert (reply.status, reply.body) == (400, ["Agent does not have a websocket URL"])


async def test_connections_for_voice_are_written_in_either_form_by_admins_only(service: Service) -> None:
    _, token = await service.services.keys.create("reader", Scope.RUN)
    telephony = {"media_streams_url": "wss://agent.example/m", "websocket_url": "wss://agent.example/c"}
    telephony |= {"websocket_auth": {"username": "desk", "password": PLANTED}, "known_lines": ["Hello."]}
    body = {"name": "Desk", "description": "", "telephony": telephony}
    assert (await service.post(V2, body, key=token)).status == 403
    nested = (await service.post(V2, body)).body
    assert nested["telephony"]["websocket_auth_configured"] is True
    assert PLANTED not in str(nested)
    kept = await service.services.agents.get(nested["id"])
    assert kept.secrets.websocket_auth == telephony["websocket_auth"]
    refused = await service.post(V2, {**body, "telephony": {"media_streams_url": "ftp://x", "websocket_auth": "x"}})
    assert (refused.status, set(refused.body)) == (400, {"telephony.media_streams_url", "telephony.websocket_auth"})


@pytest.mark.parametrize("place", ["media_streams_url", "websocket_voice_url"])
async def test_an_agent_that_is_only_spoken_to_is_tried_over_its_line(service: Service, place: str) -> None:
    async with VoiceAgentServer(credentials=("desk", "word")) as agent:
        url = agent.media_streams_url if place == "media_streams_url" else agent.chirp_url
        saved = await made(service, websocket_url=None, websocket_voice_url=None, media_streams_url=None, inbound=True)
        verify = f"{V1}verify-websocket/"
        await service.patch(
            f"{V1}{saved['id']}/", {place: url, "websocket_auth": "desk:wrong", "websocket_headers": {}}
        )
        answer = (await service.post(verify, {"agent_id": saved["id"]})).body
        assert (answer["success"], answer["status"]) == (False, 401)
        await service.patch(f"{V1}{saved['id']}/", {"websocket_auth": "desk:word"})
        answer = (await service.post(verify, {"agent_id": saved["id"]})).body
        assert (answer["success"], answer["opening_message"], answer["url"]) == (True, None, url)
