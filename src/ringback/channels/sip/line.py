"""The line of an agent that is called: we dial, it rings, it answers or does not."""

import asyncio
import time
from collections.abc import Mapping

from ringback.channels.sip.account import Identity
from ringback.channels.sip.call import Closed, Established, Ringing
from ringback.channels.sip.outcome import no_call, plain_address
from ringback.channels.sip.telephone import Telephone
from ringback.channels.sip.telephone_line import TelephoneLine
from ringback.domain.ending import EndingCode
from ringback.domain.secret import Redactor
from ringback.errors import CallFailed


class SipLine(TelephoneLine):
    """One call that we make; a `Line`."""

    def __init__(
        self,
        telephone: Telephone,
        uri: str,
        headers: Mapping[str, str],
        *,
        identity: Identity,
        ring_timeout: float = 60.0,
        redactor: Redactor | None = None,
    ) -> None:
        """Prepare a call; nothing is sent before `open`.

        Args:
            telephone: Carries it.
            uri: `sip:` or `sips:` address of the agent.
            headers: Further headers of the INVITE (see `sip_headers`).
            identity: Whom the call comes from.
            ring_timeout: Seconds within which the agent has to answer.
            redactor: Takes secrets out of all that is kept of what comes in.
        """
        super().__init__(redactor)
        self._telephone = telephone
        self._uri = uri
        self._headers = headers
        self._identity = identity
        self._ring_timeout = ring_timeout
        self._rang_at: float | None = None

    async def open(self) -> None:
        """Dial, and wait until the agent answers.

        Raises:
            CallFailed: busy, no answer, wrong credentials, or another refusal.
            Refused: 403 or 603.
            NotConnected: it cannot be reached.
            UsageError: there is no telephone on this machine.
        """
        call = await self._telephone.dial(self._uri, self._headers, identity=self._identity)
        happening = call.events()
        self._take(call, happening)
        shown = self._clean(plain_address(self._uri))
        try:
            async with asyncio.timeout(self._ring_timeout):
                async for event in happening:
                    match event:
                        case Ringing():
                            self._rang_at = event.at
                        case Established():
                            return
                        case Closed():
                            raise no_call(self._cleaned(event), shown, ringing=self._rang)
                        case _:
                            pass
        except TimeoutError:
            await call.hang_up()
            rang = "it rang" if self._rang_at is not None else "it did not even ring"
            raise CallFailed(
                f"{shown} did not answer within {self._ring_timeout:g} s; {rang}.",
                reason=EndingCode.NO_ANSWER,
                ringing=self._rang,
            ) from None
        except asyncio.CancelledError:
            await call.hang_up()
            raise

    @property
    def _rang(self) -> float | None:
        return None if self._rang_at is None else time.monotonic() - self._rang_at
