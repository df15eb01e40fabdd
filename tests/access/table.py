"""The page docs/reference/access.md as data, and the addresses that the URLconf serves, in the page's own spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver

from scorecard.models import Role
from tests.house.places import ROOT

PAGE = (ROOT / "docs/reference/access.md").read_text(encoding="utf-8")
READERS = frozenset(Role.values) - {Role.PIPELINE}
_CELLS = re.compile(r"^\| `([A-Z]+) (\S+)` \|(.*)\|$", flags=re.MULTILINE)
_PLACE = re.compile(r"<(?:\w+:)?(\w+?)(?:_id)?>")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:([a-z]+)_)?[^)]*\)")
_CALLED = {"fw": "framework", "evd": "evidence", "fc": "forecast", "exc": "invocation", "sg": "safeguard"} | {
    "app": "applicability",
    "chg": "change",
}
_PREFIXES = frozenset({"run", "job", "fw", "log", "upload", "source", "evd", "fc", "exc", "sg", "app", "chg"})
_ABSENT = re.compile(r"account/absent/\w+/")


@dataclass(frozen=True)
class Row:
    """One row of a table: who gets in where, and what the others get; empty cells say "as everybody who gets in"."""

    method: str
    path: str
    who: str
    others: str = ""
    outsider: str = ""
    uncleared: str = ""

    def roles(self) -> frozenset[str]:
        """The roles that get in."""
        return READERS if self.who == "readers" else frozenset(self.who.split(", "))


@dataclass(frozen=True)
class Route:
    """One row of the API's table: the scopes of which one is needed, the roles, and which objects are meant."""

    method: str
    path: str
    scopes: tuple[str, ...]
    who: str
    which: str

    def roles(self) -> frozenset[str]:
        """The roles that get in."""
        every = {"readers": READERS, "every role": frozenset(Role.values)}
        return every.get(self.who, frozenset(self.who.split(", ")))


def _cells() -> Iterator[tuple[str, str, list[str]]]:
    for found in _CELLS.finditer(PAGE):
        yield found[1], found[2], [cell.strip() for cell in found[3].split("|")]


PAGES = [Row(method, path, *cells) for method, path, cells in _cells() if path.startswith("/")]
ROUTES = [
    Route(method, path, tuple(cells[0].split(" or ")), cells[1], cells[2])
    for method, path, cells in _cells() if not path.startswith("/")
]  # fmt: skip


def _group(found: re.Match[str]) -> str:
    name, prefix = found[1], found[2]
    return f"{{{_CALLED.get(prefix, prefix) if prefix in _PREFIXES else name}}}"


def spelt(pattern: str) -> str:
    """Return a pattern of the URLconf as the page spells it: `runs/{run}/`."""
    plain = re.sub(r"^\^|/\?\\Z$", "", pattern)
    return _ABSENT.sub("account/absent/{name}/", _PLACE.sub(r"{\1}", _GROUP.sub(_group, plain)))


def served(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """Yield every address below the patterns, however deep they are nested."""
    for one in patterns:
        here = before + spelt(str(one.pattern))
        if isinstance(one, URLResolver):
            yield from served(one.url_patterns, here)
        elif isinstance(one, URLPattern):
            yield here


def named_in_the_page() -> set[str]:
    """Every address of the page, those of the API with their beginning."""
    return {row.path for row in PAGES} | {f"/api/v1/{route.path}" for route in ROUTES}
