"""Questions asked of the evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evaluations.intake import Receipt
from evaluations.measuring import measure
from evaluations.models import Checkpoint
from evaluations.queries import (
    UnknownFilter,
    coverage,
    current_runs,
    evidence_item,
    newest_measurements,
    runs_page,
    scores_bytes,
)
from scorecard.moments import rfc3339
from tests.evaluations.reports import NOW, with_estimate

TakeIn = Callable[..., Receipt]


def test_superseded_runs_are_not_current(take_in: TakeIn, checkpoint: Checkpoint) -> None:
    take_in()
    second = take_in(tally={"successes": 14, "trials": 110}).run
    assert [run.id for run in current_runs([checkpoint.id])] == [second.id]
    assert list(current_runs([])) == []


def test_runs_come_newest_first_in_pages_without_counting(take_in: TakeIn, django_assert_num_queries: Any) -> None:
    posted = [take_in(run_id=f"run-{index}").run.id for index in range(5)]
    with django_assert_num_queries(1):
        first = runs_page(filters={}, limit=3)
    rest = runs_page(filters={}, limit=3, before=first[-1].id)
    assert [run.id for run in [*first, *rest]] == sorted(posted, reverse=True)


def test_filters_are_named_and_nothing_else_reaches_the_database(take_in: TakeIn) -> None:
    take_in()
    take_in(mitigation="pre_mitigation")
    found = runs_page(filters={"checkpoint": "atlas-2-rc1", "mitigation": "pre_mitigation"})
    assert [run.mitigation for run in found] == ["pre_mitigation"]
    for name in ("checkpoint__name", "actor_id__startswith", "pk"):
        with pytest.raises(UnknownFilter, match=name):
            runs_page(filters={name: "x"})


def test_superseded_runs_are_listed_on_request(take_in: TakeIn) -> None:
    take_in()
    take_in(tally={"successes": 14, "trials": 110})
    assert [run.revision for run in runs_page(filters={}, superseded=True)] == [2, 1]
    assert [run.revision for run in runs_page(filters={})] == [2]


def test_an_evidence_item_carries_all_that_deciding_needs(take_in: TakeIn) -> None:
    run = take_in(elicitation={"adequate": True, "declared_by": "team"}).run
    item = evidence_item(run, measure(run, at=NOW), applies="direct")
    assert item == {
        "run": run.id,
        "digest": run.digest,
        "revision": 1,
        "native_id": "ctf-pro-7f3a",
        "evaluation": "ctf-professional",
        "version": "2026-03",
        "dataset_digest": None,
        "stratum": None,
        "metric": "pass@12",
        "unit": "proportion",
        "checkpoint": "atlas-2-rc1",
        "mitigation": "post_mitigation",
        "applies": "direct",
        "tested_at": rfc3339(run.received_at),
        "form": "tally",
        "tally": item["tally"],
        "value": pytest.approx(13 / 110),
        "qualifier": "=",
        "reported_n": "110",
        "scaffold": None,
        "printed": None,
        "elicitation_adequate": True,
        "quality": None,
        "source": "nightly pipeline",
    }
    assert item["tally"]["total"] == 13.0


def test_what_was_not_declared_is_null_and_never_false(take_in: TakeIn) -> None:
    run = take_in(**with_estimate(value=0.2, trials_text="about 75")).run
    item = evidence_item(run, measure(run, at=NOW), applies="app_1")
    assert (item["elicitation_adequate"], item["tally"], item["reported_n"]) == (None, None, "about 75")


def test_coverage_is_known_only_with_an_n(take_in: TakeIn) -> None:
    counted = measure(take_in(tally={"successes": 1, "trials": 9}, planned_samples=10).run, at=NOW)
    published = measure(take_in(**with_estimate(value=0.2), run_id="other").run, at=NOW)
    assert (coverage(counted), coverage(published)) == (0.9, None)


def test_the_newest_measurement_of_each_run_counts(take_in: TakeIn) -> None:
    run = take_in().run
    measure(run, at=NOW)
    newer = measure(run, at=NOW, missing_statuses=["error"])
    assert newest_measurements([run]) == {run.id: newer}


def test_a_run_without_samples_has_no_scores_to_export(take_in: TakeIn) -> None:
    with pytest.raises(ValueError, match="was posted without samples"):
        scores_bytes(take_in().run)
