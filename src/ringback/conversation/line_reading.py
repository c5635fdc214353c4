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
    Remarked,
    SoundArrived,
)
from ringback.conversation.endings import after_drop, agent_hung_up
from ringback.conversation.recorder import Recorder
from ringback.conversation.spoken_exchange import SpokenExchange
from ringback.conversation.voice_record import VoiceNotes


async def read_line(line: Line, exchange: SpokenExchange, recorder: Recorder, notes: VoiceNotes) -> None:
    """Read until the line is closed; a defect of it ends the call."""
    try:
        async for event in line.events():
            _happened(event, exchange, recorder, notes)
            if isinstance(event, Dropped):
                return
        exchange.turns.hung_up(after_drop(Dropped(at=recorder.clock(), close_code=None, reason="no more events"), ""))
    except Exception as defect:  # noqa: BLE001 - raised again where the call is waited for
        exchange.broke(defect)


def _happened(  # noqa: C901, PLR0912 - a table: one event, one case
    event: Happened, exchange: SpokenExchange, recorder: Recorder, notes: VoiceNotes
) -> None:
    now, turns = exchange.now, exchange.turns
    match event:
        case SoundArrived():
            notes.note(now, "sound_arrived", seconds=round(event.seconds, 4))
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
        case AgentHungUp():
            notes.note(now, "agent_hung_up")
            turns.hung_up(agent_hung_up())
        case Dropped():
            notes.note(now, "dropped", code=event.close_code)
            if not event.closed_by_us:
                if event.cause is not None:
                    recorder.heard(event)
                turns.hung_up(after_drop(event, ""))
