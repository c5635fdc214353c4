"""Run requests over voice: which connection is called, what is refused, and what is kept."""

from typing import Any

import pytest
from asking import AGENT_URL, SUITE, V1, VOICE, made, make_agent, make_scenario, refused
from running_service import Service

from ringback.runs.agent_snapshot import AgentSnapshot, open_agent

CHIRP = f"{V1}/scenarios/run_scenarios_chirp/"
MEDIA = "wss://agent.example/media?token=planted-token"
CHIRP_URL = "wss://agent.example/chirp"
LINES = {"known_lines": ["Hello, this is the clinic."]}


async def make_spoken(service: Service, *, media: bool = True, chirp: bool = True, **fields: Any) -> int:
    """An agent with connections for voice; its number."""
    secrets: dict[str, Any] = {"websocket_secret": "planted-secret", "websocket_auth": "desk:planted-word"}
    secrets |= {"media_streams_url": MEDIA} if media else {}
    secrets |= {"websocket_voice_url": CHIRP_URL} if chirp else {}
    return await make_agent(service, "Spoken", secrets=secrets, **{**LINES, **fields})


async def snapshot_of(service: Service, result_id: int) -> AgentSnapshot:
    kept = await service.services.submission.request_of(result_id)
    assert kept.sealed_agent is not None
    return open_agent(kept.sealed_agent, service.services.seal)


async def channel_of(service: Service, result_id: int) -> str:
    """As the answer says it, which has to be what the runs will do."""
    said = (await service.get(f"{V1}/results/{result_id}/")).body["run_settings"]["channel"]
    snapshot = await snapshot_of(service, result_id)
    assert said == snapshot.agent.channel.value or (said, snapshot.agent.channel.value) == ("websocket", "text")
    return str(said)


@pytest.mark.parametrize(
    ("media", "chirp", "fields", "channel"),
    [
        (True, True, {}, "media-streams"),
        (False, True, {}, "chirp"),
        (True, True, {"sip_endpoint": "sip:desk@agent.example", "phone_number": "+15550100"}, "sip"),
        (True, False, {"phone_number": "+15550100"}, "media-streams"),  # there is no trunk to call numbers through
    ],
)
async def test_an_agent_is_called_by_telephone_then_over_media_streams_then_chirp(
    service: Service, media: bool, chirp: bool, fields: dict[str, Any], channel: str
) -> None:
    agent = await make_spoken(service, media=media, chirp=chirp, **fields)
    scenario = await make_scenario(service, agent)
    answer = await made(service.post(VOICE, {"scenarios": [scenario], "frequency": 2}))
    assert (answer["run_type"], answer["run_as_text"], answer["status"]) == ("Voice", False, "in_progress")
    assert [run["number"] for run in answer["runs"]] == [None, None]
    assert await channel_of(service, answer["id"]) == channel
    kept = await service.services.store.result(answer["id"])
    assert kept.provenance.models == {"text_to_speech": "flite:slt", "speech_to_text": "pocketsphinx"}


async def test_the_agent_as_it_was_has_what_calls_need_and_no_header_of_the_chat(service: Service) -> None:
    secrets = {"websocket_url": AGENT_URL, "websocket_headers": {"X-Chat": "1"}, "media_streams_url": MEDIA}
    agent = await make_agent(service, "Both", secrets={**secrets, "websocket_auth": "desk:planted-word"}, **LINES)
    scenario = await make_scenario(service, agent)
    answer = await made(service.post(VOICE, {"scenarios": [scenario], "websocket_headers": {"X-Run": "2"}}))
    snapshot = await snapshot_of(service, answer["id"])
    called = snapshot.agent
    assert (called.url.get_secret_value(), called.known_lines) == (MEDIA, ("Hello, this is the clinic.",))
    assert {name: value.get_secret_value() for name, value in called.headers.items()} == {
        "Authorization": "Basic ZGVzazpwbGFudGVkLXdvcmQ="
    }
    assert list(called.run_headers) == ["X-Run"]
    assert not snapshot.foreign
    shown = str((await service.get(f"{V1}/results/{answer['id']}/")).body)
    assert "planted" not in shown


async def test_chirp_is_called_at_the_agent_or_at_the_url_of_the_request(service: Service) -> None:
    agent = await make_spoken(service)
    scenario = await make_scenario(service, agent)
    answer = await made(service.post(CHIRP, {"scenarios": [scenario]}))
    snapshot = await snapshot_of(service, answer["id"])
    assert (snapshot.agent.url.get_secret_value(), snapshot.foreign) == (CHIRP_URL, False)
    answer = await made(service.post(CHIRP, {"scenarios": [scenario], "websocket_url": "ws://other.example/x?y=z"}))
    snapshot = await snapshot_of(service, answer["id"])
    # A URL of a request gets the agent's own secrets, never one of the server's.
    assert (snapshot.agent.url.get_secret_value(), snapshot.foreign) == ("ws://other.example/x?y=z", True)
    assert (answer["run_type"], await channel_of(service, answer["id"])) == ("Voice", "chirp")


async def test_chirp_without_a_connection_is_refused_in_the_references_words(service: Service) -> None:
    agent = await make_spoken(service, chirp=False)
    scenario = await make_scenario(service, agent)
    assert await refused(service.post(CHIRP, {"scenarios": [scenario]})) == ["Agent does not have a websocket URL"]
    await made(service.post(CHIRP, {"scenarios": [scenario], "websocket_url": CHIRP_URL}))


async def test_a_url_of_the_request_does_not_lead_a_spoken_run_into_text(service: Service) -> None:
    agent = await make_spoken(service)
    scenario = await make_scenario(service, agent)
    body = await refused(service.post(VOICE, {"scenarios": [scenario], "websocket_url": "ws://other.example/"}))
    assert list(body) == ["websocket_url"]


async def test_the_calls_of_an_agent_that_calls_itself_are_not_taken_over_websockets(service: Service) -> None:
    agent = await make_spoken(service, inbound=False)
    scenario = await make_scenario(service, agent)
    body = await refused(service.post(CHIRP, {"scenarios": [scenario]}))
    assert "taken by telephone only" in body["detail"]


async def test_an_agent_whose_lines_nobody_knows_is_refused_before_anything_runs(service: Service) -> None:
    agent = await make_spoken(service, known_lines=[])
    scenario = await make_scenario(service, agent)
    for path in (VOICE, CHIRP):
        body = await refused(service.post(path, {"scenarios": [scenario]}))
        assert "known_lines" in body["detail"]
    assert (await service.get(f"{V1}/results/")).body["count"] == 0


async def test_running_again_keeps_the_transport(service: Service) -> None:
    agent = await make_spoken(service, media=False)
    scenario = await make_scenario(service, agent)
    answer = await made(service.post(VOICE, {"scenarios": [scenario]}))
    await service.patch(f"{V1}/aiagents/{agent}/", {"media_streams_url": MEDIA})
    again = (await service.post(f"{V1}/results/{answer['id']}/rerun/")).body
    assert await channel_of(service, again["id"]) == "chirp"
    await service.patch(f"{V1}/aiagents/{agent}/", {"websocket_voice_url": None})
    moved = (await service.post(f"{V1}/results/{answer['id']}/rerun/")).body
    assert await channel_of(service, moved["id"]) == "media-streams"
    text_only = await make_agent(service)
    answer = await made(service.post(VOICE, {"agent_id": text_only, "scenarios": [scenario]}))
    await service.patch(f"{V1}/aiagents/{text_only}/", {"media_streams_url": MEDIA, **LINES})
    again = (await service.post(f"{V1}/results/{answer['id']}/rerun/")).body
    assert (again["run_type"], await channel_of(service, again["id"])) == ("Text", "websocket")


async def test_a_suite_is_spoken_where_its_channel_is_voice(service: Service) -> None:
    agent = await make_spoken(service)
    spec = {"version": "1", "scenarios": [{"name": "Books", "script": ["Hello"]}]}
    answer = await made(service.post(SUITE, {"agent_id": agent, "channel": "voice", "spec": spec}))
    assert (answer["run_type"], await channel_of(service, answer["id"])) == ("Voice", "media-streams")
    plan = (await service.post(f"{SUITE}?dry_run=true", {"agent_id": agent, "channel": "voice", "spec": spec})).body
    assert plan["plan"]["channel"] == "voice"
