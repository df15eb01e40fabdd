"""Looking changes nothing, and no filter or number in an address is more than a text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from tests.access.conftest import Both
from tests.access.table import PAGES, ROUTES
from tests.access.visiting import addressed, browser, pipe
from tests.access.world import token_of

pytestmark = pytest.mark.django_db
METACHARACTERS = (
    "' OR 1=1 --", '"; DROP TABLE x; --', "%", "_", "\\", "a" * 4000, "(a+)+$", "\u202e", "' UNION SELECT 1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def data_dir(settled: Path) -> Path:
    """The folder of this module's installation."""
    return settled


def _counts() -> dict[str, int]:
    written = {"session", "usersession", "workerbeat"}  # a session's last moment, and the probe of /readyz
    models = [model for model in apps.get_models() if model._meta.model_name not in written and model._meta.managed]
    return {model._meta.label: model._default_manager.count() for model in models}


HANDED_OUT = frozenset({"runs/{run}/raw", "logs/{log}/raw", "evidence/{evidence}/raw"})
"""Routes that hand bytes to a machine, which cannot press a button first: each leaves its ledger entry, by design."""


def test_looking_changes_nothing_on_any_page_or_route(both: Both) -> None:
    world = both[1]
    before = _counts()
    client = browser(world.people["everything"])
    for row in PAGES:
        if row.method == "GET":
            answer: Any = client.get(addressed(row.path, world))
            b"".join(answer.streaming_content) if answer.streaming else None
            assert _counts() == before, row
    _, secret = token_of(world, "everything")
    before = _counts()
    for route in ROUTES:
        if route.method == "GET" and route.path not in HANDED_OUT:
            for method in ("GET", "HEAD", "OPTIONS"):
                pipe(secret).generic(method, f"/api/v1/{addressed(route.path, world)}")
            assert _counts() == before, route


FILTERS = {
    "/runs/": ("checkpoint", "evaluation", "mitigation", "form", "actor", "superseded", "page", "format"),
    "/logs/": ("state", "recognised", "page"), "/evidence/": ("checkpoint", "kind", "section", "category", "page"),
    "/ledger/": ("kind", "actor", "subject", "type", "before"), "/ledger/entries.jsonl": ("kind", "actor", "subject"),
    "/models/": ("subject",), "/verify/": ("record",), "/access/": ("programme",), "/account/tokens/": ("programme",),
    "/people/": ("programme",), "/runs/{run}/samples/": ("status", "q", "cursor", "format", "score"),
    "/runs/{run}/sample/": ("id", "attempt", "place", "list"), "/runs/compare/": ("a", "b"), "/jobs/live/": ("seen",),
}  # fmt: skip
API_FILTERS = {
    "runs/": ("checkpoint", "evaluation", "cursor"), "logs/": ("state", "cursor"), "jobs/": ("state", "kind"),
    "evidence/": ("checkpoint", "kind", "digest"), "subjects/": ("slug",), "checkpoints/": ("subject", "name"),
    "scorecards/": ("checkpoint", "number", "state"), "ledger/entries/": ("kind", "actor", "subject"),
    "frameworks/": ("slug", "version"), "gate/": ("checkpoint", "action"), "sources/": ("slug", "kind"),
    "evaluations/": ("slug", "polarity"), "runs/{run}/samples/": ("status", "cursor", "limit"),
}  # fmt: skip


def _asked(both: Both) -> Iterator[tuple[Client, str, str]]:
    world = both[1]
    _, secret = token_of(world, "everything")
    for path, names in FILTERS.items():
        yield from ((browser(world.people["everything"]), addressed(path, world), name) for name in names)
    for path, names in API_FILTERS.items():
        yield from ((pipe(secret), f"/api/v1/{addressed(path, world)}", name) for name in names)


def test_a_filter_is_text_and_never_a_query_or_a_pattern(both: Both) -> None:
    before = _counts()
    for client, place, name in _asked(both):
        for text in METACHARACTERS:
            answer = client.get(place.partition("?")[0], {name: text})
            assert answer.status_code < 500, (place, name, text[:20], answer.content[:300])
            if answer.headers["Content-Type"] == "application/json" and "results" in answer.json():
                assert answer.json()["results"] == [], (place, name, text[:20])
    issued = {"scorecard.ApiToken": before["scorecard.ApiToken"] + 1, **_ledger()}
    assert _counts() == {**before, **issued}


def _ledger() -> dict[str, int]:
    return {label: count for label, count in _counts().items() if label.startswith("scorecard.Ledger")}


@pytest.mark.parametrize("number", ["1000000000", "-1", "0", "1e9", "0x10", "٣", "NaN", "9" * 400, "1;2", " 1", ""])
def test_a_strange_number_in_an_address_is_refused_or_ignored_and_never_fails(both: Both, number: str) -> None:
    world = both[1]
    _, secret = token_of(world, "everything")
    client, machine = browser(world.people["everything"]), pipe(secret)
    run = world.objects["run"]
    for path, name in (
        ("/runs/", "page"), ("/evidence/", "page"), ("/ledger/", "before"), (f"/runs/{run}/samples/", "cursor"),
        (f"/runs/{run}/sample/", "attempt"), (f"/runs/{run}/sample/", "place"),
    ):  # fmt: skip
        assert client.get(path, {name: number, "id": "alpha"}).status_code in (200, 404, 422), (path, name)
    for path, name in (
        ("runs/", "limit"), ("jobs/", "limit"), ("ledger/entries/", "start"), ("ledger/entries/", "limit"),
        ("ledger/proof/", "seq"), ("ledger/proof/", "size"), ("ledger/proof/", "old"), ("runs/", "cursor"),
        (f"runs/{run}/samples/", "limit"), (f"runs/{run}/samples/", "cursor"),
    ):  # fmt: skip
        answer = machine.get(f"/api/v1/{path}", {name: number})
        assert answer.status_code in (200, 400, 422), (path, name, answer.content)
        if (name == "limit" or path == "runs/") and number:
            assert answer.status_code == 400, (path, answer.content)
