"""Lets tests import what drives the other side of a telephone call."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
