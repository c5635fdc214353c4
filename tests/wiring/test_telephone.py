"""Settings to the telephone: who we are at the trunk and elsewhere, whom we call, how an agent's call is awaited."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from ringback.channels.sip.account import Identity
from ringback.conversation.recorder import Recorder
from ringback.domain.agent import Agent, DialTrigger, SipCredentials, Transport
from ringback.domain.event import CallAwaited, CallTaken, Event, MetadataAdded
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType, TestProfile
from ringback.domain.secret import Redactor
from ringback.domain.telephone import DialWindow
from ringback.errors import UsageError
from ringback.settings import Settings, load_settings
from ringback.testing import SipAgentServer
from ringback.wiring.telephone import awaiting, dialled_uri, identity_for, identity_of_number, telephone_settings
from ringback.wiring.verifying import Verifier
from ringback.wiring.voice_lines import voice_lines_to

PASSWORD = SecretStr("trunk word")


def settings(tmp_path: Path, **values: str) -> Settings:
    """Settings as the environment gives them."""
    return load_settings(
        {"RINGBACK_HOME": str(tmp_path), **{f"RINGBACK_{key.upper()}": v for key, v in values.items()}}
    )


def agent(url: str = "+1 (555) 010-0", **values: Any) -> Agent:
    """An agent on the telephone."""
    return Agent(name="desk", url=SecretStr(url), shown_url=url, channel=Transport.SIP, **values)


def test_the_process_is_told_what_the_settings_say(tmp_path: Path) -> None:
    told = telephone_settings(
        settings(
            tmp_path,
            sip_listen="127.0.0.1:5070",
            sip_interface="127.0.0.1",
            max_telephone_calls="7",
            sip_media_ports="20001-29999",
            media_timeout="3",
            ca_file="/etc/ca.pem",
        )
    )
    assert (told.listen, told.interface, told.max_calls) == ("127.0.0.1:5070", "127.0.0.1", 7)
    assert (told.media_timeout, told.ca_file, told.media_ports) == (3.0, "/etc/ca.pem", (20002, 29999))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sip_listen", "nonsense", "RINGBACK_SIP_LISTEN: 'nonsense' is no HOST:PORT"),
        ("sip_listen", "127.0.0.1:99999", "RINGBACK_SIP_LISTEN: '127.0.0.1:99999' is no HOST:PORT"),
        ("sip_media_ports", "20000", "RINGBACK_SIP_MEDIA_PORTS: '20000' is no range of ports"),
    ],
)
def test_addresses_that_are_none_are_told_by_their_settings(tmp_path: Path, name: str, value: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        telephone_settings(settings(tmp_path, **{name: value}))


def test_a_number_is_called_through_the_trunk_with_the_trunk_s_password(tmp_path: Path) -> None:
    ours = settings(
        tmp_path, sip_trunk="trunk.example:5080", sip_user="+1 555-0199", sip_password="trunk word", sip_transport="tcp"
    )
    assert dialled_uri(agent(), ours) == "sip:+15550100@trunk.example:5080;transport=tcp"
    assert dialled_uri(agent("tel:+15550100"), ours) == "sip:+15550100@trunk.example:5080;transport=tcp"
    assert identity_for(agent(), ours) == Identity(
        user="+15550199", domain="trunk.example:5080", credentials=("+1 555-0199", PASSWORD), transport="tcp"
    )


def test_a_number_without_a_trunk_is_told_which_setting_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="RINGBACK_SIP_TRUNK"):
        dialled_uri(agent(), settings(tmp_path))


@pytest.mark.parametrize("trunk", ["sip:provider.example", "me@provider.example", "a b", "provider.example:x"])
def test_a_trunk_that_is_no_host_is_told_by_its_setting(tmp_path: Path, trunk: str) -> None:
    with pytest.raises(UsageError, match=f"RINGBACK_SIP_TRUNK: '{trunk}' is no host"):
        dialled_uri(agent(), settings(tmp_path, sip_trunk=trunk))


def test_an_agent_at_an_address_of_its_own_never_gets_the_trunk_s_password(tmp_path: Path) -> None:
    ours = settings(tmp_path, sip_trunk="trunk.example", sip_user="me", sip_password="trunk word")
    called = agent("sip:desk@agent.example")
    assert dialled_uri(called, ours) == "sip:desk@agent.example"
    assert identity_for(called, ours).credentials is None
    assert identity_for(called, ours).domain is None
    own = SipCredentials(user="desk", password=SecretStr("own word"))
    assert identity_for(agent("sips:desk@agent.example", sip_credentials=own), ours).credentials == (
        "desk",
        SecretStr("own word"),
    )


def test_our_numbers_register_where_the_settings_say_and_nowhere_else(tmp_path: Path) -> None:
    assert identity_of_number("+15550199", settings(tmp_path, sip_password="x")) == Identity(user="+15550199")
    registered = identity_of_number(
        "+15550199", settings(tmp_path, sip_registrar="reg.example", sip_password="trunk word", sip_proxy="sip:p:5060")
    )
    assert registered == Identity(
        user="+15550199",
        domain="reg.example",
        registrar="reg.example",
        credentials=("+15550199", PASSWORD),
        proxy="sip:p:5060",
    )


async def test_a_line_on_the_telephone_needs_a_telephone_and_one_that_is_awaited_a_number(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(UsageError, match="cannot be reached from here"):
            voice_lines_to(agent("sip:a@b"), settings(tmp_path), session, redactor=Redactor())


async def test_a_telephone_connection_is_verified_by_a_call(tmp_path: Path) -> None:
    ours = settings(tmp_path, sip_interface="127.0.0.1", opening_wait="0.1")
    async with SipAgentServer() as answers:
        found = await Verifier(ours).verify(agent(answers.url), kept=True)
        assert found.success
        assert not (await Verifier(ours).verify(agent(f"sip:nobody@{answers.address}"), kept=True)).success
    found = await Verifier(ours).verify(agent(f"{answers.url};transport=tcp"), kept=True)
    assert not found.success
    assert "Connection refused" in str(found.error)


# Waiting for an agent's call

WINDOW = DialWindow(number="+15550199", opens_at=datetime.now(UTC), seconds=300)


def run_of(window: DialWindow | None) -> Run:
    """A run, with a profile."""
    scenario = Scenario(key="a", name="A", type=ScenarioType.SCRIPT, script=("Hello",))
    specification = RunSpecification(
        scenario=scenario, scenario_id=11, repeat=1, profile=TestProfile(agent_variables={"plan": "gold"})
    )
    return Run(id=33, result_id=22, specification=specification, status=RunStatus.CONVERSING, dial_window=window)


async def test_waiting_is_told_and_the_agent_is_asked_to_call(tmp_path: Path) -> None:
    asked: list[tuple[str | None, Any]] = []

    async def trigger(request: web.Request) -> web.Response:
        asked.append((request.headers.get("X-CEKURA-SECRET"), await request.json()))
        return web.json_response({"success": True, "call_id": "call-7\r\x1b[2J of the secret"})

    app = web.Application()
    app.router.add_post("/dial", trigger)
    told: list[Event] = []
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        outbound = agent(
            "",
            inbound=False,
            contact_number="+15550100",
            dial_trigger=DialTrigger(url=SecretStr(str(server.make_url("/dial"))), secret=SecretStr("the secret")),
        )
        waiting = awaiting(outbound, run_of(WINDOW), Recorder(33, told.append), session, Redactor(["the secret"]))
        assert waiting is not None
        await waiting.on_awaited()
        waiting.on_taken()
    assert asked == [
        (
            "the secret",
            {"from_number": "+15550100", "to_number": "+15550199", "dynamic_variables": {"plan": "gold"}},
        )
    ]
    awaited, metadata, taken = told
    assert awaited == CallAwaited(run_id=33, number="+15550199", contact_number="+15550100", closes_at=WINDOW.closes_at)
    assert isinstance(metadata, MetadataAdded)
    assert metadata.update.values == {"call_id": "call-7\ufffd\ufffd[2J of [secret]"}
    assert taken == CallTaken(run_id=33)


async def test_an_agent_that_calls_by_itself_is_not_asked_and_one_that_is_called_not_awaited() -> None:
    told: list[Event] = []
    async with aiohttp.ClientSession() as session:
        recorder = Recorder(33, told.append)
        waiting = awaiting(agent("", inbound=False, contact_number="+1"), run_of(WINDOW), recorder, session)
        assert waiting is not None
        await waiting.on_awaited()
        assert [type(event) for event in told] == [CallAwaited]
        assert awaiting(agent("sip:a@b"), run_of(None), recorder, session) is None
