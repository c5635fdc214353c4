"""Lines of outbound agents: their calls are waited for, asked for, told from others, and taken."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Never
from unittest.mock import MagicMock

import pytest
from real_calls import NewTelephone, Side, soon, until

from ringback.channels.channel import Dropped
from ringback.channels.line import Remarked
from ringback.channels.sip.account import Identity, TelephoneSettings
from ringback.channels.sip.awaited_line import AwaitedLine
from ringback.channels.sip.call import Closed, Established
from ringback.channels.sip.telephone import Listening, Telephone
from ringback.channels.sip.telephone_call import TelephoneCall
from ringback.domain.conversation import FindingCode
from ringback.domain.telephone import DialWindow
from ringback.errors import CallFailed


class Waiting:
    """An awaited line, and what it told."""

    def __init__(
        self, telephone: Telephone, *, seconds: float = 300, asks: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.open, self.taken = asyncio.Event(), 0
        window = DialWindow(number="+15550199", opens_at=datetime.now(UTC), seconds=300)
        self.line = AwaitedLine(
            telephone,
            window=window,
            contact_number="+1 555-0100",
            identity=Identity(user="+15550199"),
            on_awaited=asks or self._awaited,
            on_taken=self._taken,
            now=lambda: window.closes_at - timedelta(seconds=seconds),
        )
        self.opening = asyncio.create_task(self.line.open())

    async def _awaited(self) -> None:
        self.open.set()

    def _taken(self) -> None:
        self.taken += 1


async def test_the_agent_s_call_is_taken_and_a_stranger_s_is_refused_and_told(new_telephone: NewTelephone) -> None:
    ours, theirs = new_telephone(), new_telephone()
    waiting = Waiting(ours)
    await soon(waiting.open.wait())
    number = f"sip:+15550199@{ours.address}"
    stranger = Side(await theirs.dial(number, {}, identity=Identity(user="+15550666")))
    assert (await stranger.over()).status == 486
    agent = Side(await theirs.dial(number, {}, identity=Identity(user="+15550100")))
    await agent.until(Established)
    await soon(waiting.opening)
    assert waiting.taken == 1
    await agent.call.hang_up()
    happened = await until(waiting.line.events(), Dropped)
    (remarked,) = [event for event in happened if isinstance(event, Remarked)]
    assert [remark.code for remark in remarked.remarks] == [FindingCode.CALL_REFUSED]
    assert "sip:+15550666@127.0.0.1" in remarked.remarks[0].sentence
    late = Side(await theirs.dial(number, {}, identity=Identity(user="+15550100")))
    assert isinstance(await late.over(), Closed)
    assert waiting.taken == 1


async def test_an_agent_that_does_not_call_in_time_is_told_so(new_telephone: NewTelephone) -> None:
    waiting = Waiting(new_telephone(), seconds=0)
    with pytest.raises(CallFailed, match=r"did not call \+15550199 from \+15550100 within 300 s") as raised:
        await soon(waiting.opening)
    assert raised.value.reason == "did_not_call"


class Exchange(Telephone):
    """A telephone without a process: calls come, and happen, as a test says."""

    def __init__(self) -> None:
        super().__init__(TelephoneSettings())
        self.done: list[tuple[int, str]] = []
        self.take: Callable[[TelephoneCall], None] = print

    async def listen(
        self,
        identity: Identity,
        take: Callable[[TelephoneCall], None],
        *,
        lost: Callable[[str], None] | None = None,
    ) -> Listening:
        """Nobody needs to be asked."""
        self.take = take
        return Listening(lambda: None)

    def rings(self, number: int, peer: str = "sip:+15550100@host") -> TelephoneCall:
        """The agent calls, or somebody else."""
        call = TelephoneCall(
            number,
            tell=lambda message: self.done.append((number, message["do"])),
            send=MagicMock(),
            peer=peer,
            called="+15550199",
            clean=str,
        )
        self.take(call)
        return call


async def test_an_agent_that_hangs_up_before_it_is_answered_may_call_again() -> None:
    exchange = Exchange()
    waiting = Waiting(exchange)
    await soon(waiting.open.wait())
    hasty = exchange.rings(1)
    await asyncio.sleep(0)
    hasty.happened({"is": "closed", "text": "Cancelled"})
    stuck, stands = exchange.rings(2), exchange.rings(3)
    await asyncio.sleep(0)
    stands.happened({"is": "established", "codec": "PCMU"})
    await soon(waiting.opening)
    stuck.happened({"is": "closed", "text": ""})
    assert waiting.taken == 1
    assert [what for number, what in exchange.done if number == 3] == ["accept"]
    assert (2, "accept") in exchange.done
    assert exchange.rings(4) is not None
    await asyncio.sleep(0)
    assert (4, "refuse") in exchange.done


async def test_waiting_ends_at_once_where_the_telephone_dies(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    waiting = Waiting(telephone)
    await soon(waiting.open.wait())
    os.kill(telephone.pid, signal.SIGKILL)
    with pytest.raises(CallFailed, match="died") as raised:
        await soon(waiting.opening)
    assert raised.value.reason == "telephone_failed"


async def test_a_window_that_is_closed_already_takes_no_call(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    window = DialWindow(number="+15550199", opens_at=datetime.now(UTC) - timedelta(seconds=400), seconds=300)
    line = AwaitedLine(telephone, window=window, contact_number="+1", identity=Identity(user="+15550199"))
    with pytest.raises(CallFailed):
        await soon(line.open())


@pytest.mark.parametrize("late", ["hangs", "fails"])
async def test_an_agent_whose_call_comes_before_its_word_that_it_calls_is_talked_to(late: str) -> None:
    exchange, asked, said = Exchange(), asyncio.Event(), asyncio.Event()

    async def asks() -> None:
        asked.set()
        await said.wait()
        raise CallFailed("It answered 500.", reason="not_triggered")

    waiting = Waiting(exchange, asks=asks)
    await soon(asked.wait())
    call = exchange.rings(1)
    await asyncio.sleep(0)
    if late == "fails":
        said.set()  # the call is being answered
        await asyncio.sleep(0)
    call.happened({"is": "established", "codec": "PCMU"})
    await soon(waiting.opening)
    said.set()
    assert waiting.taken == 1
    call.happened({"is": "closed", "text": ""})
    await soon(waiting.line.close())
    assert not [task for task in asyncio.all_tasks() if "asks" in repr(task)]


async def test_an_agent_that_says_that_it_will_not_call_is_not_waited_for() -> None:
    async def asks() -> None:
        raise CallFailed("It answered 500.", reason="not_triggered")

    waiting = Waiting(Exchange(), asks=asks)
    with pytest.raises(CallFailed, match="answered 500"):
        await soon(waiting.opening)
    await waiting.line.close()


@pytest.mark.parametrize(
    ("callers", "words"),
    [
        (["sip:+15550666@host"], "s. 1 call came from elsewhere and was refused: sip:+15550666@host."),
        (
            [f"sip:{number % 5}@host" for number in range(50)],
            "50 calls came from elsewhere and were refused: sip:0@host, sip:1@host, sip:2@host and others.",
        ),
        ([f"sip:{number}@host" for number in range(50)], "sip:0@host, sip:1@host, sip:2@host and others."),
        (["", ""], "2 calls came from elsewhere and were refused: nobody."),
    ],
)
async def test_who_called_in_the_agent_s_stead_is_named_where_it_does_not_call(callers: list[str], words: str) -> None:
    exchange = Exchange()

    async def asks() -> None:
        for number, peer in enumerate(callers):
            exchange.rings(number, peer).happened({"is": "closed", "text": ""})

    waiting = Waiting(exchange, seconds=0.05, asks=asks)
    with pytest.raises(CallFailed) as raised:
        await soon(waiting.opening)
    assert raised.value.reason == "did_not_call"
    assert str(raised.value).endswith(words)


async def test_a_defect_in_answering_ends_the_waiting() -> None:
    exchange = Exchange()
    waiting = Waiting(exchange)
    await soon(waiting.open.wait())

    def breaks() -> Never:
        raise RuntimeError("a defect")

    setattr(exchange.rings(1), "accept", breaks)  # noqa: B010 - as no call's is
    with pytest.raises(CallFailed, match=r"could not be answered \(RuntimeError\)") as raised:
        await soon(waiting.opening)
    assert raised.value.reason == "telephone_failed"
    await waiting.line.close()
