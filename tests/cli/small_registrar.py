"""A SIP registrar and stateless proxy in one, the smallest that calls come back through (RFC 3261, 10.3 and 16.11)."""

import asyncio
import hashlib
import re
from typing import Self, cast

_REALM, _NONCE = "line", "4f3a"
Address = tuple[str, int]


class SmallRegistrar(asyncio.DatagramProtocol):
    """Registers users who know the password (RFC 7616, MD5), and passes requests on to where they are."""

    def __init__(self, password: str) -> None:
        self.port = 0
        self.registered: dict[str, str] = {}
        """Contact by user."""
        self._password = password
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = int(self._transport.get_extra_info("sockname")[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        head, _, body = data.decode().partition("\r\n\r\n")
        start, *rows = head.split("\r\n")
        if start.startswith("SIP/2.0"):
            del rows[next(number for number, row in enumerate(rows) if row.lower().startswith("via:"))]
            self._send(start, rows, body, _via_address(rows))
        elif start.startswith("REGISTER "):
            self._register(rows, addr)
        else:
            self._pass_on(start, rows, body)

    def _register(self, rows: list[str], sender: Address) -> None:
        kept = [row for row in rows if row.lower().startswith(("via:", "from:", "to:", "call-id:", "cseq:"))]
        given = _field(rows, "authorization")
        if given is None or not self._is_right(given):
            challenge = f'WWW-Authenticate: Digest realm="{_REALM}", nonce="{_NONCE}", algorithm=MD5'
            status = "401 Unauthorized" if given is None else "403 Forbidden"
            self._send(f"SIP/2.0 {status}", [*kept, challenge, "Content-Length: 0"], "", sender)
            return
        contact = _field(rows, "contact") or ""
        if uri := re.search(r"<(sip:([^@;>]+)@[^>]+)>", contact):
            user = re.match(r"(?:.*<)?sip:([^@]+)@", _field(rows, "to") or "")
            self.registered[user[1] if user else uri[2]] = uri[1]
        self._send("SIP/2.0 200 OK", [*kept, f"Contact: {contact}", "Content-Length: 0"], "", sender)

    def _is_right(self, given: str) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
        ours = _md5(f"{said.get('username')}:{_REALM}:{self._password}"), _md5(f"REGISTER:{said.get('uri')}")
        return said.get("response") == _md5(f"{ours[0]}:{_NONCE}:{ours[1]}")

    def _pass_on(self, start: str, rows: list[str], body: str) -> None:
        method, uri, version = start.split(" ")
        user = re.match(r"sips?:([^@]+)@", uri)
        contact = self.registered.get(user[1] if user else "")
        if contact is None:
            return
        branch = re.search(r"branch=([^;,\s]+)", rows[0])
        via = f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{_md5(branch[1] if branch else uri)}"
        host = re.search(r"@([0-9.]+):(\d+)", contact)
        if host is not None:
            self._send(f"{method} {contact} {version}", [via, *rows], body, (host[1], int(host[2])))

    def _send(self, start: str, rows: list[str], body: str, to: Address) -> None:
        if self._transport is not None:
            self._transport.sendto("\r\n".join([start, *rows, "", body]).encode(), to)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what SIP's digest is made of


def _field(rows: list[str], name: str) -> str | None:
    return next((row.partition(":")[2].strip() for row in rows if row.lower().startswith(f"{name}:")), None)


def _via_address(rows: list[str]) -> Address:
    """Where the response belongs: the host and port of the Via that is now on top."""
    via = re.search(r"UDP ([0-9.]+)(?::(\d+))?", cast("str", _field(rows, "via")))
    assert via is not None
    return via[1], int(via[2] or 5060)
