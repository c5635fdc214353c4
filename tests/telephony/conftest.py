"""Lets tests import what drives the other side of a telephone call, and makes telephones of our own."""

import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from telephones import NewTelephone

from ringback.channels.sip.account import TelephoneSettings
from ringback.channels.sip.telephone import Telephone


@pytest.fixture
async def new_telephone() -> AsyncGenerator[NewTelephone]:
    """Makes telephones on the loopback that are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(**settings: object) -> Telephone:
            values = {"interface": "127.0.0.1", "listen": "127.0.0.1:0", **settings}
            telephone = Telephone(TelephoneSettings(**values))  # pyright: ignore[reportArgumentType] - a test's own words
            stack.push_async_callback(telephone.close)
            return telephone

        yield make
