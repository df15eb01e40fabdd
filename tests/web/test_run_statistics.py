"""Statistics beside the estimate on a run's page: both bootstraps of repeated attempts, and the time horizon."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from evaluations.models import EvaluationRun
from scorecard.models import Scorecard
from tests.evaluations.test_beside import repeated, timed
from tests.house.places import ROOT
from tests.web.conftest import Visit, a_report
from tests.web.sample_runs import page_of
from tests.web.test_every_page import looked_at
from tests.web.test_scorecard_page import words

pytestmark = pytest.mark.django_db
Take = Callable[..., EvaluationRun]


@pytest.fixture
def taken(card: Scorecard, post: Callable[[bytes], EvaluationRun]) -> Take:
    """Post a run of these samples."""

    def take_in(samples: list[dict[str, Any]], **changes: Any) -> EvaluationRun:
        report = json.loads(a_report(samples=samples, **{"planned_samples": len(samples), **changes}))
        del report["tally"]
        return post(json.dumps(report).encode())

    return take_in


def text_of(client: Client, run: EvaluationRun) -> str:
    return words(client.get(f"/runs/{run.id}/").content.decode())


def test_repeated_attempts_show_the_fixed_dataset_beside_resampled_tasks(visit: Visit, taken: Take) -> None:
    text = text_of(visit("faye"), taken(repeated(), planned_samples=6, attempts_per_sample=4))
    shown = text.partition("Repeated attempts, resampled")[2].partition("More statistics")[0]
    places = [shown.index(f"bootstrap {what}, 2000") for what in ("attempts", "items", "items and attempts")]
    assert places == sorted(places)
    assert "the dataset is treated as fixed" in shown


def test_single_attempts_have_no_such_section(visit: Visit, taken: Take) -> None:
    text = text_of(visit("faye"), taken([{"id": f"s{place}", "score": float(place % 2)} for place in range(10)]))
    assert "Repeated attempts, resampled" not in text
    assert "bootstrap items, exact limit" in text


def test_a_statistic_of_percentages_is_shown_as_a_percentage(visit: Visit, taken: Take) -> None:
    halves = [{"id": f"s{place}", "score": 100.0 * (place % 2)} for place in range(8)]
    text = text_of(visit("faye"), taken(halves, unit="percent"))
    assert "50 %" in text.partition("More statistics")[2]


def test_timed_tasks_have_their_horizon_with_interval_and_tasks(
    visit: Visit, taken: Take, token_for: Callable[..., str]
) -> None:
    run = taken(timed(), planned_samples=8, attempts_per_sample=3)
    text = text_of(visit("faye"), run)
    assert "Time horizon" in text
    assert "8 of 4 families, 1 min to 2.13 h; 24 scored attempts" in text
    assert "task families resampled" in text
    headers = {"Authorization": f"Bearer {token_for('faye', 'evidence:read')}"}
    shown = Client().get(f"/api/v1/runs/{run.id}/", headers=headers).json()["measurement"]["display"]["time_horizon"]
    assert (shown["n"], shown["attempts"]) == (8, 24)
    assert shown["low"] < shown["point"] < shown["high"]


def test_a_horizon_that_cannot_be_computed_says_why_and_other_runs_say_nothing(visit: Visit, taken: Take) -> None:
    failed = text_of(visit("faye"), taken(timed(score=0.0), run_id="failed", planned_samples=8))
    assert "Not computed. No horizon: nothing succeeded, so it lies below 1 min" in failed
    plain = text_of(visit("faye"), taken([{"id": "a", "score": 1.0}], run_id="plain"))
    assert "Time horizon" not in plain


def test_the_judges_words_come_as_json_in_the_csv_of_the_api_as_on_the_web(
    visit: Visit, taken: Take, token_for: Callable[..., str]
) -> None:
    run = taken([{"id": "a", "score": 1.0, "judge": {"model": "o1", "says": ["it's", None, True]}}])
    headers = {"Authorization": f"Bearer {token_for('faye', 'evidence:read')}"}
    by_api = Client().get(f"/api/v1/runs/{run.id}/samples/?format=csv", headers=headers).content.decode()
    on_web = b"".join(visit("faye").get(f"/runs/{run.id}/samples/?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    judged = [next(csv.DictReader(io.StringIO(table)))["judge"] for table in (by_api, on_web)]
    assert judged[0] == judged[1]
    assert json.loads(judged[0]) == {"model": "o1", "says": ["it's", None, True]}


def test_a_sample_leads_to_its_neighbours_by_links_and_by_keys_that_can_be_turned_off(
    visit: Visit, taken: Take
) -> None:
    run = taken([{"id": name, "score": 1.0} for name in ("a", "b", "c")])
    html = visit("faye").get(page_of(run, id="b", attempt=1)).content.decode()
    assert re.search(r'rel="prev" title="Key: \[">Previous sample<', html)
    assert re.search(r'rel="next" title="Key: \]">Next sample<', html)
    assert '<input type="checkbox" id="keys">' in html
    seen = looked_at(html)
    assert not seen.inline
    assert any("scorecard/keys" in address for address in seen.addresses)
    script = (ROOT / "scorecard/static/scorecard/keys.js").read_text(encoding="utf-8")
    assert 'nav.paging a[rel="${wanted}"]' in script
