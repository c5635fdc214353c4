"""Lines of the log: a JSON object each where nobody watches, what they are about, and never a secret."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import TEXT, V1, made, make_agent, make_scenario
from running_service import ADMIN_KEY, ServeService, settings_in

from ringback.domain.api_key import Scope
from ringback.domain.log_context import logged_with
from ringback.domain.secret import Redactor
from ringback.wiring.logs import configure_logging, secrets_of

PLANTED = "planted-model-key-8d1f"
KEYS = "/user/api/v1/user-api-key/"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def log(tmp_path: Path) -> Iterator[io.StringIO]:
    """What a server of these settings logs."""
    yield from logging_to(io.StringIO(), tmp_path)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[io.StringIO]:
    """The same at a terminal."""
    yield from logging_to(Terminal(), tmp_path)


def logging_to(stream: io.StringIO, folder: Path) -> Iterator[io.StringIO]:
    names = ("", "ringback", "uvicorn.error")
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    handlers = logging.getLogger().handlers[:]
    shown = warnings.showwarning
    settings = settings_in(folder, websocket_secret="planted-socket-secret", database_url="postgresql://u:pa55word@h/d")
    configure_logging(settings, Redactor(secrets_of(settings, {"OPENAI_API_KEY": PLANTED})), stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    warnings.showwarning = shown
    logging.getLogger().handlers[:] = handlers
    for logger, level in before:
        logger.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_line_is_a_json_object_with_what_it_is_about(log: io.StringIO) -> None:
    with logged_with(result_id=3), logged_with(run_id=12):
        logging.getLogger("ringback.runs").info("The agent said %r", "hello\n", extra={"turn": 2})
    logging.getLogger("ringback.runs").info("Later")
    first, later = lines(log)
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "info",
        "logger": "ringback.runs",
        "message": "The agent said 'hello\\n'",
        "result_id": 3,
        "run_id": 12,
        "turn": 2,
    }
    assert "run_id" not in later


def test_at_a_terminal_a_line_is_text_that_cannot_steer_it(terminal: io.StringIO) -> None:
    with logged_with(run_id=12):
        logging.getLogger("ringback.runs").warning("Title \x1b]0;owned\x07 and \x1b[2J gone")
    line = terminal.getvalue()
    assert line.endswith("WARNING Title  and  gone run_id=12\n")
    assert "\x1b" not in line


@pytest.mark.parametrize("secret", [ADMIN_KEY, PLANTED, "planted-socket-secret", "pa55word", "rbk_" + "Ab-_9" * 8])
def test_no_line_has_a_secret_wherever_it_stands(log: io.StringIO, secret: str) -> None:
    logger = logging.getLogger("ringback.anything")
    logger.info("in the message %s", secret)
    logger.info("in a detail", extra={"header": f"Bearer {secret}"})
    with logged_with(request_id=secret):
        logger.info("in what it is about")
    try:
        int(secret)
    except ValueError:
        logger.exception("in a traceback")
    assert secret not in log.getvalue()
    assert log.getvalue().count("[secret]") >= 4
    assert len(lines(log)) == 4


def test_what_libraries_chat_about_is_left_out_and_their_warnings_are_not(log: io.StringIO) -> None:
    logging.getLogger("sqlalchemy.engine").info("SELECT everything")
    logging.getLogger("sqlalchemy.engine").warning("lost a connection")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn("an old thing", DeprecationWarning, stacklevel=1)
    assert [line["level"] for line in lines(log)] == ["warning", "warning"]


async def test_a_request_is_one_line_without_query_token_or_key(serve: ServeService, log: io.StringIO) -> None:
    async with serve() as service:
        key, token = await service.services.keys.create("job", Scope.ADMIN)
        reply = await service.get(f"{KEYS}77/?search=who-is-ill", key=token)
        await service.get("/test_framework/v1/results/12/", key=token)
        await service.get(KEYS, key="a-wrong-key-of-somebody")
        await service.get("/healthz")
    found, result, refused = [line for line in lines(log) if line["logger"] == "ringback.api.observation"]
    assert found["message"] == "GET /user/api/v1/user-api-key/{key_id}/"
    assert (found["status"], found["key_id"], found["request_id"]) == (404, key.id, reply.headers["X-Request-ID"])
    assert found["milliseconds"] > 0
    assert result["result_id"] == 12
    assert refused["status"] == 401
    for planted in (token, "a-wrong-key-of-somebody", "who-is-ill"):
        assert planted not in log.getvalue()


async def test_the_line_of_a_run_request_names_the_result_that_it_made(serve: ServeService, log: io.StringIO) -> None:
    async with serve() as service:
        scenario = await make_scenario(service, await make_agent(service))
        first = await made(service.post(TEXT, {"scenarios": [scenario]}))
        status, again = await service.post(f"{V1}/results/{first['id']}/rerun/")
        assert status == 200
        await service.post(TEXT, {"scenarios": [scenario + 1]})
    told = [line for line in lines(log) if line["logger"] == "ringback.api.observation" and "run" in line["message"]]
    assert [(line["status"], line.get("result_id"), line.get("rerun_of")) for line in told] == [
        (201, first["id"], None),
        (200, again["id"], first["id"]),
        (400, None, None),
    ]
