"""The process that carries telephone calls, seen from the process that talks: started, spoken to, and seen to die."""

import asyncio
import importlib.util
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from ringback.channels.sip.account import Identity, TelephoneSettings
from ringback.channels.sip.messages import Control, Malformed, Reader, Sound, control, sound
from ringback.errors import UsageError

_START_PATIENCE = 30.0
_END_PATIENCE = 5.0
_MOST_BACKLOG = 4 * 1024 * 1024
"""Bytes that may wait for a process that does not read: six seconds of 50 calls, and then it is taken for dead."""
_PASSED_ON = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHON\w+|COVERAGE_\w+|RINGBACK_SIP_DEBUG"
)
"""What Python and the stack need to start. Nothing else: keys and passwords stand in the environment, too."""


class CarrierProcess(asyncio.Protocol):
    """One process. Made by `start_carrier`; of no use any more once `on_death` was called."""

    def __init__(
        self,
        *,
        on_control: Callable[[Control], None],
        on_sound: Callable[[Sound], None],
        on_death: Callable[[str], None],
    ) -> None:
        self.address = ""
        self.alive = True
        self._on_control = on_control
        self._on_sound = on_sound
        self._on_death = on_death
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._started: asyncio.Future[Control] = asyncio.get_running_loop().create_future()
        self._frames: Sound = []
        self._flushing = False
        self._closing = False
        self._why = ""
        self._watching: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid if self._process is not None else 0

    async def start(self, settings: TelephoneSettings) -> None:
        """Start it, and wait until it hears SIP. Raises UsageError."""
        if importlib.util.find_spec("baresip") is None:
            raise UsageError("Telephone calls need the extra: install ringback[sip] (Linux).")
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "ringback.channels.sip",
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    env=_passed_on(os.environ),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=None if os.environ.get("RINGBACK_SIP_DEBUG") else subprocess.DEVNULL,
                    start_new_session=True,  # a terminal's Ctrl-C reaches us, and we hang up before it goes
                )
            await asyncio.get_running_loop().create_connection(lambda: self, sock=ours)
        except BaseException:
            ours.close()
            raise
        self._watching = asyncio.get_running_loop().create_task(self._watch(self._process))
        self.tell(_start_message(settings))
        try:
            async with asyncio.timeout(_START_PATIENCE):
                answer = await self._started
        except TimeoutError:
            answer: Control = {"is": "failed", "why": f"it said nothing for {_START_PATIENCE:g} s"}
        except BaseException:
            await self.close()
            raise
        if answer.get("is") != "started":
            await self.close()
            raise UsageError(
                f"The process that carries telephone calls could not be started on {settings.listen}: "
                f"{answer.get('why') or 'it gave no reason'}."
            )
        self.address = str(answer.get("address"))

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self._died(_death(code))

    def tell(self, values: Control) -> None:
        """Send it a control message."""
        if self._transport is not None and not self._transport.is_closing():
            self._flush()
            self._transport.write(control(values))

    def send(self, number: int, frame: bytes) -> None:
        """Send a frame of one call; those of all calls in the same tick go as one message."""
        self._frames.append((number, frame))
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        frames, self._frames = self._frames, []
        transport = self._transport
        if not frames or transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > _MOST_BACKLOG:
            self._give_up("it read nothing any more")
            return
        transport.write(sound(frames))

    # Its socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket pair is ours."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not say that it is one

    def data_received(self, data: bytes) -> None:
        """Messages of its; garbage ends it."""
        try:
            messages = self._reader.feed(data)
        except Malformed as error:
            self._give_up(f"it sent {error}")
            return
        for message in messages:
            if isinstance(message, list):
                self._on_sound(message)
            elif not self._started.done() and message.get("is") in ("started", "failed"):
                self._started.set_result(message)
            else:
                self._on_control(message)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the interface of protocols
        """It closed its end: it is about to be gone."""
        if not self._closing:
            self._kill()

    # Its end

    def _give_up(self, why: str) -> None:
        self._why = self._why or why
        self._kill()

    def _kill(self) -> None:
        if self._process is not None and self.alive:
            # Not by the object's own `kill`, which may take the exit status away from whoever waits for it.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    def _died(self, how: str) -> None:
        if not self.alive:
            return
        self.alive = False
        if not self._started.done():
            self._started.set_result({"is": "failed", "why": self._why or how})
        if self._transport is not None:
            self._transport.abort()
        self._on_death(self._why or how)

    async def close(self) -> None:
        """Let it hang up and end; kill it where it does not."""
        self._closing = True
        if self._transport is not None:
            self._flush()
            self._transport.close()
        if self._watching is None:
            return
        _, late = await asyncio.wait((self._watching,), timeout=_END_PATIENCE)
        if late:
            self._kill()
            await asyncio.wait((self._watching,))


def _passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if _PASSED_ON.fullmatch(name)}


def _death(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _start_message(settings: TelephoneSettings) -> dict[str, Any]:
    return {
        "do": "start",
        "listen": settings.listen,
        "interface": settings.interface,
        "media_ports": list(settings.media_ports),
        "codecs": list(settings.codecs),
        "max_calls": settings.max_calls,
        "media_timeout": settings.media_timeout,
        "headers": list(settings.headers),
        "expected": [identity_message(identity) for identity in settings.expected],
        "verify": settings.verify,
        # OpenSSL as the stack has it knows no authorities of this machine.
        "ca_file": settings.ca_file or ssl.get_default_verify_paths().cafile,
    }


def identity_message(identity: Identity) -> dict[str, Any]:
    """A user as the process is told of it."""
    credentials = identity.credentials
    return {
        "user": identity.user,
        "domain": identity.domain,
        "credentials": [credentials[0], credentials[1].get_secret_value()] if credentials is not None else None,
        "registrar": identity.registrar,
        "proxy": identity.proxy,
        "transport": identity.transport,
    }
