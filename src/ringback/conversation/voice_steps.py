"""What the rules of a spoken call can decide."""

from dataclasses import dataclass

from ringback.conversation.turn_taking import Ask, End, Finish


@dataclass(frozen=True, slots=True)
class Hear:
    """Recognise the agent's turn between these times."""

    start: float
    end: float
    """Of its last voice, or of the part that is heard where the agent goes on."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The agent speaks again: drop what the caller is composing; it will be asked anew."""


@dataclass(frozen=True, slots=True)
class SayPlan:
    """Play the plan that is ready."""


@dataclass(frozen=True, slots=True)
class StopSpeaking:
    """The agent breaks in: stop the mouth."""


@dataclass(frozen=True, slots=True)
class BreakIn:
    """Break into the agent's turn with a short phrase."""


@dataclass(frozen=True, slots=True)
class Backchannel:
    """Say `mm-hm` and leave the turn to the agent."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Ask whether the agent is still there."""


Step = Hear | Withdraw | Ask | SayPlan | StopSpeaking | BreakIn | Backchannel | Prompt | End | Finish
