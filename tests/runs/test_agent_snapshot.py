"""The agent that a result keeps."""

import pytest
from pydantic import SecretStr

from ringback.domain.agent import Agent, DialTrigger, SipCredentials, Transport
from ringback.errors import StorageError
from ringback.runs.agent_snapshot import open_agent, seal_agent
from ringback.storage.sealing import Seal, new_key

AGENT = Agent(
    name="Clinic",
    url=SecretStr("wss://user:pass-word@clinic.example/chat?token=t0ken"),
    shown_url="wss://clinic.example/chat?token=***",
    headers={"X-Tenant": SecretStr("tenant-77")},
    run_headers={"X-Build": SecretStr("build-31")},
    secret=SecretStr("agents-secret"),
    agent_speaks_first=True,
)


def test_an_agent_comes_back_whole_with_its_secrets() -> None:
    seal = Seal(new_key())
    snapshot = open_agent(seal_agent(AGENT, seal, foreign=True, urls={7: "ws://seven.example/"}), seal)
    assert snapshot.agent == AGENT
    assert snapshot.foreign
    assert snapshot.urls == {7: "ws://seven.example/"}


def test_neither_the_sealed_text_nor_the_printed_snapshot_tells_a_secret() -> None:
    seal = Seal(new_key())
    sealed = seal_agent(AGENT, seal, urls={7: "ws://user:hush-hush@seven.example/"})
    snapshot = open_agent(sealed, seal)
    for secret in ("pass-word", "t0ken", "tenant-77", "build-31", "agents-secret", "hush-hush"):
        assert secret not in sealed
        assert secret not in repr(snapshot)


DIALLER = Agent(
    name="Reminder",
    url=SecretStr(""),
    shown_url="",
    channel=Transport.SIP,
    inbound=False,
    contact_number="+15550111",
    sip_credentials=SipCredentials(user="reminder", password=SecretStr("sip-word-77")),
    dial_trigger=DialTrigger(url=SecretStr("https://x.example/?token=t0ken"), secret=SecretStr("trigger-word-77")),
)


def test_an_agent_on_the_telephone_comes_back_whole_and_tells_nothing() -> None:
    seal = Seal(new_key())
    sealed = seal_agent(DIALLER, seal)
    snapshot = open_agent(sealed, seal)
    assert snapshot.agent == DIALLER
    for secret in ("sip-word-77", "t0ken", "trigger-word-77"):
        assert secret not in sealed
        assert secret not in repr(snapshot)


def test_another_key_does_not_open_it() -> None:
    sealed = seal_agent(AGENT, Seal(new_key()))
    with pytest.raises(StorageError, match="another encryption key"):
        open_agent(sealed, Seal(new_key()))


def test_a_scenario_with_a_url_of_its_own_is_reached_there_and_the_others_at_the_agents() -> None:
    seal = Seal(new_key())
    snapshot = open_agent(seal_agent(AGENT, seal, urls={7: "ws://user:hush@seven.example/?k=v"}), seal)
    seven = snapshot.agent_for(7)
    assert seven.url.get_secret_value() == "ws://user:hush@seven.example/?k=v"
    assert seven.shown_url == "ws://seven.example/"
    assert seven.headers == AGENT.headers
    assert snapshot.agent_for(8) == AGENT
