"""How values look: times, figures, digests, levels, foreign text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from scorecard.web.templatetags.scorecard_display import (
    age,
    chip_context,
    figure,
    interval,
    minutes,
    moment_of,
    named,
    pretty,
    short,
    shown,
    when,
)
from tests.web.card_fixture import LEVELS, an_estimate


def test_a_time_is_shown_in_utc_with_its_exact_value() -> None:
    assert when("2024-12-04T19:00:00.000000+01:00") == (
        '<time datetime="2024-12-04T18:00:00Z" title="2024-12-04T18:00:00Z">4 Dec 2024, 18:00 UTC</time>'
    )


@pytest.mark.parametrize("value", [None, "", "yesterday", datetime(2024, 12, 4)])
def test_what_is_no_moment_is_said_to_be_unknown(value: object) -> None:
    assert when(value) == "not known"
    assert age(value) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(4, "4 s ago"), (61, "1 min ago"), (7200, "2 h ago"), (9e5, "10 d ago")]
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    assert age(timezone.now() - timedelta(seconds=seconds)) == words


def test_a_moment_in_the_future_has_no_negative_age() -> None:
    assert age(timezone.now() + timedelta(hours=1)) == "0 s ago"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (42.44, "42.4\u202fmin"), (0.5, "30\u202fs"), (90, "1.5\u202fh"), (1392.66, "23.2\u202fh"),
        (90_000, "1,500\u202fh"), (1.84e-6, "less than 0.1\u202fs"), (1, "1\u202fmin"), (None, "not known"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_told_in_the_largest_unit_in_which_it_is_at_least_one(value: object, words: str) -> None:
    assert minutes(value) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.13, "proportion", "13\u202f%"),
        (0.128, "proportion", "12.8\u202f%"),
        (0, "proportion", "0\u202f%"),
        (13.0, "percent", "13\u202f%"),
        (1673.25, "score", "1673"),
        (100, "count", "100"),
        (None, "proportion", "not known"),
        (True, "proportion", "not known"),
    ],
)
def test_a_figure_is_shown_in_its_unit(value: object, unit: str, words: str) -> None:
    assert figure(value, unit) == words


def test_an_interval_goes_from_the_lower_bound_to_the_worst_case() -> None:
    assert interval(an_estimate(upper=0.294)) == "7.8\u202f% to 29.4\u202f%"
    assert interval(None) == "no interval"


def test_a_digest_is_shortened_without_its_algorithm() -> None:
    assert short("sha256:7ee24499abcdef") == "7ee24499"
    assert short(None) == ""


def test_slugs_are_shown_in_the_contracts_words() -> None:
    assert [named("advisory_chair"), named("cannot_rule_out"), named("read_from_chart")] == [
        "Safety Advisory Group, chair",
        "Cannot be ruled out",
        "read from chart",
    ]


def test_characters_that_would_act_on_the_page_are_made_visible() -> None:
    assert shown("a\x1b[31mb\u202ec\u200bd\ne") == "a\\u001b[31mb\\u202ec\\u200bd\ne"
    assert shown(None) == ""


def test_a_level_is_a_word_a_shade_and_bars_by_its_place_in_the_framework() -> None:
    assert chip_context(LEVELS, "medium") == {"name": "Medium", "shade": 2, "bars": [True, True, False, False]}
    three = [{"slug": slug, "name": slug} for slug in ("none", "some", "much")]
    assert [chip_context(three, slug)["shade"] for slug in ("none", "some", "much")] == [1, 3, 4]
    assert chip_context(LEVELS, None)["shade"] == 0


def test_a_level_that_nobody_set_says_so_in_words() -> None:
    drawn = Template("{% chip None %}").render(Context({"levels": LEVELS}))
    assert "Not assessed" in drawn
    assert "Low" not in drawn


def test_a_query_string_changes_one_parameter_and_keeps_the_others() -> None:
    request = RequestFactory().get("/runs/?checkpoint=a&page=2")
    drawn = Template("{% query page=3 checkpoint=None %}").render(Context({"request": request}))
    assert drawn == "?page=3"


def test_json_is_shown_indented_and_anything_else_as_its_text() -> None:
    assert pretty({"a": 1}) == '{\n  "a": 1\n}'
    assert pretty(datetime(2024, 1, 1, tzinfo=UTC)) == "2024-01-01 00:00:00+00:00"
    assert moment_of(3) is None
