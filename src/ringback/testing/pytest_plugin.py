"""Pytest fixtures, found by pytest itself wherever Ringback is installed.

Imports are inside the fixtures, so that test runs which use none of them pay nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ringback.testing import ScriptedAgentServer, ScriptedModelServer, SipAgentServer


@pytest.fixture
def agent_server() -> "Iterator[Callable[..., ScriptedAgentServer]]":
    """Starts scripted agents and closes them after the test.

    `agent = agent_server(greeting="Hello.")`; it takes what `ScriptedAgentServer` takes, and may be called again.
    """
    from ringback.testing import ScriptedAgentServer, in_thread  # noqa: PLC0415 - see above

    with ExitStack() as servers:

        def start(*arguments: Any, **behaviour: Any) -> "ScriptedAgentServer":
            return servers.enter_context(in_thread(ScriptedAgentServer(*arguments, **behaviour)))

        yield start


@pytest.fixture
def model_server() -> "Iterator[Callable[..., ScriptedModelServer]]":
    """Starts scripted language models and closes them after the test.

    `model = model_server("I see.")`; it takes what `ScriptedModelServer` takes, and may be called again.
    """
    from ringback.testing import ScriptedModelServer, in_thread  # noqa: PLC0415 - see above

    with ExitStack() as servers:

        def start(*arguments: Any, **behaviour: Any) -> "ScriptedModelServer":
            return servers.enter_context(in_thread(ScriptedModelServer(*arguments, **behaviour)))

        yield start


@pytest.fixture
def sip_agent_server() -> "Iterator[Callable[..., SipAgentServer]]":
    """Starts telephone agents and closes them after the test; Linux, with the extra `ringback[sip]`.

    `agent = sip_agent_server(greeting=hello)`; it takes what `SipAgentServer` takes, and may be called again.
    """
    from ringback.testing import SipAgentServer, in_thread  # noqa: PLC0415 - see above

    with ExitStack() as servers:

        def start(*arguments: Any, **behaviour: Any) -> "SipAgentServer":
            return servers.enter_context(in_thread(SipAgentServer(*arguments, **behaviour)))

        yield start
