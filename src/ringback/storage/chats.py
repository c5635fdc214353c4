"""Pull-mode chats: turns that clients read, frames that they submit, and what workers make of them.

Server and worker may be different processes, so everything goes through the tables. Whoever changes a chat holds the
lock of its run's row: submissions of many clients and the worker's words come one after the other.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple, NoReturn

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from ringback.channels.plain_data import read_json, storable
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.run import RunStatus
from ringback.errors import Conflict, NotFound, TakenOver
from ringback.storage.clock import now_of
from ringback.storage.database import Database
from ringback.storage.reading_status import OPENING
from ringback.storage.rows import NOT_BEGUN
from ringback.storage.tables import chat_frames, chat_turns, results, runs

_LARGEST = 2**31 - 1

_TOGETHER = 200
"""Chats of one condition: databases limit how long an expression may be."""


class TurnStatus(StrEnum):
    """Where a turn is."""

    GENERATING = "generating"
    READY = "ready"
    DROPPED = "dropped"
    """Something was submitted meanwhile: the next turn's message answers both."""
    ERROR = "error"
    """There will be no message: submit again."""


class Opening(Conflict):
    """The run has begun, and its chat is open in a moment."""


class NoChat(Conflict):
    """The run is carried out over a connection: nobody submits anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn as clients read it."""

    run_id: int
    result_id: int
    turn_id: int
    status: TurnStatus
    message: str | None
    ended: bool
    ended_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """One frame, to be handed to the chat's conversation."""

    id: int
    run_id: int
    frame: str


class Chats:
    """The tables of chats. Its verbs raise `StorageError`."""

    def __init__(self, database: Database, *, clean: Callable[[str], str] = lambda text: text) -> None:
        """`clean` takes secrets out of what is submitted, before it is kept."""
        self._database = database
        self._clean: Callable[[str], str] = lambda text: clean(storable(text))
        self.on_submit: Callable[[], None] = lambda: None
        """Called when something was submitted in this process; set by whoever feeds conversations."""

    # What clients do

    async def submit(self, run_id: int, frame: str, *, opens_turn: bool, ends: bool = False) -> Turn:
        """Keep a frame for the conversation; the turn that it opened, or else the last one.

        Args:
            run_id: whose chat.
            frame: what was submitted, as JSON text.
            opens_turn: whether it is to be answered; a turn that was being generated is dropped.
            ends: whether it ends the conversation.

        Raises:
            NotFound: there is no such run.
            Conflict: its chat is not open; `Opening` where it is soon, `NoChat` where it is none.
        """
        kept = json.dumps(read_json(self._clean(frame), self._clean), ensure_ascii=False)

        def submit(connection: Connection) -> Turn:
            run = _locked(connection, run_id)
            last = _open_turn(connection, run)
            now = now_of(connection)
            if opens_turn or ends:
                _change_generating(connection, run, status=TurnStatus.DROPPED, updated_at=now)
                _has_opened(connection, run)
            turn_id = _next_turn(connection, run_id) if opens_turn else last
            if opens_turn:
                _add_turn(connection, run, turn_id, TurnStatus.GENERATING, None)
            connection.execute(
                insert(chat_frames).values(
                    run_id=run_id, turn_id=turn_id if opens_turn else None, frame=kept, created_at=now
                )
            )
            if ends:
                _end(connection, run, turn_id, Ending(code=EndingCode.AGENT_ENDED, sentence="").reference_reason)
            return _turn(connection, run_id, turn_id)

        turn = await self._database.write(submit)
        self.on_submit()
        return turn

    async def turn(self, run_id: int, turn_id: int) -> Turn:
        """A turn as it is now. Raises `NotFound`, and `Opening` for the first one of a chat that is open soon."""

        def read(connection: Connection) -> Turn:
            return _turn(connection, run_id, turn_id)

        return await self._database.read(read)

    # What workers do

    async def open(self, run_id: int, attempt: int, *, caller_opens: bool) -> int:
        """Open a chat: turn 0 begins; the number of the last frame that is not of this chat.

        What is left of an earlier attempt is an error from now on.

        Args:
            run_id: whose chat.
            attempt: of the run, as it was claimed.
            caller_opens: whether turn 0 will have a message; else it is the client's to speak.

        Raises:
            TakenOver: the run is not this attempt's any more.
        """

        def begin(connection: Connection) -> int:
            run = _held(connection, run_id, attempt)
            if run is None:
                raise TakenOver(f"Run {run_id} was taken over by another process; this one stops.")
            now = now_of(connection)
            connection.execute(
                update(chat_turns)
                .where(chat_turns.c.run_id == run_id)
                # The same attempt may begin again: what was before is none of its turns.
                .values(
                    status=TurnStatus.ERROR, ended=False, ended_reason=None, attempt=run.attempt - 1, updated_at=now
                )
            )
            status = TurnStatus.GENERATING if caller_opens else TurnStatus.READY
            first = and_(chat_turns.c.run_id == run_id, chat_turns.c.turn_id == 0)
            again = update(chat_turns).where(first).values(attempt=attempt, status=status, message=None, updated_at=now)
            if not connection.execute(again).rowcount:
                _add_turn(connection, run, 0, status, None)
            if not caller_opens:
                _has_opened(connection, run)
            last = select(func.coalesce(func.max(chat_frames.c.id), 0)).where(chat_frames.c.run_id == run_id)
            return connection.execute(last).scalar_one()

        return await self._database.write(begin)

    async def say(
        self, run_id: int, attempt: int, message: str | None, *, heard: int, ended_reason: str | None = None
    ) -> bool:
        """Put the caller's words into the turn that waits for them. False: something has to be heard before.

        Args:
            run_id: whose chat.
            attempt: of the run, as it was claimed; where it is another's by now, nothing happens.
            message: the words; None: the caller has nothing to say to this.
            heard: number of the last frame that the caller knows.
            ended_reason: the caller hangs up with these words, whatever was not heard yet.
        """

        def say(connection: Connection) -> bool:
            run = _held(connection, run_id, attempt)
            if run is None:
                return True
            if ended_reason is None and _to_be_heard(connection, run, heard):
                return False
            waiting = _of_chat(run, chat_turns.c.status == TurnStatus.GENERATING)
            turn_id = connection.execute(select(func.max(chat_turns.c.turn_id)).where(waiting)).scalar()
            if turn_id is not None:
                spoken = {"status": TurnStatus.READY, "message": message, "updated_at": now_of(connection)}
                _change_generating(connection, run, **spoken)
                _has_opened(connection, run)
            elif message:  # the caller goes on by itself
                turn_id = _next_turn(connection, run_id)
                _add_turn(connection, run, turn_id, TurnStatus.READY, message)
            if ended_reason is not None and turn_id is not None:
                _end(connection, run, turn_id, ended_reason)
            return True

        return await self._database.write(say)

    async def over(self, run_id: int, attempt: int, *, ended_reason: str, failed: bool) -> None:
        """The conversation is over; `failed`: a turn that is still waited for is an error."""

        def close(connection: Connection) -> None:
            run = _held(connection, run_id, attempt)
            last = _last_turn(connection, run) if run else None
            if run is None or last is None:
                return
            status = TurnStatus.ERROR if failed else TurnStatus.READY
            _change_generating(connection, run, status=status, updated_at=now_of(connection))
            if not _has_ended(connection, run):
                _end(connection, run, last, ended_reason)

        await self._database.write(close, repeat=True)

    async def frames(self, heard: Mapping[int, int]) -> list[Submitted]:
        """What was submitted and not heard yet, in order.

        Args:
            heard: number of the last frame that was heard of each chat, by its run.
        """

        def read(connection: Connection) -> list[Submitted]:
            found: list[Submitted] = []
            for some in _batches(heard):
                new = or_(*(and_(chat_frames.c.run_id == run, chat_frames.c.id > last) for run, last in some))
                query = select(chat_frames.c.id, chat_frames.c.run_id, chat_frames.c.frame).where(new)
                rows = connection.execute(query.order_by(chat_frames.c.id))
                found += [Submitted(id=row.id, run_id=row.run_id, frame=row.frame) for row in rows]
            return found

        return await self._database.read(read)


def _batches(heard: Mapping[int, int]) -> Iterator[list[tuple[int, int]]]:
    rest = iter(heard.items())
    while some := list(islice(rest, _TOGETHER)):
        yield some


class _ChatRun(NamedTuple):
    id: int
    result_id: int
    attempt: int
    status: str
    ending: str | None
    limit: float | None
    """Seconds that its conversation may take; None: it is no chat."""


_RUN = select(
    runs.c.id, runs.c.result_id, runs.c.attempt, runs.c.status, runs.c.ending, results.c.call_timeout.label("limit")
).join(results, results.c.id == runs.c.result_id)


def _found(connection: Connection, run_id: int) -> _ChatRun:
    """A run as clients know it. Raises `NotFound`."""
    query = _RUN.where(runs.c.id == _possible(run_id), results.c.deleted_at.is_(None))
    run = connection.execute(query).one_or_none()
    if run is None:
        raise NotFound("No run matches the given query.")
    return _ChatRun(*run)


def _locked(connection: Connection, run_id: int) -> _ChatRun:
    """The same, and nobody else changes its chat before this transaction is over. Raises `NotFound`."""
    connection.execute(select(runs.c.id).where(runs.c.id == _possible(run_id)).with_for_update())
    return _found(connection, run_id)


def _held(connection: Connection, run_id: int, attempt: int) -> _ChatRun | None:
    """The run of a worker, locked; None where its attempt is over for the others."""
    query = _RUN.where(runs.c.id == run_id, runs.c.attempt == attempt).with_for_update(of=runs)
    run = connection.execute(query).one_or_none()
    return _ChatRun(*run) if run else None


def _possible(number: int) -> int:
    """The number, or one that nothing has: PostgreSQL refuses to look for larger ones."""
    return number if 0 <= number <= _LARGEST else -1


def _of_chat(run: _ChatRun, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """The turns of the conversation that goes on, not those of attempts before it."""
    return and_(chat_turns.c.run_id == run.id, chat_turns.c.attempt == run.attempt, *more)


def _last_turn(connection: Connection, run: _ChatRun) -> int | None:
    return connection.execute(select(func.max(chat_turns.c.turn_id)).where(_of_chat(run))).scalar()


def _has_ended(connection: Connection, run: _ChatRun) -> bool:
    ended = select(chat_turns.c.turn_id).where(_of_chat(run, chat_turns.c.ended)).limit(1)
    return connection.execute(ended).one_or_none() is not None


def _open_turn(connection: Connection, run: _ChatRun) -> int:
    """The last turn of a chat that is open. Raises `Conflict`."""
    last = _last_turn(connection, run) if run.status == RunStatus.CONVERSING else None
    if last is None:
        _refuse(run)
    if _has_ended(connection, run):
        raise Conflict("The conversation of this run has ended.")
    return last


def _refuse(run: _ChatRun) -> NoReturn:
    if run.limit is None:
        raise NoChat("This run is no API chat: it was not asked for with run_scenarios_api_chat.")
    if run.status in NOT_BEGUN:
        raise Conflict("The run is still starting; wait until its status is in_progress.")
    if run.status == RunStatus.CONVERSING:
        raise Opening("The run is still starting; try again in a moment.")
    raise Conflict("The conversation of this run has ended.")


def _has_opened(connection: Connection, run: _ChatRun) -> None:
    """From now on the run is shown as `in_progress`: whoever waited for that finds turn 0 as it will be."""
    if run.ending == OPENING:
        opened = update(runs).where(runs.c.id == run.id, runs.c.ending == OPENING)
        connection.execute(opened.values(ending=None, updated_at=now_of(connection)))


def _to_be_heard(connection: Connection, run: _ChatRun, heard: int) -> bool:
    """Whether the client said more, or ended the conversation."""
    more = (chat_frames.c.run_id == run.id, chat_frames.c.id > heard, chat_frames.c.turn_id.is_not(None))
    unheard = connection.execute(select(chat_frames.c.id).where(*more).limit(1)).one_or_none()
    return unheard is not None or _has_ended(connection, run)


def _next_turn(connection: Connection, run_id: int) -> int:
    query = select(func.coalesce(func.max(chat_turns.c.turn_id), -1)).where(chat_turns.c.run_id == run_id)
    return connection.execute(query).scalar_one() + 1


def _add_turn(connection: Connection, run: _ChatRun, turn_id: int, status: TurnStatus, message: str | None) -> None:
    connection.execute(
        insert(chat_turns).values(
            run_id=run.id,
            turn_id=turn_id,
            attempt=run.attempt,
            status=status,
            message=message,
            ended=False,
            updated_at=now_of(connection),
        )
    )


def _change_generating(connection: Connection, run: _ChatRun, **values: Any) -> None:
    waiting = _of_chat(run, chat_turns.c.status == TurnStatus.GENERATING)
    connection.execute(update(chat_turns).where(waiting).values(**values))


def _end(connection: Connection, run: _ChatRun, turn_id: int, reason: str) -> None:
    ended = {"ended": True, "ended_reason": reason, "updated_at": now_of(connection)}
    connection.execute(update(chat_turns).where(_of_chat(run, chat_turns.c.turn_id == turn_id)).values(**ended))


def _turn(connection: Connection, run_id: int, turn_id: int) -> Turn:
    run = _found(connection, run_id)
    query = select(chat_turns).where(chat_turns.c.run_id == run_id, chat_turns.c.turn_id == _possible(turn_id))
    row = connection.execute(query).one_or_none()
    if row is None:
        if turn_id == 0 and run.limit is not None and run.status == RunStatus.CONVERSING:
            raise Opening("The run is still starting; try again in a moment.")
        raise NotFound("There is no such turn.")
    status, ended, reason = TurnStatus(row.status), row.ended, row.ended_reason
    if status is TurnStatus.GENERATING and (run.status != RunStatus.CONVERSING or run.attempt != row.attempt):
        # Its worker died, and nobody has begun the run again yet, or nobody will.
        status, ended = TurnStatus.ERROR, run.status == RunStatus.DONE
        reason = _reason(run.ending) if ended else None
    return Turn(
        run_id=run_id,
        result_id=run.result_id,
        turn_id=turn_id,
        status=status,
        message=row.message,
        ended=ended,
        ended_reason=reason,
    )


def _reason(ending: str | None) -> str | None:
    return Ending(code=EndingCode(ending), sentence="").reference_reason if ending else None
