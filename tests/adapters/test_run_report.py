"""Our own run report as a log file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.run_report import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.mutation import survives
from tests.adapters.soundness import sound
from tests.adapters.sources import source_at, source_of

REPORT: dict[str, Any] = {
    "schema": "run-report/1", "run_id": "ctf-7f3a", "subject": "atlas-2", "checkpoint": "atlas-2-rc1",
    "mitigation": "post_mitigation", "evaluation": {"slug": "ctf-professional", "version": "2026-03"},
    "metric": "pass@1", "planned_samples": 3, "attempts_per_sample": 2, "started_at": "2026-03-01T12:00:00+01:00",
    "samples": [
        {"id": "a", "score": 1.0}, {"id": "a", "attempt": 2, "score": 0.0, "transcript": "runs/a.json"},
        {"id": "b", "status": "error", "error_origin": "system"},
    ],
    "reported": {"accuracy": "0.5"}, "provenance": {"source": "nightly pipeline", "locator": "row 4"},
    "elicitation": {"adequate": True, "declared_by": "team"}, "tags": ["nightly"],
}  # fmt: skip


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


def only_run(document: dict[str, Any]) -> FoundRun:
    (run,) = ADAPTER.read(source_of(written(document), "report.json"))
    return sound(run)


def refusal_of(data: bytes) -> tuple[str, str]:
    with pytest.raises(LogRefused) as refusal:
        list(ADAPTER.read(source_of(data, "report.json")))
    return refusal.value.fault.code, refusal.value.fault.pointer


def test_the_document_stands_as_it_is() -> None:
    run = only_run(REPORT)
    assert (run.evaluation, run.metric, run.model, run.native_id) == (
        "ctf-professional", "pass@1", "atlas-2-rc1", "ctf-7f3a"
    )  # fmt: skip
    assert (run.planned_samples, run.attempts_per_sample, run.state) == (3, 2, "complete")
    assert run.columns is not None
    rows = [(row.id, row.attempt, row.score, row.status) for row in run.columns.rows()]
    assert rows == [("a", 1, 1.0, "scored"), ("a", 2, 0.0, "scored"), ("b", 1, None, "error")]
    assert [run.columns.detail(index)["transcript"] for index in run.columns.order()] == [None, "runs/a.json", None]
    whole = {**REPORT, "unit": "proportion", "started_at": "2026-03-01T11:00:00.000000Z"}
    assert run.document == {name: value for name, value in whole.items() if name != "samples"}


def test_counts_and_figures_are_carried_in_their_own_form() -> None:
    plain = {key: value for key, value in REPORT.items() if key not in ("samples", "attempts_per_sample")}
    counted = only_run(plain | {"planned_samples": 120, "tally": {"successes": 13, "trials": 110}})
    assert (counted.tally, counted.samples) == ({"successes": 13, "trials": 110}, None)
    figure = {"value": 0.25, "qualifier": "<=", "interval": {"low": 0.1, "high": 0.4}}
    assert only_run(plain | {"estimate": figure, "completion": "partial"}).estimate == figure
    assert only_run(plain | {"estimate": figure, "completion": "partial"}).state == "partial"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"schema": "run-report/2"}, ("literal-error", "/schema")),
        ({"surprise": 1}, ("unknown-field", "/surprise")),
        ({"planned_samples": "3"}, ("int-type", "/planned_samples")),
        ({"samples": [{"id": "a", "score": 1.0}] * 2}, ("duplicate-sample", "/samples/1")),
        ({"tally": {"successes": 1, "trials": 2}}, ("one-form", "/samples")),
        ({"checkpoint": None}, ("string-type", "/checkpoint")),
    ],
)
def test_a_fault_is_refused_with_its_pointer(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refusal_of(written(REPORT | changes)) == expected


def test_the_number_of_further_faults_is_said() -> None:
    with pytest.raises(LogRefused, match="1 more fault"):
        list(ADAPTER.read(source_of(written(REPORT | {"x": 1, "y": 2}))))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (written(REPORT)[:-40], "not-json"),
        (written(REPORT).replace(b"1.0", b"NaN"), "number-not-finite"),
        (written(REPORT)[:-1] + b', "metric": "x"}', "duplicate-key"),
        (b"\xef\xbb\xbf" + written(REPORT), "byte-order-mark"),
        (written([REPORT]), "not-an-object"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(data: bytes, code: str) -> None:
    assert refusal_of(data)[0] == code


def test_no_strange_value_breaks_the_reader() -> None:
    assert survives(ADAPTER, REPORT, write=written, name="report.json") > 300


def test_a_report_is_recognised_by_its_schema_and_nothing_else_is(corpus: Path) -> None:
    assert ADAPTER.recognise(source_of(written(REPORT)))
    assert ADAPTER.recognise(source_of(written(REPORT)[:60], "cut.json"))
    assert not ADAPTER.recognise(source_of(b'{"schema": "other/1"}'))
    files = [path for path in corpus.rglob("*") if path.is_file()]
    assert [path for path in files if ADAPTER.recognise(source_at(path))] == []
