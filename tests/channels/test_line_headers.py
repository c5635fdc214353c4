"""What lines tell of a call: headers and parameters, whose wins, and what never leaves the house."""

import base64

import pytest
from pydantic import SecretStr

from ringback.channels.channel import CallIds
from ringback.channels.line_headers import chirp_headers, dialled, media_streams_headers, media_streams_parameters
from ringback.domain.agent import Agent
from ringback.domain.scenario import TestProfile
from ringback.errors import BadHeader

IDS = CallIds(scenario=11, result=22, run=33)
AGENT = Agent(
    name="clinic",
    url=SecretStr("ws://127.0.0.1:1/"),
    shown_url="ws://127.0.0.1:1/",
    headers={"X-Tenant": SecretStr("agent's"), "Authorization": SecretStr("Bearer abc"), "x-run-id": SecretStr("9")},
    run_headers={"X-Plan": SecretStr("run's"), "X-Trace": SecretStr("t"), "X-VOCERA-RUN-ID": SecretStr("9")},
    secret=SecretStr("the secret"),
)
PROFILE = TestProfile(
    name="Ada",
    agent_variables={
        "X-Plan": "profile's",
        "x-age": 41,
        "X-VOCERA-SECRET": "forged",
        "X-Result-Id": "9",
        "name": "Ada",
    },
    caller_variables={"X-Hidden": "caller's own"},
)


def test_a_media_stream_has_the_headers_of_a_chat_and_the_run_ids() -> None:
    assert media_streams_headers(AGENT, PROFILE, IDS) == {
        "X-Tenant": "agent's",
        "Authorization": "Bearer abc",
        "X-Plan": "run's",
        "x-age": "41",
        "X-Trace": "t",
        "X-VOCERA-SECRET": "the secret",
        "X-VOCERA-SCENARIO-ID": "11",
        "X-VOCERA-RESULT-ID": "22",
        "X-VOCERA-RUN-ID": "33",
        "X-Run-Id": "33",
        "X-Scenario-Id": "11",
        "X-Result-Id": "22",
    }


def test_parameters_are_ids_and_the_profiles_fields_without_any_secret() -> None:
    assert media_streams_parameters(AGENT, PROFILE, IDS) == {
        "X-Plan": "run's",
        "x-age": "41",
        "X-VOCERA-SCENARIO-ID": "11",
        "X-VOCERA-RESULT-ID": "22",
        "X-VOCERA-RUN-ID": "33",
        "X-Run-Id": "33",
        "X-Scenario-Id": "11",
        "X-Result-Id": "22",
    }
    assert "X-Plan" not in media_streams_parameters(AGENT, None, IDS)


def test_chirp_has_the_run_ids_in_place_of_vocera_headers() -> None:
    assert chirp_headers(AGENT, PROFILE, IDS) == {
        "X-Tenant": "agent's",
        "Authorization": "Bearer abc",
        "X-Plan": "run's",
        "x-age": "41",
        "X-Trace": "t",
        "X-Run-Id": "33",
        "X-Scenario-Id": "11",
        "X-Result-Id": "22",
    }


@pytest.mark.parametrize("headers_of", [media_streams_headers, media_streams_parameters, chirp_headers])
def test_a_value_that_no_header_can_carry_is_refused(headers_of: object) -> None:
    profile = TestProfile(name="Ada", agent_variables={"X-Name": "Zoë"})
    assert callable(headers_of)
    with pytest.raises(BadHeader, match="X-Name of the test profile Ada"):
        headers_of(AGENT, profile, IDS)


def test_user_info_of_the_url_becomes_basic_authorization() -> None:
    url, headers = dialled("wss://ada:p%40ss%C3%A9@host:9/voice?x=1", {"X-A": "1"})
    assert url == "wss://host:9/voice?x=1"
    assert headers["X-A"] == "1"
    scheme, _, credentials = headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(credentials).decode() == "ada:p@ssé"


def test_a_header_of_authorization_goes_before_user_info() -> None:
    url, headers = dialled("ws://ada:pass@host/", {"authorization": "Bearer x"})
    assert url == "ws://host/"
    assert headers == {"authorization": "Bearer x"}


@pytest.mark.parametrize("url", ["ws://host/voice", "not a url", "ws://[::1", "", "ws://host:99999/"])
def test_urls_without_user_info_are_left_as_they_are(url: str) -> None:
    assert dialled(url, {"X-A": "1"}) == (url, {"X-A": "1"})
