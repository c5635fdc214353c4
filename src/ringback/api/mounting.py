"""Puts the families of routes into the application.

A module of `api/routes` has one or more of these: `router` (under /test_framework/v1, with its twins), `v2_router` (for
families whose v2 is not v1's twin), `user_router` (under /user), `root_router` (no key is asked for).
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import compile_path
from starlette.types import Scope

from ringback.api import routes

PLACES = {
    "router": "/test_framework/v1",
    "v2_router": "/test_framework/v2",
    "user_router": "/user",
    "root_router": "",
}


class Mounted:
    """What is mounted: which methods there are at a path."""

    def __init__(self, found: Iterator[tuple[str, APIRoute]]) -> None:
        self._places = [(compile_path(prefix + route.path)[0], prefix, route) for prefix, route in found]
        self._literal = self._methods_of_words()
        self._templates = {id(route): prefix + route.path for _, prefix, route in self._places}

    def routes(self) -> list[tuple[str, APIRoute]]:
        """All routes, each with the prefix that it is under."""
        return [(prefix, route) for _, prefix, route in self._places]

    def literal(self, path: str) -> set[str]:
        """The methods of a canonical path that is written out in some route; none: no route has just these words."""
        return self._literal.get(path, set())

    def _methods_of_words(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for _, prefix, route in self._places:
            if "{" not in route.path:
                found.setdefault(prefix + route.path, set()).update(route.methods or ())
        return found

    def methods(self, path: str) -> set[str]:
        """The methods that a canonical path has; none: there is no such path."""
        return self.literal(path) or {
            method for pattern, _, route in self._places if pattern.match(path) for method in route.methods or ()
        }

    def has_own_v2(self, path: str) -> bool:
        """Whether v2 has a form of its own of a path."""
        v2 = PLACES["v2_router"]
        return any(prefix == v2 and pattern.match(path) for pattern, prefix, _ in self._places)

    def template(self, scope: Scope) -> str:
        """The path of the route that a request was given to, with its parameters' names: no secret, no variety."""
        return self._templates.get(id(scope.get("route")), "none")

    def shapes(self) -> set[tuple[str, str]]:
        """Each operation as its method and its path, every parameter written `{}`."""
        return {
            (method, shape(prefix + route.path)) for _, prefix, route in self._places for method in route.methods or ()
        }


def shape(path: str) -> str:
    """A path with its parameters' names left out."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def mount(app: FastAPI) -> Mounted:
    """Put every family into the application."""
    router, mounted = families()
    app.router.routes.extend(router.routes)
    return mounted


@cache  # applications that follow each other in one process share it: FastAPI takes a tenth of a second for all routes
def families() -> tuple[APIRouter, Mounted]:
    """A router with every family in it, and what it has; both only to be read.

    All routes of one place are sorted together, those with literal words before those with a parameter in that place:
    `/scenarios/json_schema/` is never taken for the scenario `json_schema`, whichever module has it.
    """
    whole = APIRouter(strict_content_type=False)  # scripts send JSON without saying so
    mounted: list[tuple[str, APIRoute]] = []
    modules = [
        importlib.import_module(found.name)
        for found in sorted(pkgutil.iter_modules(routes.__path__, f"{routes.__name__}."), key=lambda found: found.name)
    ]
    for attribute, prefix in PLACES.items():
        family_routers = [getattr(module, attribute) for module in modules if hasattr(module, attribute)]
        found = [route for router in family_routers for route in router.routes if isinstance(route, APIRoute)]
        merged = APIRouter()
        merged.routes.extend(sorted(found, key=_literal_first))
        whole.include_router(merged, prefix=prefix)
        mounted.extend((prefix, route) for route in found)
    return whole, Mounted(iter(mounted))


def _literal_first(route: APIRoute) -> list[tuple[bool, str]]:
    return [(part.startswith("{"), "" if part.startswith("{") else part) for part in route.path.split("/")]
