"""Secrets are planted everywhere, and then searched for in everything that anybody can read."""

import asyncio
import base64
import contextlib
import html
import json
import os
import pty
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from command_line import CommandLine
from command_server import CommandServer
from planted import Planted, postgresql_tables, sqlite_files
from service_process import V1, Client, Process, Server, environment

from ringback.storage.sealing import new_key
from ringback.testing import ScriptedModelServer
from ringback.testing.model_answers import Asked, RawAnswer

# Each with characters that JSON, URLs and pages write in another way.
API_KEY = 'api"key/of=the+settings-1'
DEFAULT_SECRET = 'default"websocket/secret=+2'
ENCRYPTION_KEY = new_key()
MODEL_KEY = "sk-model/key=+of-the-provider-3"
DATABASE_PASSWORD = "database-password-4"
OWN_SECRET = 'own"secret/of=the+agent-5'
HEADER = 'header"of/the=agent+6'
PER_RUN_HEADER = 'header"of/one=run+7'
URL_PASSWORD = "password-of-the-url-8"
URL_TOKEN = "token-of-the-url-9"
VENDOR_KEY = 'vendor"key/=+10'
SECRETS = {name: value for name, value in globals().items() if name.isupper() and name != "V1"}


@dataclass
class GossipingAgent:
    """An agent that says, in every way there is, what it was sent in the handshake."""

    handshakes: dict[str, list[dict[str, str]]] = field(default_factory=dict[str, list[dict[str, str]]])
    """Headers that came, by path."""
    port: int = 0

    def url(self, path: str) -> str:
        """With a password and a token in it."""
        return f"ws://me:{URL_PASSWORD}@127.0.0.1:{self.port}/{path}?token={URL_TOKEN}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Refuse, or talk."""
        headers = dict(request.headers)
        self.handshakes.setdefault(request.path, []).append(headers)
        gossip = " | ".join([*headers.values(), request.path_qs, str(request.url)])
        if request.path == "/refuses":
            return web.Response(status=401, reason=gossip.replace("\n", " "), text=json.dumps(headers))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"content": gossip, "metadata": {"headers": headers, gossip: gossip}})
        async for message in socket:
            if json.loads(message.data).get("type") == "end_call":
                break
            call = {"id": "1", "name": gossip, "arguments": json.dumps(headers)}
            await socket.send_json({"role": "Function Call", "data": call})
            result = {"id": "1", "name": gossip, "result": json.dumps({"said": headers})}
            await socket.send_json({"role": "Function Call Result", "data": result})
            await socket.send_str(gossip)  # no JSON, which is recorded, too
            await socket.send_json({"content": json.dumps(headers)})
            if request.path == "/drops":
                await socket.close(code=1011, message=gossip.encode()[:120])
        return socket


@contextlib.asynccontextmanager
async def gossiping_agent() -> AsyncGenerator[GossipingAgent]:
    agent = GossipingAgent()
    application = web.Application()
    application.router.add_get("/{path:.*}", agent.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    agent.port = int(runner.addresses[0][1])
    try:
        yield agent
    finally:
        await runner.cleanup()


class Watched(Client):
    """A client that looks at every byte of what it gets."""

    planted: Planted
    found: list[str]

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """As `Client`, and note secrets that came back."""
        sent = {"X-VOCERA-API-KEY": self.key, **headers}
        given: dict[str, Any] = {"data": body} if isinstance(body, str | bytes) else {"json": body}
        url = path if path.startswith("http") else self.server.url + path
        async with self.session.request(method, url, headers=sent, **given) as response:
            raw = await response.read()
            place = f"{method} {path} ({response.status})"
            self.found += self.planted.found_in(place, raw)
            self.found += self.planted.found_in(f"headers of {place}", "\n".join(response.headers.values()))
            with contextlib.suppress(ValueError):
                return response.status, json.loads(raw)
            return response.status, raw.decode()


def scenarios(agent: int) -> Iterator[dict[str, Any]]:
    """One that passes, one that fails, two that are judged."""
    talk = {"agent": agent, "script": ["Hello", "Bye"]}
    yield {**talk, "name": "Passes"}
    yield {**talk, "name": "Fails", "checks": [{"type": "agent_said", "text": "never said"}]}
    yield {**talk, "name": "Judged", "expected_outcome_prompt": "The agent is polite."}
    yield {**talk, "name": "Not judged", "expected_outcome_prompt": "BREAK the judge."}
    yield {"agent": agent, "name": "Played", "instructions": "BREAK the caller.", "first_message": "Hello"}


async def make(client: Watched, agent: GossipingAgent, kind: str, **more: Any) -> tuple[int, list[int]]:
    """An agent that behaves in one way, and scenarios for it."""
    body = {
        "agent_name": f"Agent that {kind}",
        "description": "It gossips.",
        "inbound": True,
        "websocket_url": agent.url(kind),
        "websocket_headers": {"X-Token": f"Bearer {HEADER}"},
        "vapi_api_key": VENDOR_KEY,
        "sip_auth": {"user": "me", "password": VENDOR_KEY},
        **more,
    }
    made = await client.made("/aiagents/", body)
    return made["id"], [(await client.made("/scenarios/", one))["id"] for one in scenarios(made["id"])]


async def malformed(client: Watched, agent: int) -> None:
    """Requests that are wrong, with secrets in them."""
    for path in (f"{V1}/aiagents/", f"{V1}/aiagents/{agent}/", "/test_framework/v2/aiagents/"):
        for body in (
            f'{{"websocket_secret": "{DATABASE_PASSWORD}", ',
            json.dumps({"websocket_secret": {"a": OWN_SECRET}, "websocket_headers": [HEADER], "agent_name": 7}),
            json.dumps({"websocket_headers": {"X-Token": {"deep": HEADER}, "Bad\nname": HEADER}}),
            json.dumps(
                {"websocket_url": f"http://me:{URL_PASSWORD}@/?token={URL_TOKEN}", "vapi_api_key": [VENDOR_KEY]}
            ),
            json.dumps({"provider": {"credentials": {"api_key": [VENDOR_KEY]}, "chat_agent_details": OWN_SECRET}}),
        ):
            status, _ = await client("POST" if path.endswith("aiagents/") else "PATCH", path, body)
            assert status == 400, body
    for url in (f"http://me:{URL_PASSWORD}@127.0.0.1/?token={URL_TOKEN}", f"ws://me:{URL_PASSWORD}@"):
        asked = {"agent_id": agent, "scenarios": "all", "websocket_url": url, "websocket_headers": {"X\n": HEADER}}
        assert (await client("POST", f"{V1}/scenarios/run_scenarios_text/", asked))[0] == 400
    for path in (f"{V1}/results/{quote(MODEL_KEY, safe='')}/", f"{V1}/runs/?api_key={quote(API_KEY)}"):
        await client("GET", path)  # a key in an address is in no log for all that
    for wrong in (MODEL_KEY, DEFAULT_SECRET):  # keys that open nothing here
        assert (await client("GET", f"{V1}/results/", None, **{"X-VOCERA-API-KEY": wrong}))[0] == 401


async def read_everything(client: Watched, results: list[int], agents: list[int]) -> None:
    """Ask for all that can be read."""
    v2 = "/test_framework/v2"
    paths = [f"{V1}/{family}/" for family in ("aiagents", "scenarios", "results", "runs", "metrics", "personalities")]
    paths += [f"{v2}/aiagents/", f"{V1}/test-profiles/", "/user/api/v1/user-api-key/", f"{V1}/results/result_ids/"]
    paths += [f"{base}/aiagents/{number}/" for number in agents for base in (V1, v2)]
    paths += ["/openapi.json", "/metrics", "/healthz", "/healthz/ready", f"{V1}/results/987654/", f"{V1}/nowhere/"]
    for result in results:
        _, detail = await client("GET", f"{V1}/results/{result}/")
        runs = list(detail["runs"])
        paths += [f"{V1}/runs/{run}/" for run in runs] + [f"{V1}/runs/bulk/?run_ids={','.join(runs)}"]
        paths += [f"{V1}/results/export_result_runs/?result_id={result}&format={form}" for form in ("csv", "json")]
        paths += [f"{V1}/results/{result}/events/"]
        _, link = await client("POST", f"{V1}/results/{result}/create_shareable_link_token/", {})
        paths.append(link["shareable_link"])
    for path in paths:
        status, _ = await client("GET", path)
        assert status in (200, 404), path


async def use(client: Watched, agent: GossipingAgent) -> list[dict[str, Any]]:
    """Make agents, try them, run them, ask wrongly, and read everything; the results' details."""
    own = {"websocket_secret": OWN_SECRET}
    agents = {path: await make(client, agent, path, **own) for path in ("talks", "drops", "refuses")}
    agents["bare"] = await make(client, agent, "bare", websocket_headers={})
    per_run = {"websocket_headers": {"X-Run": PER_RUN_HEADER}}
    results: list[int] = []
    for number, tests in agents.values():
        asked: dict[str, Any] = {"agent_id": number, "scenarios": tests[:2] if results else tests, **per_run}
        results.append((await client.made("/scenarios/run_scenarios_text/", asked))["id"])
    for name in ("talks", "bare"):
        asked = {"agent_id": agents[name][0], "scenarios": agents[name][1][:1], **per_run}
        asked["websocket_url"] = agent.url(f"elsewhere-{name}")
        results.append((await client.made("/scenarios/run_scenarios_text/", asked))["id"])
        verify = {"websocket_url": agent.url(f"unsaved-{name}"), **(own if name == "talks" else {})}
        status, told = await client("POST", f"{V1}/aiagents/verify-websocket/", verify)
        assert (status, told["success"]) == (200, True), told
    results.append((await client("POST", f"{V1}/results/{results[0]}/rerun/", {}))[1]["id"])
    await malformed(client, agents["talks"][0])
    details = [await client.over(result) for result in results]
    await read_everything(client, results, [number for number, _ in agents.values()])
    return details


async def reports(reading: CommandLine, result: int) -> list[tuple[str, str]]:
    """Every form of a result's report."""
    forms = ("junit", "html", "markdown", "json")
    exports = [reading("results", "export", result, "--format", form) for form in forms]
    written = await asyncio.gather(*exports)
    assert {report.code for report in written} == {0}, written
    return [(f"{form} report", report.text) for form, report in zip(forms, written, strict=True)]


def model_answer(asked: Asked) -> Any:
    """A model that tells its key, in errors as in answers."""
    if "BREAK" in asked.said_by():
        return RawAnswer(401, json.dumps({"error": {"message": f"Incorrect API key provided: {MODEL_KEY}."}}))
    return f"I see. {MODEL_KEY}"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_no_secret_is_in_any_log_line_answer_report_or_column(
    kind: str, request: pytest.FixtureRequest, command_server: CommandServer, tmp_path: Path
) -> None:
    url: str | None = None
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql_url").replace("@", f":{DATABASE_PASSWORD}@", 1)

    def kept() -> Iterable[tuple[str, bytes]]:
        return postgresql_tables(url) if url else sqlite_files(tmp_path / "home")

    async with (
        gossiping_agent() as agent,
        ScriptedModelServer(otherwise=model_answer, api_key=MODEL_KEY) as model,
        aiohttp.ClientSession() as session,
    ):
        seen = environment(
            tmp_path,
            url,
            RINGBACK_API_KEY=API_KEY,
            RINGBACK_WEBSOCKET_SECRET=DEFAULT_SECRET,
            RINGBACK_ENCRYPTION_KEY=ENCRYPTION_KEY,
            RINGBACK_CALLER_MODEL="openai:scripted",
            RINGBACK_CALLER_BASE_URL=model.url,
            OPENAI_API_KEY=MODEL_KEY,
            RINGBACK_OPENING_WAIT="0.3",
            RINGBACK_SETTLE="0.05",
        )
        server = Server(("serve", "--port", "0"), seen, tmp_path)
        processes = [server, Process(("worker",), seen, tmp_path)] if url else [server]
        for process in processes:
            await process.start()
        created = await Client(server, session, API_KEY)(
            "POST", "/user/api/v1/user-api-key/", {"name": "CI", "scope": "admin"}
        )
        client = Watched(server, session, created[1]["key"])  # which is shown that once
        client.planted, client.found = Planted({**SECRETS, "created key": client.key}), []
        try:
            details = await use(client, agent)
            places: list[tuple[str, str | bytes]] = [(f"{place}, in use", data) for place, data in kept()]
        finally:
            codes = [await process.stop() for process in processes]
    assert set(codes) == {0}, [process.lines for process in processes]

    logs = ["\n".join(process.lines) for process in processes]
    places += [*kept(), *zip(("log of the server", "log of the worker"), logs, strict=False)]
    places += await reports(CommandLine(tmp_path, seen, command_server), details[0]["id"])
    found = client.found + [line for place, data in places for line in client.planted.found_in(place, data)]
    assert found == [], "\n".join({line.partition(": …")[0]: line for line in found}.values())

    # There was something to be found: the agent told it all, and the masks are there.
    assert json.dumps(details[0]).count("[secret]") > 10
    statuses = [detail["status"] for detail in details]
    assert statuses == ["completed", "completed", "failed", *["completed"] * 4]
    assert who_was_told(agent, "X-VOCERA-SECRET") == {
        "/talks": {OWN_SECRET},
        "/drops": {OWN_SECRET},
        "/refuses": {OWN_SECRET},
        "/bare": {DEFAULT_SECRET},
        "/elsewhere-talks": {OWN_SECRET},
        "/elsewhere-bare": {None},
        "/unsaved-talks": {OWN_SECRET},
        "/unsaved-bare": {None},
    }
    for path, handshakes in agent.handshakes.items():
        assert API_KEY not in str(handshakes), path
        if path.startswith(("/elsewhere", "/unsaved")):
            assert DEFAULT_SECRET not in str(handshakes), path


async def test_no_secret_is_in_the_lines_that_a_terminal_shows(tmp_path: Path) -> None:
    terminal, stderr = pty.openpty()
    seen = environment(tmp_path, RINGBACK_API_KEY=API_KEY, RINGBACK_ENCRYPTION_KEY=ENCRYPTION_KEY)
    server = Server(("serve", "--port", "0"), seen, tmp_path, stderr=stderr)
    async with gossiping_agent() as agent, aiohttp.ClientSession() as session:
        await server.start()
        client = Watched(server, session, API_KEY)
        client.planted, client.found = Planted(SECRETS), []
        try:
            number, tests = await make(client, agent, "refuses", websocket_secret=OWN_SECRET)
            asked = {"agent_id": number, "scenarios": tests[:2], "websocket_headers": {"X-Run": PER_RUN_HEADER}}
            await client.over((await client.made("/scenarios/run_scenarios_text/", asked))["id"])
            await malformed(client, number)
        finally:
            code = await server.stop()
    os.set_blocking(terminal, False)
    shown = b""
    with contextlib.suppress(BlockingIOError):
        while True:
            shown += os.read(terminal, 65536)
    os.close(stderr)
    os.close(terminal)
    assert code == 0
    assert b"INFO" in shown
    assert b'{"time"' not in shown
    assert client.found + client.planted.found_in("the terminal", shown) == []


def test_secrets_are_found_however_they_are_written() -> None:
    planted = Planted({"it": API_KEY})
    encoded = [base64.b64encode(f"{'x' * offset}{API_KEY}, and more".encode()) for offset in range(3)]
    written = [json.dumps(json.dumps(API_KEY)), quote(API_KEY), html.escape(API_KEY), *encoded]
    assert [len(planted.found_in("here", text)) for text in written] == [1] * len(written)


def who_was_told(agent: GossipingAgent, header: str) -> dict[str, set[str | None]]:
    """The values of a header that came, by path."""
    return {
        path: {next((value for name, value in headers.items() if name.upper() == header), None) for headers in all_}
        for path, all_ in agent.handshakes.items()
    }
