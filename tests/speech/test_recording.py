"""What is kept of a call: whole while the call goes on, private, bounded, and never a reason for it to fail."""

import asyncio
import json
import resource
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none

from ringback.errors import StorageError
from ringback.speech.audio import Samples
from ringback.speech.recording import Recording, checked_stem
from ringback.speech.tones import tone

RATE = 8_000


def frames(sound: Samples) -> Iterator[Samples]:
    """In frames of 20 ms."""
    return (sound[at : at + 160] for at in range(0, len(sound), 160))


def sides() -> tuple[Samples, Samples]:
    """Three seconds and a bit: the caller presses a key, then the agent does."""
    caller, agent = np.zeros(3 * RATE + 160, np.int16), np.zeros(3 * RATE + 160, np.int16)
    caller[:800] = tone("1", RATE)
    agent[2 * RATE : 2 * RATE + 800] = tone("9", RATE)
    return caller, agent


def wait_for_the_disk(recording: Recording) -> None:
    """Until every second that was handed over is written."""
    for job in recording._jobs:  # pyright: ignore[reportPrivateUsage] - nothing else needs to know
        job.result()


def add_all(recording: Recording) -> None:
    caller, agent = sides()
    for ours, theirs in zip(frames(caller), frames(agent), strict=True):
        recording.add(ours, theirs)


async def test_both_sides_are_kept_to_the_sample_and_a_small_copy_beside(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "recordings", "12/34-1", RATE)
    recording.note({"at": 0.0, "event": "started"})
    add_all(recording)
    recording.note({"at": 1.5, "event": "mark", "name": "Grüße \n <b>"})
    files = await recording.finish()

    kept, rate = soundfile.read(files.wav, dtype="int16")
    caller, agent = sides()
    assert rate == RATE
    assert np.array_equal(kept[:, 0], caller)
    assert np.array_equal(kept[:, 1], agent)
    assert recording.problem is None
    assert files.wav == tmp_path / "recordings" / "12" / "34-1.wav"
    assert files.compressed is not None
    assert files.compressed == files.wav.with_suffix(".mp3")
    small, _ = soundfile.read(files.compressed)
    assert small.shape[1] == 2
    assert abs(len(small) - len(kept)) < RATE / 10
    assert files.compressed.stat().st_size < files.wav.stat().st_size / 2
    lines = files.events.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["started", "mark"]
    assert json.loads(lines[1])["name"] == "Grüße \n <b>"


async def test_only_the_owner_reads_recordings(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "recordings", "12/34-1", RATE)
    add_all(recording)
    files = await recording.finish()
    assert files.compressed is not None
    for path in (files.wav, files.compressed, files.events):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (tmp_path / "recordings", tmp_path / "recordings" / "12"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_the_wav_is_whole_at_any_time_up_to_the_last_second(tmp_path: Path) -> None:
    """So that a process that is killed leaves a file that opens."""
    recording = Recording(tmp_path, "1/2-1", RATE)
    add_all(recording)
    recording.note({"event": "late"})
    wait_for_the_disk(recording)
    found = soundfile.info(tmp_path / "1" / "2-1.wav")
    assert found.frames == 3 * RATE
    await recording.discard()


async def test_a_call_without_sound_leaves_an_empty_recording(tmp_path: Path) -> None:
    files = await Recording(tmp_path, "1/2-1", RATE).finish()
    assert soundfile.info(files.wav).frames == 0
    assert files.events.read_text() == ""


async def test_the_disk_is_never_touched_by_whoever_adds_sound(tmp_path: Path) -> None:
    touched: list[str] = []
    here = threading.get_ident()

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(tmp_path) in str(arguments[0]) and threading.get_ident() == here:
            touched.append(str(arguments[0]))

    sys.addaudithook(watch)
    recording = Recording(tmp_path, "1/2-1", RATE)
    add_all(recording)
    await recording.finish()
    assert touched == []


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 20 kB, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
async def test_a_full_disk_is_an_error_at_the_end_and_none_during_the_call(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "1/2-1", RATE)
    for _ in range(3):
        add_all(recording)
    with pytest.raises(StorageError, match=r"The recording .*2-1\.wav is not whole: File too large"):
        await recording.finish()
    add_all(recording)
    assert recording.problem is not None


async def test_a_folder_that_cannot_be_made_is_an_error_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("a file")
    recording = Recording(tmp_path / "recordings", "1/2-1", RATE)
    add_all(recording)
    with pytest.raises(StorageError, match="not whole"):
        await recording.finish()


async def test_a_link_in_the_place_of_a_recording_is_not_followed(tmp_path: Path) -> None:
    """Nobody makes us overwrite another file."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "1").mkdir()
    for name in ("2-1.wav", "2-1.mp3", "2-1.events.jsonl"):
        (tmp_path / "1" / name).symlink_to(victim)
    recording = Recording(tmp_path, "1/2-1", RATE)
    add_all(recording)
    files = await recording.finish()
    assert victim.read_text() == "mine"
    assert soundfile.info(files.wav).frames == 3 * RATE + 160


async def test_where_mp3_cannot_be_written_the_copy_is_ogg(tmp_path: Path) -> None:
    (tmp_path / "1" / "2-1.mp3").mkdir(parents=True)
    recording = Recording(tmp_path, "1/2-1", RATE)
    add_all(recording)
    files = await recording.finish()
    assert files.compressed is not None
    assert files.compressed == tmp_path / "1" / "2-1.ogg"
    assert soundfile.info(files.compressed).channels == 2


async def test_a_copy_that_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    for suffix in (".mp3", ".ogg"):
        (tmp_path / "1" / f"2-1{suffix}").mkdir(parents=True)
    recording = Recording(tmp_path, "1/2-1", RATE)
    add_all(recording)
    files = await recording.finish()
    assert files.compressed is None
    assert soundfile.info(files.wav).frames == 3 * RATE + 160


async def test_a_disk_that_is_too_slow_costs_the_recording_and_not_the_memory(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "1/2-1", RATE)
    with recording._files.lock:  # pyright: ignore[reportPrivateUsage] - stands for a write that takes its time
        for _ in range(25):
            add_all(recording)
        assert recording.problem == "The recording was given up: the disk is too slow for it."
    with pytest.raises(StorageError, match="too slow"):
        await recording.finish()


async def test_floods_of_events_and_endless_ones_are_counted_and_left_out(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "1/2-1", RATE)
    recording.note({"event": "x" * 20_000})
    for number in range(5_000):
        recording.note({"event": number})
    files = await recording.finish()
    lines = [json.loads(line) for line in files.events.read_text().splitlines()]
    assert lines[0] == {"left_out": 20_013}
    assert lines[-1] == {"events_left_out": 3_001}
    assert len(lines) == 2_001


async def test_events_that_json_cannot_say_are_named_and_odd_letters_are_kept_readable(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "1/2-1", RATE)
    recording.note({"event": "level", "value": float("inf")})
    recording.note({"event": "metadata", "value": "\ud800 \x00 \n"})
    recording.note({"event": "path", "value": tmp_path})
    files = await recording.finish()
    lines = [json.loads(line) for line in files.events.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"unreadable": "level"}
    assert lines[1]["value"] == "\ud800 \x00 \n"
    assert lines[2]["value"] == str(tmp_path)


async def test_whoever_is_cancelled_at_the_end_leaves_a_whole_recording(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "1/2-1", RATE)
    add_all(recording)
    with recording._files.lock:  # pyright: ignore[reportPrivateUsage] - a write that takes its time
        end = asyncio.create_task(recording.finish())
        await asyncio.sleep(0)
        end.cancel()
        with pytest.raises(asyncio.CancelledError):
            await end
    await recording.finish()
    assert soundfile.info(tmp_path / "1" / "2-1.wav").frames == 3 * RATE + 160


async def test_a_discarded_recording_leaves_nothing(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "1/2-1", RATE)
    add_all(recording)
    wait_for_the_disk(recording)
    assert sorted(path.name for path in (tmp_path / "1").iterdir()) == ["2-1.events.jsonl", "2-1.wav"]
    await recording.discard()
    add_all(recording)
    assert [path.name for path in (tmp_path / "1").iterdir()] == []


@pytest.mark.parametrize("stem", ["1/2-1", "123456/7890-12", "7-1"])
def test_a_stem_is_numbers(stem: str) -> None:
    assert checked_stem(stem) == stem


@pytest.mark.parametrize(
    "stem",
    [
        "",
        "..",
        "../1",
        "/etc/passwd",
        "1/../2",
        "1//2",
        "a/1",
        "1/2-1/3",
        "1/2-1.wav",
        "1\n",
        "1/2-1 ",
        "\u0661/\u0662",
    ],
)
def test_nothing_else_becomes_a_path(stem: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no recording's name"):
        Recording(tmp_path, stem, RATE)


async def test_a_recording_does_not_take_the_place_of_one_that_is_being_made(tmp_path: Path) -> None:
    frame = np.ones(160, np.int16)
    first, second = Recording(tmp_path, "1/1-1", 8_000), Recording(tmp_path, "1/1-1", 8_000)
    for _ in range(50):
        first.add(frame, frame)
    while not list(tmp_path.rglob("*.jsonl")):  # noqa: ASYNC110, ASYNC240 - written by a thread
        await asyncio.sleep(0.001)
    for _ in range(50):
        second.add(frame, frame)
    with pytest.raises(StorageError, match="Another run is recording to it"):
        await second.finish()
    await second.discard()
    files = await first.finish()
    assert soundfile.info(files.wav).frames == 50 * 160
