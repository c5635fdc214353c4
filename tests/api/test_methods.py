"""HEAD, OPTIONS, methods that a path has not, other origins, and what every answer has."""

import asyncio

import pytest
from kept_results import keep
from running_service import ADMIN_KEY, Service

KEYS = "/user/api/v1/user-api-key/"


@pytest.mark.parametrize("path", [KEYS, KEYS.rstrip("/"), "/healthz", "/openapi.json"])
async def test_head_is_get_without_its_body(service: Service, path: str) -> None:
    whole, head = await service.get(path), await service.ask("HEAD", path)
    assert (head.status, head.body) == (200, "")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]


async def test_head_of_what_is_not_there_is_404(service: Service) -> None:
    assert (await service.ask("HEAD", "/test_framework/v1/nothing/")).status == 404
    assert (await service.ask("HEAD", f"{KEYS}77/")).status == 404
    assert (await service.ask("HEAD", KEYS, key=None)).status == 401


async def test_head_of_an_endless_stream_ends(service: Service) -> None:
    result = await keep(service.services, {"book": "."})
    path = f"/test_framework/v1/results/{result.id}/events/"
    head = await asyncio.wait_for(service.ask("HEAD", path), 20)
    assert (head.status, head.body) == (200, "")
    assert head.headers["Content-Type"].startswith("text/event-stream")


async def test_options_names_the_methods_of_a_path(service: Service) -> None:
    reply = await service.ask("OPTIONS", KEYS)
    assert (reply.status, reply.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (await service.ask("OPTIONS", "/test_framework/v1/nothing/")).status == 404


async def test_a_method_that_a_path_has_not_is_405_and_names_those_that_it_has(service: Service) -> None:
    reply = await service.put(KEYS, {})
    assert (reply.status, reply.body) == (405, {"detail": "This method is not allowed here."})
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    for method in ("POST", "DELETE", "PUT"):
        assert (await service.ask(method, "/healthz")).status == 405


@pytest.mark.parametrize(
    ("method", "path", "has"),
    [
        ("GET", "scenarios/run_scenarios_text/", "OPTIONS, POST"),
        ("HEAD", "scenarios-external/run_scenarios_text", "OPTIONS, POST"),
        ("DELETE", "scenarios/json_schema/", "GET, HEAD, OPTIONS"),
        ("PATCH", "runs/bulk/", "GET, HEAD, OPTIONS"),
        ("GET", "results/bulk_delete/", "OPTIONS, POST"),
        ("PUT", "aiagents/verify-websocket/", "OPTIONS, POST"),
    ],
)
async def test_a_word_of_a_path_is_never_taken_for_a_number(service: Service, method: str, path: str, has: str) -> None:
    reply = await service.ask(method, f"/test_framework/v1/{path}")
    assert (reply.status, reply.headers["Allow"]) == (405, has)
    if method != "HEAD":
        assert reply.body == {"detail": "This method is not allowed here."}
    options = await service.ask("OPTIONS", f"/test_framework/v1/{path}")
    assert (options.status, options.headers["Allow"]) == (204, has)


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
async def test_other_origins_are_not_let_in(service: Service, method: str) -> None:
    asked = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-vocera-api-key",
    }
    for path in (KEYS, "/healthz"):
        reply = await service.ask(method, path, headers=asked)
        assert [name for name in reply.headers if name.lower().startswith("access-control")] == []


@pytest.mark.parametrize("path", [KEYS, "/healthz", "/metrics", "/openapi.json", "/nothing"])
async def test_every_answer_has_headers_that_keep_browsers_from_mischief(service: Service, path: str) -> None:
    headers = (await service.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
async def test_there_is_no_page_that_loads_scripts_from_elsewhere(service: Service, path: str) -> None:
    assert (await service.get(path)).status == 404


async def test_a_request_keeps_the_number_that_it_brings(service: Service) -> None:
    assert (await service.get("/healthz", headers={"X-Request-ID": "job-17.4"})).headers["X-Request-ID"] == "job-17.4"
    for bad in ("short", "x" * 65, "white space here", "<script>"):
        given = (await service.get("/healthz", headers={"X-Request-ID": bad})).headers["X-Request-ID"]
        assert given != bad
        assert len(given) == 16


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        (b"GET KEYS%ff%fe/", b"X-VOCERA-API-KEY: KEY"),
        (b"GET KEYS?page=%ff", b"X-VOCERA-API-KEY: KEY"),
        (b"GET KEYS", b"X-VOCERA-API-KEY: \xff\xfe"),
        (b"POST KEYS", b"X-VOCERA-API-KEY: KEY\r\nContent-Length: 99999999999999999999"),
        (b"BREW KEYS", b"X-VOCERA-API-KEY: KEY"),
    ],
)
async def test_bytes_that_no_client_sends_are_answered_below_500(service: Service, line: bytes, headers: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
    request = b"%s HTTP/1.1\r\nHost: x\r\n%s\r\nConnection: close\r\n\r\n" % (line, headers)
    writer.write(request.replace(b"KEYS", KEYS.encode()).replace(b"KEY\r", ADMIN_KEY.encode() + b"\r"))
    answer = await asyncio.wait_for(reader.readline(), 10)
    assert 400 <= int(answer.split()[1]) < 500, answer
    writer.close()
    await writer.wait_closed()
