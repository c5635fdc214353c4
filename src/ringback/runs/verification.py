"""Tries the connection to an agent, as a run would open it, without holding a conversation."""

import asyncio
from dataclasses import dataclass

from ringback.channels.channel import Channel, Dropped, EndedCall, ReportedError, Said
from ringback.channels.line import Line, SoundArrived
from ringback.errors import ChannelError, HandshakeFailed, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What came of it."""

    success: bool
    """A WebSocket was opened, and the agent did not close it at once."""
    opening_message: str | None = None
    """What the agent said unasked; None: nothing within the wait."""
    status: int | None = None
    """HTTP status with which the handshake was turned down."""
    error: str | None = None
    """Why it did not work, in a sentence."""


async def verify_connection(line: Channel, *, wait: float) -> Verification:
    """Open the line, listen for an opening message, close it.

    Args:
        line: to the agent; its own time limit holds for the handshake.
        wait: seconds to listen.
    """
    try:
        await line.open()
    except ChannelError as error:
        return _not_open(error)
    try:
        async with asyncio.timeout(wait):
            return await _opening(line)
    except TimeoutError:
        return Verification(success=True)
    finally:
        await line.close()


async def verify_line(line: Line, *, wait: float) -> Verification:
    """Open a line for voice, wait whether the agent closes it at once, hang up; nothing is said or heard.

    Args:
        line: to the agent; its own time limit holds for the handshake.
        wait: seconds to listen.
    """
    try:
        await line.open()
    except ChannelError as error:
        return _not_open(error)
    try:
        async with asyncio.timeout(wait):
            async for event in line.events():
                match event:
                    case Dropped(close_code=code, reason=reason):
                        return _closed(code, reason)
                    case SoundArrived():
                        return Verification(success=True)
                    case _:
                        pass
    except TimeoutError:
        pass
    finally:
        await line.close()
    return Verification(success=True)


def _not_open(error: ChannelError) -> Verification:
    status = error.status if isinstance(error, Refused | HandshakeFailed) else None
    return Verification(success=False, status=status, error=str(error))


def _closed(code: int | None, reason: str) -> Verification:
    why = f"The agent closed the connection with code {code}: {reason or 'no reason given'}."
    return Verification(success=False, error=why)


async def _opening(line: Channel) -> Verification:
    async for event in line.events():
        match event:
            case Said(text=text) | EndedCall(text=text):
                return Verification(success=True, opening_message=text or None)
            case ReportedError(text=text):
                return Verification(success=False, error=f"The agent reported an error: {text}")
            case Dropped(close_code=code, reason=reason):
                return _closed(code, reason)
            case _:
                pass
    return Verification(success=True)
