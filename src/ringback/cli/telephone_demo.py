"""The demo agent on the telephone: it answers SIP calls, and calls numbers when it is asked to by HTTP."""

import asyncio
import logging
import re
from collections.abc import Mapping
from itertools import count
from typing import Any, cast

from aiohttp import web

from ringback.demo.voice_desk import VoiceDesk
from ringback.errors import ChannelError, UsageError
from ringback.testing.sip_agent_call import SipAgentCall
from ringback.testing.sip_agent_server import SipAgentServer

log = logging.getLogger(__name__)

_USER = "desk"
_PATIENT = ("X-Patient-Name", "X-Patient-Id")
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
_NUMBER = re.compile(r"[+A-Za-z0-9._*#-]{1,64}")
_LONGEST_REQUEST = 64 * 1024
_MOST_CALLS = 50
"""Calls of its own at the same time."""


class TelephoneDemo:
    """One telephone: `start`, then calls come and go until `close`."""

    def __init__(self, listen: str, numbers_at: str | None) -> None:
        """Nothing is listened to yet.

        Args:
            listen: `ADDRESS:PORT` of this machine; port 0: any.
            numbers_at: `HOST:PORT` where the numbers are that it is asked to call; None: it calls nobody.

        Raises:
            UsageError: these are no addresses.
        """
        self._host, self._port = _split(listen, "--sip-listen")
        if numbers_at is not None:
            _split(numbers_at, "--sip-to")
        self._numbers_at = numbers_at
        self._server: SipAgentServer | None = None
        self._calling: set[asyncio.Task[SipAgentCall]] = set()
        self._made = count(1)

    async def start(self, desk: VoiceDesk) -> None:
        """Begin to answer.

        Raises:
            UsageError: the extra is not installed, or the address cannot be had.
        """
        self._server = SipAgentServer(desk, user=_USER, headers=_PATIENT, host=self._host, port=self._port)
        await self._server.start()

    async def close(self) -> None:
        """Hang up, and stop listening."""
        for task in tuple(self._calling):
            task.cancel()
        await asyncio.gather(*self._calling, return_exceptions=True)
        if self._server is not None:
            await self._server.close()

    def sentences(self, trigger: str) -> str:
        """What a person needs to know who wants to call it, or to be called."""
        answers = f" By telephone it answers {self._server.url}." if self._server is not None else ""
        if self._numbers_at is None:
            return answers
        return f"{answers} It calls numbers at {self._numbers_at} when {trigger} is asked to by POST."

    async def asked_to_call(self, request: web.Request) -> web.Response:
        """`POST /call`, `{from_number, to_number, dynamic_variables}`: make a call, and say at once that it is made."""
        if self._server is None or self._numbers_at is None:
            return _no(409, "This demo agent was started without --sip-to: it does not know where numbers are called.")
        try:
            asked: Any = await request.json() if (request.content_length or 0) <= _LONGEST_REQUEST else None
        except ValueError:
            asked = None
        body = cast("Mapping[str, Any]", asked if isinstance(asked, dict) else {})
        calls_from, to = body.get("from_number"), body.get("to_number")
        if not (isinstance(calls_from, str) and isinstance(to, str) and _is_number(calls_from) and _is_number(to)):
            return _no(400, "Send JSON with from_number and to_number.")
        if len(self._calling) >= _MOST_CALLS:
            return _no(503, "Too many calls are being made.")
        calling = self._server.dial(
            f"sip:{to}@{self._numbers_at}", from_user=calls_from, headers=_known_patient(body.get("dynamic_variables"))
        )
        task = asyncio.create_task(calling)
        self._calling.add(task)
        task.add_done_callback(self._called)
        return web.json_response({"success": True, "call_id": f"demo-{next(self._made)}"})

    def _called(self, task: "asyncio.Task[SipAgentCall]") -> None:
        self._calling.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, ChannelError):
            log.error("a call could not be made", exc_info=error)


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text))


def _known_patient(variables: Any) -> dict[str, str]:
    """What the desk is told of whom it calls, as a caller's test profile would tell it."""
    given = cast("Mapping[str, Any]", variables if isinstance(variables, dict) else {})
    texts = {name: str(given[name])[:200] for name in _PATIENT if name in given}
    return {name: text for name, text in texts.items() if text.isprintable()}


def _no(status: int, sentence: str) -> web.Response:
    return web.json_response({"success": False, "message": sentence}, status=status)


def _split(address: str, flag: str) -> tuple[str, int]:
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match["port"]) > 65_535:  # noqa: PLR2004 - the last port there is
        raise UsageError(f"{flag} {address}: write it as ADDRESS:PORT, e.g. 127.0.0.1:5060.")
    return match["host"], int(match["port"])
