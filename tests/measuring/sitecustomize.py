"""Measures coverage in a process that a test starts: Python loads this first where its folder is on PYTHONPATH.

`COVERAGE_SOURCES` names the folders of the modules, `COVERAGE_FOLDER` is where the process leaves at its end what was
carried out.
"""

import atexit
import os
from pathlib import Path

from measured import measure

atexit.register(measure(os.environ["COVERAGE_SOURCES"].split(os.pathsep), Path(os.environ["COVERAGE_FOLDER"])))
