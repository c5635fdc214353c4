"""The workflow that users copy into their own repositories does what its page says."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from command_server import shared
from junitparser import Failure, JUnitXml, TestCase
from ruamel.yaml import YAML

from ringback.testing import ScriptedAgentServer

PROJECT = Path(__file__).parents[2]
SUITE = """
suite:
  name: bicycle shop
scenarios:
  - name: Opening hours
    script: ["When do you close?"]
    checks:
      - type: agent_said
        text: until six
"""


@pytest.fixture(scope="module")
def steps() -> dict[str, str]:
    """The commands of the workflow's named steps."""
    path = PROJECT / "examples" / "ci" / "github-workflow.yml"
    workflow: Any = YAML(typ="safe").load(path)  # pyright: ignore[reportUnknownMemberType] - ruamel has no types
    return {step["name"]: step["run"] for step in workflow["jobs"]["conversations"]["steps"] if "run" in step}


async def carry_out(script: str, folder: Path, agent_url: str) -> tuple[int, str]:
    """A step as a runner carries it out, with a `ringback` that has loaded already; exit code and output."""
    scripts = folder.parent / "scripts"
    scripts.mkdir(exist_ok=True)
    program = scripts / "ringback"
    program.write_text(f'#!/bin/sh\nexec {shared().words} "$@"\n')
    program.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-e", "-o", "pipefail", "-c", script),
        cwd=folder,
        env={
            "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]]),
            "AGENT_URL": agent_url,
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            # Where a repository has no such secret, the runner sets it to nothing.
            "OPENAI_API_KEY": "",
            "RINGBACK_WEBSOCKET_SECRET": "",
            "RINGBACK_CALLER_MODEL": "openai:gpt-4.1-mini",
        },
        pass_fds=[shared().fileno()],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    return process.returncode or 0, output


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository with a suite in it."""
    folder = tmp_path / "repository"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "suite.yaml").write_text(SUITE)
    return folder


def reported(repository: Path) -> list[TestCase]:
    """The test cases of the JUnit report, as another program reads them."""
    report = JUnitXml.fromfile(str(repository / "reports" / "ringback.xml"))  # pyright: ignore[reportUnknownMemberType] - partly typed
    return [case for suite in report for case in suite]


async def test_a_good_agent_passes_and_leaves_reports(steps: dict[str, str], repository: Path) -> None:
    async with ScriptedAgentServer(greeting="Hello.", otherwise="We are open until six.") as agent:
        for name in ("Check the protocol", "Hold the conversations", "Show the summary"):
            code, output = await carry_out(steps[name], repository, agent.url)
            assert code == 0, output
    assert [case.is_passed for case in reported(repository)] == [True] * 5
    assert (repository / "reports" / "ringback.html").exists()
    assert "Opening hours" in (repository / "summary.md").read_text()


async def test_an_agent_that_is_wrong_fails_the_build_and_still_leaves_reports(
    steps: dict[str, str], repository: Path
) -> None:
    async with ScriptedAgentServer(greeting="Hello.", otherwise="We never close.") as agent:
        assert (await carry_out(steps["Hold the conversations"], repository, agent.url))[0] == 1
        assert (await carry_out(steps["Show the summary"], repository, agent.url))[0] == 0
    assert [[type(result) for result in case.result] for case in reported(repository)] == [[Failure]] * 5
    assert "Opening hours" in (repository / "summary.md").read_text()


async def test_an_agent_that_is_not_there_is_exit_3_and_may_be_let_pass(
    steps: dict[str, str], repository: Path
) -> None:
    async with ScriptedAgentServer() as agent:
        gone = agent.url
    assert (await carry_out(steps["Hold the conversations"], repository, gone))[0] == 3
    page = (PROJECT / "docs" / "how-to" / "run-in-ci.md").read_text()
    (lenient,) = [line for line in page.splitlines() if line.endswith("|| [ $? -eq 3 ]")]
    assert (await carry_out(lenient, repository, gone))[0] == 0
