"""Every page for every role: it renders, says what it is, is light, asks nobody else, and carries no own style."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evaluations.models import EvaluationRun
from scorecard.access import Person
from scorecard.models import Scorecard
from scorecard.models.ledger import LedgerEntry
from tests.web.conftest import Visit, address
from tests.web.journeys import sealed, signed

PAGES = (
    "/",
    "/models/",
    "/models/atlas-2-rc1/",
    "/runs/",
    "/frameworks/",
    "/frameworks/preparedness-framework-beta/2023-12-18/",
    "/ledger/",
    "/jobs/",
    "/logs/",
    "/sources/",
    "/reviews/",
    "/due/",
    "/safeguards/",
    "/scorecards/compare/",
    "/verify/",
)
OF_A_CARD = (
    "",
    "cybersecurity/",
    "cybersecurity/what-if/",
    "review/",
    "history/",
    "x-ray/",
    "outlook/",
    "plan/",
    "live/",
)
LISTS = ("/models/", "/runs/", "/logs/", "/frameworks/", "/ledger/", "/reviews/")
READERS = ("ada", "bo", "chen", "dana", "eli", "faye", "gil")
HEAVIEST = 150 * 1024


class Fetched(HTMLParser):
    """Collects what a browser would fetch or run for a page, and its headings and landmarks."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.tags: list[str] = []
        self.unlabelled: list[dict[str, str | None]] = []
        self.labels: set[str | None] = set()
        self.fields: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and what it would cause."""
        given = dict(attrs)
        self.tags.append(tag)
        self.addresses += [given[name] or "" for name in ("src", "href", "action", "formaction") if name in given]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if tag == "label":
            self.labels.add(given.get("for"))
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            self.fields.append(given.get("id"))


def looked_at(html: str) -> Fetched:
    """Parse a page."""
    seen = Fetched()
    seen.feed(html)
    return seen


@pytest.mark.django_db
@pytest.mark.parametrize("name", READERS)
def test_every_reader_can_open_every_page(name: str, visit: Visit, card: Scorecard, run: EvaluationRun) -> None:
    client = visit(name)
    for path in (*PAGES, f"/runs/{run.id}/", *(address(card, rest) for rest in OF_A_CARD)):
        answer = client.get(path)
        assert answer.status_code == 200, path
        if not path.endswith("live/"):
            assert "<h1" in answer.content.decode(), path


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*PAGES[:-1], "/runs/run_01J/", "/scorecards/PSC-2026-0001/v1/", "/jobs/job_1/retry/"])
def test_a_visitor_who_is_not_signed_in_is_sent_to_the_sign_in_page(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/?next=")


@pytest.mark.django_db
def test_no_page_fetches_from_elsewhere_or_carries_a_style_or_script_of_its_own(
    visit: Visit, card: Scorecard, run: EvaluationRun
) -> None:
    client = visit("ada")
    for path in (*PAGES, f"/runs/{run.id}/", *(address(card, rest) for rest in OF_A_CARD)):
        seen = looked_at(client.get(path).content.decode())
        assert not seen.inline, (path, seen.inline)
        foreign = [one for one in seen.addresses if re.match(r"[a-z]+:|//", one) and one != "data:,"]
        assert not foreign, (path, foreign)


@pytest.mark.django_db
def test_every_page_has_one_main_landmark_one_title_and_labels_on_its_fields(
    visit: Visit, card: Scorecard, run: EvaluationRun
) -> None:
    client = visit("ada")
    for path in (*PAGES, f"/runs/{run.id}/", *(address(card, rest) for rest in OF_A_CARD[:-1])):
        seen = looked_at(client.get(path).content.decode())
        head = seen.tags[: seen.tags.index("body")]
        assert [seen.tags.count("main"), seen.tags.count("h1"), head.count("title")] == [1, 1, 1], path
        assert set(seen.fields) <= seen.labels, path


@pytest.mark.django_db
def test_no_page_is_heavier_than_150_kb(visit: Visit, card: Scorecard, run: EvaluationRun) -> None:
    client = visit("ada")
    for path in (*PAGES, f"/runs/{run.id}/", *(address(card, rest) for rest in OF_A_CARD)):
        assert len(client.get(path).content) <= HEAVIEST, path


@pytest.mark.django_db
@pytest.mark.parametrize("path", LISTS)
def test_a_list_page_asks_the_database_at_most_twelve_times(
    path: str, visit: Visit, card: Scorecard, run: EvaluationRun
) -> None:
    client = visit("ada")
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        client.get(path)
    assert len(asked) <= 12, [query["sql"] for query in asked]


@pytest.mark.django_db
def test_looking_changes_nothing(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Callable[[str], Person]
) -> None:
    card = sealed(card, person)
    client = visit("dana")
    client.get("/")
    with CaptureQueriesContext(connection) as asked:
        for path in (*PAGES, f"/runs/{run.id}/", f"/runs/{run.id}/raw", *(address(card, rest) for rest in OF_A_CARD)):
            client.get(path)
    writes = [query["sql"] for query in asked if re.match(r"\s*(INSERT|UPDATE|DELETE)", query["sql"])]
    assert not writes


@pytest.mark.django_db
def test_every_post_needs_the_forms_own_token(
    cast: dict[str, Any], card: Scorecard, person: Callable[[str], Person], settings: Any
) -> None:
    settings.DEMO = True
    card = signed(card, person)
    before = LedgerEntry.objects.count()
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast["ada"])
    forms = [f"review/{deed}/" for deed in ("request", "sign", "decline", "reopen", "seal")]
    for path in (
        *(address(card, rest) for rest in [*forms, "cybersecurity/determine/"]),
        "/demo/switch/",
        "/sign-out/",
    ):
        assert client.post(path, {"seen": card.digest}).status_code == 403, path
    assert LedgerEntry.objects.count() == before


@pytest.mark.django_db
def test_pages_are_never_kept_by_a_cache(visit: Visit, card: Scorecard) -> None:
    assert "no-store" in visit("ada").get(address(card)).headers["Cache-Control"]


@pytest.mark.django_db
def test_the_pages_policy_allows_no_foreign_script(visit: Visit) -> None:
    policy = visit("ada").get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
