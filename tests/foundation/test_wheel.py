"""Ringback installs without a clone: from a wheel, in an environment of its own, with no project nearby."""

import contextlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
from junitparser import JUnitXml


def carry_out(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a stranger would: without the environment of this project."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL_ENV"))}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def succeed(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command that must succeed; its output."""
    done = carry_out(command, folder)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(project: Path, uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [uv, "build", "--wheel", "--offline", "--no-build-isolation", "--python", sys.executable]
    succeed([*build, "--out-dir", folder], project)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def ringback(project: Path, uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel into a clean environment; all packages come from uv's cache."""
    folder = tmp_path_factory.mktemp("installed")
    packages = folder / "pylock.toml"
    python = folder / "venv" / "bin" / "python"
    export = [uv, "export", "--quiet", "--offline", "--locked", "--no-dev", "--no-emit-project"]
    succeed([*export, "--format", "pylock.toml", "--output-file", packages], project)
    succeed([uv, "venv", "--offline", "--python", sys.executable, folder / "venv"], folder)
    succeed([uv, "pip", "sync", "--offline", "--python", python, packages], folder)
    succeed([uv, "pip", "install", "--offline", "--no-deps", "--python", python, wheel], folder)
    # What the wheel says it needs is what the lock file brought.
    succeed([uv, "pip", "check", "--python", python], folder)
    return folder / "venv" / "bin" / "ringback"


@contextlib.contextmanager
def demo_agent(ringback: Path, folder: Path) -> Generator[str]:
    """The demo agent as a process of its own; its URL."""
    with subprocess.Popen(
        [ringback, "agent", "demo", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "ws://" in line, line
            yield next(word for word in line.split() if word.startswith("ws://"))
        finally:
            process.terminate()


def test_the_wheel_holds_the_package_and_its_licence_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"ringback"}
    assert "ringback/py.typed" in names
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}
    assert not [name for name in names if "__pycache__" in name or "node_modules" in name]


def test_a_newcomer_gets_from_the_wheel_to_a_report(ringback: Path, tmp_path: Path) -> None:
    """`init`, then `run` against a running agent, in an empty folder."""
    assert succeed([ringback, "--version"], tmp_path).startswith("ringback ")
    succeed([ringback, "init"], tmp_path)
    assert {"suite.yaml", "ringback.toml"} <= {path.name for path in tmp_path.iterdir()}
    succeed([ringback, "validate", "suite.yaml"], tmp_path)
    with demo_agent(ringback, tmp_path) as url:
        run = [ringback, "run", "suite.yaml", "--agent", url]
        succeed([*run, "--junit", "report.xml", "--html", "report.html"], tmp_path)
    suites = JUnitXml.fromfile(str(tmp_path / "report.xml"))  # pyright: ignore[reportUnknownMemberType] - partly typed
    cases = [case for suite in suites for case in suite]
    assert cases
    assert all(case.is_passed for case in cases)
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
