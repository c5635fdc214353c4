"""Whatever is sent as a run request, nothing makes the server fail."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from asking import CHAT, SOCKETS, SUITE, TEXT, VALIDATE, VOICE, make_agent, make_scenario
from hypothesis import given, settings
from hypothesis import strategies as st
from running_service import Reply, Service, running, settings_in

FIELDS = (
    "agent_id",
    "agent",
    "assistant_id",
    "project_id",
    "scenarios",
    "tags",
    "folder_path",
    "frequency",
    "freq",
    "name",
    "personality_ids",
    "personality_id",
    "test_profile_ids",
    "test_profile_id",
    "concurrency_limit",
    "mock_tool_names",
    "agent_number",
    "outbound_phone_number",
    "mode",
    "timeout",
    "websocket_url",
    "websocket_headers",
    "spec",
    "channel",
)
LIKELY = (
    "all",
    1,
    2,
    "1",
    "2",
    [1],
    ["1", 2],
    [1, 1],
    0,
    -1,
    2**31,
    2**63,
    10**400,
    1e308,
    True,
    "",
    "0x1",
    "1e3",
    "\u0661",
)

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(LIKELY)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def any_of(fields: Sequence[str]) -> dict[str, st.SearchStrategy[Any]]:
    return dict.fromkeys(fields, VALUES)


BODIES: st.SearchStrategy[Any] = st.fixed_dictionaries({}, optional=any_of(FIELDS)) | st.fixed_dictionaries(
    {"scenarios": st.sampled_from(("all", 1, [1], ["1"])), "agent_id": st.just(1)},
    optional=any_of([field for field in FIELDS if field not in {"scenarios", "agent_id"}]),
)
SCENARIOS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"name": st.text(min_size=1, max_size=5), "script": st.just(["Hello"])},
    optional=any_of(["key", "metrics", "personality", "test_profile", "profiles", "rubric", "frequency"]),
)
SPECS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"version": st.just("1"), "scenarios": st.lists(SCENARIOS, min_size=1, max_size=2)},
    optional=any_of(["defaults", "suite", "personalities", "profiles"]),
)


@contextmanager
def server(folder: Path) -> Generator[tuple[Service, Callable[..., Any]]]:
    """A server with an agent and a scenario, and what waits for one of its coroutines."""
    with asyncio.Runner() as runner:
        context = running(settings_in(folder, requests_per_minute=1_000_000))
        service = runner.run(context.__aenter__())
        try:
            agent = runner.run(make_agent(service))
            runner.run(make_scenario(service, agent, tags=["smoke"]))
            yield service, runner.run
        finally:
            runner.run(context.__aexit__(None, None, None))


def check(reply: Reply) -> None:
    """A success, or a refusal in one of the shapes that clients know."""
    assert reply.status in {200, 201, 400}, reply
    if reply.status == 400:
        body: Any = reply.body
        fields = cast("dict[str, Any]", body if isinstance(body, dict) else {"": body})
        for field, sentences in fields.items():
            listed = [sentences] if field == "detail" else sentences
            assert listed, reply
            assert all(isinstance(sentence, str) for sentence in listed), reply


@pytest.mark.parametrize("path", [TEXT, VOICE, SOCKETS, CHAT])
def test_no_body_of_a_run_request_makes_the_server_fail(tmp_path: Path, path: str) -> None:
    with server(tmp_path) as (service, run):

        @settings(max_examples=60)
        @given(BODIES | VALUES)
        def ask(body: object) -> None:
            check(run(service.post(path, body)))

        ask()


@pytest.mark.parametrize("path", [SUITE, VALIDATE])
def test_no_suite_makes_the_server_fail(tmp_path: Path, path: str) -> None:
    with server(tmp_path) as (service, run):

        @settings(max_examples=60)
        @given(SPECS | VALUES, VALUES | st.none())
        def ask(spec: object, frequency: object) -> None:
            check(run(service.post(path, {"agent_id": 1, "spec": spec, "frequency": frequency})))

        ask()


def test_no_file_makes_the_server_fail(tmp_path: Path) -> None:
    with server(tmp_path) as (service, run):

        @settings(max_examples=50)
        @given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="surrogatepass")))
        def ask(content: bytes) -> None:
            form = aiohttp.FormData()
            form.add_field("agent_id", "1")
            form.add_field("file", content, filename="suite.yaml")
            check(run(service.ask("POST", SUITE, data=form)))

        ask()
