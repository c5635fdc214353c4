"""Tries the telephone line of the settings: registers, calls itself, and listens to what comes through.

Both ends of the call are in this process, so that one clock tells how long sound takes from end to end.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from pydantic import SecretStr

from ringback.channels.sip.account import Identity
from ringback.channels.sip.outcome import no_call
from ringback.channels.sip.telephone import Telephone
from ringback.channels.sip.telephone_call import TelephoneCall
from ringback.domain.agent import Agent, Transport
from ringback.domain.secret import Redactor
from ringback.domain.telephone import plain_number
from ringback.errors import ChannelError, RingbackError, UsageError
from ringback.runs.conformance import Level, Verdict
from ringback.settings import Settings, environment_variable
from ringback.speech.audio import Sound
from ringback.testing.sip_agent_call import SipAgentCall
from ringback.wiring.telephone import dialled_uri, identity_for, identity_of_number, telephone_settings

PATIENCE = 20.0
"""Seconds for each step of signalling."""
_SOUND_PATIENCE = 8.0
KEY = "5"
_RATE = 8000
_BURST = 0.3
"""Seconds of a tone."""
_BURSTS = 3
_THERE, _BACK = 700.0, 1100.0
"""Hz of the tones each way: neither is a harmonic of the other."""
_OFF_PITCH = 0.05
_REPORTED = 6.5
"""Seconds from which on both sides have reported how packets come: RTCP's first turn is after about five."""
_SLOW = 0.4
"""Seconds one way from which on people talk at cross purposes (ITU-T G.114)."""
_LOCAL = "127.0.0.1"


class _Ends(NamedTuple):
    caller: SipAgentCall
    called: SipAgentCall


class _Failed(Exception):
    """A step that no other can follow."""

    def __init__(self, rule: str, sentence: str) -> None:
        super().__init__(sentence)
        self.verdict = Verdict(rule=rule, level=Level.BROKEN, sentence=sentence)


@dataclass(frozen=True, slots=True)
class LineTrial:
    """One trial of the line that these settings describe."""

    settings: Settings
    patience: float = PATIENCE
    """Seconds within which a call to ourselves has to come back."""

    async def verdicts(self) -> AsyncIterator[Verdict]:
        """What came of each step, as it is known.

        Raises:
            UsageError: there is no telephone on this machine, or a setting is wrong.
        """
        settings = self._near()
        numbers = [plain_number(number) for number in settings.phone_numbers] or [_own_name(settings)]
        password = settings.sip_password
        redactor = Redactor([password.get_secret_value()] if password is not None else [])
        telephone = Telephone(telephone_settings(settings), redactor=redactor)
        try:
            await telephone.start()
            yield _fine("telephone", f"SIP is heard at {telephone.address}.")
            async for verdict in self._tried(telephone, settings, numbers):
                yield verdict
        except _Failed as failure:
            yield failure.verdict
        finally:
            await telephone.close()

    def _near(self) -> Settings:
        """Without a trunk and a registrar the call stays on this machine, where loopback has to be named."""
        settings = self.settings
        if settings.sip_trunk or settings.sip_registrar or settings.sip_interface:
            return settings
        host = settings.sip_listen.rpartition(":")[0]
        return settings.model_copy(update={"sip_interface": _LOCAL if host == "0.0.0.0" else host})  # noqa: S104 - compared, not bound

    async def _tried(self, telephone: Telephone, settings: Settings, numbers: Sequence[str]) -> AsyncGenerator[Verdict]:
        arriving: asyncio.Queue[TelephoneCall] = asyncio.Queue()
        for number in numbers:
            yield await _registered(telephone, number, settings, arriving)
        uri = _own_address(numbers[0], settings, telephone)
        async with _call(telephone, uri, _caller(numbers[0], settings), arriving, self.patience) as (ends, verdict):
            yield verdict
            for rule, speaker, hearer, hertz in (
                ("sound there", ends.caller, ends.called, _THERE),
                ("sound back", ends.called, ends.caller, _BACK),
            ):
                yield await _sound(rule, speaker, hearer, hertz)
            yield await _key(ends)
        yield _packets("packets there", ends.called)
        yield _packets("packets back", ends.caller)


def _fine(rule: str, sentence: str) -> Verdict:
    return Verdict(rule=rule, level=Level.OK, sentence=sentence)


def _own_name(settings: Settings) -> str:
    if settings.sip_trunk is not None:
        raise UsageError(
            f"Which number is ours at {settings.sip_trunk}? Set {environment_variable('phone_numbers')}: the line is"
            " tried by calling one of them."
        )
    return plain_number(settings.sip_user or "") or "ringback-line"


def _agent(url: str) -> Agent:
    return Agent(name="our own number", url=SecretStr(url), shown_url=url, channel=Transport.SIP)


def _own_address(number: str, settings: Settings, telephone: Telephone) -> str:
    if settings.sip_trunk is not None:
        return dialled_uri(_agent(f"tel:{number}"), settings)
    return f"sip:{number}@{settings.sip_registrar or telephone.address}"


def _caller(number: str, settings: Settings) -> Identity:
    if settings.sip_trunk is not None:
        return identity_for(_agent(f"tel:{number}"), settings)
    if settings.sip_registrar is not None:
        return replace(identity_of_number(number, settings), registrar=None)
    return Identity(user="ringback")


async def _registered(
    telephone: Telephone, number: str, settings: Settings, arriving: "asyncio.Queue[TelephoneCall]"
) -> Verdict:
    identity = identity_of_number(number, settings)
    try:
        await telephone.listen(identity, arriving.put_nowait)
    except ChannelError as error:
        raise _Failed("registration", f"{error} {_why_not_registered(error)}") from None
    if identity.registrar is None:
        sentence = f"None is set ({environment_variable('sip_registrar')}): calls to {number} are taken as they come."
        return Verdict(rule="registration", level=Level.NOTE, sentence=sentence)
    return _fine("registration", f"{number} is registered at {identity.registrar}.")


def _why_not_registered(error: ChannelError) -> str:
    if getattr(error, "reason", "") == "credentials_refused":
        return f"Check {environment_variable('sip_user')} and {environment_variable('sip_password')}."
    return (
        f"Check {environment_variable('sip_registrar')}, {environment_variable('sip_transport')} and the firewall: SIP"
        " has to get out, and its answers in."
    )


@asynccontextmanager
async def _call(
    telephone: Telephone, uri: str, identity: Identity, arriving: "asyncio.Queue[TelephoneCall]", patience: float
) -> AsyncGenerator[tuple[_Ends, Verdict]]:
    """Call ourselves, and hang up at the end. Raises `_Failed`."""
    began = time.monotonic()
    caller = SipAgentCall(1, await telephone.dial(uri, {}, identity=identity), {})
    running = [asyncio.create_task(caller.run())]
    try:
        arrived = await _arrived(caller, running[0], arriving, uri, patience)
        called = SipAgentCall(2, arrived, {})
        running.append(asyncio.create_task(called.run()))
        await arrived.accept()
        await _answered(caller, called, uri)
        took = time.monotonic() - began
        yield _Ends(caller, called), _fine("call", f"{uri} answered after {1000 * took:.0f} ms, with {caller.codec}.")
        await asyncio.sleep(max(0.0, began + took + _REPORTED - time.monotonic()))
        await caller.hang_up()
        async with asyncio.timeout(PATIENCE):
            await called.closed.wait()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _arrived(
    caller: SipAgentCall,
    running: asyncio.Task[None],
    arriving: "asyncio.Queue[TelephoneCall]",
    uri: str,
    patience: float,
) -> TelephoneCall:
    """The other end of the call, when it has come to us."""
    coming = asyncio.create_task(arriving.get())
    try:
        done, _ = await asyncio.wait((coming, running), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if coming in done:
            return coming.result()
    finally:
        coming.cancel()
    if caller.ended is not None:
        raise _Failed("call", f"{no_call(caller.ended, uri, ringing=None)} {_COMES_BACK}")
    rang = "It rings, but not here." if caller.ringing.is_set() else "Nobody answered at all."
    raise _Failed("call", f"{uri} was called, and no call came to us within {patience:g} s. {rang} {_COMES_BACK}")


_COMES_BACK = (
    "A call to our number has to come back to this machine: look at the provider's routing of the number, at"
    f" {environment_variable('sip_listen')}, and at the firewall."
)


async def _answered(caller: SipAgentCall, called: SipAgentCall, uri: str) -> None:
    waiting = [asyncio.create_task(end.answered.wait()) for end in (caller, called)]
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*waiting)
    except TimeoutError:
        why = f" ({caller.reason})" if caller.reason else ""
        raise _Failed("call", f"{uri} was answered, and the two ends did not come together{why}.") from None
    finally:
        for task in waiting:
            task.cancel()


async def _sound(rule: str, speaker: SipAgentCall, hearer: SipAgentCall, hertz: float) -> Verdict:
    """How long tones take from one end to the other, its buffers included."""
    delays: list[float] = []
    for _ in range(_BURSTS):
        delay = await _delay(speaker, hearer, hertz)
        if delay is None:
            return Verdict(rule=rule, level=Level.BROKEN, sentence=f"A tone was sent, and it did not come. {_NO_RTP}")
        delays.append(delay)
    middle = statistics.median(delays)
    sentence = f"It takes {middle:.2f} s from end to end ({min(delays):.2f} to {max(delays):.2f} s), buffers included."
    if middle > _SLOW:
        return Verdict(rule=rule, level=Level.NOTE, sentence=f"{sentence} That is long: latencies will show it.")
    return _fine(rule, sentence)


_NO_RTP = (
    "RTP does not get through: open UDP for it in the firewall, and have"
    f" {environment_variable('sip_interface')} name the interface that leads there."
)


async def _delay(speaker: SipAgentCall, hearer: SipAgentCall, hertz: float) -> float | None:
    hearer.forget()
    wave = 12_000 * np.sin(2 * np.pi * hertz * np.arange(round(_BURST * _RATE)) / _RATE)
    sent = time.monotonic()
    try:
        async with asyncio.timeout(_SOUND_PATIENCE):
            saying = asyncio.create_task(speaker.say(Sound(wave.astype(np.int16), _RATE)))
            position = await hearer.speaks()
            await saying
            if position is None or not await hearer.reaches(position + round(_BURST * _RATE)):
                return None
    except (TimeoutError, RingbackError):
        return None
    heard = hearer.heard(position, position + round(_BURST / 2 * _RATE))
    arrived = next(at for at, first in hearer.arrivals if first >= position)
    await asyncio.sleep(_BURST)  # the line is quiet again before the next tone
    return arrived - sent if abs(_pitch(heard) / hertz - 1) < _OFF_PITCH else None


def _pitch(sound: Sound) -> float:
    """Hz of the strongest tone."""
    spectrum = np.abs(np.fft.rfft(sound.samples.astype(np.float64)))
    return float(np.argmax(spectrum)) * sound.rate / len(sound.samples)


async def _key(ends: _Ends) -> Verdict:
    await ends.caller.press(KEY)
    try:
        async with asyncio.timeout(_SOUND_PATIENCE):
            keys = await ends.called.pressed()
    except TimeoutError:
        keys = []
    if keys == [KEY]:
        return _fine("key", f"Key {KEY} was pressed and came.")
    what = f"{', '.join(keys)} came" if keys else "none came"
    sentence = f"Key {KEY} was pressed, and {what}: the line does not carry telephone events (RFC 4733)."
    return Verdict(rule="key", level=Level.BROKEN, sentence=sentence)


def _packets(rule: str, receiver: SipAgentCall) -> Verdict:
    media = receiver.report.media
    if media is None or not media.packets_received:
        return Verdict(rule=rule, level=Level.BROKEN, sentence=f"None came. {_NO_RTP}")
    expected = media.packets_received + media.lost_received
    jitter = "not measured amid keys" if media.jitter_received is None else f"{1000 * media.jitter_received:.0f} ms"
    sentence = f"{media.lost_received} of {expected} lost ({media.lost_received / expected:.1%}), jitter {jitter}."
    if receiver.report.degraded:
        why = " ".join(receiver.report.degraded)
        what = "Calls over this line are degraded: their times are not to be trusted. Try a wired network, a provider"
        sentence = f"{sentence} {why} {what} nearer to this machine, or a machine that is less busy."
        return Verdict(rule=rule, level=Level.BROKEN, sentence=sentence)
    return _fine(rule, sentence)
