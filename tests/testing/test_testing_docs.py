"""Every example of the page on `ringback.testing` runs, and the page names everything that there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ringback.testing

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "testing.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"example {number}" for number in range(1, len(EXAMPLES) + 1)])
def test_an_example_of_the_page_runs(example: str, tmp_path: Path) -> None:
    file = tmp_path / "test_example.py"
    file.write_text(example, encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # Of the plugins that happen to be installed here, one takes half as long to load as pytest.
    pytest_alone = ["-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:schemathesis"]
    program = pytest_alone if "def test_" in example else ["-W", "error"]
    done = subprocess.run(
        [sys.executable, *program, str(file)],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_names_everything_that_can_be_imported() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in ringback.testing.__all__ if f"`{name}" not in page and f"{name}(" not in page] == []
