"""From everything that is known of a run to its one outcome, with the sentence that says why.

Where several apply, the first of error, invalid, failed, inconclusive, passed names the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ringback.domain.conversation import Conversation
from ringback.domain.ending import AGENT_FAULTS, CLEAN, LIMITS, EndingCode
from ringback.domain.outcome import Outcome
from ringback.errors import CallerInvalid, RingbackError
from ringback.evaluation.line_doubt import doubt_about_line
from ringback.evaluation.standing import Assertion, Standing
from ringback.evaluation.wrong_channel import wrong_channel_hint


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome and what decided it."""

    outcome: Outcome
    reason: str
    nothing_asserted: bool = False


def decided_by_ending(conversation: Conversation, failure: RingbackError | None) -> Decision | None:
    """The outcome where the way the conversation went settles it, whatever was asserted; None where it does not."""
    ending = conversation.ending
    invalid = isinstance(failure, CallerInvalid) or (failure is None and ending.code is EndingCode.CALLER_INVALID)
    if not conversation.agent_spoke:
        why = str(failure) if failure is not None else ending.sentence
        # Where our own side ended it, the agent's silence explains nothing.
        took_place = invalid or ending.code in CLEAN | LIMITS | AGENT_FAULTS
        return Decision(Outcome.ERROR, _without_words(conversation, why, ours=invalid) if took_place else why)
    if failure is not None and not invalid:
        return Decision(Outcome.ERROR, str(failure))
    if invalid:
        return Decision(Outcome.INVALID, str(failure) if failure is not None else ending.sentence)
    if ending.code in AGENT_FAULTS:
        return _fault(conversation)
    if ending.code not in CLEAN | LIMITS:
        return Decision(Outcome.ERROR, ending.sentence)
    return None


def _fault(conversation: Conversation) -> Decision:
    sentence, doubt = conversation.ending.sentence, doubt_about_line(conversation)
    if doubt:
        return Decision(Outcome.INCONCLUSIVE, f"{sentence} Whose doing that was cannot be told: {doubt}")
    return Decision(Outcome.FAILED, sentence)


def _capital(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"


def _without_words(conversation: Conversation, why: str, *, ours: bool) -> str:
    """The reason where the agent never sent any content; `ours`: after what our caller had done."""
    hint = wrong_channel_hint((finding.code, finding.detail) for finding in conversation.findings)
    never = "the agent never sent any content."
    sentences = (_capital(why), f"Before that, {never}") if ours else (_capital(never), why)
    return " ".join(filter(None, (*sentences, hint)))


def decided_by_assertions(conversation: Conversation, asserted: Sequence[Assertion]) -> Decision:
    """The outcome of a conversation that a side or a limit ended: what was asserted is judged."""
    standing = [one for one in asserted if one.standing is not Standing.SKIPPED]
    if not standing:
        if conversation.ending.code in LIMITS:
            reason = f"Nothing was asserted, and a limit ended the conversation. {conversation.ending.sentence}"
            return Decision(Outcome.INCONCLUSIVE, reason, nothing_asserted=True)
        if conversation.ending.code is not EndingCode.CALLER_ENDED and not conversation.caller_turns:
            reason = f"Nothing was asserted, and the caller had not said a word. {conversation.ending.sentence}"
            return Decision(Outcome.INCONCLUSIVE, reason, nothing_asserted=True)
        return Decision(Outcome.PASSED, "Nothing was asserted; the conversation took place.", nothing_asserted=True)
    worst = max(standing, key=lambda one: one.standing)
    same = sum(1 for one in standing if one.standing is worst.standing)
    if worst.standing is Standing.HOLDS:
        count = f"All {len(standing)} assertions hold" if len(standing) > 1 else "The one assertion holds"
        return Decision(Outcome.PASSED, f"{count}.")
    more = f" ({same - 1} more like it.)" if same > 1 else ""
    outcome = Outcome.FAILED if worst.standing is Standing.BROKEN else Outcome.INCONCLUSIVE
    return Decision(outcome, f"{_capital(worst.what)}: {worst.why}{more}")
