"""What tests of run requests make and ask."""

from typing import Any

from running_service import Reply, Service

from ringback.library.agents import AgentChanges

V1 = "/test_framework/v1"
TEXT = f"{V1}/scenarios/run_scenarios_text/"
VOICE = f"{V1}/scenarios/run_scenarios/"
SOCKETS = f"{V1}/scenarios/run_scenarios_with_websockets/"
CHAT = f"{V1}/scenarios/run_scenarios_api_chat/"
SUITE = f"{V1}/scenarios/run_scenarios_json/"
VALIDATE = f"{V1}/scenarios/validate_scenarios_json/"
AGENT_URL = "ws://127.0.0.1:9/chat"


async def make_agent(
    service: Service, name: str = "Clinic", *, secrets: dict[str, Any] | None = None, **fields: Any
) -> int:
    """An agent with a text connection, unless its secrets say otherwise; its number."""
    hidden = {"websocket_url": AGENT_URL} if secrets is None else secrets
    return (await service.services.agents.add(AgentChanges(fields={"name": name, **fields}, secrets=hidden))).id


async def make_scenario(service: Service, agent: int | None, name: str = "Books a visit", **fields: Any) -> int:
    """A scripted scenario; its number."""
    body = {"name": name, "agent": agent, "scenario_type": "script", "script": ["Hello", "Bye"], **fields}
    reply = await service.post(f"{V1}/scenarios/", body)
    assert reply.status == 201, reply.body
    return int(reply.body["id"])


async def made(reply_of: Any) -> dict[str, Any]:
    """The answer of a request that is taken."""
    reply: Reply = await reply_of
    assert reply.status == 201, reply.body
    answer: dict[str, Any] = reply.body
    return answer


async def refused(reply_of: Any) -> Any:
    """The body of a request that is refused with 400."""
    reply: Reply = await reply_of
    assert reply.status == 400, reply.body
    return reply.body


def scenarios_of(answer: dict[str, Any]) -> list[int]:
    """The scenarios of an answer's runs, in order."""
    return [run["scenario"] for run in answer["runs"]]
