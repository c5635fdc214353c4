"""Who we are on the telephone: addresses, credentials and bounds of the process that carries the calls."""

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from ringback.domain.ending import EndingCode
from ringback.errors import CallFailed

_NOT_IN_A_PASSWORD = re.compile(r'[\x00-\x1f\x7f"\\]')
_NOT_IN_A_LOGIN = re.compile(r'[\x00-\x20\x7f;<>"\\]')
_NOT_IN_A_USER = re.compile(r'[\x00-\x20\x7f@:;<>"?]')
"""What the stack's one line for an account has no way to write."""

SipTransport = Literal["udp", "tcp", "tls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One SIP user: whom a call comes from, or who is called."""

    user: str = "ringback"
    """User part of our address: a name, or a telephone number."""
    domain: str | None = None
    """Host (and port) of our address; None: the local address."""
    credentials: tuple[str, SecretStr] | None = None
    """User and password of digest authentication (RFC 8760)."""
    registrar: str | None = None
    """Host (and port) where it registers; None: it does not."""
    proxy: str | None = None
    """Outbound proxy, `sip:host:port`."""
    transport: SipTransport = "udp"
    """What carries SIP where the address that is called does not say."""

    def check(self) -> None:
        """Raise CallFailed where it has something that the stack cannot carry."""
        if _NOT_IN_A_USER.search(self.user):
            raise CallFailed(
                f'{self.user!r} cannot be a SIP user here: blanks and any of @ : ; < > " ? are not carried.',
                reason=EndingCode.CALL_FAILED,
            )
        login, password = self.credentials or ("", SecretStr(""))
        refused = EndingCode.CREDENTIALS_REFUSED
        if _NOT_IN_A_LOGIN.search(login):
            raise CallFailed(
                f'The user {login!r} cannot be sent to the SIP server: blanks and any of ; < > " \\ are not carried.',
                reason=refused,
            )
        if _NOT_IN_A_PASSWORD.search(password.get_secret_value()):
            raise CallFailed(
                f"The password of {login} cannot be sent to the SIP server: quotation marks, backslashes and control"
                " characters are not carried. Have it changed to one without.",
                reason=refused,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneSettings:
    """What one runtime process is started with."""

    listen: str = "0.0.0.0:0"
    """Address and port of SIP; port 0: any."""
    interface: str | None = None
    """Network interface or local address; None: the stack's own choice, which leaves loopback out."""
    media_ports: tuple[int, int] = (16384, 32767)
    """First and last UDP port of sound; each call takes two of them, on all addresses of the machine."""
    codecs: tuple[str, ...] = ("pcmu", "pcma")
    """In the order in which they are offered."""
    max_calls: int = 200
    """At the same time; a further call that arrives is answered 486."""
    media_timeout: float = 10.0
    """Seconds without RTP after which a call is taken for dead."""
    headers: tuple[str, ...] = ("X-Run-Id", "X-Scenario-Id", "X-Result-Id")
    """Headers of incoming INVITEs that are told; the stack takes 16 names at most."""
    expected: tuple[Identity, ...] = ()
    """Users at whom somebody will listen soon: their calls ring for some seconds where nobody does yet."""
    verify: bool = True
    """Whether certificates of TLS servers are verified."""
    ca_file: str | None = None
    """PEM file of a private certificate authority for `sips:` and TLS; None: the machine's authorities."""
