"""Where the output goes: readers that leave, full disks, closed streams, old encodings; and what lands in a log."""

import asyncio
import json
import os

import pytest
from command_line import RINGBACK, CommandLine

from ringback.testing import ScriptedAgentServer

SUITE = 'version: "1"\nscenarios: [{name: Hours, script: ["When are you open?"]}]\n'


async def _shell(
    ringback: CommandLine, line: str, program: str = f"'{RINGBACK}'", **environment: str
) -> tuple[int | None, str, str]:
    """Run a line of bash in the folder; the code of `RB`, which is the program, where it is the first of a pipe."""
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        f'RB() {{ {program} "$@"; }}\n{line}\nexit ${{PIPESTATUS[0]}}',
        cwd=ringback.folder,
        env=ringback.environment | environment,
        pass_fds=[ringback.server.fileno()],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("verbosity", ["", "--verbose"])
async def test_a_reader_that_leaves_does_not_stop_the_run(ringback: CommandLine, verbosity: str) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        line = f"RB run suite.yaml --agent {agent.url} {verbosity} --json r.json | true"
        code, _, err = await _shell(ringback, line, ringback.server.words)
    assert (code, err) == (0, "")
    assert json.loads((ringback.folder / "r.json").read_text(encoding="utf-8"))["summary"]["exit_code"] == 0


@pytest.mark.parametrize("verbosity", ["", "--verbose"])
async def test_a_full_disk_under_the_output_harms_no_run_and_is_told(ringback: CommandLine, verbosity: str) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        line = f"RB run suite.yaml --agent {agent.url} {verbosity} --json r.json > /dev/full"
        code, _, err = await _shell(ringback, line, ringback.server.words)
    assert code == 2
    assert "could not be written to its end: No space left" in err
    assert "Traceback" not in err
    assert json.loads((ringback.folder / "r.json").read_text(encoding="utf-8"))["summary"]["exit_code"] == 0


async def test_closed_streams_are_no_trouble(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        code, _, err = await _shell(ringback, f"RB run suite.yaml --agent {agent.url} <&- >&- 2>&-")
    assert (code, err) == (0, "")
    for closed in (">&-", "<&-", "2>&-"):
        code, _, err = await _shell(ringback, f"RB validate suite.yaml {closed}")
        assert (code, err) == (0, ""), closed


async def test_what_an_encoding_lacks_is_written_in_plain_signs(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="naïve → \U0001f642") as agent:
        code, out, err = await _shell(
            ringback, f"RB run suite.yaml --agent {agent.url} --verbose", PYTHONIOENCODING="ascii"
        )
    assert (code, err) == (0, "")
    assert "+ Hours  passed" in out
    assert "na\\xefve -> \\U0001f642" in out


async def test_what_an_agent_says_begins_no_line_of_a_log(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="well\n::error::forged\n✓ Hours  passed\r\n99 of 99 passed") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url, "--verbose")
        shown = await ringback("results", "show", "1", "--verbose")
    for text in (done.out, shown.out):
        assert "well ⏎ ::error::forged ⏎ ✓ Hours  passed ⏎ 99 of 99 passed" in text
        assert not any(line.strip().startswith(("::", "99")) for line in text.splitlines())


async def test_a_report_goes_through_links_and_pipes_and_leaves_them_in_place(ringback: CommandLine) -> None:
    """A rename over them would replace `/dev/null` or `/dev/stdout` with a file."""
    ringback.write("suite.yaml", SUITE)
    target = ringback.write("target.json", "")
    link, pipe = ringback.folder / "link.json", ringback.folder / "pipe"
    link.symlink_to(target)
    os.mkfifo(pipe)
    reader = await asyncio.create_subprocess_exec("cat", str(pipe), stdout=asyncio.subprocess.PIPE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url, "--json", link, "--junit", pipe)
    read, _ = await reader.communicate()
    assert done.code == 0, done.text
    assert link.is_symlink()
    assert json.loads(target.read_text(encoding="utf-8"))["summary"]["exit_code"] == 0
    assert pipe.is_fifo()
    assert read.startswith(b"<?xml")
