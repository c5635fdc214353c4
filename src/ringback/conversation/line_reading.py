"""What happens on a line beside the sound: read as it comes, and told to the call."""

from ringback.channels.channel import Dropped, Noted
from ringback.channels.line import (
    AgentHeard,
    AgentHungUp,
    AgentStartedSpeaking,
    AgentStoppedSpeaking,
    Cleared,
    Happened,
    KeyPressed,
    Line,
    MarkPlayed,
    MetadataCame,
    PutOnHold,
    Remarked,
    SoundArrived,
    TakenOffHold,
    Transferred,
)
from ringback.channels.plain_data import shortened, storable
from ringback.conversation.endings import LONGEST_TARGET, after_drop, agent_hung_up, passed_on
from ringback.conversation.recorder import Recorder
from ringback.conversation.spoken_exchange import SpokenExchange
from ringback.conversation.voice_record import VoiceNotes
from ringback.domain.conversation import FindingCode, Role
from ringback.domain.ending import CLEAN, Ending

_LONGEST_REST = 30.0
"""Seconds of the agent's sound that are played after it has ended the call."""

_WORTH_TELLING = 0.2
"""Seconds of it from which on there is a finding; what is sent as it is spoken may be as late as that."""


async def read_line(line: Line, exchange: SpokenExchange, recorder: Recorder, notes: VoiceNotes) -> None:
    """Read until the line is closed; a defect of it ends the call."""
    try:
        async for event in line.events():
            _happened(event, exchange, recorder, notes)
            if isinstance(event, Dropped):
                return
        exchange.hung_up(after_drop(Dropped(at=recorder.clock(), close_code=None, reason="no more events"), ""))
    except Exception as defect:  # noqa: BLE001 - raised again where the call is waited for
        exchange.broke(defect)


def _happened(  # noqa: C901, PLR0912 - a table: one event, one case
    event: Happened, exchange: SpokenExchange, recorder: Recorder, notes: VoiceNotes
) -> None:
    now, turns = exchange.now, exchange.turns
    match event:
        case SoundArrived():
            notes.arrived(now, event.seconds)
        case MarkPlayed():
            notes.note(now, "mark_played", name=event.name)
        case Cleared():
            notes.note(now, "cleared", seconds=round(event.seconds, 4))
        case AgentStartedSpeaking():
            notes.note(now, "agent_started_speaking")
            turns.announced(now)
        case AgentStoppedSpeaking():
            notes.note(now, "agent_stopped_speaking")
        case KeyPressed():
            exchange.agent_pressed(event.digit)
        case AgentHeard():
            notes.transcribed(now, event.text)
        case MetadataCame():
            recorder.heard(Noted(at=event.at, metadata=event.values), after_end=turns.closing)
        case Remarked():
            recorder.heard(Noted(at=event.at, remarks=event.remarks), after_end=turns.closing)
        case PutOnHold():
            if notes.put_on_hold(now):
                turns.put_on_hold(now)
                _did("put the call on hold", now, recorder)
        case TakenOffHold():
            if (held := notes.taken_off_hold(now)) is not None:
                turns.taken_off_hold(now)
                _did(f"took the call off hold after {held.duration:.1f} s", now, recorder)
        case Transferred():
            target = shortened(storable(event.target), LONGEST_TARGET)
            notes.transferred(now, target)
            _did(f"transferred the call to {target or 'somebody else'}", now, recorder)
            recorder.heard(Noted(at=event.at, metadata={"transferred_to": target}), after_end=turns.closing)
            _hung_up(passed_on(target), exchange, recorder)
        case AgentHungUp():
            notes.note(now, "agent_hung_up")
            _hung_up(agent_hung_up(), exchange, recorder)
        case Dropped():
            notes.note(now, "dropped", code=event.close_code)
            if not event.closed_by_us:
                if event.cause is not None:
                    recorder.heard(event)
                _hung_up(after_drop(event, ""), exchange, recorder)


def _did(what: str, now: float, recorder: Recorder) -> None:
    """What the agent did on the line is a line of the transcript, as the reference product has pressed keys."""
    recorder.spoke(Role.AGENT, f"Main Agent {what}", now, now)


def _hung_up(ending: Ending, exchange: SpokenExchange, recorder: Recorder) -> None:
    """The agent has ended the call: where it did so in order, what it said before is played to its end."""
    clean = ending.code in CLEAN
    rest = min(exchange.line.waiting, _LONGEST_REST) if clean else 0.0
    if rest >= _WORTH_TELLING:
        sentence = (
            f"The agent ended the call while {rest:.1f} s of its sound were still to be played. They were played; "
            "a telephone company drops them."
        )
        recorder.remark(FindingCode.AFTER_END, sentence)
    exchange.hung_up(ending, rest)
