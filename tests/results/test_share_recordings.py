"""Recordings in the page of a shared result: which are drawn, and for how long their links hold."""

import wave
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ringback.domain.run import Result, Run
from ringback.domain.voice import RecognitionMode, VoiceRecord
from ringback.results.recording_links import RecordingLinks
from ringback.results.share_recordings import DRAWN, shared_recordings
from ringback.storage.sealing import Seal, new_key

NOW = datetime(2100, 1, 1, tzinfo=UTC)


def spoken(run: Run, duration: float, *, recorded: bool = True) -> Run:
    voice = VoiceRecord(
        transport="chirp",
        rate=16000,
        duration=duration,
        recognition=RecognitionMode.OPEN,
        speech_to_text="deepgram",
        text_to_speech="flite:slt",
        recording=f"1/{run.id}-1" if recorded else None,
    )
    assert run.conversation
    return replace(run, conversation=replace(run.conversation, voice=voice))


def keep(folder: Path, name: str) -> None:
    (folder / "1").mkdir(exist_ok=True)
    with wave.open(str(folder / "1" / f"{name}.wav"), "wb") as file:
        file.setparams((2, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(64000))


def test_an_hour_of_sound_is_drawn_and_all_of_it_can_be_heard(result_of: Callable[..., Result], tmp_path: Path) -> None:
    result = result_of({"talk": "PPPP"})
    first, second, third, text = result.runs
    runs = (spoken(first, DRAWN - 1), spoken(second, 2.0), spoken(third, 1.0, recorded=False), text)
    for name in ("1-1", "2-1"):
        keep(tmp_path, name)
    (tmp_path / "1" / "2-1.ogg").write_bytes(b"sound")
    links = RecordingLinks(Seal(new_key()), life=60.0)
    found = shared_recordings(
        replace(result, runs=runs), tmp_path, links, prefix="/calls", expires_at=NOW + timedelta(days=9)
    )
    assert list(found) == ["1/1-1", "1/2-1"]
    drawn, heard = found.values()
    assert (drawn.source, heard.peaks) == ("", None)
    assert "no compressed copy" in drawn.note
    assert drawn.peaks is not None
    assert heard.source.startswith("/calls/recordings/1/2-1.ogg?expires=")
    assert [words for words, _ in heard.files] == ["WAV"]


def test_links_hold_no_longer_than_the_share(result_of: Callable[..., Result], tmp_path: Path) -> None:
    result = result_of({"talk": "P"})
    keep(tmp_path, "1-1")
    links = RecordingLinks(Seal(new_key()), life=10 * 365 * 86400.0)
    ends = datetime.now(UTC) + timedelta(hours=1)
    runs = (spoken(result.runs[0], 1.0),)
    [found] = shared_recordings(replace(result, runs=runs), tmp_path, links, prefix="", expires_at=ends).values()
    link = urlsplit(found.files[0][1])
    [expires], [signature] = parse_qs(link.query)["expires"], parse_qs(link.query)["signature"]
    assert int(expires) == int(ends.timestamp())
    links.check(link.path.removeprefix("/recordings/"), int(expires), signature)
