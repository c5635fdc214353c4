"""The flags of `ringback run`, gathered."""

from dataclasses import dataclass
from pathlib import Path

from ringback.cli.verbosity import Verbosity


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The flags of `ringback run`, as given."""

    suites: tuple[Path, ...]
    agent: str | None
    repeat: int | None
    concurrency: int | None
    headers: tuple[str, ...]
    secret: str | None
    channel: str | None
    """A value of `Transport`."""
    known_lines: Path | None
    recordings: Path | None
    hang_up_port: int | None
    tags: tuple[str, ...]
    only: tuple[str, ...]
    labels: tuple[str, ...]
    junit: Path | None
    html: Path | None
    json_report: Path | None
    markdown: Path | None
    min_pass_rate: float | None
    invalid_retries: int
    max_cost: float | None
    dry_run: bool
    seed: int
    no_store: bool
    resume: int | None
    failed_of: int | None
    baseline: int | None
    verbosity: Verbosity
