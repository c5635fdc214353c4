"""Hanging up as agents do it with a telephone company: by REST, naming the call, beside the media stream.

`CallsInProgress` knows the calls of a process, `answer_hang_up` what to answer to a request, and `serve_hang_ups` is a
small server of its own for where no other runs. The form of requests and answers is that of Twilio's call resource,
https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ringback.domain.fixed import fixed

if TYPE_CHECKING:
    from aiohttp import web

HANG_UP_PATH = "/2010-04-01/Accounts/{account_sid}/Calls/{call_sid}.json"
"""Where agents post `Status=completed`, with account and token as user and password."""

_UNAUTHORIZED = 401
_LARGEST_FORM = 16 * 1024
"""Bytes."""


class CallsInProgress:
    """The calls of one process that can be hung up by their ids, which are random and told to nobody but the agent."""

    def __init__(self, account: str | None = None) -> None:
        """No calls yet; `account` is what all of them carry as `accountSid`, a random one by default."""
        self.account = account or f"AC{secrets.token_hex(16)}"
        self._calls: dict[str, Callable[[], None]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call_sid: str, hang_up: Callable[[], None]) -> None:
        """A call begins; `hang_up` must not wait."""
        self._calls[call_sid] = hang_up

    def remove(self, call_sid: str) -> None:
        """A call is over."""
        self._calls.pop(call_sid, None)

    def hang_up(self, account_sid: str, call_sid: str, status: str) -> dict[str, Any] | None:
        """End a call; the call as the answer shows it. None: no such call, or another status than `completed`.

        The account is not compared: agents name their own, and the call's id is what nobody else can know.
        """
        if status != "completed" or call_sid not in self._calls:
            return None
        self._calls.pop(call_sid)()
        return {
            "sid": call_sid,
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "status": "completed",
            "direction": "inbound",
            "uri": HANG_UP_PATH.format(account_sid=account_sid, call_sid=call_sid),
        }


@fixed
class HangUpAnswer:
    """What to answer over HTTP."""

    status: int
    body: dict[str, Any]


def answer_hang_up(
    calls: CallsInProgress,
    account_sid: str,
    call_sid: str,
    status: str | None,
    authorization: str | None,
    *,
    auth_token: str | None = None,
) -> HangUpAnswer:
    """Carry out one request.

    Args:
        calls: The calls that there are.
        account_sid: Of the path.
        call_sid: Of the path.
        status: Field `Status` of the form; None: it has none.
        authorization: The header; Basic credentials are required, as the telephone company does.
        auth_token: The password that they must have; None: any, for the call's id is secret enough.
    """
    password = _password(authorization)
    if password is None or (auth_token is not None and not hmac.compare_digest(password, auth_token.encode())):
        return _problem(_UNAUTHORIZED, 20003, "Authenticate with Basic credentials: account and token.")
    if status != "completed":
        return _problem(400, 20001, "The only change of a call that is possible is Status=completed.")
    ended = calls.hang_up(account_sid, call_sid, status)
    if ended is None:
        return _problem(404, 20404, "There is no such call in progress.")
    return HangUpAnswer(status=200, body=ended)


def _problem(status: int, code: int, message: str) -> HangUpAnswer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return HangUpAnswer(status=status, body={"code": code, "message": message, "more_info": more, "status": status})


def _password(authorization: str | None) -> bytes | None:
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(credentials.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return password if user and colon else None


@asynccontextmanager
async def serve_hang_ups(
    calls: CallsInProgress, host: str = "127.0.0.1", port: int = 0, *, auth_token: str | None = None
) -> AsyncGenerator[str, None]:
    """Let agents hang up over HTTP while the context lasts; its base address, `http://HOST:PORT`.

    Raises OSError where the port is not to be had.
    """
    from aiohttp import web  # noqa: PLC0415 - 60 ms that the service, which has a server, need not spend

    async def handle(request: "web.Request") -> "web.Response":
        form = await request.post()
        status = form.get("Status")
        path = request.match_info
        answer = answer_hang_up(
            calls,
            path["account_sid"],
            path["call_sid"],
            status if isinstance(status, str) else None,
            request.headers.get("Authorization"),
            auth_token=auth_token,
        )
        headers = {"WWW-Authenticate": 'Basic realm="calls"'} if answer.status == _UNAUTHORIZED else {}
        return web.json_response(answer.body, status=answer.status, headers=headers)

    application = web.Application(client_max_size=_LARGEST_FORM)
    application.router.add_post(HANG_UP_PATH, handle)
    runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        found = runner.addresses[0]
        shown = f"[{found[0]}]" if ":" in str(found[0]) else found[0]
        yield f"http://{shown}:{found[1]}"
    finally:
        await runner.cleanup()
