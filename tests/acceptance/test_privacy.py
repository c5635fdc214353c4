"""Transcripts are nobody else's business."""

import stat

from command_line import CommandLine

from ringback.testing import ScriptedAgentServer


async def test_a_home_that_no_system_can_name_is_a_sentence(ringback: CommandLine) -> None:
    ringback.write("ringback.toml", '[settings]\nhome = "a\\u0000b"\n')
    done = await ringback("results", "list")
    assert done.code == 2
    assert "embedded null byte" in done.err
    assert "Traceback" not in done.text


async def test_the_home_folder_is_its_owners_alone(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", 'version: "1"\nscenarios: [{name: Hours, script: ["When are you open?"]}]\n')
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url)
    assert done.code == 0, done.text
    assert stat.S_IMODE((ringback.folder / ".ringback").stat().st_mode) == 0o700
