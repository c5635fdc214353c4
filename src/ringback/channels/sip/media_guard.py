"""Keeps strangers' packets off the sound of a call.

The stack plays whatever comes to a call's port: a stranger's sound, or none at all once two sources alternate. So the
socket gets a filter (BPF, Linux) that lets only the address through which the other side named in its SDP. One behind
NAT sends from another: then packets are dropped and none comes through, the filter goes again after a quarter of a
second, and that call is as open as the stack leaves it.
"""

import ctypes
import os
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path

from ringback.channels.sip.agreed_media import Agreed

_ATTACH, _DETACH, _MEMORY_INFO = 26, 27, 55
"""SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_MEMINFO of Linux; Python has no names for them."""
_DROPS = 8
_TRIAL = 0.25
"""Seconds from the first packet that was dropped, in which the other side has to come through."""
_ENOUGH = 8
"""Packets that were dropped by then, if what was dropped is its sound."""
_COMES = 5
"""Ticks with sound after which it comes through; a first packet or two may have come before the filter."""
_LOOKS = 1.0
"""Seconds between two looks for strangers."""
_LOAD_WORD, _LOAD_HALF, _JUMP_EQUAL, _RETURN = 0x20, 0x28, 0x15, 0x06
_SOURCE_ADDRESS = 0xFFFFFFFF - 0x100000 + 1 + 12
"""SKF_NET_OFF + 12: of the IPv4 header, wherever the filter's own data begins (that is at the header of UDP)."""


class MediaGuard:
    """Of one call. `tick` every 20 ms."""

    def __init__(self) -> None:
        self.blocked = 0
        """Packets of the agent's own that a trial has cost."""
        self._socket: socket.socket | None = None
        self._tried: Agreed | None = None
        self._drops = 0
        self._first_drop: float | None = None
        self._came = 0
        self._looked = 0.0
        self._told = False

    def tick(self, agreed: Agreed, now: float, *, heard: bool) -> str | None:
        """Look after the call; returns a sentence where a stranger was kept off, once a call.

        Args:
            agreed: the addresses as they are now.
            now: seconds of any clock.
            heard: whether sound has come since the last tick.
        """
        if self._tried != agreed:
            self.release()
            self._tried = agreed
            self._begin(agreed, now)
            return None
        if self._socket is None:
            return None
        self._came += heard
        if self._came < _COMES:
            self._judge(now)
            return None
        if self._told or now - self._looked < _LOOKS:
            return None
        self._looked = now
        if not self._dropped():
            return None
        self._told = True
        return "Packets came from another address than the agent's to where its sound is heard; they were not played."

    def _judge(self, now: float) -> None:
        """Nothing has come through yet: because nothing came, or because the filter is wrong?"""
        dropped = self._dropped()
        if dropped and self._first_drop is None:
            self._first_drop = now
        if self._first_drop is not None and now - self._first_drop >= _TRIAL and dropped >= _ENOUGH:
            self.blocked += dropped
            self._let_go()

    def _dropped(self) -> int:
        return max(0, _drops(self._socket) - self._drops) if self._socket is not None else 0

    def _begin(self, agreed: Agreed, now: float) -> None:
        with suppress(OSError):
            found = _udp_socket(agreed.port) if agreed.theirs is not None else None
            if found is None or agreed.theirs is None:
                return
            self._socket, self._drops = found, _drops(found)
            self._first_drop, self._came, self._looked = None, 0, now
            _attach(found, *agreed.theirs)

    def _let_go(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, _DETACH, 0)
            self._socket.close()
            self._socket = None

    def release(self) -> None:
        """Let everything through again."""
        self._let_go()
        self._tried = None


def _udp_socket(port: int) -> socket.socket | None:
    """Another handle of this process's own socket at a port; the stack keeps its."""
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            descriptor = int(entry.name)
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            found = socket.socket(fileno=os.dup(descriptor))
            if found.type == socket.SOCK_DGRAM and found.getsockname()[1] == port:
                return found
            found.close()
    return None


def _drops(found: socket.socket) -> int:
    return int(struct.unpack_from("=9I", found.getsockopt(socket.SOL_SOCKET, _MEMORY_INFO, 36))[_DROPS])


def _attach(found: socket.socket, host: str, port: int) -> None:
    """Let only packets from there through."""
    program = b"".join(
        struct.pack("=HBBI", *step)
        for step in (
            (_LOAD_WORD, 0, 0, _SOURCE_ADDRESS),
            (_JUMP_EQUAL, 0, 3, int.from_bytes(socket.inet_aton(host), "big")),
            (_LOAD_HALF, 0, 0, 0),
            (_JUMP_EQUAL, 0, 1, port),
            (_RETURN, 0, 0, 0xFFFFFFFF),
            (_RETURN, 0, 0, 0),
        )
    )
    kept = ctypes.create_string_buffer(program, len(program))
    found.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("@HP", len(program) // 8, ctypes.addressof(kept)))
