"""Passwords on the telephone, checked by SIPp (of callers, and of our numbers), and the way through a proxy."""

from pathlib import Path

import pytest
from peer_speech import words_mulaw
from pydantic import SecretStr
from sipp_peer import SippPeer
from telephones import NewTelephone, soon

from ringback.channels.sip.account import Identity
from ringback.channels.sip.line import SipLine
from ringback.errors import CallFailed


def identity(password: str, registrar: str | None = None) -> Identity:
    return Identity(user="caller", credentials=("caller", SecretStr(password)), registrar=registrar, domain=registrar)


async def test_the_right_password_opens_an_agent_s_line_and_a_wrong_one_does_not(
    tmp_path: Path, new_telephone: NewTelephone
) -> None:
    telephone = new_telephone()
    async with SippPeer(tmp_path, "asks_digest", plays=await words_mulaw(tmp_path, "Hello.")) as agent:
        line = SipLine(telephone, agent.uri, {}, identity=identity("right word"))
        await soon(line.open())
        await line.hang_up()
        wrong = SipLine(telephone, agent.uri, {}, identity=identity("another word"))
        with pytest.raises(CallFailed, match="did not take our user and password") as raised:
            await soon(wrong.open())
        await wrong.close()
        sent = [message for message in agent.messages if message.received]
    assert raised.value.reason == "credentials_refused"
    assert "another word" not in str(raised.value)
    assert line.report.media is not None
    answers = [message for message in sent if message.start.startswith("INVITE") and message.header("Authorization")]
    assert len(answers) == 2
    assert not any("word" in str(message) for message in sent)


async def test_a_call_through_an_outbound_proxy_names_the_trunk_and_goes_to_the_proxy(
    tmp_path: Path, new_telephone: NewTelephone
) -> None:
    async with SippPeer(tmp_path, "asks_digest", plays=await words_mulaw(tmp_path, "Hello.")) as proxy:
        us = Identity(
            user="caller",
            credentials=("caller", SecretStr("right word")),
            domain="trunk.example",
            proxy=f"sip:{proxy.host}",
        )
        line = SipLine(new_telephone(), "sip:+15550100100@trunk.example", {}, identity=us)
        await soon(line.open())
        await line.hang_up()
        invites = [message for message in proxy.messages if message.received and message.start.startswith("INVITE")]
    assert {message.start.split()[1].partition(";")[0] for message in invites} == {"sip:+15550100100@trunk.example"}
    assert "trunk.example" in (invites[0].header("From") or "")


async def test_the_right_password_registers_a_number_and_a_wrong_one_does_not(
    tmp_path: Path, new_telephone: NewTelephone
) -> None:
    telephone = new_telephone()
    async with SippPeer(tmp_path, "registers") as registrar:
        listening = await soon(telephone.listen(identity("right word", registrar.host), lambda _: None))
        assert telephone.address in await registrar.logged("registered")
        await listening.close()
    async with SippPeer(tmp_path, "registers") as registrar:
        with pytest.raises(CallFailed) as raised:
            await soon(telephone.listen(identity("another word", registrar.host), lambda _: None))
        await registrar.logged("turned away")
    assert raised.value.reason == "credentials_refused"
    assert "another word" not in str(raised.value)
