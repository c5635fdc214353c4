"""The telephone: calls both ways through processes of their own, which may die, and take their calls with them."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from pydantic import SecretStr
from real_calls import AGENT, CALLER, LOUD, PATIENCE, NewTelephone, Side, answering, connected, soon
from rtp_peer import RtpPeer

from ringback.channels.sip.account import Identity
from ringback.channels.sip.call import Closed, Pressed, Ringing
from ringback.errors import CallFailed, UsageError


async def test_a_call_carries_sound_and_keys_both_ways_and_is_recorded(new_telephone: NewTelephone) -> None:
    one, other = new_telephone(), new_telephone()
    await other.start()
    caller, agent = await connected(one, other, await answering(other), **{"X-Run-Id": "33", "X-Other": "no"})
    assert agent.call.headers == {"X-Run-Id": "33"}
    assert agent.call.peer == "sip:+15550100@127.0.0.1"
    assert agent.call.called == "agent"
    assert agent.call.call_id == caller.call.call_id != ""
    hearing = asyncio.create_task(agent.hears())
    await caller.hears(says=LOUD)  # G.711 has a silence that is not quite nothing
    await soon(hearing)
    os.kill(one.pid, signal.SIGTERM)  # as whoever stops a service tells all its processes
    os.kill(one.pid, signal.SIGINT)
    caller.call.press("5")
    caller.call.press("#")
    agent.call.press("0")
    assert [(await agent.until(Pressed)).digit for _ in range(2)] == ["5", "#"]
    assert (await caller.until(Pressed)).digit == "0"
    await caller.call.hang_up()
    ended, heard = await caller.over(), await agent.over()
    assert (ended.by_us, ended.cause) == (True, "")
    assert (heard.by_us, heard.cause, heard.status) == (False, "", None)
    for report in (caller.call.report, agent.call.report):
        assert report.media is not None
        assert report.media.codec == "PCMU"
        assert report.media.packets_sent > 0
        assert report.media.packets_received > 0
        assert report.ringing is not None
        assert report.call_id == caller.call.call_id
    caller.call.write(LOUD)  # of no use any more, and no harm
    caller.call.press("1")
    await caller.call.hang_up()


async def test_calls_for_nobody_are_refused_and_of_listeners_the_right_one_is_asked(
    new_telephone: NewTelephone,
) -> None:
    one, other = new_telephone(), new_telephone()
    await other.start()
    first, second = await answering(other), await answering(other, Identity(user="second"))
    nobody = Side(await one.dial(f"sip:nobody@{other.address}", {}, identity=CALLER))
    assert (await nobody.over()).status == 404
    busy = Side(await one.dial(f"sip:second@{other.address}", {}, identity=CALLER))
    refused = Side(await soon(second.get()))
    await refused.call.refuse()
    assert (await busy.over()).status == 486
    assert isinstance(busy.happened[0], Ringing)
    assert (await refused.over()).by_us
    assert first.empty()
    with pytest.raises(UsageError, match="taken already"):
        await other.listen(AGENT, lambda _: None)


async def test_who_listens_no_more_is_called_in_vain(new_telephone: NewTelephone) -> None:
    one, other = new_telephone(), new_telephone()
    await other.start()
    listening = await other.listen(AGENT, lambda _: None)
    await listening.close()
    await listening.close()
    call = Side(await one.dial(f"sip:agent@{other.address}", {}, identity=CALLER))
    assert (await call.over()).status in (404, 480, 486)


async def test_a_caller_who_gives_up_while_it_rings_is_seen_to(new_telephone: NewTelephone) -> None:
    one, other = new_telephone(), new_telephone()
    await other.start()
    calls = await answering(other)
    dialled = Side(await one.dial(f"sip:agent@{other.address}", {}, identity=CALLER))
    taken = Side(await soon(calls.get()))
    await dialled.until(Ringing)
    await dialled.call.hang_up()
    assert (await dialled.over()).by_us
    assert not (await taken.over()).by_us
    assert taken.call.report.media is None


async def test_the_death_of_the_process_ends_its_calls_and_no_others_and_the_next_call_starts_a_new_one(
    new_telephone: NewTelephone,
) -> None:
    one, other, spare = new_telephone(), new_telephone(), new_telephone()
    await other.start()
    calls = await answering(other)
    pairs = [await connected(one, other, calls) for _ in range(3)]
    bystander, _ = await connected(spare, other, calls)
    died = one.pid
    os.kill(died, signal.SIGKILL)
    for caller, _ in pairs:
        closed = await caller.over()
        assert closed.cause == "telephone_failed"
        assert closed.reason == "The process that carries telephone calls died (signal SIGKILL)."
    assert not one.alive
    again, _ = await connected(one, other, calls)
    assert one.alive
    assert one.pid != died
    for caller in (again, bystander):
        await caller.call.hang_up()
        assert (await caller.over()).by_us


async def test_garbage_from_the_process_ends_the_process_not_us(
    new_telephone: NewTelephone,
) -> None:
    one, other = new_telephone(), new_telephone()
    await other.start()
    caller, _ = await connected(one, other, await answering(other))
    one._process.data_received(b"\xff" * 100)  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess] - as if it had sent that
    closed = await caller.over()
    assert closed.cause == "telephone_failed"
    assert "it sent a message of kind 255" in closed.reason


async def test_a_process_that_reads_nothing_any_more_is_given_up(
    new_telephone: NewTelephone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringback.channels.sip.carrier_process._MOST_BACKLOG", 100_000)
    one, other = new_telephone(), new_telephone()
    await other.start()
    caller, agent = await connected(one, other, await answering(other))
    os.kill(one.pid, signal.SIGSTOP)
    over = asyncio.create_task(caller.over())
    async with asyncio.timeout(PATIENCE):
        while not over.done():
            caller.call.write(LOUD)
            await asyncio.sleep(0)
    closed = await over
    assert closed.cause == "telephone_failed"
    assert closed.reason == "The process that carries telephone calls died (it read nothing any more)."
    await agent.call.hang_up()


async def test_nobody_is_left_when_whoever_had_the_telephone_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "has_a_telephone.py"
    program.write_text(
        "import asyncio\n"
        "from ringback.channels.sip.account import TelephoneSettings\n"
        "from ringback.channels.sip.telephone import Telephone\n"
        "async def main():\n"
        "    telephone = Telephone(TelephoneSettings(interface='127.0.0.1', listen='127.0.0.1:0'))\n"
        "    await telephone.start()\n"
        "    print(telephone.pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, str(program), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    carrier = int(await soon(process.stdout.readline()))
    gone = os.pidfd_open(carrier)
    loop, seen = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(gone, seen.set)
    try:
        process.kill()
        await soon(process.wait())
        await soon(seen.wait())
    finally:
        loop.remove_reader(gone)
        os.close(gone)


async def test_the_process_knows_no_secrets_but_those_of_its_calls(
    new_telephone: NewTelephone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RINGBACK_API_KEY", "RINGBACK_SIP_PASSWORD", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "planted")
    telephone = new_telephone()
    await telephone.start()
    environment = Path(f"/proc/{telephone.pid}/environ").read_bytes()  # noqa: ASYNC240 - that is no disk
    assert b"PATH=" in environment
    assert b"planted" not in environment


async def test_without_the_extra_it_is_said_what_to_install(
    new_telephone: NewTelephone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", MagicMock(return_value=None))
    with pytest.raises(UsageError, match=r"install ringback\[sip\]"):
        await new_telephone().start()


async def test_a_number_registers_with_its_password_and_goes_again(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    async with RtpPeer(challenges=1) as registrar:
        known = Identity(user="+15550100", registrar=registrar.host, credentials=("me", SecretStr("right word")))
        listening = await telephone.listen(known, lambda _: None)
        asked, answered = registrar.requests
        assert "Authorization" not in asked
        assert 'Authorization: Digest username="me"' in answered
        assert "right word" not in answered
        await listening.close()


async def test_a_registrar_that_does_not_take_us_is_named(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    for status, challenges, reason in (
        ("200 OK", 9, "credentials_refused"),
        ("403 Forbidden", 0, "credentials_refused"),
        ("500 No", 0, "call_failed"),
    ):
        async with RtpPeer(challenges=challenges, registering=status) as registrar:
            identity = Identity(user="+15550100", registrar=registrar.host, credentials=("me", SecretStr("wrong word")))
            with pytest.raises(
                CallFailed, match=rf"\+15550100 could not be registered at {registrar.host}: [45]"
            ) as raised:
                await telephone.listen(identity, lambda _: None)
            assert raised.value.reason == reason
            assert "wrong word" not in str(raised.value)


@pytest.mark.parametrize(
    ("identity", "reason", "words"),
    [
        (
            Identity(credentials=("me", SecretStr('a "word'))),
            "credentials_refused",
            "The password of me cannot be sent",
        ),
        (Identity(credentials=("me", SecretStr("wo\\rd"))), "credentials_refused", "The password of me cannot be sent"),
        (Identity(credentials=("m e", SecretStr("word"))), "credentials_refused", "The user 'm e' cannot be sent"),
        (Identity(user="a;b"), "call_failed", "'a;b' cannot be a SIP user here"),
    ],
)
async def test_what_the_stack_cannot_carry_is_named_without_the_password(
    new_telephone: NewTelephone, identity: Identity, reason: str, words: str
) -> None:
    telephone = new_telephone()
    for doing in (telephone.dial("sip:a@127.0.0.1:9", {}, identity=identity), telephone.listen(identity, print)):
        with pytest.raises(CallFailed, match=words) as raised:
            await soon(doing)
        assert raised.value.reason == reason
        assert 'a "word' not in str(raised.value)
    assert not telephone.alive


async def test_a_telephone_that_is_closed_makes_no_more_calls(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    await telephone.close()
    with pytest.raises(UsageError, match="closed"):
        await telephone.dial("sip:a@127.0.0.1", {}, identity=CALLER)


async def test_calls_end_with_their_telephone(new_telephone: NewTelephone) -> None:
    one, other = new_telephone(), new_telephone()
    await other.start()
    caller, agent = await connected(one, other, await answering(other))
    await one.close()
    assert isinstance(await caller.over(), Closed)
    assert not (await agent.over()).by_us
    assert not one.alive
