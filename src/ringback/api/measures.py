"""What Prometheus reads at /metrics.

Labels are methods, templates of routes, statuses and outcomes: never a number or a name that users gave, so that the
page tells nothing of anybody's data and the number of time series stays small. That is why it asks for no key.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ringback.domain.outcome import Outcome
from ringback.domain.run import RunStatus
from ringback.storage.vitals import Counts

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Measures:
    """The time series of one application; with a registry of its own, so that several live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "ringback_http_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "ringback_http_request_seconds",
            "Seconds until a request was answered to its end.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._unfinished = Gauge(
            "ringback_runs", "Runs of the service that are not done.", ("status",), registry=self.registry
        )
        self._outcomes = Gauge(
            "ringback_recent_runs",
            "Outcomes of those of the newest 10,000 runs that are done.",
            ("outcome",),
            registry=self.registry,
        )
        self._queue = Gauge("ringback_queue_length", "Runs that wait for a place.", registry=self.registry)
        self._workers = Gauge("ringback_workers_alive", "Workers with a recent sign of life.", registry=self.registry)
        self._database = Gauge(
            "ringback_database_up", "Whether the database answered when this was read.", registry=self.registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def set_counts(self, counts: Counts | None) -> None:
        """Take over what the database says; None: it does not answer, and what it said last stands."""
        self._database.set(counts is not None)
        if counts is None:
            return
        for status in RunStatus:
            if status not in (RunStatus.DONE, RunStatus.INTERRUPTED):
                self._unfinished.labels(status).set(counts.unfinished.get(status, 0))
        for outcome in Outcome:
            self._outcomes.labels(outcome).set(counts.outcomes.get(outcome, 0))
        self._queue.set(counts.unfinished.get(RunStatus.QUEUED, 0))
        self._workers.set(counts.workers_alive)

    def text(self) -> bytes:
        """The page."""
        return generate_latest(self.registry)
