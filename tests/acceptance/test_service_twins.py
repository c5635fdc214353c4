"""Every spelling of an address and of the key's header: one answer, and no redirect."""

import asyncio
import itertools
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from service_process import KEY, Client, Server, environment

from ringback.testing import ScriptedAgentServer

VERSIONS = ("v1", "v2")
TWINS = ("", "-external")
SLASHES = ("/", "")
HEADERS = ({"X-VOCERA-API-KEY": KEY}, {"X-CEKURA-API-KEY": KEY}, {"Authorization": f"Bearer {KEY}"})


def spellings(family: str, rest: str) -> list[tuple[str, dict[str, str]]]:
    """Each path with each header. Agents have a form of their own in version 2."""
    versions = VERSIONS if family != "aiagents" else ("v1",)
    every = itertools.product(versions, TWINS, SLASHES, HEADERS)
    path, question, query = rest.partition("?")
    return [
        (f"/test_framework/{version}/{family}{twin}/{path}".rstrip("/") + slash + question + query, headers)
        for version, twin, slash, headers in every
    ]


def without_moments(answer: Any) -> Any:
    """The answer without what differs between two run requests that are the same: ids and times."""
    if isinstance(answer, dict):
        moving = ("id", "created_at", "updated_at", "timestamp", "executed_at")
        fields = cast("dict[str, Any]", answer)
        return {name: without_moments(value) for name, value in fields.items() if name not in moving}
    if isinstance(answer, list):
        return [without_moments(value) for value in cast("list[Any]", answer)]
    return answer


class Asker:
    """Reads what is at an address, as it stands."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def __call__(self, path: str, headers: dict[str, str]) -> tuple[int, str]:
        """Status, which may be that of a redirect, and body."""
        async with self._session.get(self._url + path, headers=headers, allow_redirects=False) as response:
            text = await response.text()
            # `next` is absolute and names the address that was asked for.
            text = re.sub(r"/test_framework/v[12]/([a-z-]+?)(-external)?/?\?", r"/\1/?", text)
            return response.status, text


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    server = Server(("serve", "--port", "0"), environment(tmp_path), tmp_path)
    await server.start()
    yield server
    assert await server.stop() == 0, server.lines


async def test_all_spellings_of_all_families_give_the_same_body(server: Server) -> None:
    async with ScriptedAgentServer(otherwise="Certainly.") as agent, aiohttp.ClientSession() as session:
        client, ask = Client(server, session), Asker(server.url, session)
        made = {"agent_name": "Agent", "description": "It answers.", "inbound": True, "websocket_url": agent.url}
        agent_id = (await client.made("/aiagents/", made))["id"]
        script = {"agent": agent_id, "script": ["Hello", "Bye"]}
        scenario = (await client.made("/scenarios/", {**script, "name": "Books"}))["id"]
        profile = (await client.made("/test-profiles/", {"name": "Ada", "agent": agent_id, "information": {"a": 1}}))[
            "id"
        ]
        asked = {"agent_id": str(agent_id), "scenarios": [str(scenario)], "freq": "2"}
        result = (await client.made("/scenarios/run_scenarios_text/", asked))["id"]
        run = next(iter((await client.over(result))["runs"]))

        places = {
            "aiagents": ["", f"{agent_id}"],
            "scenarios": ["", f"{scenario}", f"?agent_id={agent_id}", "json_schema"],
            "results": ["", f"{result}", "result_ids", "?page_size=1", "987654"],
            "runs": ["", f"{run}", f"bulk?run_ids={run}", f"?result_id={result}&status=completed", "?page_size=1"],
            "metrics": ["", "1"],
            "personalities": ["", "1"],
            "test-profiles": ["", f"{profile}"],
        }
        for family, rests in places.items():
            for rest in rests:
                answers = {(path, *headers): await ask(path, headers) for path, headers in spellings(family, rest)}
                first = answers[next(iter(answers))]
                assert first[0] == (404 if rest == "987654" else 200), (family, rest, first)
                assert {spelling: answer for spelling, answer in answers.items() if answer != first} == {}


async def test_all_spellings_of_a_run_request_give_the_same_answer(server: Server) -> None:
    async with ScriptedAgentServer(otherwise="Certainly.") as agent, aiohttp.ClientSession() as session:
        client = Client(server, session)
        made = {"agent_name": "Agent", "description": "It answers.", "inbound": True, "websocket_url": agent.url}
        agent_id = (await client.made("/aiagents/", made))["id"]
        script = {"agent": agent_id, "script": ["Hello", "Bye"]}
        scenario = (await client.made("/scenarios/", {**script, "name": "Books"}))["id"]
        bodies = itertools.cycle(
            [
                {"agent_id": str(agent_id), "scenarios": [str(scenario)], "freq": "2"},
                {"agent_id": agent_id, "scenarios": [scenario], "frequency": 2},
            ]
        )

        async def run(path: str, headers: dict[str, str]) -> Any:
            async with session.post(
                server.url + path, headers=headers, json=next(bodies), allow_redirects=False
            ) as response:
                assert response.status == 201, (path, await response.text())
                return await response.json()

        for operation in ("run_scenarios_text", "run_scenarios"):
            answers = await asyncio.gather(*(run(*spelling) for spelling in spellings("scenarios", operation)))
            assert len(answers) == 24
            assert [without_moments(answer) for answer in answers] == [without_moments(answers[0])] * 24
            assert len({answer["id"] for answer in answers}) == 24
        assert without_moments(answers[0])["runs"][0]["scenario"] == scenario
