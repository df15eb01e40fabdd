"""Two runs on the same samples: the paired difference on the page and by API, and why some cannot be compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from evaluations import blobs
from evaluations.estimates.newcombe import difference_paired
from evaluations.models import EvaluationRun
from evaluations.pair_queries import comparable_runs
from scorecard.models import Scorecard
from tests.web.conftest import Visit, a_report
from tests.web.test_every_page import looked_at
from tests.web.test_scorecard_page import words

pytestmark = pytest.mark.django_db
Post = Callable[..., EvaluationRun]
DATA = {"slug": "ctf-professional", "dataset_digest": "sha256:" + "a" * 64}
PRE, POST = "pre_mitigation", "post_mitigation"


@pytest.fixture
def sampled(card: Scorecard, post: Callable[[bytes], EvaluationRun]) -> Post:
    """Post a run whose samples have these scores, `None` for one that failed."""

    def take_in(scores: dict[str, float | None], run_id: str, **changes: Any) -> EvaluationRun:
        rows = [
            {"id": name, "status": "error", "error_origin": "system"} if score is None else {"id": name, "score": score}
            for name, score in scores.items()
        ]
        report = json.loads(a_report(run_id=run_id, samples=rows, planned_samples=len(rows), **changes))
        del report["tally"]
        report.setdefault("evaluation", DATA)
        return post(json.dumps({**report, "evaluation": changes.get("evaluation", DATA)}).encode())

    return take_in


@pytest.fixture
def pair(sampled: Post) -> tuple[EvaluationRun, EvaluationRun]:
    """Before mitigation 8 of 10 solved, after it 3; one more sample each, and one that failed afterwards."""
    before = {f"s{place}": float(place < 8) for place in range(10)} | {"only-before": 1.0, "lost": 1.0}
    after = {f"s{place}": float(place < 3) for place in range(10)} | {"only-after": 0.0, "lost": None}
    return sampled(before, "before", mitigation=PRE), sampled(after, "after", mitigation=POST)


def compared(client: Client, *runs: EvaluationRun) -> Any:
    return client.get("/runs/compare/", dict(zip(("a", "b"), (run.id for run in runs), strict=True)))


def by_api(token: str, *runs: EvaluationRun) -> Any:
    query = dict(zip(("a", "b"), (run.id for run in runs), strict=True))
    return Client().get("/api/v1/runs/compare/", query, headers={"Authorization": f"Bearer {token}"})


def test_the_page_shows_n_difference_interval_discordant_pairs_and_who_has_no_partner(
    visit: Visit, pair: tuple[EvaluationRun, EvaluationRun]
) -> None:
    answer = compared(visit("faye"), *pair)
    text = words(answer.content.decode())
    assert answer.status_code == 200
    _, low, high = difference_paired(3, 5, 0, 2)
    assert "+50.00 percentage points, 10 pairs" in text
    assert f"{low * 100:+.2f} percentage points to {high * 100:+.2f} percentage points, newcombe paired" in text
    assert "A and B: 3, A only: 5, B only: 0, neither: 2" in text
    assert "A is higher than B: the whole interval lies above 0." in text
    assert "on the pairs, which are 10 of its 12 samples" in text
    for name in ("only-before", "only-after", "lost"):
        assert name in text


def test_the_api_gives_the_same_figures(
    pair: tuple[EvaluationRun, EvaluationRun], token_for: Callable[..., str]
) -> None:
    token = token_for("faye", "evidence:read")
    found = by_api(token, *pair).json()
    assert (found["paired"], found["difference"]["point"]) == (10, pytest.approx(0.5))
    assert found["counts"] == {"both": 3, "first_only": 5, "second_only": 0, "neither": 2}
    assert found["difference"]["method"] == "newcombe_paired"
    assert found["a"]["unpaired"]["not_in_the_other"] == {"count": 1, "ids": ["only-before"]}
    assert found["b"]["unpaired"]["without_a_score_here"] == {"count": 1, "ids": ["lost"]}
    assert by_api(token, *reversed(pair)).json()["difference"]["point"] == pytest.approx(-0.5)


def test_scores_between_0_and_1_have_students_interval_and_clusters_their_own(sampled: Post, visit: Visit) -> None:
    first = sampled({f"s{place}": place / 10 for place in range(8)}, "one")
    second = sampled({f"s{place}": place / 20 for place in range(8)}, "two")
    text = words(compared(visit("ada"), first, second).content.decode())
    assert "A higher: 7, B higher: 0, equal: 1" in text
    assert "8 pairs" in text


def test_equal_runs_are_not_told_apart(sampled: Post, visit: Visit) -> None:
    runs = [sampled({"a": 1.0, "b": 0.0, "c": score}, f"run {score}") for score in (0.0, 1.0)]
    assert "A and B are not told apart" in words(compared(visit("ada"), *runs).content.decode())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"metric": "pass@1"}, "The metric differs: pass@12 and pass@1."),
        ({"unit": "score"}, "The unit differs: proportion and score."),
        ({"evaluation": {**DATA, "slug": "ctf-collegiate"}}, "The evaluation differs:"),
        ({"evaluation": {**DATA, "stratum": "web"}}, "The stratum differs: none and web."),
        ({"evaluation": {**DATA, "dataset_digest": "sha256:" + "b" * 64}}, "The dataset digest differs:"),
    ],
)
def test_runs_that_measure_something_else_are_refused_with_the_reason(
    changes: dict[str, Any], reason: str, sampled: Post, visit: Visit, token_for: Callable[..., str]
) -> None:
    first, other = sampled({"a": 1.0}, "one"), sampled({"a": 0.0}, "two", **changes)
    answer = compared(visit("ada"), first, other)
    assert answer.status_code == 422
    assert reason in words(answer.content.decode())
    problem = by_api(token_for("ada", "evidence:read"), first, other)
    assert (problem.status_code, problem.json()["code"]) == (422, "not-comparable")
    assert reason in problem.json()["detail"]


def test_no_shared_id_no_shared_score_no_samples_and_the_same_run_are_refused(
    sampled: Post, run: EvaluationRun, visit: Visit
) -> None:
    first = sampled({"a": 1.0}, "one")
    cases = [
        (sampled({"b": 1.0}, "two"), "The runs share no sample id."),
        (sampled({"a": None, "z": 1.0}, "three"), "None of the 1 shared samples was scored by both runs."),
        (run, "The second run has no samples: it came in as counts."),
        (first, "Both are the same run."),
    ]
    for other, reason in cases:
        assert reason in words(compared(visit("ada"), first, other).content.decode())


def test_a_dataset_that_is_not_stated_is_said_and_not_refused(sampled: Post, visit: Visit) -> None:
    first, second = sampled({"a": 1.0}, "one"), sampled({"a": 1.0}, "two", evaluation={"slug": DATA["slug"]})
    assert "Only one run states its dataset digest" in words(compared(visit("ada"), first, second).content.decode())


def test_a_run_leads_to_the_runs_that_it_can_be_compared_with_a_former_revision_too(
    sampled: Post, visit: Visit
) -> None:
    former, later = sampled({"a": 1.0}, "one"), sampled({"a": 0.0}, "one")
    strange = sampled({"a": 0.0}, "strange", metric="pass@1")
    html = visit("ada").get(f"/runs/{later.id}/").content.decode()
    assert f'href="/runs/compare/?a={later.id}&amp;b={former.id}"' in html
    assert strange.id not in html
    assert [row.id for row in comparable_runs(later, EvaluationRun.objects.all())] == [former.id]
    assert "Compare with" not in visit("ada").get(f"/runs/{strange.id}/").content.decode()


def test_damaged_samples_are_a_refusal_with_its_remedy(
    pair: tuple[EvaluationRun, EvaluationRun], visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(digest: str) -> bytes:
        raise blobs.BlobMissing(digest)

    monkeypatch.setattr(blobs, "get", gone)
    answer = compared(visit("ada"), *pair)
    assert answer.status_code == 503
    assert "Restore the kept bytes from a backup." in words(answer.content.decode())


def test_ids_are_text_and_the_page_is_as_every_other(sampled: Post, visit: Visit) -> None:
    first = sampled({"a": 1.0, "<script>alert(1)</script>": 1.0}, "one")
    second = sampled({"a": 1.0}, "two")
    html = compared(visit("ada"), first, second).content.decode()
    assert "<script>alert" not in html
    seen = looked_at(html)
    assert not seen.inline
    assert seen.tags.count("h1") == 1


def test_an_address_without_two_runs_is_said_to_be_one(visit: Visit, run: EvaluationRun, token_for: Any) -> None:
    assert visit("ada").get(f"/runs/compare/?a={run.id}").status_code == 404
    assert visit("ada").get(f"/runs/compare/?a={run.id}&b=run_nobody").status_code == 404
    headers = {"Authorization": f"Bearer {token_for('ada', 'evidence:read')}"}
    assert Client().get(f"/api/v1/runs/compare/?a={run.id}", headers=headers).status_code == 400
