"""What a request's body may be."""

from collections.abc import AsyncIterator

import pytest
from running_service import ServeService, Service

KEYS = "/user/api/v1/user-api-key/"
JSON = {"Content-Type": "application/json"}
UNFIT = "Null characters and halves of surrogate pairs are not allowed."


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A body of unannounced length."""
    yield b'{"name": "'
    for _ in range(size // 1024):
        yield b"x" * 1024
    yield b'"}'


async def test_a_body_that_is_too_large_is_refused_by_its_announced_length(serve: ServeService) -> None:
    async with serve(max_body_bytes=4096) as service:
        reply = await service.post(KEYS, {"name": "x" * 5000})
        assert (reply.status, reply.body) == (413, {"detail": "The request's body is larger than 4096 bytes."})


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
async def test_a_body_in_pieces_is_refused_as_soon_as_it_is_too_large(serve: ServeService, content_type: str) -> None:
    async with serve(max_body_bytes=4096) as service:
        reply = await service.ask("POST", KEYS, data=pieces(64 * 1024), headers={"Content-Type": content_type})
        # What is no JSON is not read at all where JSON is wanted.
        assert reply.status in ((413,) if content_type == "application/json" else (400, 413))
        assert (await service.get(KEYS)).body["count"] == 0


async def test_a_body_in_pieces_that_is_small_enough_is_taken(serve: ServeService) -> None:
    async with serve(max_body_bytes=4096) as service:
        reply = await service.ask("POST", KEYS, data=pieces(0), headers=JSON)
        assert reply.body == {"name": ["This field may not be blank."]}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"{", {"detail": "JSON parse error - Expecting property name enclosed in double quotes (character 1)."}),
        (b'{"name": "\xff"}', {"detail": "JSON parse error - the body is not encoded in UTF-8."}),
        (b'{"name": "a\\u0000b"}', {"name": [UNFIT]}),
        (b'{"name": "\\ud83d"}', {"name": [UNFIT]}),
        (b'{"a": [{"b": "\\u0000"}]}', {"a[0].b": [UNFIT]}),
        (b'"\\u0000"', {"non_field_errors": [UNFIT]}),
        (b'{"\\u0000": 1}', {"detail": "Null characters and halves of surrogate pairs are not allowed in names."}),
        (b'{"name": NaN}', {"name": ["A number has to be finite."]}),
        (b'{"name": 1e999}', {"name": ["A number has to be finite."]}),
        (b'{"name": ' + b"9" * 5000 + b"}", {"detail": "JSON parse error - a number has too many digits."}),
        (b"[" * 70 + b"]" * 70, {"detail": "JSON parse error - the body is nested deeper than 64 levels."}),
        (b"[" * 100_000, {"detail": "JSON parse error - the body is nested deeper than 64 levels."}),
        (b"[]", {"non_field_errors": ["Expected a JSON object, sent with Content-Type: application/json."]}),
        (b"null", {"non_field_errors": ["This field may not be null."]}),
        (b"", {"non_field_errors": ["This field is required."]}),
        (b"{}", {"name": ["This field is required."]}),
        (b'{"name": 7}', {"name": ["Not a valid string."]}),
        (b'{"name": "a", "scope": "all"}', {"scope": ["Input should be 'read', 'run' or 'admin'."]}),
        (b'{"name": null}', {"name": ["This field may not be null."]}),
    ],
)
async def test_a_body_that_cannot_be_taken_is_answered_in_the_reference_s_shapes(
    service: Service, body: bytes, answer: object
) -> None:
    reply = await service.ask("POST", KEYS, data=body, headers=JSON)
    assert (reply.status, reply.body) == (400, answer)


async def test_json_is_taken_without_a_word_about_its_type(service: Service) -> None:
    reply = await service.ask("POST", KEYS, data=b'{"name": "plain"}', headers={"Content-Type": ""})
    assert reply.status == 201


@pytest.mark.parametrize("query", ["page=%00", "search=a%00b"])
async def test_null_characters_in_a_query_are_refused(service: Service, query: str) -> None:
    reply = await service.get(f"{KEYS}?{query}")
    assert (reply.status, reply.body) == (400, {"detail": "Null characters are not allowed."})


@pytest.mark.parametrize(
    "number", ["0", "-1", "x", "1.5", "%00", "9" * 18, "9" * 19, "9" * 400, "½", "٣", "1e3", "%20"]
)
async def test_the_number_of_nothing_is_not_found(service: Service, number: str) -> None:
    assert (await service.get(f"{KEYS}{number}/")).status == 404


async def test_a_number_in_a_path_may_have_zeros_before_it(service: Service) -> None:
    made = (await service.post(KEYS, {"name": "first"})).body
    assert (await service.get(f"{KEYS}00{made['id']}/")).body["name"] == "first"
