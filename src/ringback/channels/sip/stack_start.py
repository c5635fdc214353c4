"""Starts the SIP stack at an address, and makes sure that it hears there what comes."""

from dataclasses import dataclass

from baresip import Runtime
from baresip.errors import BaresipError

from ringback.channels.sip.dialled import looked_up
from ringback.channels.sip.heard_at import ANYWHERE, address_of, free_port, host_and_port, is_held, is_loopback
from ringback.channels.sip.messages import Control
from ringback.channels.sip.stack_config import config

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Started:
    """The stack, and where it is."""

    runtime: Runtime
    host: str
    """Its numeric address; empty where it has several."""
    port: int

    @property
    def address(self) -> str:
        """Where SIP is heard."""
        return f"{self.host or ANYWHERE[0]}:{self.port}"


async def start_stack(settings: Control) -> Started:
    """Start it. Raises BaresipError, NotConnected, OSError, and ValueError in words."""
    host, port = host_and_port(str(settings["listen"]))
    host = await looked_up(host)
    # Loopback has to be named, and is: nobody listens there for calls from elsewhere.
    interface = settings.get("interface") or (host.strip("[]") if is_loopback(host) else None)
    shown = address_of(interface or "") if host in ANYWHERE else host
    for left in range(_TRIES, 0, -1):
        found, runtime = free_port(host, port), Runtime()
        try:
            await runtime.start(config({**settings, "interface": interface}, host, found))
        except BaresipError:
            if port or left == 1:
                raise
            continue  # somebody else was faster to take it
        if not is_held(host, found):
            await runtime.close()
            raise ValueError(
                "the stack hears nothing there, for no interface that it uses has this address; 0.0.0.0 is that of all"
            )
        return Started(runtime, shown, found)
    raise AssertionError("the last try raises")
