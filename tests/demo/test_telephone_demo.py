"""The demo agent on the telephone: it answers, and it calls when it is asked to."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ringback.cli.telephone_demo import TelephoneDemo
from ringback.demo.known_lines import KNOWN_LINES
from ringback.errors import UsageError
from ringback.speech.audio import Sound
from ringback.speech.pocketsphinx_ear import GrammarEar
from ringback.testing import SipAgentCall, SipAgentServer

RINGBACK = Path(sys.executable).parent / "ringback"
GREETING = "this is the Riverside Clinic. How can I help you?"


async def asked(session: aiohttp.ClientSession, url: str, body: Any) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with session.post(url, data=data) as answer:
        return answer.status, await answer.json()


async def test_it_greets_who_calls_it_and_whom_it_calls_when_it_is_asked_to() -> None:
    greetings: list[Sound | None] = []
    ear = GrammarEar(KNOWN_LINES)

    async def listens(call: SipAgentCall) -> None:
        greetings.append(await call.listen(silence=1.5))

    async with SipAgentServer(listens, user="+15550100") as telephone, aiohttp.ClientSession() as session:
        process = await asyncio.create_subprocess_exec(
            str(RINGBACK),
            *("agent", "demo", "--voice", "--port", "0", "--sip-listen", "127.0.0.1:0", "--sip-to", telephone.address),
            env={name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        said = (await process.stdout.readline()).decode()
        address = next(word.rstrip(".") for word in said.split() if word.startswith("sip:"))
        trigger = next(word for word in said.split() if word.startswith("http:"))

        inbound = await telephone.dial(address)
        await inbound.closed.wait()

        wanted = {
            "from_number": "+15550111",
            "to_number": "+15550100",
            "dynamic_variables": {"X-Patient-Name": "Ada Byron", "other": [1]},
        }
        assert await asked(session, trigger, wanted) == (200, {"success": True, "call_id": "demo-1"})
        outbound = await telephone.call(2)
        await outbound.closed.wait()
        assert outbound.peer.partition("@")[0] == "sip:+15550111"

        faults: list[Any] = [b"no JSON", [], {}, {**wanted, "to_number": "a@b"}, {**wanted, "from_number": 5}]
        for wrong in faults:
            status, answer = await asked(session, trigger, wrong)
            assert (status, answer["success"]) == (400, False), wrong
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")
    to_anybody, to_ada = [(await ear.hear(greeting)).text for greeting in greetings if greeting is not None]
    await ear.close()
    # Other tests may keep this machine so busy that there are holes in the words.
    assert to_anybody in (f"Hello, {GREETING}", "")
    assert to_ada in (f"Hello Ada Byron, {GREETING}", "")


@pytest.mark.parametrize("address", ["5060", "127.0.0.1", "127.0.0.1:99999", "a b:5", "host:port"])
def test_what_is_no_address_is_said(address: str) -> None:
    with pytest.raises(UsageError, match="write it as ADDRESS:PORT"):
        TelephoneDemo(address, None)
    with pytest.raises(UsageError, match="--sip-to"):
        TelephoneDemo("127.0.0.1:0", address)
