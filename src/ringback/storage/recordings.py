"""Where the recordings of spoken calls lie: in a folder for each result, files for each attempt at a run.

`RESULT/RUN-ATTEMPT.wav` (left channel: caller, right channel: agent), beside it a compressed copy (`.mp3`, `.ogg` where
that cannot be written) and the log of what happened on the line (`.events.jsonl`). Nothing but numbers made by the
database names a file, so no name from outside becomes a path.
"""

import contextlib
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ringback.domain.voice import VoiceRecord
from ringback.errors import UsageError

COMPRESSED = (".mp3", ".ogg")
"""Endings of the compressed copy, the one that is preferred first."""

_STEM = re.compile(r"[1-9][0-9]{0,18}/[1-9][0-9]{0,18}-[1-9][0-9]{0,5}", re.ASCII)
_EVENTS = ".events.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFiles:
    """The files of one call that are there."""

    wav: Path
    compressed: Path | None
    events: Path | None


def stem_of(result_id: int, run_id: int, attempt: int) -> str:
    """What the files of one attempt begin with, from the folder of recordings."""
    return f"{result_id}/{run_id}-{attempt}"


def recording_files(record: VoiceRecord, folder: Path) -> RecordingFiles | None:
    """The files of a call; None where nothing was kept, or it is not in this folder (any more).

    Args:
        record: of the call.
        folder: of recordings.
    """
    return files_of(record.recording, folder) if record.recording else None


def files_of(stem: str, folder: Path) -> RecordingFiles | None:
    """The files that begin with a stem; None where it is none of ours, or there is no recording."""
    if not _STEM.fullmatch(stem):
        return None
    wav = folder / f"{stem}.wav"
    if not wav.is_file():
        return None
    compressed = next((path for ending in COMPRESSED if (path := folder / f"{stem}{ending}").is_file()), None)
    events = folder / f"{stem}{_EVENTS}"
    return RecordingFiles(wav=wav, compressed=compressed, events=events if events.is_file() else None)


def make_folder(folder: Path) -> None:
    """Make the folder of recordings, for its owner's eyes and ears only.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # what callers and agents say is nobody else's business
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"Recordings cannot be kept in {folder}: {why}. Set RINGBACK_RECORDINGS to a folder that can be written."
        ) from None


def remove_recordings(folder: Path, result_id: int, run_ids: Iterable[int] | None = None) -> None:
    """Delete the recordings of some runs of a result, or of all; what is not there is passed over.

    Files that cannot be deleted are left: the database no longer names them.
    """
    place = folder / str(result_id)
    if run_ids is None:
        shutil.rmtree(place, ignore_errors=True)
        return
    for run_id in run_ids:
        for path in place.glob(f"{run_id}-[0-9]*.*"):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        place.rmdir()  # only where it is empty
