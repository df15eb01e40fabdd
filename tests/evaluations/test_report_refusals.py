"""Every fault of a posted report is refused with the place where it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evaluations.report import ReportRefused, parse_report
from tests.evaluations.reports import ABSENT, NOW, posted, report, with_estimate, with_samples


def refusal_of(data: bytes) -> ReportRefused:
    with pytest.raises(ReportRefused) as caught:
        parse_report(data, now=NOW)
    return caught.value


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"[]", "not-an-object"),
        (b"null", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b"{} {}", "not-json"),
        (b'{"metric": NaN}', "number-not-finite"),
        (b'{"metric": -Infinity}', "number-not-finite"),
        (b'{"metric": 1, "metric": 2}', "duplicate-key"),
        (b'{"reported": {"a": 1, "a": 2}}', "duplicate-key"),
        (b"\xef\xbb\xbf{}", "byte-order-mark"),
        (b'{"metric": "\xc0\xaf"}', "not-utf-8"),
        (json.dumps({"subject": "a"}).encode("utf-16"), "byte-order-mark"),
        (b'{"metric": "\\ud800"}', "lone-surrogate"),
        (b'{"metric": "a\\u0000b"}', "nul-character"),
        (b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", "too-deep"),
        (b'{"a": ' + b"[" * 100_000, "too-deep"),
    ],
)
def test_what_is_no_strict_json_object_is_answered_400(body: bytes, code: str) -> None:
    refused = refusal_of(body)
    assert (refused.status, refused.errors[0]["code"]) == (400, code)


@pytest.mark.parametrize("number", [b"1e-400", b"1e999", str(2**63).encode(), b"1" + b"0" * 30])
def test_a_number_that_no_double_or_count_holds_is_answered_422(number: bytes) -> None:
    assert refusal_of(b'{"planned_samples": ' + number + b"}").status == 422


def test_two_keys_that_are_one_in_nfc_are_duplicates() -> None:
    body = posted(reported={"caf\u00e9": 1, "cafe\u0301": 2})
    assert refusal_of(body).errors[0]["code"] == "duplicate-key"


SAMPLE = {"id": "a", "score": 1.0}
FAULTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("unknown field", {"status": "approved"}, "/status", "unknown-field"),
    ("dunder field", {"__class__": "x"}, "/__class__", "unknown-field"),
    ("client's own id", {"id": "run_1"}, "/id", "unknown-field"),
    ("nested unknown field", {"tally": {"successes": 1, "trials": 2, "rate": 0.5}}, "/tally/rate", "unknown-field"),
    ("other schema", {"schema": "run-report/2"}, "/schema", "literal-error"),
    ("no schema", {"schema": ABSENT}, "/schema", "missing-field"),
    ("no provenance", {"provenance": ABSENT}, "/provenance", "missing-field"),
    ("no source", {"provenance": {}}, "/provenance/source", "missing-field"),
    ("false for a number", {"tally": {"successes": False, "trials": 2}}, "/tally/successes", "int-type"),
    ("text for a count", {"tally": {"successes": "1", "trials": 2}}, "/tally/successes", "int-type"),
    ("fraction for a count", {"tally": {"successes": 1.0, "trials": 2}}, "/tally/successes", "int-type"),
    ("no trials", {"tally": {"successes": 0, "trials": 0}}, "/tally/trials", "greater-than-equal"),
    ("negative", {"tally": {"successes": -1, "trials": 2}}, "/tally/successes", "greater-than-equal"),
    ("2^31", {"tally": {"successes": 1, "trials": 2**31}}, "/tally/trials", "less-than-equal"),
    ("k > n", {"tally": {"successes": 3, "trials": 2}}, "/tally/successes", "more-successes-than-trials"),
    ("minutes as a tally", {"unit": "minutes"}, "/unit", "unit-does-not-fit"),
    ("no form", {"tally": ABSENT}, "", "one-form"),
    ("two forms", {"estimate": {"value": 0.1}}, "/estimate", "one-form"),
    ("nan as text", with_estimate(value="nan"), "/estimate/value", "float-type"),
    ("true for a number", with_estimate(value=True), "/estimate/value", "float-type"),
    ("above one", with_estimate(value=1.0000000001), "/estimate/value", "out-of-range"),
    ("below zero", with_estimate(value=-0.1), "/estimate/value", "out-of-range"),
    ("above hundred", {**with_estimate(value=101.0), "unit": "percent"}, "/estimate/value", "out-of-range"),
    ("negative error", with_estimate(value=0.1, stderr=-0.1), "/estimate/stderr", "greater-than-equal"),
    ("qualifier", with_estimate(value=0.1, qualifier="<"), "/estimate/qualifier", "literal-error"),
    ("interval", with_estimate(value=0.1, interval={"low": 0.2, "high": 0.1}), "/estimate/interval/low",
     "interval-reversed"),
    ("no samples", with_samples(), "/samples", "too-short"),
    ("score as text", with_samples({"id": "a", "score": "\u0660.\u0665"}), "/samples/0/score", "float-type"),
    ("score as boolean", with_samples(SAMPLE, {"id": "b", "score": True}), "/samples/1/score", "float-type"),
    ("score too high", with_samples(SAMPLE, {"id": "b", "score": 1.5}), "/samples/1/score", "out-of-range"),
    ("score missing", with_samples({"id": "a"}), "/samples/0/score", "score-missing"),
    ("score of an error", with_samples({"id": "a", "status": "error", "score": 0.0}), "/samples/0/score",
     "score-without-scoring"),
    ("sample twice", with_samples(SAMPLE, SAMPLE), "/samples/1", "duplicate-sample"),
    ("nothing live", with_samples({**SAMPLE, "superseded": True}), "/samples", "nothing-listed"),
    ("sample without id", with_samples({"score": 1.0}), "/samples/0/id", "missing-field"),
    ("empty sample id", with_samples({"id": "", "score": 1.0}), "/samples/0/id", "string-too-short"),
    ("sample's unknown field", with_samples({**SAMPLE, "grade": 1}), "/samples/0/grade", "unknown-field"),
    ("status", with_samples({"id": "a", "status": "ok"}), "/samples/0/status", "literal-error"),
    ("fewer planned than trials", {"planned_samples": 100}, "/planned_samples", "fewer-planned-than-listed"),
    ("fewer planned than samples", with_samples(SAMPLE, {"id": "b", "score": 0}, planned_samples=1),
     "/planned_samples", "fewer-planned-than-listed"),
    ("mitigation", {"mitigation": "after"}, "/mitigation", "literal-error"),
    ("Cyrillic slug", {"evaluation": {"slug": "\u0441yber"}}, "/evaluation/slug", "string-pattern-mismatch"),
    ("slug with a blank", {"evaluation": {"slug": "cyber "}}, "/evaluation/slug", "string-pattern-mismatch"),
    ("upper-case slug", {"evaluation": {"slug": "CYBER"}}, "/evaluation/slug", "string-pattern-mismatch"),
    ("slug with a line end", {"evaluation": {"slug": "cyber\n"}}, "/evaluation/slug", "string-pattern-mismatch"),
    ("zero width", {"checkpoint": "atlas\u200b-2"}, "/checkpoint", "invisible-character"),
    ("direction", {"subject": "atlas\u202e"}, "/subject", "invisible-character"),
    ("line end", {"checkpoint": "atlas\n2"}, "/checkpoint", "invisible-character"),
    ("outer blank", {"run_id": "x "}, "/run_id", "outer-blanks"),
    ("megabyte of name", {"run_id": "x" * 1_000_000}, "/run_id", "string-too-long"),
    ("megabyte of notes", {"operator": "x" * 1_000_000}, "/operator", "too-large"),
    ("metric", {"metric": "pass at 1 <b>"}, "/metric", "string-pattern-mismatch"),
    ("digest", {"evaluation": {"slug": "x", "dataset_digest": "md5:1"}}, "/evaluation/dataset_digest",
     "string-pattern-mismatch"),
    ("script address", {"provenance": {"source": "s", "url": "javascript:alert(1)"}}, "/provenance/url",
     "string-pattern-mismatch"),
    ("naive time", {"started_at": "2026-01-01T00:00:00"}, "/started_at", "not-rfc3339"),
    ("time as number", {"started_at": 1700000000}, "/started_at", "not-rfc3339"),
    ("leap second", {"started_at": "2016-12-31T23:59:60Z"}, "/started_at", "not-rfc3339"),
    ("24:00", {"started_at": "2026-01-01T24:00:00Z"}, "/started_at", "not-rfc3339"),
    ("year 0", {"started_at": "0000-01-01T00:00:00Z"}, "/started_at", "not-rfc3339"),
    ("year 10000", {"started_at": "10000-01-01T00:00:00Z"}, "/started_at", "not-rfc3339"),
    ("no such day", {"started_at": "2026-02-30T00:00:00Z"}, "/started_at", "no-such-time"),
    ("beyond the calendar", {"started_at": "9999-12-31T23:59:59-12:00"}, "/started_at", "no-such-time"),
    ("in the future", {"started_at": "2026-11-24T12:05:01Z"}, "/started_at", "in-the-future"),
    ("complete before start", {"started_at": "2026-01-02T00:00:00Z", "completed_at": "2026-01-01T00:00:00Z"},
     "/completed_at", "completed-before-started"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer", "code"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_is_answered_422_with_its_pointer(changes: dict[str, Any], pointer: str, code: str) -> None:
    refused = refusal_of(posted(**changes))
    assert (refused.status, [(row["pointer"], row["code"]) for row in refused.errors]) == (422, [(pointer, code)])
    assert refused.errors[0]["detail"]
    assert refused.errors[0]["remedy"]


def test_every_fault_of_a_report_is_named_at_once() -> None:
    refused = refusal_of(posted(foo=1, mitigation="after", metric=ABSENT))
    assert {row["pointer"] for row in refused.errors} == {"/foo", "/mitigation", "/metric"}


def test_a_flood_of_faults_is_cut_to_fifty() -> None:
    assert len(refusal_of(posted(**{f"field{index}": 1 for index in range(1000)})).errors) == 50


def test_a_million_wrong_samples_stop_at_the_first() -> None:
    refused = refusal_of(posted(**with_samples(*([1] * 100_000))))  # type: ignore[arg-type]
    assert [row["pointer"] for row in refused.errors] == ["/samples/0"]


def test_a_key_with_a_slash_is_escaped_in_the_pointer() -> None:
    assert refusal_of(posted(**{"a/b~c": 1})).errors[0]["pointer"] == "/a~1b~0c"


def test_the_clock_of_a_pipeline_may_run_five_minutes_ahead() -> None:
    assert parse_report(posted(started_at="2026-11-24T12:05:00Z"), now=NOW).started_at is not None


def test_the_usual_report_is_taken() -> None:
    assert parse_report(json.dumps(report()).encode(), now=NOW).form == "tally"
