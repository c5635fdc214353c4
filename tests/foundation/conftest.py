"""What the tests of the project as a whole look at."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the project."""
    return PROJECT


@pytest.fixture(scope="session")
def project_files(project: Path) -> list[Path]:
    """Every file that git keeps, or would keep once it is added."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project,
        capture_output=True,
        check=True,
        text=True,
    )
    files = [project / name for name in listing.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


@pytest.fixture(scope="session")
def uv(project: Path) -> str:
    """The uv that the set-up found or brought."""
    found = shutil.which("uv", path=os.pathsep.join([os.environ["PATH"], str(project / ".tools" / "uv" / "bin")]))
    assert found, "tools/setup.sh brings uv"
    return found


@pytest.fixture(scope="session")
def scripts() -> Path:
    """Where the development tools are installed."""
    return Path(sysconfig.get_path("scripts"))
