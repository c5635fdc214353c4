"""The headers of the handshake: whose wins, and which cannot be sent."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ringback.channels.channel import CallIds
from ringback.domain.agent import Agent
from ringback.domain.scenario import TestProfile
from ringback.errors import BadHeader

RESERVED = "x-vocera-"
"""Headers under this prefix are ours: nothing that a user configures can set or override them."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e]")
_OF_THE_HANDSHAKE = frozenset(
    {
        "connection",
        "content-length",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-version",
        "transfer-encoding",
        "upgrade",
    }
)


def handshake_headers(agent: Agent, profile: TestProfile | None, ids: CallIds) -> dict[str, str]:
    """The headers of one call: per-run over the profile's `X-` fields over the agent's, and `X-VOCERA-*` over all.

    Raises BadHeader, without the value in its message, for a name or value that HTTP cannot carry.
    """
    merged: dict[str, tuple[str, str]] = {}
    _merge(merged, {name: value.get_secret_value() for name, value in agent.headers.items()}, "the agent's settings")
    if profile is not None:
        fields = {k: v for k, v in profile.agent_variables.items() if k.lower().startswith("x-")}
        _merge(merged, fields, f"the test profile {profile.name}".rstrip())
    _merge(merged, {name: value.get_secret_value() for name, value in agent.run_headers.items()}, "the run's headers")
    headers = dict(merged.values())
    if agent.secret is not None:
        secret = agent.secret.get_secret_value()
        _check("X-VOCERA-SECRET", secret, "the agent's secret")
        headers["X-VOCERA-SECRET"] = secret
    headers["X-VOCERA-SCENARIO-ID"] = str(ids.scenario)
    headers["X-VOCERA-RESULT-ID"] = str(ids.result)
    headers["X-VOCERA-RUN-ID"] = str(ids.run)
    return headers


def _merge(merged: dict[str, tuple[str, str]], fields: Mapping[str, Any], source: str) -> None:
    for name, value in fields.items():
        key = name.lower()
        if key.startswith(RESERVED):
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        _check(name, text, source)
        merged[key] = (name, text)


def _check(name: str, value: str, source: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadHeader(f"{name!a} of {source} is not a name that an HTTP header can have. Rename it.")
    if name.lower() in _OF_THE_HANDSHAKE:
        raise BadHeader(f"The header {name} of {source} belongs to the WebSocket handshake itself. Remove it.")
    if found := _UNSENDABLE.search(value):
        what = (
            "a line break" if found.group() in "\r\n" else f"a character that is not ASCII (U+{ord(found.group()):04X})"
        )
        if found.group().isascii() and found.group() not in "\r\n":
            what = f"a control character (U+{ord(found.group()):04X})"
        raise BadHeader(
            f"The value of the header {name} of {source} has {what} at position {found.start() + 1}; "
            "a header carries printable ASCII only."
        )
