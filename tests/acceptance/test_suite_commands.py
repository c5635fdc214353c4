"""`ringback init`, `validate`, `schema` and the root command."""

import json

import pytest
from command_line import CommandLine


@pytest.mark.measured
async def test_init_writes_a_suite_that_is_valid_and_leaves_existing_files_alone(ringback: CommandLine) -> None:
    first = await ringback("init")
    assert first.code == 0, first.text
    suite = ringback.folder / "suite.yaml"
    assert suite.exists()
    assert (ringback.folder / "ringback.toml").exists()
    assert (await ringback("validate", "suite.yaml")).code == 0
    suite.write_text("mine", encoding="utf-8")
    await ringback("init")
    assert suite.read_text(encoding="utf-8") == "mine"


@pytest.mark.measured
async def test_a_wrong_suite_lists_all_its_errors_with_line_and_remedy(ringback: CommandLine) -> None:
    ringback.write(
        "suite.yaml",
        'version: "1"\nscenarios:\n  - name: A\n    script: ["x"]\n    chekcs: []\n  - name: A\n    frequency: many\n',
    )
    for command in (("validate", "suite.yaml"), ("run", "suite.yaml", "--agent", "ws://127.0.0.1:1/")):
        done = await ringback(*command)
        assert done.code == 2, done.text
        assert "suite.yaml:5:" in done.err
        assert "checks" in done.err
        assert "frequency" in done.err
        assert "Traceback" not in done.text


async def test_schema_prints_a_json_schema(ringback: CommandLine) -> None:
    done = await ringback("schema")
    assert json.loads(done.out)["properties"]["scenarios"]


@pytest.mark.parametrize(
    "command",
    [(), ("run",), ("chat",), ("check-agent",), ("results",), ("results", "compare"), ("agent", "demo"), ("init",)],
)
async def test_help_teaches(ringback: CommandLine, command: tuple[str, ...]) -> None:
    done = await ringback(*command, "--help")
    assert done.code == 0
    assert "Usage" in done.out


async def test_help_imports_nothing_heavy(ringback: CommandLine) -> None:
    done = await ringback("--help", PYTHONPROFILEIMPORTTIME="1")
    heavy = {"aiohttp", "pydantic", "pydantic_ai", "scipy", "sqlalchemy", "rich.console", "jinja2", "ruamel.yaml"}
    imported = {line.rpartition("|")[2].strip() for line in done.err.splitlines() if line.startswith("import time")}
    assert not imported & heavy


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (("run",), "suite"),
        (("run", "missing.yaml", "--agent", "ws://x"), "missing.yaml"),
        (("run", "suite.yaml", "--agent", "nobody"), "nobody"),
        (("run", "suite.yaml", "--agent", "http://127.0.0.1:1"), "ws://"),
        (("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--header", "novalue"), "KEY=VALUE"),
        (("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--secret", "literal"), "env:"),
        (("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--secret", "env:MISSING"), "MISSING"),
        (("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--only", "nobody"), "nobody"),
        (("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--tag", "nobody"), "Tags in use"),
        (("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--baseline", "99"), "99"),
        (("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--html", "."), "folder"),
        (("run", "--resume", "99", "--agent", "ws://127.0.0.1:1"), "99"),
        (("results", "show", "99"), "99"),
        (("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--no-such-flag"), "--no-such-flag"),
    ],
)
async def test_a_users_mistake_is_a_sentence_and_exit_2(
    ringback: CommandLine, command: tuple[str, ...], word: str
) -> None:
    ringback.write("suite.yaml", 'version: "1"\nscenarios: [{name: A, script: ["x"], tags: [smoke]}]\n')
    done = await ringback(*command)
    assert done.code == 2, done.text
    assert word in done.text
    assert "Traceback" not in done.text
    assert "literal" not in done.err.replace("env:NAME", "")


async def test_wrong_settings_are_named(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", 'version: "1"\nscenarios: [{name: A, script: ["x"]}]\n')
    done = await ringback("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", RINGBACK_SETTLE="soon")
    assert done.code == 2
    assert "RINGBACK_SETTLE" in done.err
