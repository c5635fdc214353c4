"""Share links: a page and one result for whoever has the link, until it expires."""

from datetime import UTC, datetime, timedelta

import pytest
from kept_results import keep
from running_service import Reply, ServeService, Service

RESULTS = "/test_framework/v1/results/"


async def share(service: Service, result_id: int, **body: object) -> Reply:
    return await service.post(f"{RESULTS}{result_id}/create_shareable_link_token/", body)


async def page(service: Service, link: str) -> Reply:
    assert link.startswith(f"{service.url}/share/")
    return await service.get(link.removeprefix(service.url), key=None)


async def test_whoever_has_the_link_reads_the_report_without_a_key(service: Service) -> None:
    result = await keep(service.services, {"book": "PF"}, name="Nightly <b>one</b>")
    status, made = await share(service, result.id)
    assert status == 200
    reply = await page(service, made["shareable_link"])
    assert reply.status == 200
    assert "Nightly &lt;b&gt;one&lt;/b&gt;" in reply.body
    assert "Booked." in reply.body
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "noindex" in reply.headers["X-Robots-Tag"]
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "script-src 'sha256-" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    expires = datetime.fromisoformat(made["expire_at"])
    assert timedelta(days=6.9) < expires - datetime.now(UTC) < timedelta(days=7.1)


async def test_the_link_names_the_address_that_others_know(serve: ServeService) -> None:
    async with serve(public_url="https://calls.example.org/") as service:
        result = await keep(service.services, {"book": "P"})
        _, made = await share(service, result.id)
        assert made["shareable_link"].startswith("https://calls.example.org/share/")


@pytest.mark.parametrize("days", [-1, 0, 367])
async def test_a_link_holds_for_a_year_at_most_and_not_into_the_past(service: Service, days: int) -> None:
    result = await keep(service.services, {"book": "P"})
    when = datetime.now(UTC) + timedelta(days=days)
    status, body = await share(service, result.id, expire_at=when.isoformat())
    assert (status, list(body)) == (400, ["expire_at"])


async def test_a_date_without_a_zone_is_in_utc(service: Service) -> None:
    result = await keep(service.services, {"book": "P"})
    when = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    _, body = await share(service, result.id, expire_at=when.replace(tzinfo=None).isoformat())
    assert datetime.fromisoformat(body["expire_at"]) == when
    assert (await share(service, result.id, expire_at=None)).status == 200


async def test_expired_forged_and_foreign_tokens_are_refused_in_a_sentence(service: Service) -> None:
    result = await keep(service.services, {"book": "P"})
    links = service.services.share_links
    long_ago = datetime.now(UTC) - timedelta(days=10)
    expired = links.token(result.id, now=long_ago)
    good = links.token(result.id)
    forged = good[:-4] + ("AAA=" if good[-4:] != "AAA=" else "BBB=")
    sealed_otherwise = service.services.seal.close('{"result": 1, "expires": 99999999999}')
    for token in (expired, forged, sealed_otherwise, "x", "é", "A" * 3000, service.services.seal.close("[]")):
        reply = await service.get(f"/share/{token}", key=None)
        assert reply.status == 403, token
        assert "link" in reply.body
        assert "noindex" in reply.headers["X-Robots-Tag"]
        status, body = await service.get(
            f"{RESULTS}{result.id}/", key=None, headers={"X-VOCERA-SHAREABLE-LINK-TOKEN": token.replace("é", "e")}
        )
        assert (status, list(body)) == (403, ["detail"])


async def test_a_link_to_a_deleted_result_says_so(service: Service) -> None:
    result = await keep(service.services, {"book": "P"})
    _, made = await share(service, result.id)
    await service.delete(f"{RESULTS}{result.id}/")
    reply = await page(service, made["shareable_link"])
    assert reply.status == 404
    assert "no longer there" in reply.body


async def test_the_token_opens_its_one_result_and_runs_for_reading_only(service: Service) -> None:
    mine = await keep(service.services, {"book": "PF"})
    other = await keep(service.services, {"book": "P"})
    _, made = await share(service, mine.id)
    by_link = {"X-VOCERA-SHAREABLE-LINK-TOKEN": made["token"]}

    async def get(path: str) -> Reply:
        return await service.get(f"/test_framework/v1/{path}", key=None, headers=by_link)

    assert (await get(f"results/{mine.id}/")).status == 200
    assert (await get(f"runs/{mine.runs[0].id}/")).status == 200
    runs = (await get(f"runs/bulk/?run_ids={mine.runs[0].id},{other.runs[0].id}")).body
    assert [run["id"] for run in runs] == [mine.runs[0].id]
    assert (await get(f"results/{other.id}/")).status == 403
    assert (await get(f"runs/{other.runs[0].id}/")).status == 403
    for path in ("results/", "runs/", "aiagents/", "scenarios/", "metrics/", f"results/{mine.id}/events/"):
        assert (await get(path)).status == 401, path
    changing = await service.patch(f"{RESULTS}{mine.id}/", {"name": "x"}, key=None, headers=by_link)
    assert changing.status == 401
    assert (await service.get(f"{RESULTS}{mine.id}/", key=None)).status == 401
    assert (await service.get(f"{RESULTS}{mine.id}/", key="wrong", headers=by_link)).status == 401


async def test_a_result_that_is_too_large_for_a_page_says_so(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringback.api.routes.share.LARGEST_PAGE", 1)
    result = await keep(service.services, {"book": "PP"}, name="a<b")
    _, made = await share(service, result.id)
    reply = await page(service, made["shareable_link"])
    assert reply.status == 413
    assert "a&lt;b" in reply.body
