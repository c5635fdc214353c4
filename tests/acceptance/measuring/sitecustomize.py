"""Measures coverage in a process that a test starts: Python loads this first where its folder is on PYTHONPATH.

`COVERAGE_SOURCES` names the folders of the modules, `COVERAGE_FOLDER` is where the process leaves at its end what was
carried out.
"""

import atexit
import json
import os
import tomllib
from pathlib import Path

from slipcover import FileMatcher, ImportManager, Slipcover  # pyright: ignore[reportMissingTypeStubs] - it has none

_CHOSEN = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["tool"]["slipcover"]
_seen = Slipcover(branch=_CHOSEN["branch"], exclude_also=_CHOSEN["exclude-also"])
ImportManager(_seen, FileMatcher(sources=os.environ["COVERAGE_SOURCES"].split(os.pathsep))).__enter__()


@atexit.register
def _leave() -> None:  # pyright: ignore[reportUnusedFunction] - called at the end
    left = Path(os.environ["COVERAGE_FOLDER"]) / f"{os.getpid()}.json"
    left.write_text(json.dumps(_seen.get_coverage()), encoding="utf-8")
