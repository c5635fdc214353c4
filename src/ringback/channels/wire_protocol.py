"""The contract of every voice protocol without a socket: frames of the agent in, events and answers out."""

from typing import Protocol

from ringback.channels.line import Encoding, Happened
from ringback.domain.fixed import fixed


@fixed
class Received:
    """What came of a frame."""

    events: tuple[Happened, ...] = ()
    answers: tuple[str, ...] = ()
    """Text frames that go back to the agent at once."""
    sound: bool = False
    """It was sound, marks and the like, which the line itself uses up; anything else is kept in the record."""


NOTHING = Received(sound=True)


class WireProtocol(Protocol):
    """One call in one protocol. Nothing that an agent sends raises, and each frame of it is told of by an event."""

    @property
    def transport(self) -> str:
        """Name of the transport, as a line tells it."""
        ...

    @property
    def encoding(self) -> Encoding:
        """How sound is written on the wire, both ways."""
        ...

    @property
    def carries_keys(self) -> bool:
        """Whether `key` has a frame."""
        ...

    @property
    def waiting(self) -> float:
        """Seconds of the agent's sound that are queued."""
        ...

    def opening(self) -> tuple[str, ...]:
        """Text frames to send as soon as the socket is open."""
        ...

    def heard(self, frame: str | bytes, at: float) -> Received:
        """What a frame of the agent means: text, or bytes of a binary one."""
        ...

    def played(self, at: float) -> tuple[bytes, Received]:
        """The agent's next 20 ms, and what was reached by them."""
        ...

    def sound(self, frame: bytes) -> str | bytes:
        """Our next 20 ms as a WebSocket frame."""
        ...

    def key(self, digit: str) -> str | None:
        """The frame for a key that our caller presses; None: the protocol has none."""
        ...

    def began_speaking(self) -> str | None:
        """The frame that says so; None: there is nothing to say."""
        ...

    def stopped_speaking(self) -> str | None:
        """The frame that says so; None: there is nothing to say."""
        ...

    def ending(self) -> tuple[str, ...]:
        """Text frames to send before we close the socket."""
        ...

    def failing(self) -> tuple[str, ...]:
        """Text frames that tell of a defect of ours, before those of the ending."""
        ...

    def last_error(self) -> str:
        """What the agent reported as an error shortly before, for the reason of a close; empty: nothing."""
        ...
