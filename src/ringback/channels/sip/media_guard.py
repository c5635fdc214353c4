"""Keeps strangers' packets off the sound of a call.

The stack plays whatever comes to a call's port: a stranger's sound, or none at all once two sources alternate. So when
the agent's sound has come, the socket gets a filter (BPF, Linux) that lets only the address through which the agent
named in its SDP. An agent behind NAT sends from another one: then nothing comes through at all, the filter goes again
within a tenth of a second, and that call is as open as the stack leaves it.
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
_TRIAL = 6
"""Ticks of 20 ms after which it is plain whether the agent comes through: its sound is 40 ms behind at most."""
_SILENT = 3
_LOOKS = 50
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
        self._ticks = 0
        self._silent = 0
        self._drops = 0
        self._told = False

    def tick(self, agreed: Agreed, *, heard: bool) -> str | None:
        """Look after the call; returns a sentence where a stranger was kept off, once a call.

        Args:
            agreed: the addresses as they are now.
            heard: whether sound has come since the last tick.
        """
        if self._tried != agreed:
            self.release()
            if heard and agreed.theirs is not None:
                self._tried = agreed
                self._try(agreed)
            return None
        if self._socket is None:
            return None
        self._ticks += 1
        self._silent = 0 if heard else self._silent + 1
        if self._ticks <= _TRIAL:
            if self._ticks == _TRIAL and self._silent >= _SILENT and (dropped := self._dropped()):
                self.blocked += dropped
                self._let_go()
            return None
        if self._told or self._ticks % _LOOKS or not self._dropped():
            return None
        self._told = True
        return "Packets came from another address than the agent's to where its sound is heard; they were not played."

    def _dropped(self) -> int:
        return max(0, _drops(self._socket) - self._drops) if self._socket is not None else 0

    def _try(self, agreed: Agreed) -> None:
        with suppress(OSError):
            found = _udp_socket(agreed.port)
            if found is None or agreed.theirs is None:
                return
            self._socket, self._ticks, self._silent, self._drops = found, 0, 0, _drops(found)
            _attach(found, *agreed.theirs)

    def _let_go(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, _DETACH, 0)
            self._socket.close()
            self._socket = None

    def release(self) -> None:
        """Let everything through again; the next sound is looked at anew."""
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
