"""Telephones on the loopback, and what drives the other side of their calls."""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from real_calls import NewTelephone

from ringback.channels.sip.account import TelephoneSettings
from ringback.channels.sip.telephone import Telephone


@pytest.fixture
async def new_telephone(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[NewTelephone]:
    """Makes telephones that are closed at the end; the lines that their processes carry out are counted."""
    if told := os.environ.get("COVERAGE_OF_COMMANDS"):
        monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", told)
    async with AsyncExitStack() as stack:

        def make(**settings: object) -> Telephone:
            values = {"interface": "127.0.0.1", "listen": "127.0.0.1:0", **settings}
            telephone = Telephone(TelephoneSettings(**values))  # pyright: ignore[reportArgumentType] - a test's own words
            stack.push_async_callback(telephone.close)
            return telephone

        yield make
