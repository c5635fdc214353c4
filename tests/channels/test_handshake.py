"""Whose header wins, and what cannot be sent."""

from typing import Any

import pytest
from pydantic import SecretStr

from ringback.channels.channel import CallIds
from ringback.channels.handshake import handshake_headers
from ringback.domain.agent import Agent
from ringback.domain.scenario import TestProfile
from ringback.errors import BadHeader

_IDS = CallIds(scenario=3, result=5, run=7)


def _agent(**fields: Any) -> Agent:
    for key in ("headers", "run_headers"):
        if key in fields:
            fields[key] = {name: SecretStr(value) for name, value in fields[key].items()}
    if "secret" in fields:
        fields["secret"] = SecretStr(fields["secret"])
    return Agent(name="a", url=SecretStr("ws://a"), shown_url="ws://a", **fields)


def test_the_ids_of_the_call_are_sent() -> None:
    assert handshake_headers(_agent(), None, _IDS) == {
        "X-VOCERA-SCENARIO-ID": "3",
        "X-VOCERA-RESULT-ID": "5",
        "X-VOCERA-RUN-ID": "7",
    }


def test_the_secret_is_sent_where_there_is_one() -> None:
    assert handshake_headers(_agent(secret="hush"), None, _IDS)["X-VOCERA-SECRET"] == "hush"


def test_run_over_profile_over_agent() -> None:
    agent = _agent(
        headers={"X-A": "agent", "X-B": "agent", "X-C": "agent", "Authorization": "Basic x"},
        run_headers={"x-c": "run"},
    )
    profile = TestProfile(agent_variables={"x-b": "profile", "X-C": "profile", "name": "not sent"})
    headers = {name.lower(): value for name, value in handshake_headers(agent, profile, _IDS).items()}
    assert headers["x-a"] == "agent"
    assert headers["x-b"] == "profile"
    assert headers["x-c"] == "run"
    assert headers["authorization"] == "Basic x"
    assert "name" not in headers


def test_only_the_section_of_the_agent_is_sent() -> None:
    profile = TestProfile(agent_variables={"X-A": "1"}, caller_variables={"X-B": "2"})
    headers = handshake_headers(_agent(), profile, _IDS)
    assert "X-A" in headers
    assert "X-B" not in headers


def test_nothing_overrides_our_own_headers() -> None:
    agent = _agent(headers={"x-vocera-run-id": "1"}, run_headers={"X-Vocera-Secret": "mine", "X-VOCERA-RESULT-ID": "9"})
    profile = TestProfile(agent_variables={"X-VOCERA-SCENARIO-ID": "9", "X-vocera-secret": "mine"})
    assert handshake_headers(agent, profile, _IDS) == handshake_headers(_agent(), None, _IDS)


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), (True, "true"), (None, "null"), ({"a": "é"}, '{"a": "\\u00e9"}'), ("", "")]
)
def test_values_of_a_profile_are_sent_as_text(value: Any, text: str) -> None:
    assert handshake_headers(_agent(), TestProfile(agent_variables={"X-A": value}), _IDS)["X-A"] == text


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\rb", "caf\u00e9", "a\0b", "\u2028", "a\x7f"])
def test_values_that_a_header_cannot_carry_are_refused_without_showing_them(value: str) -> None:
    with pytest.raises(BadHeader, match="X-Key") as refused:
        handshake_headers(_agent(), TestProfile(name="Ann", agent_variables={"X-Key": value}), _IDS)
    assert "Ann" in str(refused.value)
    assert value not in str(refused.value)
    assert "Injected" not in str(refused.value)


def test_the_secret_is_checked_too() -> None:
    with pytest.raises(BadHeader, match="SECRET") as refused:
        handshake_headers(_agent(secret="hush\n"), None, _IDS)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "X Key", "X-Key:", "X-K\u00e9y", "X-Key\r\nX-Other"])
def test_names_that_http_does_not_know_are_refused(name: str) -> None:
    with pytest.raises(BadHeader, match="name"):
        handshake_headers(_agent(run_headers={name: "1"}), None, _IDS)


@pytest.mark.parametrize("name", ["Upgrade", "connection", "Sec-WebSocket-Key", "Sec-WebSocket-Extensions"])
def test_headers_of_the_handshake_itself_are_refused(name: str) -> None:
    with pytest.raises(BadHeader, match="handshake"):
        handshake_headers(_agent(headers={name: "x"}), None, _IDS)
