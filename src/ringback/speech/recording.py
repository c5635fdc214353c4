"""Keeps a call: both sides as a stereo WAV, a compressed copy for pages, and what happened as lines of JSON.

Nothing here touches the disk on the event loop: sound is gathered for a second at a time and written by a few threads
that all recordings share. Each write leaves a whole WAV behind, so that a process that dies keeps what it had.
"""

import asyncio
import json
import re
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ringback.errors import StorageError
from ringback.speech.audio import Samples
from ringback.speech.compression import compressed_copy
from ringback.speech.private_file import make_private_file, write_all
from ringback.speech.wav_file import WavFile

_STEM = re.compile(r"[0-9]{1,19}(-[0-9]{1,9})?(/[0-9]{1,19}(-[0-9]{1,9})?)?")
_CHUNK = 50
"""Frames that are written at once: a second."""
_LONGEST_BACKLOG = 60
"""Chunks that wait for a slow disk before the recording is given up."""
_LONGEST_EVENT = 10_000
"""Letters of one event."""
_EVENTS_AT_ONCE = 2_000
"""Events between two chunks; what comes beyond is counted and left out."""
_POLL = 0.005
"""Seconds between looks at whether the threads are done, at the end of a call."""

_WRITERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="recording")
_FINISHERS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recording-end")
"""One, since a copy of a minute takes half a second of a processor, which calls that go on need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFiles:
    """Where a recording lies."""

    wav: Path
    """Left: the caller as sent. Right: the agent as played."""
    compressed: Path | None
    """MP3, or Ogg Vorbis where MP3 cannot be written; None where neither could be."""
    events: Path


@dataclass(frozen=True, slots=True)
class _Chunk:
    caller: Samples
    agent: Samples
    events: list[str]


@dataclass(slots=True)
class _Files:
    """What the threads have open; `lock` is held while they use it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    chunks: deque[_Chunk] = field(default_factory=deque[_Chunk])
    wav: WavFile | None = None
    events: BinaryIO | None = None
    made: bool = False
    closed: bool = False
    problem: str | None = None


def checked_stem(stem: str) -> str:
    """The stem, if it is `RESULT/RUN-ATTEMPT` in numbers.

    Raises:
        ValueError: anything else; no name from outside may become a path.
    """
    if not _STEM.fullmatch(stem):
        raise ValueError(f"'{stem[:60]}' is no recording's name.")
    return stem


class Recording:
    """One call's recording at `rate` Hz: `FOLDER/STEM.wav`, `.mp3` (or `.ogg`) and `.events.jsonl`."""

    def __init__(self, folder: Path, stem: str, rate: int) -> None:
        place = folder / checked_stem(stem)
        self._folder = folder
        self._wav = place.with_name(f"{place.name}.wav")
        self._events_path = place.with_name(f"{place.name}.events.jsonl")
        self._rate = rate
        self._caller: list[Samples] = []
        self._agent: list[Samples] = []
        self._events: list[str] = []
        self._left_out = 0
        self._files = _Files()
        self._jobs: list[Future[None]] = []
        self._given_up: str | None = None

    @property
    def problem(self) -> str | None:
        """Why the recording is not whole, as a sentence; None as long as it is."""
        return self._given_up or self._files.problem

    def add(self, caller: Samples, agent: Samples) -> None:
        """The next frame of both sides. Never waits; does nothing once there is a problem."""
        self._caller.append(caller)
        self._agent.append(agent)
        if len(self._caller) >= _CHUNK:
            self._hand_over()

    def note(self, event: Mapping[str, Any]) -> None:
        """Something that happened, as a line of JSON."""
        if len(self._events) >= _EVENTS_AT_ONCE:
            self._left_out += 1
            return
        line = _line_of(event)
        self._events.append(line if len(line) <= _LONGEST_EVENT else json.dumps({"left_out": len(line)}))

    async def finish(self) -> RecordingFiles:
        """Write what is left and make the compressed copy.

        Raises:
            StorageError: the recording is not whole, with the cause; what was written stays.
        """
        self._hand_over()
        try:
            await self._written()
        finally:  # whoever is cancelled here leaves no open file either
            end = _FINISHERS.submit(self._close)
        await self._done(end)
        if problem := self.problem:
            raise StorageError(problem)
        return RecordingFiles(wav=self._wav, compressed=end.result(), events=self._events_path)

    async def discard(self) -> None:
        """Write nothing more and remove what was written."""
        self._given_up = self._given_up or "The recording was discarded."
        await self._written()
        await self._done(_WRITERS.submit(self._remove))

    def _hand_over(self) -> None:
        if self.problem is None:
            if self._left_out:
                self._events.append(json.dumps({"events_left_out": self._left_out}))
            caller = np.concatenate(self._caller) if self._caller else np.zeros(0, np.int16)
            agent = np.concatenate(self._agent) if self._agent else caller
            self._files.chunks.append(_Chunk(caller, agent, self._events))
            if len(self._files.chunks) > _LONGEST_BACKLOG:
                self._given_up = "The recording was given up: the disk is too slow for it."
                self._files.chunks.clear()
            self._jobs = [job for job in self._jobs if not job.done()]
            self._jobs.append(_WRITERS.submit(self._write))
        self._caller, self._agent, self._events, self._left_out = [], [], [], 0

    async def _written(self) -> None:
        for job in self._jobs:
            await self._done(job)

    @staticmethod
    async def _done(job: Future[Any]) -> None:
        # Looked at, not called back: nothing of the threads then reaches into a loop, which may be a virtual one.
        while not job.done():  # noqa: ASYNC110 - see above
            await asyncio.sleep(_POLL)
        job.result()

    def _write(self) -> None:
        """In a thread: write what waits, in order whichever thread comes first."""
        with self._files.lock:
            self._write_waiting()

    def _write_waiting(self) -> None:
        files = self._files
        try:
            while files.chunks and self.problem is None and not files.closed:
                self._write_chunk(files, files.chunks.popleft())
        except OSError as error:
            files.problem = f"The recording {self._wav} is not whole: {error.strerror or error}."
        if self.problem is not None or files.closed:
            files.chunks.clear()

    def _write_chunk(self, files: _Files, chunk: _Chunk) -> None:
        if files.wav is None or files.events is None:
            for folder in (self._folder, self._wav.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.wav = WavFile(self._wav, self._rate, channels=2)
            files.made = True
            files.events = make_private_file(self._events_path)
        files.wav.write(np.stack((chunk.caller, chunk.agent), axis=1))
        write_all(files.events, "".join(f"{line}\n" for line in chunk.events).encode(errors="backslashreplace"))

    def _close(self) -> Path | None:
        """In a thread: close the files and make the compressed copy."""
        with self._files.lock:
            self._write_waiting()
            self._close_files()
            return compressed_copy(self._wav) if self.problem is None else None

    def _close_files(self) -> None:
        files = self._files
        for file in (files.wav, files.events):
            if file is not None:
                file.close()
        files.wav = files.events = None
        files.closed = True

    def _remove(self) -> None:
        with self._files.lock:
            self._close_files()
            if self._files.made:  # what lies there may be another run's
                for path in (self._wav, self._events_path):
                    path.unlink(missing_ok=True)


def _line_of(event: Mapping[str, Any]) -> str:
    try:
        return json.dumps(event, ensure_ascii=False, allow_nan=False, default=str)
    except (ValueError, RecursionError):  # infinite, or an object within itself: nothing that JSON can say
        return json.dumps({"unreadable": str(event.get("event", ""))[:100]})
