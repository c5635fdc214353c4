"""How long a conversation waits and how long it may become."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All times in seconds."""

    settle: float = 0.3
    """Quiet after a content frame that ends the agent's turn; 0: each content frame is answered at once."""
    opening_wait: float = 2.0
    """How long we listen for a greeting where it is not known who speaks first."""
    inactivity: float = 300.0
    """Without content for so long, the agent counts as silent."""
    longest_hold: float = 180.0
    """How long the agent may keep us on hold on a telephone call."""
    tool_hold: float = 30.0
    """How long a function call holds the agent's turn open for its result or the next content."""
    tool_settle: float = 2.0
    """Quiet after a tool's result that ends a turn in which the agent has spoken (at least `settle`)."""
    grace: float = 1.0
    """Between our end_call and our close."""
    max_duration: float = 600.0
    max_turns: int = 50
    """Utterances of the caller."""
    recompositions: int = 3
    """How often in a turn a reply is composed again because the agent said more meanwhile."""
    grace_when_stopped: float | None = None
    """The grace after the end_call of a run that a user stops; None: as ever."""
    finish_turn: float = 5.0
    """When a user stops the run: how long the agent may still take to finish the turn that it owes."""
