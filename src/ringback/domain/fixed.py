"""Records that nobody changes once they are made, for those that every frame of every conversation makes.

`@dataclass(frozen=True)` guards each field while the program runs, which more than doubles the price of making a
record. The type checker forbids the same assignments before it runs.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

_T = TypeVar("_T")

if TYPE_CHECKING:

    @dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
    def fixed(cls: type[_T]) -> type[_T]:
        """A record of keyword fields that are only ever read."""
        ...

else:
    fixed = dataclass(slots=True, kw_only=True, unsafe_hash=True)
