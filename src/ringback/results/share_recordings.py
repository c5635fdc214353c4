"""Recordings of spoken calls in the page of a shared result: played by signed links that end when the share does."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from ringback.domain.run import Result
from ringback.domain.voice import VoiceRecord
from ringback.results.export.html import voices_in_full
from ringback.results.export.html_voice import Recorded
from ringback.results.export.html_voice_copies import GONE, NO_COPY, peaks_of
from ringback.results.recording_links import RecordingLinks
from ringback.storage.recordings import RecordingFiles, recording_files

DRAWN = 3600.0
"""Seconds of sound that a page draws; what comes beyond can be heard only, for whoever waits for the page."""


def shared_recordings(
    result: Result, recordings: Path, links: RecordingLinks, *, prefix: str, expires_at: datetime
) -> Mapping[str, Recorded]:
    """What the page of a result can play, by the recording's stem.

    Args:
        result: that is shared.
        recordings: folder that recordings are kept in.
        links: what signs.
        prefix: of paths of the server, where a proxy serves it under one.
        expires_at: until when the result is shared; its recordings are no longer.
    """
    return dict(_each(result, recordings, lambda file: prefix + links.path(file, latest=expires_at.timestamp())))


def _each(result: Result, recordings: Path, address: Callable[[str], str]) -> Iterator[tuple[str, Recorded]]:
    left = DRAWN
    for voice in voices_in_full(result):
        if voice.recording is None:
            continue
        left -= voice.duration
        files = recording_files(voice, recordings)
        yield voice.recording, _recorded(voice, files, address, drawn=left >= 0) if files else Recorded(note=GONE)


def _recorded(voice: VoiceRecord, files: RecordingFiles, address: Callable[[str], str], *, drawn: bool) -> Recorded:
    def found_at(path: Path) -> str:
        return address(f"{path.parent.name}/{path.name}")

    return Recorded(
        source=found_at(files.compressed) if files.compressed else "",
        peaks=peaks_of(voice, files) if drawn else None,
        files=(("WAV", found_at(files.wav)),),
        note="" if files.compressed else NO_COPY,
    )
