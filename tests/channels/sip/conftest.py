"""Telephones on the loopback, and what drives the other side of their calls."""

import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "acceptance"))

from command_line import measuring
from real_calls import NewTelephone

from ringback.channels.sip.account import TelephoneSettings
from ringback.channels.sip.telephone import Telephone


@pytest.fixture
async def new_telephone(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[NewTelephone]:
    """Makes telephones that are closed at the end; the lines that their processes carry out are counted."""
    for name, value in measuring("channels/sip").items():
        monkeypatch.setenv(name, value)
    async with AsyncExitStack() as stack:

        def make(**settings: object) -> Telephone:
            values = {"interface": "127.0.0.1", "listen": "127.0.0.1:0", **settings}
            telephone = Telephone(TelephoneSettings(**values))  # pyright: ignore[reportArgumentType] - a test's own words
            stack.push_async_callback(telephone.close)
            return telephone

        yield make
