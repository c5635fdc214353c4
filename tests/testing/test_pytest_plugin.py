"""The fixtures that users get, and the servers beside tests that are not async."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

import ringback.testing
from ringback.testing import Asked, ScriptedAgentServer, ScriptedModelServer, in_thread

USERS_TEST = """
import json
import urllib.request


def test_a_model_and_an_agent_are_there(agent_server, model_server):
    agent = agent_server(greeting="Hello.")
    assert agent.url.startswith("ws://127.0.0.1:")
    model = model_server("I see.")
    other = model_server("Indeed.")
    said = []
    for server in (model, other):
        data = json.dumps({"messages": []}).encode()
        with urllib.request.urlopen(f"{server.url}/chat/completions", data) as response:
            said.append(json.load(response)["choices"][0]["message"]["content"])
    assert said == ["I see.", "Indeed."]
    assert len(model.requests) == 1
"""


def ask(url: str) -> str:
    with urllib.request.urlopen(f"{url}/chat/completions", b'{"messages": []}') as response:  # noqa: S310 - loopback
        return str(json.load(response)["choices"][0]["message"]["content"])


def test_pytest_finds_the_fixtures_by_itself(tmp_path: Path) -> None:
    (tmp_path / "test_users.py").write_text(USERS_TEST)
    others = ["-p", "no:asyncio", "-p", "no:schemathesis"]  # are installed here, and take longer to load than pytest
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", *others, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_costs_pytest_nothing_to_load() -> None:
    program = (
        "import sys; import ringback.testing.pytest_plugin; "
        "print([m for m in ('aiohttp', 'pydantic', 'asyncio') if m in sys.modules and m != 'asyncio'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_fixtures_work_here_too(
    agent_server: Callable[..., ScriptedAgentServer], model_server: Callable[..., ScriptedModelServer]
) -> None:
    assert agent_server().url != agent_server().url
    assert ask(model_server("Yes.").url) == "Yes."


def test_a_server_in_a_thread_takes_rules_while_it_runs() -> None:
    with in_thread(ScriptedModelServer("Before.")) as model:
        assert ask(model.url) == "Before."
        model.on("", "After.")
        assert ask(model.url) == "After."
    assert len(model.requests) == 2


def test_a_port_that_is_taken_is_told_at_the_start() -> None:
    with (
        in_thread(ScriptedModelServer()) as model,
        pytest.raises(OSError, match="address already in use"),
        in_thread(ScriptedModelServer(port=model.port)),
    ):
        pass


def test_a_fault_in_the_script_is_raised_at_the_end() -> None:
    def broken(_: Asked) -> str:
        raise LookupError("a mistake in the script")

    with (
        pytest.raises(LookupError, match="a mistake"),
        in_thread(ScriptedModelServer(broken)) as model,
        pytest.raises(OSError, match="500"),
    ):
        ask(model.url)


def test_every_public_name_can_be_imported() -> None:
    for name in ringback.testing.__all__:
        assert getattr(ringback.testing, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ringback.testing.nothing  # pyright: ignore[reportUnknownVariableType, reportAttributeAccessIssue] - that is the point
