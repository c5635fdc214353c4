"""Recordings of spoken calls: signed links, what they open, and what is left when runs are deleted."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kept_results import BEGAN, conversation, evaluation, keep
from running_service import Reply, ServeService, Service

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunStatus
from ringback.domain.voice import RecognitionMode, VoiceRecord
from ringback.results.recording_links import RecordingLinks
from ringback.storage.owner import Owner
from ringback.storage.sealing import Seal, new_key
from ringback.storage.store import Store

V1 = "/test_framework/v1"
SOUND = bytes(range(256)) * 8


async def spoken(service: Service, count: int = 1) -> list[Run]:
    """Runs of one result that were spoken and recorded."""
    result = await keep(service.services, {"talk": "." * count}, run_type="Voice")
    store = Store(service.services.database, Owner.this_process("service"), brief_of=service.services.brief_of)
    folder = service.services.settings.effective_recordings
    for run in result.runs:
        stem = f"{run.result_id}/{run.id}-1"
        voice = VoiceRecord(
            transport="media-streams",
            rate=8000,
            duration=75.0,
            recognition=RecognitionMode.GRAMMAR,
            speech_to_text="pocketsphinx",
            text_to_speech="flite:slt",
            recording=stem,
            call_id="CA1",
        )
        held = replace(conversation(EndingCode.CALLER_ENDED), voice=voice)
        done = replace(run, status=RunStatus.DONE, conversation=held, evaluation=evaluation(Outcome.PASSED))
        assert await store.finish_run(replace(done, started_at=BEGAN, finished_at=BEGAN))
        (folder / stem).parent.mkdir(parents=True, exist_ok=True)
        for ending in (".wav", ".mp3", ".events.jsonl"):
            (folder / f"{stem}{ending}").write_bytes(SOUND)
    return list(result.runs)


async def link_of(service: Service, run: Run) -> str:
    """Path and query of the run's link."""
    answer = (await service.get(f"{V1}/runs/{run.id}/")).body
    assert answer["voice_recording_url"].startswith(f"{service.url}/recordings/{run.result_id}/{run.id}-1.wav?")
    return str(answer["voice_recording_url"]).removeprefix(service.url)


async def heard(service: Service, link: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    async with service.client.get(service.url + link, headers=headers) as response:
        return response.status, await response.read(), {k.lower(): v for k, v in response.headers.items()}


def files(service: Service) -> set[str]:
    folder = service.services.settings.effective_recordings
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def test_a_run_leads_to_its_recording_without_a_key(service: Service) -> None:
    [run] = await spoken(service)
    answer = (await service.get(f"{V1}/runs/{run.id}/")).body
    assert (answer["run_type"], answer["run_as_text"]) == ("Voice", False)
    assert (answer["provider_call_id"], answer["testing_channel_index"]) == ("CA1", 0)
    status, sound, headers = await heard(service, await link_of(service, run))
    assert (status, sound, headers["content-type"]) == (200, SOUND, "audio/wav")
    assert headers["x-content-type-options"] == "nosniff"
    assert "private" in headers["cache-control"]


async def test_a_player_may_ask_for_a_part(service: Service) -> None:
    [run] = await spoken(service)
    link = await link_of(service, run)
    status, sound, headers = await heard(service, link, Range="bytes=10-19")
    assert (status, sound) == (206, SOUND[10:20])
    assert headers["content-range"] == f"bytes 10-19/{len(SOUND)}"
    async with service.client.head(service.url + link) as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_a_link_opens_one_file_and_nothing_else(service: Service) -> None:
    first, second = await spoken(service, 2)
    link = await link_of(service, first)
    path, query = link.split("?")
    expires, signature = query.split("&")
    other = path.replace(f"/{first.id}-", f"/{second.id}-")
    tampered = [
        path,
        f"{path}?{expires}",
        f"{path}?expires=99999999999&{signature}",
        f"{path}?{expires}&signature={'0' * 64}",
        f"{path}?{expires}&signature=%C3%BC",
        f"{other}?{query}",
        path.replace(".wav", ".mp3") + f"?{query}",
    ]
    for wrong in tampered:
        assert (await service.get(wrong, key=None)).status == 403, wrong
    outside = Path(service.services.settings.home) / "encryption.key"
    assert outside.exists()
    for wrong in (
        "/recordings/../encryption.key",
        "/recordings/%2e%2e/encryption.key",
        "/recordings/1/..%2f..%2fencryption.key",
        f"/recordings/{first.result_id}/{first.id}-1.events.jsonl",
        "/recordings/x/1-1.wav",
        "/recordings/1/%D9%A1-1.wav",
    ):
        assert (await service.get(f"{wrong}?{query}", key=None)).status == 404, wrong


async def test_a_link_expires_and_dies_with_the_key(service: Service) -> None:
    [run] = await spoken(service)
    file = f"{run.result_id}/{run.id}-1.wav"
    old = service.services.recording_links.path(file, now=1_000_000_000.0)
    reply = await service.get(old, key=None)
    assert (reply.status, reply.body["detail"]) == (
        403,
        "This link has expired. Read the run again for a new one.",
    )
    strange = RecordingLinks(Seal(new_key()), 3600.0).path(file)
    assert (await service.get(strange, key=None)).body == {"detail": "This link is not valid."}


async def test_how_long_a_link_holds_can_be_set_and_answers_of_an_hour_are_alike(serve: ServeService) -> None:
    async with serve(recording_link_life=60.0, public_url="https://calls.example.org/") as service:
        links = service.services.recording_links
        assert links.path("1/1-1.wav", now=0.0) == links.path("1/1-1.wav", now=3500.0)
        assert "expires=3600&" in links.path("1/1-1.wav", now=0.0)
        [run] = await spoken(service)
        url = (await service.get(f"{V1}/runs/{run.id}/")).body["voice_recording_url"]
        assert url.startswith("https://calls.example.org/recordings/")
        assert (await heard(service, url.removeprefix("https://calls.example.org")))[0] == 200


async def test_lists_have_links_too_and_text_runs_none(service: Service) -> None:
    [run] = await spoken(service)
    await keep(service.services, {"book": "P"})
    listed = (await service.get(f"{V1}/runs/")).body["results"]
    urls = {one["id"]: one["voice_recording_url"] for one in listed}
    assert [url for number, url in urls.items() if number != run.id] == [None]
    bulk = (await service.get(f"{V1}/runs/bulk/?run_ids={run.id}")).body
    assert bulk[0]["voice_recording_url"] == urls[run.id]


async def test_the_page_of_a_shared_result_plays_its_recordings_until_the_share_ends(service: Service) -> None:
    [run] = await spoken(service)
    ends = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    body = {"expire_at": ends.isoformat()}
    made = (await service.post(f"{V1}/results/{run.result_id}/create_shareable_link_token/", body)).body
    page = await service.get(made["shareable_link"].removeprefix(service.url), key=None)
    assert page.headers["Content-Security-Policy"].endswith("; media-src 'self' file:; frame-ancestors 'none'")
    [source] = re.findall(r'<audio [^>]*src="(/recordings/[^"]+\.mp3[^"]+)"', page.body)
    [whole] = re.findall(r'<a href="(/recordings/[^"]+\.wav[^"]+)" download>WAV</a>', page.body)
    for link in (unescape(source), unescape(whole)):
        assert f"expires={int(ends.timestamp())}&" in link
        assert (await heard(service, link))[:2] == (200, SOUND)


async def test_the_page_of_a_shared_result_says_that_a_recording_is_gone(service: Service) -> None:
    [run] = await spoken(service)
    (service.services.settings.effective_recordings / f"{run.result_id}/{run.id}-1.wav").unlink()
    made = (await service.post(f"{V1}/results/{run.result_id}/create_shareable_link_token/", {})).body
    page = await service.get(made["shareable_link"].removeprefix(service.url), key=None)
    assert "<audio" not in page.body
    assert "no longer in the folder of recordings" in page.body


async def test_a_recording_that_is_not_here_is_404(service: Service) -> None:
    [run] = await spoken(service)
    link = await link_of(service, run)
    (service.services.settings.effective_recordings / urlsplit(link).path.removeprefix("/recordings/")).unlink()
    assert (await service.get(link, key=None)).status == 404


@pytest.mark.parametrize("how", ["run", "runs", "result", "results"])
async def test_recordings_are_deleted_with_what_they_are_of(service: Service, how: str) -> None:
    first, second = await spoken(service, 2)
    [other] = await spoken(service)
    result = first.result_id
    reply: Reply = await {
        "run": lambda: service.delete(f"{V1}/runs/{first.id}/"),
        "runs": lambda: service.post(f"{V1}/results/{result}/delete_runs/", {"run_ids": [first.id, other.id]}),
        "result": lambda: service.delete(f"{V1}/results/{result}/"),
        "results": lambda: service.post(f"{V1}/results/bulk_delete/", {"result_ids": [result, 999]}),
    }[how]()
    assert reply.status == 204
    left = [other] if how.startswith("result") else [second, other]
    endings = (".wav", ".mp3", ".events.jsonl")
    assert files(service) == {f"{run.result_id}/{run.id}-1{ending}" for run in left for ending in endings}
