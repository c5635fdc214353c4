"""Structured logs on standard error: a JSON object a line for machines, plain text at a terminal.

Every line is cleaned of known secrets as the last thing before it is written, tracebacks included.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from ringback.domain.log_context import about
from ringback.domain.secret import MASK, Redactor
from ringback.domain.visible import visible
from ringback.settings import ENVIRONMENT_ONLY, Settings
from ringback.storage.keys import MARK

_TOKEN = re.compile(re.escape(MARK) + r"[A-Za-z0-9_-]{20,}")
"""API keys, of which the database does not know the tokens either."""
_MODEL_KEY = re.compile(r".*(?:_API_KEY|_TOKEN|_SECRET|_PASSWORD)")
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
_TIME = "%H:%M:%S"


class Cleaner:
    """Takes secrets out of lines."""

    def __init__(self, *redactors: Redactor) -> None:
        self._redactors = redactors

    def clean(self, line: str) -> str:
        """The line with every known secret, and whatever looks like an API key, replaced."""
        for redactor in self._redactors:
            line = redactor.clean(line)
        return _TOKEN.sub(MASK, line)


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, then what it is about."""

    def __init__(self, cleaner: Cleaner) -> None:
        super().__init__()
        self._cleaner = cleaner

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_details(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return self._cleaner.clean(json.dumps(line, default=str, ensure_ascii=False))


class PlainLines(logging.Formatter):
    """Lines for people; what would steer their terminal is shown instead."""

    def __init__(self, cleaner: Cleaner) -> None:
        super().__init__()
        self._cleaner = cleaner

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the lines of a traceback."""
        details = "".join(f" {name}={value}" for name, value in _details(record).items())
        moment = datetime.fromtimestamp(record.created, UTC).astimezone()
        line = f"{moment:{_TIME}} {record.levelname:<7} {record.getMessage()}{details}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return visible(self._cleaner.clean(line))


def _details(record: logging.LogRecord) -> Mapping[str, Any]:
    """What the work at hand is about, and what the line itself says beside its message."""
    return {**about(), **{name: value for name, value in record.__dict__.items() if name not in _OWN}}


def secrets_of(settings: Settings, environ: Mapping[str, str]) -> Iterable[str]:
    """Whatever of the settings and the environment must be in no line: keys, secrets, the database's password."""
    for name in ENVIRONMENT_ONLY:
        value = getattr(settings, name)
        if value is not None:
            yield value.get_secret_value()
    yield from (value for name, value in environ.items() if _MODEL_KEY.fullmatch(name) and value)
    password = re.match(r"[^:/]+://[^:/@]*:([^@]+)@", settings.effective_database_url)
    if password:
        yield password.group(1)


def configure_logging(settings: Settings, redactor: Redactor, *, stream: TextIO | None = None) -> None:
    """Log what is worth knowing on standard error, for as long as the process lives.

    Args:
        settings: what this process runs with; its secrets are known without a word.
        redactor: knows the other secrets, e.g. `Redactor(secrets_of(settings, os.environ))`.
        stream: where to, other than standard error.
    """
    target = stream or sys.stderr
    cleaner = Cleaner(redactor, Redactor(secrets_of(settings, {})))
    handler = logging.StreamHandler(target)
    handler.setFormatter(PlainLines(cleaner) if target.isatty() else JsonLines(cleaner))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("ringback").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
