"""Asks an outbound agent to make its call: the reference product's trigger URL.

A POST with a JSON object `{"from_number", "to_number", "dynamic_variables"}` and, where there is a secret, the header
`X-CEKURA-SECRET`. Any 2xx within 30 seconds means that the agent calls; redirects are not followed, for they would hand
the secret to whatever address they name. The answer may be a JSON object `{"success": bool, "call_id": text}`: without
success the agent will not call, and the id is kept (compatibility section 4.3).
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import aiohttp

from ringback.channels.refusals import Redirected, is_redirect, shown_url
from ringback.domain.agent import DialTrigger
from ringback.domain.ending import EndingCode
from ringback.errors import CallFailed

SECRET_HEADER = "X-CEKURA-SECRET"  # noqa: S105 - the name of the header, not its value

SECONDS = 30.0
"""In which the answer has to be there."""

_LARGEST = 64 * 1024
"""Bytes of an answer that are read."""

_LONGEST_ID = 255
_TAKEN = range(200, 300)


async def ask_to_call(
    trigger: DialTrigger,
    *,
    from_number: str,
    to_number: str,
    dynamic_variables: Mapping[str, Any],
    session: aiohttp.ClientSession,
    seconds: float = SECONDS,
) -> str | None:
    """Ask once; the agent's id of the call, where it tells one.

    Args:
        trigger: where, and with which secret.
        from_number: the agent's number, which its call has to come from.
        to_number: ours, which it has to call.
        dynamic_variables: the test profile's values for the agent.
        session: HTTP client.
        seconds: in which the answer has to be there.

    Raises:
        CallFailed: with the reason `not_triggered`; its sentence names the address without its secrets.
    """
    shown = shown_url(trigger.url.get_secret_value())
    headers = {SECRET_HEADER: trigger.secret.get_secret_value()} if trigger.secret is not None else {}
    body = {"from_number": from_number, "to_number": to_number, "dynamic_variables": dict(dynamic_variables)}
    try:
        async with session.post(
            trigger.url.get_secret_value(),
            json=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=seconds),
        ) as response:
            status = response.status
            answer = await _beginning(response) if status in _TAKEN else b""
    except Redirected as error:
        raise _redirected(shown, error.status) from None
    except TimeoutError:
        raise _not_triggered(f"{shown} did not answer within {seconds:g} s.") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # What the client says of a URL may hold the whole of it.
        raise _not_triggered(f"{shown} could not be asked: {type(error).__name__}.") from None
    if is_redirect(status):
        raise _redirected(shown, status)
    if status not in _TAKEN:
        raise _not_triggered(f"{shown} answered {status}.")
    return _call_id(_read(answer), shown)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """The body, or as much of it as is read."""
    body = b""
    async for chunk in response.content.iter_chunked(_LARGEST):
        body += chunk[: _LARGEST - len(body)]
        if len(body) == _LARGEST:
            break
    return body


def _read(answer: bytes) -> Mapping[str, Any]:
    """The object that was answered; nothing where it is none, for an answer need not say anything."""
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _call_id(said: Mapping[str, Any], shown: str) -> str | None:
    if said.get("success") is False:
        raise _not_triggered(f'{shown} answered "success": false.')
    call_id = said.get("call_id")
    if isinstance(call_id, int) and not isinstance(call_id, bool):
        call_id = str(call_id)
    return call_id[:_LONGEST_ID] if isinstance(call_id, str) and call_id else None


def _redirected(shown: str, status: int) -> CallFailed:
    return _not_triggered(f"{shown} redirects ({status}), and redirects are not followed; use the final address.")


def _not_triggered(why: str) -> CallFailed:
    return CallFailed(f"The agent could not be asked to call. {why}", reason=EndingCode.NOT_TRIGGERED)
