"""The samples of a run: listed, filtered, taken along, and each on a page of its own with its proof."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import fastparquet
import pytest
from django.test import Client

from evaluations import blobs
from evaluations.models import EvaluationRun
from scorecard.models import Scorecard
from tests.web.conftest import Visit, a_report
from tests.web.sample_runs import WHY, entries, list_of, opening, page_of
from tests.web.test_every_page import looked_at
from tests.web.test_scorecard_page import words

pytestmark = pytest.mark.django_db
Post = Callable[[bytes], EvaluationRun]


def test_the_list_counts_exactly_and_its_facets_are_links(visit: Visit, posted: EvaluationRun) -> None:
    html = visit("faye").get(list_of(posted, cluster="c3")).content.decode()
    assert "25 of 250 samples match" in words(html)
    html = visit("faye").get(list_of(posted)).content.decode()
    assert "250 of 250 samples" in words(html)
    for facet in ('href="?status=scored"', 'href="?status=error"', "Any status: 250", "error: 50", "scored: 200"):
        assert facet in html


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"id": "s00"}, 10), ({"status": "error"}, 50), ({"error_origin": "grader"}, 50), ({"score": "<0.5"}, 100),
        ({"score": "none"}, 50), ({"score": "1"}, 100), ({"cluster": "c3"}, 25), ({"attempt": "2"}, 0),
        ({"superseded": "false"}, 250), ({"superseded": "true"}, 0), ({"status": "scored", "score": ">=1"}, 100),
    ],
)  # fmt: skip
def test_filters_in_the_address_give_the_same_as_those_of_the_api(
    filters: dict[str, str], count: int, visit: Visit, posted: EvaluationRun, token_for: Callable[..., str]
) -> None:
    text = words(visit("ada").get(list_of(posted, **filters)).content.decode())
    headers = {"Authorization": f"Bearer {token_for('ada', 'evidence:read')}"}
    answer = Client().get(f"/api/v1/runs/{posted.id}/samples/", filters, headers=headers).json()
    assert answer["count"] == count
    assert f"{count} of 250 samples match" in text


@pytest.mark.parametrize("filters", [{"status": "fine"}, {"score": "high"}, {"attempt": "x"}, {"superseded": "maybe"}])
def test_a_filter_that_cannot_be_is_said_beside_the_form_and_lists_nothing(
    filters: dict[str, str], visit: Visit, posted: EvaluationRun
) -> None:
    answer = visit("ada").get(list_of(posted, **filters))
    assert answer.status_code == 422
    assert "Change the filter" in words(answer.content.decode())
    assert "s001" not in answer.content.decode()


def test_pages_follow_each_other_by_number(visit: Visit, posted: EvaluationRun) -> None:
    client, seen, address = visit("ada"), [], list_of(posted, superseded="false")
    while address:
        html = client.get(address).content.decode()
        seen += re.findall(r"\bid=(s\d{3})&", html.replace("&amp;", "&"))
        found = re.search(r'href="(\?[^"]*)" rel="next"', html)
        address = f"/runs/{posted.id}/samples/{found[1].replace('&amp;', '&')}" if found else ""
    assert seen == [f"s{place:03}" for place in range(250)]
    for cursor in ("0", "-1", "9999999999999", "x", "\x00"):
        assert client.get(list_of(posted, cursor=cursor)).status_code == 200


def test_the_filtered_list_comes_as_csv_ndjson_and_parquet(visit: Visit, posted: EvaluationRun) -> None:
    client = visit("ada")
    files = {}
    for wanted in ("csv", "ndjson", "parquet"):
        answer = client.get(list_of(posted, status="error", format=wanted))
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{posted.id}-samples.{wanted}"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        files[wanted] = answer.getvalue()
    lines = files["csv"].decode().splitlines()
    assert lines[0].startswith("id,attempt,status,score,cluster,superseded,error_origin")
    ids = [line.split(",")[0] for line in lines[1:]]
    assert ids == [f"s{place:03}" for place in range(0, 250, 5)]
    assert [json.loads(line)["id"] for line in files["ndjson"].splitlines()] == ids
    assert list(fastparquet.ParquetFile(io.BytesIO(files["parquet"])).to_pandas()["id"]) == ids
    whole = client.get(list_of(posted, format="parquet")).getvalue()
    assert whole == blobs.get(posted.block_digest)


def test_a_formula_in_an_id_is_no_formula_in_the_csv(visit: Visit, card: Scorecard, post: Post) -> None:
    report = json.loads(a_report(samples=[{"id": "=cmd|' /C calc'!A0", "score": 1}], planned_samples=1))
    del report["tally"]
    answer = visit("ada").get(list_of(post(json.dumps(report).encode()), format="csv"))
    assert b"'=cmd" in answer.getvalue()


def test_a_run_without_samples_says_so_and_has_no_page_of_a_sample(visit: Visit, run: EvaluationRun) -> None:
    client = visit("ada")
    assert "This run has no samples" in words(client.get(list_of(run)).content.decode())
    assert client.get(list_of(run, format="csv")).status_code == 200
    assert client.get(page_of(run, id="x")).status_code == 404


def test_one_sample_shows_its_score_its_other_attempts_and_its_proof(
    visit: Visit, logged: EvaluationRun, token_for: Callable[..., str]
) -> None:
    html = visit("eli").get(page_of(logged, id="gamma", attempt=2)).content.decode()
    text = words(html)
    headers = {"Authorization": f"Bearer {token_for('ada', 'evidence:read')}"}
    proof = Client().get(f"/api/v1/runs/{logged.id}/sample/?id=gamma&attempt=2", headers=headers).json()["proof"]
    for part in (
        proof["leaf"],
        proof["root"],
        *proof["path"],
        "Position 3, counted from 0, of 4",
        "leads to the run's root",
    ):
        assert part in text.replace("&#x27;", "'")
    assert f"/sample/?{urlencode({'id': 'gamma', 'attempt': 1})}" in html.replace("&amp;", "&")


def test_previous_and_next_stay_in_the_filter_of_the_list(visit: Visit, logged: EvaluationRun) -> None:
    client = visit("ada")
    listed = client.get(list_of(logged, score="1")).content.decode().replace("&amp;", "&")
    assert f"/sample/?{urlencode({'id': 'gamma', 'attempt': 1, 'list': 'score=1'})}" in listed
    html = client.get(page_of(logged, id="alpha", attempt=1, list="score=1")).content.decode().replace("&amp;", "&")
    assert re.search(r'href="\?id=gamma&attempt=1&list=score%3D1" rel="next"', html)
    assert 'rel="prev"' not in html
    assert "1 of 2 in this filter" in words(html)
    assert client.get(page_of(logged, id="alpha", list="score=nonsense&evil=1")).status_code == 200


@pytest.mark.parametrize(
    "said",
    [{"id": "nobody"}, {"id": "alpha", "attempt": 2}, {"id": "alpha", "attempt": "x"}, {"id": ""}, {},
     {"id": "alpha", "place": 3}, {"id": "alpha", "place": 99999}, {"id": "alpha", "place": "x"}],
)  # fmt: skip
def test_a_sample_that_is_not_there_answers_404_and_records_nothing(
    said: dict[str, Any], visit: Visit, logged: EvaluationRun
) -> None:
    client = visit("ada")
    assert client.get(page_of(logged, **said)).status_code == 404
    assert client.post(f"/runs/{logged.id}/sample/", {**said, "reason": WHY}).status_code == 404
    assert entries() == []
    assert client.get("/runs/run_none/samples/").status_code == 404
    assert client.get("/runs/run_none/sample/?id=a").status_code == 404


def test_kept_samples_that_are_gone_are_said_with_the_remedy(visit: Visit, logged: EvaluationRun) -> None:
    blobs.path_of(logged.block_digest).unlink()
    client = visit("ada")
    assert "Restore the kept bytes from a backup" in client.get(f"/runs/{logged.id}/").content.decode()
    for path in (list_of(logged), page_of(logged, id="alpha")):
        assert client.get(path).status_code == 503


def test_a_superseded_attempt_of_the_same_number_has_a_page_of_its_own(
    visit: Visit, card: Scorecard, post: Post
) -> None:
    former = {"id": "alpha", "status": "error", "error_origin": "system", "superseded": True}
    report = json.loads(a_report(samples=[former, {"id": "alpha", "score": 1}], planned_samples=1))
    del report["tally"]
    run = post(json.dumps(report).encode())
    html = visit("ada").get(list_of(run)).content.decode().replace("&amp;", "&")
    superseded = re.search(r'href="(/runs/[^"]*place=\d+[^"]*)"', html)
    assert superseded is not None
    assert "a later try took its place" in visit("ada").get(superseded[1]).content.decode()
    live = visit("ada").get(page_of(run, id="alpha", attempt=1)).content.decode()
    assert "a later try took its place" not in live
    assert "place=1" in live


def test_the_pages_have_one_main_heading_labels_on_their_fields_and_ask_nobody_else(
    visit: Visit, logged: EvaluationRun
) -> None:
    client = visit("ada")
    for answer in (client.get(list_of(logged)), client.get(page_of(logged, id="gamma")), opening(client, logged)):
        seen = looked_at(answer.content.decode())
        assert [seen.tags.count("main"), seen.tags.count("h1")] == [1, 1]
        assert set(seen.fields) <= seen.labels
        assert not seen.inline
        assert not [one for one in seen.addresses if re.match(r"[a-z]+:|//", one) and one != "data:,"]


def test_the_run_links_its_statuses_to_the_filtered_list(visit: Visit, posted: EvaluationRun) -> None:
    html = visit("ada").get(f"/runs/{posted.id}/").content.decode()
    assert f'/runs/{posted.id}/samples/?status=error&amp;superseded=false">50 error' in html
    assert f'/runs/{posted.id}/samples/?error_origin=grader&amp;superseded=false">50 grader' in html
    assert "The first 20 of 250 samples." in html
    assert html.count('scope="row"') < 40
