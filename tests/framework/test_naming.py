"""How printed names become ours."""

from __future__ import annotations

import pytest

from scorecard.framework.naming import evaluation_slug, metric_name, split_stratum


@pytest.mark.parametrize(
    ("printed", "slug"),
    [("SWE-bench Verified", "swe-bench-verified"), ("Q&A (hard)", "qanda-hard"), ("MMLU (0-shot)", "mmlu-0-shot")],
)
def test_an_evaluation_is_named_in_lower_case_with_hyphens(printed, slug):
    assert evaluation_slug(printed) == slug


@pytest.mark.parametrize(("printed", "parts"), [("A: b: c", ("A", "b: c")), ("A", ("A", None)), ("A:b", ("A:b", None))])
def test_the_first_colon_and_space_parts_a_row_from_its_evaluation(printed, parts):
    assert split_stratum(printed) == parts


@pytest.mark.parametrize(
    ("printed", "metric"),
    [
        ("pass@12", "pass@12"), ("cons@32", "cons@32"), ("goodness@0.1", "goodness@0.1"),
        ("bronze pass@10", "bronze pass@10"), ("success rate over 100 trials", "success_rate"),
        ("manipulator win rate", "win_rate"), ("F1 (macro)", "f1_macro"), ("not_unsafe", "not_unsafe"),
    ],
)  # fmt: skip
def test_a_metric_is_named_as_the_field_names_it(printed, metric):
    assert metric_name(printed) == metric
