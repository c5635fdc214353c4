"""The soak uses the acceptance tests' processes and clients."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance"))
