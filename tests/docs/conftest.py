"""The tests of this folder share `pages`, `reader` and `a_model`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    """A language model on the loopback that plays callers and judges, so that nothing leaves this machine."""
    from a_model import scripted_model

    from ringback.testing import in_thread

    with in_thread(scripted_model()) as model:
        yield model.url
