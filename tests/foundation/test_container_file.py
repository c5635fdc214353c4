"""The container file is sound as far as that can be shown without a container engine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ringback.settings import Settings


def instructions(project: Path, keyword: str) -> list[list[str]]:
    """The words of each instruction of this keyword."""
    text = (project / "Containerfile").read_text().replace("\\\n", " ")
    return [words[1:] for line in text.splitlines() if (words := line.split()) and words[0] == keyword]


@pytest.fixture
def copied(project: Path) -> list[str]:
    """What the container file copies out of the project."""
    return [name for words in instructions(project, "COPY") if not words[0].startswith("--") for name in words[:-1]]


def test_the_linter_has_nothing_to_say(project: Path, scripts: Path) -> None:
    lint = subprocess.run(
        [scripts / "hadolint", "Containerfile"], cwd=project, capture_output=True, text=True, check=False
    )
    assert (lint.returncode, lint.stdout) == (0, "")


def test_the_build_is_given_what_it_copies_and_nothing_else(project: Path, copied: list[str]) -> None:
    lines = (project / ".dockerignore").read_text().split()
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied)
    assert "*" in lines


def test_the_image_runs_as_a_user_without_rights(project: Path) -> None:
    assert instructions(project, "USER") == [["1000"]]


def test_the_image_can_speak_and_hear_with_the_settings_that_nobody_made(project: Path) -> None:
    speaks, hears = Settings().text_to_speech.partition(":")[0], Settings().speech_to_text
    steps = [" ".join(words) for words in instructions(project, "RUN")]
    assert any(f"apt-get install --yes --no-install-recommends {speaks}=" in step for step in steps)
    assert all(f"--extra {hears}" in step for step in steps if step.startswith("uv sync"))


def test_the_files_that_are_copied_suffice_to_install(
    project: Path, copied: list[str], uv: str, tmp_path: Path
) -> None:
    """The steps of the build, carried out in a folder in place of an image."""
    for name in copied:
        source = project / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path)
    steps = [words[1:] for words in instructions(project, "RUN") if words[0] == "uv"]
    assert len(steps) == 2
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL_ENV"))}
    for step in steps:
        done = subprocess.run(
            [uv, *step, "--offline"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    version = subprocess.run(
        [tmp_path / ".venv" / "bin" / "python", "-c", "import pocketsphinx, ringback; print(ringback.__file__)"],
        cwd=tmp_path / ".venv",
        capture_output=True,
        check=True,
        text=True,
    )
    assert "site-packages" in version.stdout
