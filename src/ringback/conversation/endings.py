"""Every way in which a conversation ends, with its sentence."""

from ringback.channels.channel import Dropped
from ringback.channels.plain_data import shortened
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import Ending, EndingCode
from ringback.errors import CallerInvalid, CostLimitReached, ModelError, NotSupported, RingbackError

_CAUSES = {
    FindingCode.FRAME_TOO_LARGE: EndingCode.FRAME_TOO_LARGE,
    FindingCode.INVALID_UTF8: EndingCode.INVALID_UTF8,
    FindingCode.FLOOD: EndingCode.AGENT_FLOODED,
}
TELEPHONE_CAUSES = {
    FindingCode.NO_MEDIA: EndingCode.NO_MEDIA,
    FindingCode.MEDIA_STOPPED: EndingCode.MEDIA_STOPPED,
    FindingCode.TELEPHONE_FAILED: EndingCode.TELEPHONE_FAILED,
}
"""What a telephone line drops for; the reason it gives is a sentence."""
LONGEST_TARGET = 200
"""Characters of an address that the agent chose."""
_LONGEST_REASON = 500
"""Characters of the agent's words why it hung up."""
CLEAN_CLOSES = {1000: "normal", 1001: "going away", 1005: "no code"}
"""Close codes (RFC 6455, 7.4.1) with which a side ends a conversation in order."""


def caller_ended() -> Ending:
    """The caller hung up."""
    return Ending(code=EndingCode.CALLER_ENDED, sentence="The caller ended the call.")


def agent_ended(reason: object = None) -> Ending:
    """The agent hung up with an end_call frame; `reason` is what it gave as such, if anything."""
    why = f": {shortened(reason.strip(), _LONGEST_REASON)}" if isinstance(reason, str) and reason.strip() else "."
    return Ending(code=EndingCode.AGENT_ENDED, sentence=f"The agent ended the call with end_call{why}")


def agent_silent(seconds: float) -> Ending:
    """The inactivity limit was reached."""
    return Ending(code=EndingCode.AGENT_SILENT, sentence=f"The agent sent no content for {seconds:g} s.")


def agent_quiet(seconds: float, prompts: int) -> Ending:
    """The agent said nothing on a spoken call.

    Args:
        seconds: How long both sides were silent at the end.
        prompts: How often the caller asked before that whether the agent was there.
    """
    asked = f" after the caller had asked {prompts} times whether it was there" if prompts else ""
    return Ending(code=EndingCode.AGENT_SILENT, sentence=f"The agent said nothing for {seconds:.3g} s{asked}.")


def kept_on_hold(seconds: float) -> Ending:
    """The agent put us on hold and did not come back."""
    return Ending(code=EndingCode.AGENT_SILENT, sentence=f"The agent kept the caller on hold for {seconds:.0f} s.")


def agent_hung_up() -> Ending:
    """The agent ended a spoken call by its protocol's word."""
    return Ending(code=EndingCode.AGENT_ENDED, sentence="The agent hung up.")


def passed_on(target: str) -> Ending:
    """The agent passed a telephone call on to somebody else."""
    whom = target or "somebody else"
    return Ending(code=EndingCode.TRANSFERRED, sentence=f"The agent passed the call on to {whom}.")


def max_duration(seconds: float) -> Ending:
    """The conversation took too long."""
    return Ending(
        code=EndingCode.MAX_DURATION, sentence=f"The conversation reached its longest duration of {seconds:g} s."
    )


def max_turns(turns: int) -> Ending:
    """The caller has used up its utterances."""
    return Ending(code=EndingCode.MAX_TURNS, sentence=f"The caller reached its limit of {turns} utterances.")


def cancelled() -> Ending:
    """The user stopped the run."""
    return Ending(code=EndingCode.CANCELLED, sentence="The run was stopped by the user.")


def after_failure(failure: RingbackError) -> Ending:
    """The caller could not go on."""
    if isinstance(failure, CallerInvalid):
        code = EndingCode.CALLER_INVALID
    elif isinstance(failure, NotSupported):
        code = EndingCode.NOT_SUPPORTED
    elif isinstance(failure, CostLimitReached):
        code = EndingCode.COST_LIMIT
    else:
        code = EndingCode.CALLER_FAILED
    kind = "model" if isinstance(failure, ModelError) else "caller"
    return Ending(code=code, sentence=str(failure) or f"The {kind} failed without giving a reason.")


def after_drop(event: Dropped, error: str) -> Ending:
    """The line is closed and nobody had said the end.

    Args:
        event: The closing.
        error: Text of an error frame that came shortly before; empty: there was none.
    """
    because = f" after it reported: {error}" if error else ""
    if event.unresponsive:
        return Ending(code=EndingCode.AGENT_UNRESPONSIVE, sentence=f"The agent did not respond: {event.reason}.")
    if event.cause is not None and event.cause in _CAUSES:
        return Ending(code=_CAUSES[event.cause], sentence=f"The agent sent {event.reason}.")
    if event.cause is not None and event.cause in TELEPHONE_CAUSES:
        return Ending(code=TELEPHONE_CAUSES[event.cause], sentence=event.reason)
    if event.close_code is None:
        reason = f" ({event.reason})" if event.reason else ""
        return Ending(
            code=EndingCode.AGENT_DROPPED, sentence=f"The line dropped without a close frame{because}{reason}."
        )
    reason = f": {event.reason}" if event.reason else ""
    if event.close_code in CLEAN_CLOSES:
        meaning = CLEAN_CLOSES[event.close_code]
        code = "without a code" if event.close_code == 1005 else f"with code {event.close_code} ({meaning})"  # noqa: PLR2004 - RFC 6455
        return Ending(
            code=EndingCode.AGENT_CLOSED,
            sentence=f"The agent closed the line {code}{because}{reason}.",
            close_code=event.close_code,
        )
    return Ending(
        code=EndingCode.AGENT_DROPPED,
        sentence=f"The agent closed the line with the abnormal code {event.close_code}{because}{reason}.",
        close_code=event.close_code,
    )
