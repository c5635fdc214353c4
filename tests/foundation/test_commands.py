"""`make help` is the whole manual, and continuous integration runs what a developer runs."""

import re
import subprocess
from pathlib import Path

from ruamel.yaml import YAML


def test_help_has_one_line_for_every_target(project: Path) -> None:
    targets = re.findall(r"^([a-z][a-z-]*):", (project / "Makefile").read_text(), re.MULTILINE)
    listing = subprocess.run(["make", "help"], cwd=project, capture_output=True, text=True, check=True).stdout
    described = dict(line.split(maxsplit=1) for line in listing.splitlines())
    assert list(described) == targets
    assert all(described.values())
    assert {"demo", "test", "bench", "test-model", "help"} <= set(targets)


def test_the_bare_command_is_help(project: Path) -> None:
    listings = [
        subprocess.run(["make", *target], cwd=project, capture_output=True, text=True, check=True).stdout
        for target in ([], ["help"])
    ]
    assert listings[0] == listings[1]


def test_continuous_integration_runs_make_test_and_nothing_else(project: Path) -> None:
    lines = (project / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
    workflow = YAML(typ="safe").load(project / ".github" / "workflows" / "ci.yml")  # pyright: ignore[reportUnknownMemberType] - untyped
    assert workflow["jobs"]["test"]["steps"][-1] == {"run": ".ci/run"}


def test_the_linter_of_shell_scripts_has_nothing_to_say(
    project: Path, scripts: Path, project_files: list[Path]
) -> None:
    shell = [file for file in project_files if file.suffix == ".sh"]
    lint = subprocess.run(
        [scripts / "shellcheck", project / ".ci" / "run", *shell], capture_output=True, text=True, check=False
    )
    assert (lint.returncode, lint.stdout) == (0, "")
