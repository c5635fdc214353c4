"""The set-up is quick where nothing is missing, and says in one line what to type where it can do no more."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

# What the script itself is written with; nothing of what it is to find or bring.
SHELL_TOOLS = ["sh", "dirname", "env", "id", "sed", "cmp", "cp", "cat"]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The programs of a machine that has neither Python nor uv nor a package manager."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in SHELL_TOOLS:
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    return programs


@pytest.fixture
def clone(project: Path, tmp_path: Path) -> Path:
    """The set-up script in a project where nothing is installed."""
    (tmp_path / "clone" / "tools").mkdir(parents=True)
    shutil.copy(project / "tools" / "setup.sh", tmp_path / "clone" / "tools")
    return tmp_path / "clone"


def program(programs: Path, name: str, script: str) -> None:
    """A program of the machine."""
    (programs / name).write_text(f"#!/bin/sh\n{script}\n")
    (programs / name).chmod(0o755)


def set_up(clone: Path, programs: Path, purpose: str = "demo") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [programs / "sh", "tools/setup.sh", purpose],
        cwd=clone,
        env={"PATH": str(programs), "HOME": str(clone), "POSTGRESQL_BIN": str(programs)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("dnf", "sudo dnf install -y python3 chromium postgresql-server flite sipp baresip"),
        ("pacman", "sudo pacman -S --needed python chromium postgresql flite baresip, and sipp from the AUR"),
        ("zypper", "sudo zypper install python3 chromium postgresql-server flite sipp baresip"),
        ("brew", "brew install python@3.13 postgresql flite sipp baresip && brew install --cask chromium"),
        (
            "none",
            (
                "install Python 3.11 or newer, Chromium, PostgreSQL's server, flite, SIPp and baresip"
                " with your system's package manager"
            ),
        ),
    ],
)
def test_other_systems_are_told_the_one_line_to_type(machine: Path, clone: Path, manager: str, line: str) -> None:
    program(machine, manager, "exit 1")
    done = set_up(clone, machine, "test")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].strip() == line


def test_debian_without_rights_is_told_the_one_line_to_type(machine: Path, clone: Path) -> None:
    program(machine, "apt-get", "echo called >&2; exit 1")
    (machine / "id").unlink()
    program(machine, "id", "echo 1000")
    done = set_up(clone, machine, "test")
    assert done.returncode == 1
    assert "called" not in done.stderr
    assert done.stderr.splitlines()[-1].strip() == (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends "
        "python3 python3-venv chromium fonts-liberation postgresql flite sip-tester baresip-core"
    )


def test_debian_with_rights_installs_only_what_is_missing(machine: Path, clone: Path) -> None:
    """The install here does nothing, so the script goes on to say what is still missing."""
    program(machine, "apt-get", 'echo "$@" >>"$HOME/asked"')
    (machine / "id").unlink()
    program(machine, "id", "echo 0")
    program(machine, "chromium", "exit 0")
    program(machine, "initdb", "exit 0")
    for there in ("flite", "sipp", "baresip"):
        program(machine, there, "exit 0")
    done = set_up(clone, machine, "test")
    assert (clone / "asked").read_text().splitlines() == [
        "update -qq",
        "install -y -qq --no-install-recommends python3 python3-venv",
    ]
    assert done.returncode == 1
    assert "python3.11" in done.stderr


@pytest.mark.parametrize(
    ("purpose", "wanted"), [("test", " postgresql flite sip-tester baresip-core"), ("voice", " flite"), ("demo", "")]
)
def test_debian_s_postgresql_and_telephones_come_for_the_tests_alone_and_flite_for_what_speaks(
    machine: Path, clone: Path, purpose: str, wanted: str
) -> None:
    program(machine, "apt-get", 'echo "$@" "$PGSYSCONFDIR" >>"$HOME/asked"')
    (machine / "id").unlink()
    program(machine, "id", "echo 0")
    program(machine, "chromium", "exit 0")
    set_up(clone, machine, purpose)
    install = (clone / "asked").read_text().splitlines()[1]
    assert install == f"install -y -qq --no-install-recommends python3 python3-venv{wanted} {clone}/tools/debian"


def test_an_install_that_fails_stops_with_the_line(machine: Path, clone: Path) -> None:
    program(machine, "apt-get", "exit 100")
    (machine / "id").unlink()
    program(machine, "id", "echo 0")
    done = set_up(clone, machine)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].strip().endswith("python3 python3-venv")
    assert not (clone / ".venv").exists()


def test_a_python_that_is_too_old_is_not_taken(machine: Path, clone: Path) -> None:
    program(machine, "python3", "exit 1")
    assert set_up(clone, machine).returncode == 1


def test_a_purpose_that_does_not_exist_is_refused(machine: Path, clone: Path) -> None:
    done = set_up(clone, machine, "everything")
    assert (done.returncode, done.stderr) == (2, "usage: tools/setup.sh demo|voice|test|model\n")


def test_set_up_again_says_nothing_and_asks_nobody(project: Path) -> None:
    """Once set up, the demo needs no network; a proxy that is not there stands for its absence."""
    nowhere = "http://127.0.0.1:9"
    done = subprocess.run(
        ["sh", "tools/setup.sh", "test"],
        cwd=project,
        env={**os.environ, "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "ALL_PROXY": nowhere},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
