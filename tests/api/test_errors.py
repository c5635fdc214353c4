"""Every error has a status, a shape and no internals."""

import inspect
import logging

import pytest
from running_service import Service
from starlette.exceptions import HTTPException

from ringback import errors
from ringback.api.errors import answer_to
from ringback.api.fields import fields_of
from ringback.errors import StorageError

SENTENCE = "It does not go."
AWAY = "The database cannot be used at this moment. Try again in a few seconds."


def problem(path: str, message: str) -> errors.Problem:
    return errors.Problem(file="request", line=1, column=1, path=path, message=message, remedy="Take another.")


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (errors.InvalidFields({"a": ["One."], "b[0]": ["Two."]}), 400, {"a": ["One."], "b[0]": ["Two."]}),
        (errors.InvalidRequest("Agent does not have a websocket URL"), 400, ["Agent does not have a websocket URL"]),
        (
            errors.SuiteError((problem("scenarios[0].metrics[0]", "No."), problem("", "Nor this."))),
            400,
            {"scenarios[0].metrics[0]": ["No. Take another."], "non_field_errors": ["Nor this. Take another."]},
        ),
        (errors.ModelNotConfigured(SENTENCE), 400, {"detail": SENTENCE}),
        (errors.UsageError(SENTENCE), 400, {"detail": SENTENCE}),
        (errors.Unauthenticated(SENTENCE), 401, {"detail": SENTENCE}),
        (errors.Forbidden(SENTENCE), 403, {"detail": SENTENCE}),
        (errors.NotFound(SENTENCE), 404, {"detail": SENTENCE}),
        (HTTPException(404), 404, {"detail": "Not found."}),
        (HTTPException(405), 405, {"detail": "This method is not allowed here."}),
        (errors.Conflict(SENTENCE), 409, {"detail": SENTENCE}),
        (errors.TooLarge(SENTENCE), 413, {"detail": SENTENCE}),
        (errors.TooManyRequests(SENTENCE, retry_after=2.1), 429, {"detail": SENTENCE}),
        (errors.NotAvailable(SENTENCE), 501, {"detail": SENTENCE}),
        (errors.StorageError("/srv/secret.db is away"), 503, {"detail": AWAY}),
    ],
)
def test_an_error_is_answered_with_its_status_and_shape(error: Exception, status: int, body: object) -> None:
    answer = answer_to(error)
    assert (answer.status_code, bytes(answer.body)) == (status, type(answer)(body).body)


def test_no_usage_error_is_answered_as_a_defect() -> None:
    """Classes that are added later have a status too."""
    for kind in vars(errors).values():
        if inspect.isclass(kind) and issubclass(kind, errors.UsageError):
            error = kind.__new__(kind)
            error.__dict__.update(fields={}, problems=(), retry_after=1)
            assert 400 <= answer_to(error).status_code < 500 or kind is errors.NotAvailable, kind


@pytest.mark.parametrize(("retry_after", "said"), [(0.0, "1"), (2.1, "3"), (60.0, "60")])
def test_who_came_too_often_is_told_when_to_come_again(retry_after: float, said: str) -> None:
    assert answer_to(errors.TooManyRequests(SENTENCE, retry_after=retry_after)).headers["Retry-After"] == said


def test_a_number_that_no_database_holds_is_the_client_s_mistake() -> None:
    error = StorageError("too large")
    error.__cause__ = OverflowError()
    assert answer_to(error).status_code == 400


def test_a_defect_is_logged_under_the_number_that_the_answer_names(caplog: pytest.LogCaptureFixture) -> None:
    answer = answer_to(ZeroDivisionError("secret internals"))
    assert answer.status_code == 500
    assert b"secret internals" not in bytes(answer.body)
    record = caplog.records[-1]
    assert record.levelno == logging.ERROR
    assert record.getMessage().split()[-1] in bytes(answer.body).decode()
    assert record.exc_info


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (("body", "name"), "name"),
        (("body", "scenarios", 0, "metrics", 3), "scenarios[0].metrics[3]"),
        (("body", "scenarios", "list[int]", 0), "scenarios[0]"),
        (("body", "scenarios", "function-before[_read(), int]"), "scenarios"),
        (("body", "scenarios", "int"), "scenarios"),
        (("body", "int"), "int"),
        (("body",), "non_field_errors"),
        (("query", "page"), "page"),
    ],
)
def test_a_field_is_named_by_its_place_and_not_by_how_it_was_tried(place: tuple[str | int, ...], field: str) -> None:
    found = fields_of([{"loc": place, "type": "missing", "msg": "Field required", "input": 0}] * 2)
    assert found == {field: ["This field is required."]}


def test_a_sentence_of_ours_is_said_as_it_is() -> None:
    found = fields_of(
        [{"loc": ("body", "a"), "type": "value_error", "msg": "Value error, take an even one", "input": 3}]
    )
    assert found == {"a": ["take an even one."]}


async def test_a_defect_of_a_route_is_answered_without_internals(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(type(service.services.keys), "list", broken)
    reply = await service.get("/user/api/v1/user-api-key/")
    assert reply.status == 500
    assert list(reply.body) == ["detail"]
    assert "planted" not in reply.body["detail"]
    assert reply.headers["X-Request-ID"]
    assert "planted" in caplog.text


async def test_a_database_that_is_away_is_said_so_with_a_time_to_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StorageError("postgresql://ringback:password@db.internal is away")

    monkeypatch.setattr(type(service.services.database), "read", away)
    reply = await service.get("/user/api/v1/user-api-key/")
    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert "db.internal" not in reply.body["detail"]
    ready = await service.get("/healthz/ready")
    assert (ready.status, ready.body["checks"]) == (503, {"database": "It does not answer."})
    assert (await service.get("/healthz")).status == 200
    assert "ringback_database_up 0.0" in (await service.get("/metrics")).body
