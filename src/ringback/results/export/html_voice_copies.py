"""Recordings beside a report: the compressed copy of each call that the page shows in full, in a folder of its own.

`r.html` has them in `r.recordings/`, as `RUN-ATTEMPT.mp3`. A copy that cannot be made is told in the page; the page
itself is written all the same.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from ringback.domain.run import Result
from ringback.domain.voice import VoiceRecord
from ringback.results.export.html import voices_in_full
from ringback.results.export.html_voice import Recorded, buckets_of
from ringback.storage.recordings import RecordingFiles, recording_files

_OURS = re.compile(r"[0-9]{1,19}-[0-9]{1,6}\.(mp3|ogg)", re.ASCII)
GONE = "Its recording is no longer in the folder of recordings."
"""Said in the place of a player."""

NO_COPY = "There is no compressed copy of its recording that could be played here."
"""Ditto."""


def folder_beside(report: Path) -> Path:
    """Where a report's recordings lie."""
    folder = report.with_suffix(".recordings")
    return folder if folder != report else report.with_name(f"{report.name}.recordings")


def copy_recordings(result: Result, report: Path, recordings: Path) -> Mapping[str, Recorded]:
    """Put the copies beside a report that is about to be written, and take those of a former one away.

    Args:
        result: that the report is about.
        report: the page's file.
        recordings: folder that recordings are kept in.

    Returns:
        What the page can play, by the recording's stem; empty where nobody spoke.
    """
    voices = [voice for voice in voices_in_full(result) if voice.recording]
    place = folder_beside(report)
    recorded = {voice.recording or "": _recorded(voice, place, recordings) for voice in voices}
    if place.is_dir() and not place.is_symlink():
        _tidy(place, {one.source.rsplit("/", 1)[-1] for one in recorded.values()})
    return recorded


def _recorded(voice: VoiceRecord, place: Path, recordings: Path) -> Recorded:
    files = recording_files(voice, recordings)
    if files is None:
        return Recorded(note=GONE)
    peaks, downloads = peaks_of(voice, files), _downloads(files, place.parent)
    if files.compressed is None:
        return Recorded(peaks=peaks, files=downloads, note=NO_COPY)
    try:
        _copy(files.compressed, place)
    except OSError as error:
        why = f"The recording could not be copied beside this page: {error.strerror or error}."
        return Recorded(peaks=peaks, files=downloads, note=why)
    return Recorded(source=f"{quote(place.name)}/{files.compressed.name}", peaks=peaks, files=downloads)


def peaks_of(voice: VoiceRecord, files: RecordingFiles) -> tuple[list[float], list[float]] | None:
    """Loudness of both sides; None where the file cannot be read."""
    from ringback.speech.waveform import peaks  # noqa: PLC0415 - reports of text take nothing of the voice in

    with suppress(OSError):
        return peaks(files.wav, buckets_of(voice))
    return None


def _copy(file: Path, place: Path) -> None:
    """Whole or not at all. Raises `OSError`."""
    place.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=place, prefix=".copy-")
    os.close(handle)
    try:
        shutil.copyfile(file, temporary)
        Path(temporary).chmod(0o644)  # as the page itself
        Path(temporary).replace(place / file.name)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _downloads(files: RecordingFiles, folder: Path) -> list[tuple[str, str]]:
    """The WAV and the events where they lie, if that is within the report's own folder."""
    found: list[tuple[str, str]] = []
    for words, path in (("WAV", files.wav), ("events", files.events)):
        if path is not None and path.resolve().is_relative_to(folder.resolve()):
            found.append((words, quote(str(path.resolve().relative_to(folder.resolve())))))
    return found


def _tidy(place: Path, kept: set[str]) -> None:
    for path in place.iterdir():
        if _OURS.fullmatch(path.name) and path.name not in kept:
            with suppress(OSError):
                path.unlink()
