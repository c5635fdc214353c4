"""An API key: who asks, and how far that reaches. The token itself is nowhere in it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """How far a key reaches; each scope includes those before it."""

    READ = "read"
    """Look at everything."""
    RUN = "run"
    """Also start, stop and evaluate runs, and edit what they are made of."""
    ADMIN = "admin"
    """Also agents and their URLs, and keys."""

    def reaches(self, needed: "Scope") -> bool:
        """Whether a key of this scope may do what needs the other."""
        order = list(Scope)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept."""

    id: int
    """0: the key of the settings, which is in no database."""
    name: str
    prefix: str
    """The first characters of the token, to tell keys apart by."""
    scope: Scope
    created_at: datetime | None = None
    """None for the key of the settings."""
    revoked_at: datetime | None = None
