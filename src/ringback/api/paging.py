"""Lists in pages: `{count, next, previous, results}` with absolute addresses, which clients follow as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from ringback.api.dependencies import services_of
from ringback.api.numbers import Number, number_schema
from ringback.errors import NotFound

DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 500
LARGEST_PAGE = 2**31

_T = TypeVar("_T")


class Page(BaseModel, Generic[_T]):
    """One page of a list."""

    count: int = Field(description="How many there are on all pages.", examples=[1])
    next: str | None = Field(description="Address of the next page; null on the last one.", examples=[None])
    previous: str | None = Field(description="Address of the page before; null on the first one.", examples=[None])
    results: list[_T] = Field(description="The entries of this page.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWanted:
    """Which part of a list is asked for."""

    page: int
    """1 for the first."""
    page_size: int

    @property
    def offset(self) -> int:
        """How many come before this page."""
        return (self.page - 1) * self.page_size

    @property
    def limit(self) -> int:
        """How many this page has at most."""
        return self.page_size


def page_wanted(
    page: Annotated[
        Number,
        Query(ge=1, le=LARGEST_PAGE, description="Number of the page, from 1."),
        number_schema(most=LARGEST_PAGE),
    ] = 1,
    page_size: Annotated[
        Number, Query(ge=1, description=f"Entries of one page; more than {LARGEST_PAGE_SIZE} count as that many.")
    ] = DEFAULT_PAGE_SIZE,
) -> PageWanted:
    """From the query; a page that is too large is made as large as one may be."""
    return PageWanted(page=page, page_size=min(page_size, LARGEST_PAGE_SIZE))


Paging = Annotated[PageWanted, Depends(page_wanted)]


def page_answer(request: Request, count: int, items: Sequence[Any], paging: PageWanted) -> dict[str, Any]:
    """A page of a list as it is answered.

    Args:
        request: what asked for it.
        count: how many there are on all pages.
        items: those of this page.
        paging: which page it is.

    Raises:
        NotFound: there are not so many pages.
    """
    pages = max(1, -(-count // paging.page_size))
    if paging.page > pages:
        raise NotFound("Invalid page.")
    return {
        "count": count,
        "next": _address(request, {"page": paging.page + 1}) if paging.page < pages else None,
        "previous": _address(request, {"page": paging.page - 1}) if paging.page > 1 else None,
        "results": list(items),
    }


def base_of(request: Request) -> str:
    """Where others reach this server, without a slash at the end: as set, else as the request reached it."""
    public_url = services_of(request).settings.public_url
    return (public_url or str(request.base_url)).rstrip("/")


def _address(request: Request, changed: Mapping[str, int]) -> str:
    """The address that was asked for, in the spelling in which it was, with another page."""
    path: str = request.scope.get("ringback.asked_path", request.url.path)
    query = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
    return f"{base_of(request)}{path}?{urlencode([*query, *changed.items()])}"
