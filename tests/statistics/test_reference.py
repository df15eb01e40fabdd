"""Every figure of the reference file is answered by our functions, or stands here with the reason why not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.statistics.reference_answers import ANSWERS

AGREED = 1e-9
COARSER = {
    # (statistic, key): (tolerance, reason)
    ("two-proportion sample size per arm, power .8 alpha .05 two-sided (arcsine)", "n"): (
        1e-6, "statsmodels' root finder stops early; ours has the asked power to the last bit (test_planning)",
    ),
    ("Bradley-Terry MLE", "elo_scale"): (
        1e-6, "choix stops 4e-10 from the maximum, and Elo's scale multiplies that by 174; ours has no gradient left",
    ),
}  # fmt: skip
NOT_OFFERED = {
    ("cross-check wilson/exact", "wilsoncc"): "the continuity-corrected Wilson interval is not offered: too wide",
    ("difference of proportions 95% CI (Newcombe/score)", "score"):
        "the score interval is not offered: the reference itself raises ValueError on 5/20 against 1/20",
    ("difference of proportions 95% CI (Newcombe/score)", "boschloo_p"):
        "Boschloo's test is not offered: it needs an optimisation over a nuisance parameter, Fisher's is exact",
    ("bootstrap 95% CI of mean (lo,hi,se); n_resamples=9999, rng=default_rng(12345)", "BCa"):
        "only the percentile bootstrap is offered, the one that system cards use",
    ("bootstrap 95% CI of mean (lo,hi,se); n_resamples=9999, rng=default_rng(12345)", "basic"):
        "only the percentile bootstrap is offered, the one that system cards use",
}  # fmt: skip


def flat(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flat(value[key])]
    return [leaf for part in value for leaf in flat(part)] if isinstance(value, list) else [float(value)]


def test_every_reference_statistic_has_an_answer(reference: dict[str, list[dict[str, Any]]]) -> None:
    assert len(ANSWERS) == 40
    assert set(ANSWERS) == set(reference)


@pytest.mark.parametrize("statistic", list(ANSWERS))
def test_our_figures_agree_with_the_reference(statistic: str, reference: dict[str, list[dict[str, Any]]]) -> None:
    answer, inputs = ANSWERS[statistic]
    for case in reference[statistic]:
        found = answer(case)
        left_out = {key for name, key in NOT_OFFERED if name == statistic}
        assert set(case) - inputs - left_out == set(found)
        for key, ours in found.items():
            tolerance, _ = COARSER.get((statistic, key), (AGREED, ""))
            assert flat(ours) == pytest.approx(flat(case[key]), rel=0, abs=tolerance), (statistic, key)


def test_the_exceptions_name_figures_that_exist(reference: dict[str, list[dict[str, Any]]]) -> None:
    for statistic, key in [*NOT_OFFERED, *COARSER]:
        assert any(key in case for case in reference[statistic]), (statistic, key)
