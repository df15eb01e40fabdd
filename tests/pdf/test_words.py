"""Values in words: never a bare percentage, never an invented unit, never a guess."""

from __future__ import annotations

from typing import Any

import pytest

from evaluations.estimates.deciding import decide
from evaluations.estimates.tally import tally_from_counts
from scorecard.pdf.words import bare, count_words, day, interval, named, tally_interval, value_words, when
from tests.pdf.cards import an_estimate, an_item


def _decided(k: int, n: int, planned: int | None = None) -> dict[str, Any]:
    return decide(tally_from_counts(k, n, planned), "proportion", "wilson")


def test_a_moment_is_printed_in_utc() -> None:
    assert when("2024-12-05T11:30:00+02:00") == "5 Dec 2024, 09:30 UTC"
    assert when("2024-12-05T09:30:00.000000Z", short=True) == "5 Dec, 09:30"
    assert when(None) == "not known"


def test_a_version_that_is_a_date_reads_as_one_and_any_other_stays() -> None:
    assert day("2023-12-18") == "18 Dec 2023"
    assert day("v2.1") == "v2.1"


def test_a_digest_is_printed_without_its_algorithm() -> None:
    assert bare("sha256:abc") == "abc"
    assert bare("abc") == "abc"


def test_an_unknown_slug_keeps_its_own_words() -> None:
    assert named("third_party", {}) == "third party"
    assert named(None, {}) == ""


def test_the_worst_case_is_said_only_where_samples_are_missing() -> None:
    assert interval(_decided(13, 100)) == "7.8% to 21%"
    assert "; worst case " in interval(_decided(12, 95, 100))
    assert interval(None) == "none"


def test_missing_samples_are_counted_beside_n() -> None:
    assert count_words(_decided(13, 100)) == "100"
    assert count_words(_decided(12, 95, 100)) == "95 of 100"


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (an_item(1, "x", "rate", k=13, n=100), "13%"),
        (an_estimate(1, "x", "rate", 0.995), "99.5%"),
        (an_estimate(1, "x", "rate", 100.0, unit="percent", qualifier="~"), "about 100%"),
        (an_estimate(1, "x", "rate", 0.21, unit="coefficient"), "0.21"),
        (an_estimate(1, "x", "rate", 4, unit="points", qualifier="<="), "at most 4 points"),
        (an_estimate(1, "x", "rate", True), "not known"),
    ],
)
def test_a_value_is_printed_in_its_unit(item: dict[str, Any], words: str) -> None:
    assert value_words(item) == words


def test_a_value_without_counts_has_no_interval_and_says_so() -> None:
    assert tally_interval(an_estimate(1, "x", "rate", 0.5), "wilson") == ("none", "not published")
    assert tally_interval(an_estimate(1, "x", "rate", 0.5, reported_n=">100"), "wilson") == ("none", ">100")


def test_a_counted_value_has_its_interval_and_n() -> None:
    assert tally_interval(an_item(1, "x", "rate", k=13, n=100), "wilson") == ("7.8% to 21%", "100")
