"""The canonical report: one form, one digest, recomputable by anybody."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from evaluations.canonical import report_digest_bytes
from evaluations.estimates.scores import scores_from_csv, scores_to_csv
from evaluations.report import canonical_report, json_schema, parse_report, report_digest, score_rows
from tests.evaluations.reports import BASE, NOW, posted, with_estimate, with_samples

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_bytes_agree_with_the_rfc_8785_package(value: Any) -> None:
    assert report_digest_bytes(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [0.5, 2**53, float("nan"), b"x", {"a": [1.0]}])
def test_canonical_bytes_refuse_what_readers_could_read_differently(value: Any) -> None:
    with pytest.raises(ValueError, match="a canonical report holds no"):
        report_digest_bytes(value)


def canonical(**changes: Any) -> dict[str, Any]:
    return canonical_report(parse_report(posted(**changes), now=NOW))


def test_the_smallest_report_says_nothing_more_than_was_posted() -> None:
    assert canonical() == {**BASE, "unit": "proportion"}


def test_numbers_with_a_fraction_are_shortest_decimal_text() -> None:
    estimate = canonical(**with_estimate(value=13, trials=90, stderr=0.1), unit="points")["estimate"]
    assert estimate == {"value": "13.0", "qualifier": "=", "trials": 90, "stderr": "0.1"}


def test_a_published_figure_reads_back_to_the_same_double() -> None:
    value = 0.1 + 0.2
    assert float(canonical(**with_estimate(value=value))["estimate"]["value"]) == value


def test_negative_zero_is_zero() -> None:
    zero = posted(**with_estimate(value=0.0))
    assert canonical_report(parse_report(zero.replace(b"0.0", b"-0.0"), now=NOW)) == canonical_report(
        parse_report(zero, now=NOW)
    )


def test_times_are_utc_with_microseconds() -> None:
    assert canonical(started_at="2026-03-01T12:00:00.5+02:00")["started_at"] == "2026-03-01T10:00:00.500000Z"


def test_order_and_spelling_of_the_posted_json_do_not_change_the_digest() -> None:
    shuffled = json.dumps(dict(reversed(BASE.items())), indent=3, ensure_ascii=True).encode()
    assert report_digest(canonical()) == report_digest(canonical_report(parse_report(shuffled, now=NOW)))


def test_composed_and_decomposed_names_are_one() -> None:
    assert report_digest(canonical(checkpoint="caf\u00e9")) == report_digest(canonical(checkpoint="cafe\u0301"))


def test_samples_enter_the_digest_through_their_csv_in_any_order() -> None:
    samples = [{"id": f"s{index}", "attempt": index % 2, "score": index / 7} for index in range(7)]
    shuffled = list(samples)
    random.Random(4).shuffle(shuffled)
    first, second = canonical(**with_samples(*samples)), canonical(**with_samples(*shuffled))
    assert first == second
    assert "samples" not in first
    rows = score_rows(parse_report(posted(**with_samples(*samples)), now=NOW))
    assert first["samples_digest"] == "sha256:" + hashlib.sha256(scores_to_csv(rows)).hexdigest()


def test_replaced_attempts_under_one_number_have_one_order() -> None:
    replaced = [{"id": "a", "score": score, "superseded": True} for score in (0.2, 0.1, 0.3)]
    last = {"id": "a", "score": 1.0}
    assert canonical(**with_samples(*replaced, last)) == canonical(**with_samples(last, *reversed(replaced)))


def test_one_changed_score_changes_the_digest() -> None:
    before = canonical(**with_samples({"id": "a", "score": 0.5}))
    after = canonical(**with_samples({"id": "a", "score": 0.5000000000000001}))
    assert report_digest(before) != report_digest(after)


def test_scores_in_percent_are_kept_as_fractions() -> None:
    rows = score_rows(parse_report(posted(**with_samples({"id": "a", "score": 50}), unit="percent"), now=NOW))
    assert [row.score for row in rows] == [0.5]


def test_the_canonical_csv_of_hostile_sample_ids_reads_back() -> None:
    ids = ['a"b', "c,d", "e;f", "=1+1", "\u00e9", "x y"]
    report = parse_report(posted(**with_samples(*({"id": name, "score": 1} for name in ids))), now=NOW)
    data = scores_to_csv(score_rows(report))
    assert {row.id for row in scores_from_csv(data)} == set(ids)


def test_the_digest_is_that_of_the_report_file_in_a_bundle() -> None:
    document = canonical()
    assert report_digest(document) == "sha256:" + hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def test_the_schema_tells_what_every_field_is() -> None:
    schema = json_schema()
    assert all(field.get("description") for field in schema["properties"].values())
    assert schema["additionalProperties"] is False
