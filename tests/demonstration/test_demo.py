"""The demo as outsiders will judge it: every published figure, the levels of the card, its pages and its bundles."""

from __future__ import annotations

import csv
import html
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from evaluations.models import EvaluationRun, Job
from scorecard import bundling
from scorecard.access import reader_of
from scorecard.bundling import bundle, bundle_without_pdf
from scorecard.demonstration.entering import entry_token
from scorecard.demonstration.story import DATA, load
from scorecard.ledger.canonical import digest_bytes
from scorecard.models import Scorecard, State, User
from scorecard.pdf.arranging import context
from scorecard.queries import card_document, comparisons_of, standing_gate
from scorecard.signing_key import load_key
from scorecard.verifier.build import source
from scorecard.verifier.command import verify
from tests.web.test_every_page import HEAVIEST, looked_at
from tests.web.test_scorecard_page import words

pytestmark = pytest.mark.django_db
ROWS = list(csv.DictReader((DATA / "o1_system_card.csv").read_text(encoding="utf-8").splitlines()))


def _levels(document: dict[str, Any], side: str) -> dict[str, str]:
    return {row["category"]: row[side]["determined_level"] for row in document["categories"]}


def test_the_demo_is_the_published_card_and_verifies_offline(published_card: Scorecard, tmp_path: Path) -> None:
    _every_figure_is_the_published_one()
    _the_levels_are_the_published_ones(published_card)
    _a_bundle_verifies_in_another_folder(published_card, tmp_path)
    _the_fictional_subject_shows_every_finding()
    assert load(at=timezone.now()) is False
    assert not Job.objects.exclude(kind="render").exclude(state="done").exists()


def _every_figure_is_the_published_one() -> None:
    runs = {
        int(run.native_id.rsplit("-", 1)[1]): run.report
        for run in EvaluationRun.objects.filter(native_id__startswith="o1-system-card-line-")
    }
    assert len(runs) == len(ROWS) == 639
    for line, row in enumerate(ROWS, start=2):
        reported = runs[line]["reported"]
        assert [reported[name] for name in ("value", "unit", "metric", "n", "evaluation", "model", "note")] == [
            row[name] for name in ("value", "unit", "metric", "n", "evaluation", "model", "note")
        ]
        value = row["value"].removeprefix("<=").split()[-1]
        assert float(runs[line]["estimate"]["value"]) == float(value)
    sides = [report["mitigation"] for report in runs.values()]
    estimates = [report["estimate"] for report in runs.values()]
    assert sides.count("unspecified") == 179
    assert sum("trials" not in row and "trials_text" not in row for row in estimates) == 419
    assert sum("trials_text" in row for row in estimates) == 90


def _the_levels_are_the_published_ones(card: Scorecard) -> None:
    document = card_document(card)
    published = {"cbrn": "medium", "cybersecurity": "low", "persuasion": "medium", "model_autonomy": "low"}
    assert _levels(document, "pre_mitigation") == _levels(document, "post_mitigation") == published
    assert document["overall"] == {"pre_mitigation": "medium", "post_mitigation": "medium"}
    assert [(row["action"], row["decision"]) for row in document["gates"]] == [
        ("deploy", "allow"),
        ("develop", "allow"),
    ]
    assert [row["required"] for row in document["obligations"]] == [False]
    for action in ("deploy", "develop"):
        assert (
            standing_gate(reader_of(User.objects.get(username="faye")), "o1-dec5-release", action, timezone.now())[
                "decision"
            ]
            == "allow"
        )
    cyber = next(row for row in document["categories"] if row["category"] == "cybersecurity")["post_mitigation"]
    assert cyber["indicated_level"] == "high"
    assert "does not rule out Medium and High" in cyber["statement"]


def _a_bundle_verifies_in_another_folder(card: Scorecard, folder: Path) -> None:
    key = load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN).verification_key
    (folder / "verify.py").write_text(source(), encoding="utf-8")
    data = bundle(card, None)
    assert data == bundle(card, None)
    (folder / "bundle.zip").write_bytes(data)

    def run(*arguments: str) -> tuple[int, str]:
        asked = [sys.executable, "-I", "verify.py", "bundle.zip", *arguments]
        done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert run("--key", key)[0] == 0
    code, words = run()
    assert (code, "signer is not verified" in words) == (2, True)
    place = data.index(b'"value":"13')
    (folder / "bundle.zip").write_bytes(data[:place] + data[place:].replace(b'"13', b'"14', 1))
    code, words = run("--key", key)
    assert (code, "FAIL" in words) == (1, True)


def _the_fictional_subject_shows_every_finding() -> None:
    findings, states = set(), set()
    for card in Scorecard.objects.filter(number__startswith="PSC-", checkpoint__subject__slug="atlas-2"):
        document = card_document(card)
        states |= {card.state, *(name for name in ("stale", "contested") if document[name])}
        for category in document["categories"]:
            for side in ("pre_mitigation", "post_mitigation"):
                for level in category[side]["levels"][1:]:
                    findings |= {row["finding"] for row in level["indicators"]}
    assert findings == {"reached", "ruled_out", "cannot_rule_out", "not_assessed"}
    assert states == {"sealed", "draft", "stale", "contested"}


O1 = "/scorecards/PSC-2024-0001/v1/"


def chips(html: str) -> list[str]:
    """The words on the level chips of a piece of page, in order."""
    return [words(found) for found in re.findall(r'<span class="chip[^"]*">.*?</span>', html, re.S)]


def test_the_demo_shows_the_published_levels_their_reasons_and_every_figure_with_its_n() -> None:
    client = Client()
    client.post(f"/demo/enter/{entry_token('ada')}/")
    overview = client.get("/").content.decode()
    assert "Demo data" in overview
    assert "o1-dec5-release" in overview

    html = client.get(O1).content.decode()
    table = re.findall(r'<table class="levels.*?</table>', html, re.S)[0]
    assert chips(table) == ["Medium", "Medium", "Low", "Low", "Medium", "Medium", "Low", "Low"]
    text = words(html)
    assert "May be deployed — post-mitigation level is Medium or below." in text
    assert "May be developed further — post-mitigation level is High or below." in text
    assert "Decided by the highest category: CBRN and Persuasion." in text
    assert "Results on o1-near-final hold for o1-dec5-release" in text
    for part in ("Safety evaluations", "External red teaming", "GPT-4o", "n not published", "never sets a level"):
        assert part in text, part
    assert looked_at(html).tags.count("table") > 20

    cyber = client.get(f"{O1}cybersecurity/").content.decode()
    assert "-d @demo/ctf-professional-high.json" in cyber
    assert "would raise this to Medium" in words(cyber)

    faye = Client()
    faye.force_login(User.objects.get(username="faye"))
    for card in Scorecard.objects.all():
        base = f"/scorecards/{card.number}/v{card.version}/"
        for rest in ("", "cbrn/", "cybersecurity/", "persuasion/", "model_autonomy/", "review/", "history/"):
            answer = faye.get(base + rest)
            assert answer.status_code == 200, base + rest
            assert len(answer.content) <= HEAVIEST, base + rest
            assert not looked_at(answer.content.decode()).inline, base + rest


@pytest.fixture
def sealed_cards() -> list[Scorecard]:
    return list(Scorecard.objects.filter(state=State.SEALED).order_by("number"))


def test_every_sealed_card_of_the_demonstration_verifies_with_the_laboratorys_key(
    sealed_cards: list[Scorecard], tmp_path: Path, settings: Any
) -> None:
    key = load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN).verification_key
    assert sealed_cards
    for card in sealed_cards:
        file = tmp_path / f"{card.number}.zip"
        file.write_bytes(bundle_without_pdf(card))
        said: list[str] = []
        code, opened = verify(file, key, "", said.append)
        assert (code, [line for line in said if line.startswith("FAIL")]) == (0, [])
        assert opened is not None
        assert opened.sealed["digest"] == card.digest


def test_an_upgrade_of_the_product_does_not_change_the_bundle_of_a_sealed_card(
    sealed_cards: list[Scorecard], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bundle_without_pdf(sealed_cards[0])
    monkeypatch.setattr(bundling, "source", lambda: "print('a later version')\n")
    monkeypatch.setattr(bundling, "verifier_digest", lambda: digest_bytes(b"print('a later version')\n"))
    assert bundle_without_pdf(sealed_cards[0]) == before


CARD = "/scorecards/PSC-2024-0001/v1/"
CATEGORIES = ("cbrn", "cybersecurity", "persuasion", "model_autonomy")
LINK = re.compile(r'<a href="/runs/(run_[0-9A-Z]{26})/">(.*?)</a>')


def plain(markup: str) -> str:
    """The words of a piece of page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def figures_of(page: str) -> dict[str, tuple[str, str, str]]:
    """Run id -> (printed figure, heading of its row, heading of its column) of every evidence table of a page."""
    found = {}
    for table in re.findall(r'<table class="figures">.*?</table>', page, re.S):
        columns = [plain(head) for head in re.findall(r"<th scope=\"col\">(.*?)</th>", table, re.S)][1:]
        for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", table, re.S):
            heading = plain(re.findall(r"<th scope=\"row\">(.*?)</th>", row, re.S)[0])
            for column, cell in zip(columns, re.findall(r"<td>(.*?)</td>", row, re.S), strict=True):
                found |= {run: (html.unescape(text), heading, column) for run, text in LINK.findall(cell)}
    return found


@pytest.fixture
def line_of() -> dict[int, str]:
    runs = EvaluationRun.objects.filter(native_id__startswith="o1-system-card-line-")
    return {int(run.native_id.rsplit("-", 1)[1]): run.id for run in runs}


def test_all_639_published_figures_stand_on_the_card_and_its_category_pages_as_printed(line_of: dict[int, str]) -> None:
    client = Client()
    client.post(f"/demo/enter/{entry_token('ada')}/")
    shown = figures_of(client.get(CARD).content.decode())
    for category in CATEGORIES:
        shown |= figures_of(client.get(f"{CARD}{category}/").content.decode())
    assert len(ROWS) == 639
    for line, row in enumerate(ROWS, start=2):
        figure, heading, _ = shown[line_of[line]]
        assert figure == row["value"], line
        assert heading.endswith(f"{' '.join(row['metric'].split())}, {row['unit']}"), (line, heading)
    assert shown[line_of[240]][1].endswith("percentage points over GPT-4o")


def test_a_set_up_stands_in_the_row_that_its_figure_belongs_to(line_of: dict[int, str]) -> None:
    client = Client()
    client.post(f"/demo/enter/{entry_token('ada')}/")
    shown = figures_of(client.get(CARD).content.decode())
    for line, row in enumerate(ROWS, start=2):
        figure, heading, column = shown[line_of[line]]
        model, _, variant = row["model"].partition(" (")
        if model in ("o1", "o1-preview", "o1-mini", "GPT-4o") and variant:
            assert variant.rstrip(")") in heading, (line, heading)
            assert column.partition(",")[0] in (model, "o1-near-final", "o1-dec5-release"), (line, column)
        assert figure == row["value"]
    places = [(heading, column) for _, heading, column in (shown[line_of[line]] for line in (125, 126))]
    assert len(set(places)) == 2


def test_the_print_has_every_figure_of_the_record_and_says_where_the_rest_is(published_card: Scorecard) -> None:
    document = card_document(published_card)
    comparisons = comparisons_of(published_card)
    assert len(document["evidence"]) + len(comparisons) == 639
    printed = context(
        {"snapshot": {key: document[key] for key in document}, "digest": document["digest"], "signatures": [],
         "sealed": None, "ledger": None},
        framework=published_card.framework.document, verify_url="", verification_key="", comparisons=comparisons,
    )  # fmt: skip
    figures = {(item["run"], item["printed"]["value"]) for item in document["evidence"]}
    tables = [printed["safety"], printed["red_teaming"], *(chapter["further"] for chapter in printed["chapters"])]
    rows = [row for table in tables for row in table["rows"]]
    indicators = [row for chapter in printed["chapters"] for side in chapter["sides"] for row in side["indicators"]]
    values = {(row["run"], row["value"]) for row in rows}
    judged = {row["run"] for row in indicators if row["run"]}
    assert not any(table["note"] for table in tables)
    assert {run for run, _ in figures} == {run for run, _ in values} | judged
    assert values <= figures
    assert printed["comparisons"]["note"] == "First 200 of 448 rows; the full list is attached as comparisons.csv."
