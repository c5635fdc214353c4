"""Every error that Ringback raises on purpose.

RingbackError                 message is a whole sentence for the user
├── UsageError                wrong flags, settings or names                     (exit 2)
│   ├── SuiteError            one or more problems in suite files                (exit 2)
│   ├── ModelNotConfigured    a scenario needs a model and none is set           (exit 2)
│   ├── InvalidFields         fields of a request, each with its sentences       (400)
│   ├── InvalidRequest        a request that as a whole cannot be carried out    (400)
│   ├── NotFound              nothing of that number or name                     (404)
│   ├── Conflict              it does not go with what is there                  (409)
│   ├── Unauthenticated       no key, or none that is known                      (401)
│   ├── Forbidden             the key's scope does not reach that far            (403)
│   ├── TooLarge              a request's body                                   (413)
│   ├── TooManyRequests       the key's rate limit                               (429)
│   └── NotAvailable          the reference has it and Ringback not yet          (501)
├── StorageError              database: full, read-only, corrupt, newer          (exit 2)
│   └── TakenOver             a run belongs to another process by now
├── ChannelError              no conversation with the agent
│   ├── NotConnected          DNS, TCP or TLS failed
│   ├── Refused               401 or 403
│   ├── HandshakeFailed       404, 5xx, no WebSocket
│   ├── CallFailed            telephone: busy, no answer, wrong credentials, no call within the window, …
│   └── BadHeader             a header value that cannot be sent
├── ModelError                a model did not answer
│   ├── ModelUnavailable      retries used up on 429, 5xx, time-outs or no connection
│   ├── ModelRejected         4xx: wrong key, unknown model
│   └── BadModelReply         an answer that does not fit the shape asked for
├── SpeechError               a voice was not made or not understood
│   ├── SpeechUnavailable     retries used up, no connection, or the program is not there
│   └── SpeechRejected        4xx: wrong key, unknown voice or model
├── CostLimitReached          `--max-cost`
├── CallerError               our caller cannot go on
│   ├── CallerInvalid         it misbehaved: outcome `invalid`
│   └── NotSupported          the scenario asks for what cannot run here yet: outcome `error`
└── Interrupted               the user stopped the run
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class RingbackError(Exception):
    """Something went wrong; the message says what, where, and what to do next."""


class UsageError(RingbackError):
    """The request cannot be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of a suite file or of `ringback.toml`."""

    file: str
    line: int | None
    """1 for the first line; None where the file as a whole is meant, e.g. one that does not exist."""
    column: int | None
    """1 for the first column; None where `line` is."""
    path: str
    """Where in the document: `scenarios[0].checks[2].tool`."""
    message: str
    remedy: str
    """What would be right."""

    def __str__(self) -> str:
        if self.line is None:
            place = f"{self.file}: {self.path}: " if self.path else f"{self.file}: "
        else:
            place = f"{self.file}:{self.line}:{self.column}: {self.path or 'document'}: "
        return f"{place}{self.message} {self.remedy}".rstrip()

    @property
    def order(self) -> tuple[int, int]:
        """From the top of the file down; what concerns the whole file comes first."""
        return self.line or 0, self.column or 0


class SuiteError(UsageError):
    """Suite files with problems; all of them at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ModelNotConfigured(UsageError):
    """A scenario needs a language model and none is configured."""


class InvalidFields(UsageError):
    """Fields of a request that cannot be right; all of them at once."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(sentences)}" for field, sentences in fields.items()))
        self.fields = {field: list(sentences) for field, sentences in fields.items()}


class InvalidRequest(UsageError):
    """A request that as a whole cannot be carried out; the reference answers a bare list of sentences."""


class NotFound(UsageError):
    """There is nothing of that number or name."""


class Conflict(UsageError):
    """The request does not go with what is there."""


class Unauthenticated(UsageError):
    """No API key, or none that is known."""


class Forbidden(UsageError):
    """The API key's scope does not reach that far."""


class TooLarge(UsageError):
    """The body of a request is larger than is taken."""


class TooManyRequests(UsageError):
    """More requests than the key's rate limit lets through."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds."""


class NotAvailable(UsageError):
    """The reference product has it and Ringback does not yet."""


class StorageError(RingbackError):
    """The database cannot be used."""


class TakenOver(StorageError):
    """The run belongs to another process by now; what this one found out about it is not kept."""


class ChannelError(RingbackError):
    """The conversation with the agent could not begin."""

    retryable = False
    ringing: float | None = None
    """Seconds that a telephone rang before; None: none did."""


class NotConnected(ChannelError):
    """No connection to the agent."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class Refused(ChannelError):
    """The agent refused the handshake with 401 or 403."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class HandshakeFailed(ChannelError):
    """The agent's server did not open a WebSocket."""

    def __init__(self, message: str, status: int | None, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.retryable = retryable


class CallFailed(ChannelError):
    """A telephone call did not come about."""

    def __init__(self, message: str, *, reason: str, ringing: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        """The value of an `EndingCode`: `busy`, `no_answer`, `credentials_refused`, `did_not_call`, …"""
        self.ringing = ringing


class BadHeader(ChannelError):
    """A header name or value that HTTP cannot carry."""


class ModelError(RingbackError):
    """A language model did not answer as it should."""


class ModelUnavailable(ModelError):
    """Retries used up."""


class ModelRejected(ModelError):
    """The provider refused the request; another try cannot help."""


class BadModelReply(ModelError):
    """The answer does not fit the shape that was asked for."""


class SpeechError(RingbackError):
    """A text was not spoken, or a turn not heard, for reasons on our side."""


class SpeechUnavailable(SpeechError):
    """Retries used up, no connection, or a program that is not installed."""


class SpeechRejected(SpeechError):
    """The provider refused the request; another try cannot help."""


class CostLimitReached(RingbackError):
    """The result's cost limit is reached."""


class CallerError(RingbackError):
    """Our caller cannot go on."""


class CallerInvalid(CallerError):
    """Our caller misbehaved; the run says nothing about the agent."""

    def __init__(self, message: str, *, reason: str, retryable: bool = True) -> None:
        super().__init__(message)
        self.reason = reason
        """Short code, e.g. `guard`, `loop`, `no_condition_matched`."""
        self.retryable = retryable


class NotSupported(CallerError):
    """The scenario asks for something that cannot run here yet."""


class Interrupted(RingbackError):
    """The user stopped the run."""


class DefectError(RingbackError):
    """A defect of Ringback, met by one run."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"Ringback itself failed with {type(cause).__name__}; run with --verbose for the details.")
