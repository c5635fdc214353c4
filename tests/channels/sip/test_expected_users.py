"""Calls that come to a user a moment before somebody listens there: they ring, and are not lost."""

import asyncio

from real_calls import CALLER, NewTelephone, Side, answering, soon

from ringback.channels.sip.account import Identity
from ringback.channels.sip.call import Closed, Ringing

OURS, OTHER = Identity(user="+15550123"), Identity(user="+15550124")


async def test_a_call_at_an_expected_user_rings_until_somebody_listens(new_telephone: NewTelephone) -> None:
    ours, theirs = new_telephone(expected=(OURS,)), new_telephone()
    await ours.start()
    side = Side(await soon(theirs.dial(f"sip:{OURS.user}@{ours.address}", {}, identity=CALLER)))
    await side.until(Ringing)
    came = await answering(ours, OURS)
    call = await soon(came.get())
    assert (call.called, CALLER.user in call.peer) == (OURS.user, True)
    await call.refuse()
    assert (await side.over()).status == 486


async def test_who_has_hung_up_by_then_is_not_heard_of(new_telephone: NewTelephone) -> None:
    ours, theirs = new_telephone(expected=(OURS,)), new_telephone()
    await ours.start()
    others = await answering(ours, OTHER)
    first = Side(await soon(theirs.dial(f"sip:{OURS.user}@{ours.address}", {}, identity=CALLER)))
    await first.until(Ringing)
    await first.call.hang_up()
    # What was sent behind the CANCEL, the same way, has come: so has the CANCEL.
    behind = Side(await soon(theirs.dial(f"sip:{OTHER.user}@{ours.address}", {}, identity=CALLER)))
    await (await soon(others.get())).refuse()
    await behind.over()
    came = await answering(ours, OURS)
    second = Side(await soon(theirs.dial(f"sip:{OURS.user}@{ours.address}", {}, identity=OTHER)))
    call = await soon(came.get())
    assert OTHER.user in call.peer
    await call.refuse()
    await second.over()
    assert came.empty()


async def test_no_more_than_a_few_ring_and_others_are_refused_at_once(new_telephone: NewTelephone) -> None:
    ours, theirs = new_telephone(expected=(OURS,)), new_telephone()
    await ours.start()
    unknown = Side(await soon(theirs.dial(f"sip:{OTHER.user}@{ours.address}", {}, identity=CALLER)))
    assert (await unknown.over()).status in (404, 486)
    sides = [Side(await soon(theirs.dial(f"sip:{OURS.user}@{ours.address}", {}, identity=CALLER))) for _ in range(21)]
    ended = [asyncio.ensure_future(side.until(Closed)) for side in sides]
    done, waiting = await soon(asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED))
    assert len(done) < 21
    assert waiting
    await asyncio.gather(*(side.call.hang_up() for side in sides))
    await soon(asyncio.gather(*ended))
    # Nor do those that have hung up since count.
    further = Side(await soon(theirs.dial(f"sip:{OURS.user}@{ours.address}", {}, identity=CALLER)))
    await further.until(Ringing)
    await further.call.hang_up()
    await further.over()
