"""Formats of a report."""

from enum import StrEnum


class Format(StrEnum):
    """Formats of a report."""

    JUNIT = "junit"
    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"
