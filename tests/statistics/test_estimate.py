"""The contract of a figure: nothing that is not finite, no silent gap, no silent zero width; and hostile input."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from evaluations import statistics
from evaluations.statistics import (
    agreement,
    bootstraps,
    comparisons,
    consensus,
    differences,
    horizons,
    judging,
    means,
    missing,
    multiplicity,
    paired,
    passing,
    planning,
    pooling,
    proportions,
    ratings,
    safety,
    sequential,
)
from evaluations.statistics.attempts import Attempts
from evaluations.statistics.estimate import ZERO_WIDTH, Estimate, Significance
from evaluations.statistics.inputs import real, reals, whole

PLAIN = {"statistic": "mean", "method": "clt", "point": 0.5, "n": 4, "n_eff": 4.0}
NAN = math.nan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": NAN, "high": 1.0, "confidence": 0.95}, "not finite"),
        ({"point": math.inf, "notes": ("x",)}, "not finite"),
        ({}, "has to say why"),
        ({"low": 0.1, "notes": ("x",)}, "has to say why"),
        ({"low": 0.1, "high": 0.9}, "has a confidence"),
        ({"low": 0.9, "high": 0.1, "confidence": 0.95}, "low <= high"),
    ],
)
def test_a_figure_that_hides_something_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Estimate(**{**PLAIN, **changes})


def test_a_zero_width_is_always_noted_and_only_once() -> None:
    flat = Estimate(**PLAIN, low=0.5, high=0.5, confidence=0.95)
    assert flat.notes == (ZERO_WIDTH,)
    assert flat.width == 0.0
    assert Estimate(**vars(flat)).notes == (ZERO_WIDTH,)
    assert Estimate(**PLAIN, low=0.4, high=0.5, confidence=0.95).notes == ()
    assert Estimate(**PLAIN, notes=("none",)).width is None


def test_a_p_value_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
        Significance(**PLAIN, notes=("x",), p_value=1.1, alternative="less")


REFUSED: list[tuple[str, Callable[[], object], str]] = [
    ("mean of nothing", lambda: means.mean([]), "at least 1"),
    ("mean with NaN", lambda: means.mean([1, NAN]), r"values\[1\] must be a finite number"),
    ("mean with text", lambda: means.mean(["1"]), r"values\[0\] must be a finite number"),
    ("mean beyond floats", lambda: means.mean([10**400]), "finite number"),
    ("confidence of 1", lambda: means.mean([1, 2], confidence=1), "strictly between"),
    ("a cluster short", lambda: means.mean_clustered([1, 0], ["a"]), "2 values, 1 clusters"),
    ("a share above 1", lambda: means.mean_in_unit_interval([0.5, 1.5]), r"values\[1\] must lie in"),
    ("no rubric", lambda: means.rubric_mean([]), "at least 1"),
    ("a score off its scale", lambda: means.rubric_mean([means.RubricScore(6, 1, 5)]), "a score between them"),
    ("a scale without extent", lambda: means.rubric_mean([means.RubricScore(1, 1, 1)]), "lowest < highest"),
    ("a weight of zero", lambda: means.rubric_mean([means.RubricScore(1, weight=0)]), "positive weight"),
    ("more successes than trials", lambda: proportions.proportion_wilson(3, 2), "3 successes are more than 2"),
    ("no trials", lambda: proportions.proportion_wald(0, 0), "n must be a whole number from 1"),
    ("half a success", lambda: proportions.proportion_jeffreys(0.5, 2), "k must be a whole number"),
    ("a threshold above 1", lambda: proportions.proportion_uniform(1, 2, threshold=2), "threshold must lie in"),
    ("chance of 0", lambda: proportions.below_chance(1, 2, chance=0), "strictly between"),
    ("an unknown side", lambda: proportions.exact_test(1, 2, chance=0.5, alternative="two"), "alternative must be"),
    ("a negative count", lambda: differences.difference_newcombe(-1, 2, 1, 2), "first: k"),
    ("a margin of 0", lambda: differences.equivalence(1, 2, 1, 2, margin=0), "margin"),
    ("alpha of a half", lambda: differences.equivalence(1, 2, 1, 2, margin=0.1, alpha=0.5), "below 0.5"),
    ("Fisher on many", lambda: differences.fisher_exact(1, 4000, 1, 4000), "use difference_newcombe"),
    ("unequal pairs", lambda: paired.paired_difference([1], [1, 0]), "same items"),
    ("nothing discordant", lambda: paired.mcnemar(0, 0), "nothing to count"),
    ("no pairs", lambda: paired.difference_of_paired_proportions(both=0, first_only=0, second_only=0, neither=0),
     "at least one pair"),
    ("equal proportions", lambda: planning.items_for_two_proportions(0.5, 0.5), "two different proportions"),
    ("a negative variance", lambda: planning.minimum_detectable_effect(n=5, between=-1, within=(1, 1), attempts=(1, 1)),
     "cannot be negative"),
    ("a bootstrap of nothing", lambda: bootstraps.bootstrap_mean([], seed=1), "at least 1"),
    ("few resamples", lambda: bootstraps.bootstrap_mean([1], seed=1, resamples=5), "from 100"),
    ("endless draws", lambda: bootstraps.bootstrap_mean([1] * 600, seed=1, resamples=10**6), "too many draws"),
    ("a negative seed", lambda: bootstraps.bootstrap_mean([1], seed=-1), "seed"),
    ("no valid attempt", lambda: bootstraps.bootstrap_attempts([Attempts(0, 0, errors=2)], seed=1), "no item has"),
    ("more correct than valid", lambda: Attempts(valid=2, correct=3, name="q1"), "q1: 3 correct"),
    ("k above n", lambda: passing.item_pass_at_k(3, 1, 4), "k = 4 needs 4 valid attempts, the item has 3"),
    ("k of 0", lambda: passing.item_pass_hat_k(3, 1, 0), "k must be a whole number from 1"),
    ("endless attempts", lambda: passing.item_pass_at_k(10**9, 1, 5), "valid must be a whole number"),
    ("pass@k of nothing", lambda: passing.pass_at_k([], k=1), "no item"),
    ("cons@k above n", lambda: consensus.item_cons_at_k(consensus.Vote(("A",), "A"), 2), "needs 2 answers"),
    ("a vote of None", lambda: consensus.item_cons_at_k(consensus.Vote((None, "A"), "A"), 1), "cannot vote"),
    ("an unknown tie policy", lambda: consensus.item_cons_at_k(consensus.Vote(("A",), "A"), 1, ties="x"), "ties must"),
    ("too many votes", lambda: consensus.item_cons_at_k(consensus.Vote(("A",) * 300, "A"), 1), "at most 256"),
    ("a reward of NaN", lambda: consensus.item_best_of_n([consensus.Ranked(1, NAN)], 1), "reward must be a finite"),
    ("no attacks", lambda: safety.attack_success_rate(0, 0), "n must be a whole number"),
    ("p of 0", lambda: safety.goodness_at_p([[1.0]], p=0), "no technique"),
    ("a prompt without attacks", lambda: safety.goodness_at_p([[]]), r"safety\[0\] must hold"),
    ("an unnamed event", lambda: safety.conditional_rate(1, 2, event=" ", out_of=3), "names the event"),
    ("success without event", lambda: safety.conditional_rate(1, 0, event="e", out_of=3), "never happened"),
    ("more events than samples", lambda: safety.conditional_rate(1, 4, event="e", out_of=3), "4 successes"),
    ("no comparison", lambda: comparisons.win_rate(0, 0), "no comparison"),
    ("only dropped ties", lambda: comparisons.win_rate(0, 0, ties=3, policy="drop"), "no comparison"),
    ("an unknown policy", lambda: comparisons.win_rate(1, 0, policy="x"), "policy must"),
    ("no human", lambda: comparisons.persuasion_percentile([1], []), "human must hold"),
    ("nobody compared", lambda: ratings.bradley_terry([]), "at least 1"),
    ("a game with oneself", lambda: ratings.elo([("a", "a", 1.0)]), "compared with itself"),
    ("a score of 2", lambda: ratings.elo([("a", "b", 2.0)]), "score of the first must lie"),
    ("runs of unequal length", lambda: horizons.time_horizon([1, 2], [1]), "same runs"),
    ("a task of no length", lambda: horizons.time_horizon([0, 2], [1, 0]), "minutes must be positive"),
    ("no weight", lambda: horizons.time_horizon([1, 2], [1, 0], weights=[0, 0]), "one weight positive"),
    ("a rising slope", lambda: horizons.horizon_minutes(intercept=0, slope=0.1), "success does not fall"),
    ("a flat slope", lambda: horizons.horizon_minutes(intercept=5, slope=-1e-6), "beyond any number"),
    ("a judge at chance", lambda: judging.rogan_gladen(0.3, sensitivity=0.5, specificity=0.5), "no better than chance"),
    ("raters of other items", lambda: agreement.cohens_kappa([1], [1, 2]), "same items"),
    ("no ratings", lambda: agreement.cohens_kappa([], []), "at least one"),
    ("an unlisted label", lambda: agreement.cohens_kappa([1], [2], categories=[1]), "not among the categories"),
    ("labels without order", lambda: agreement.cohens_kappa([1], ["a"], weights="linear"), "name the categories"),
    ("an unknown weighting", lambda: agreement.cohens_kappa([1], [1], weights="x"), "weights must"),
    ("lonely ratings", lambda: agreement.krippendorff_alpha([[1, None]]), "no item has two ratings"),
    ("an unknown level", lambda: agreement.krippendorff_alpha([[1, 1]], level="x"), "level must"),
    ("no p-values", lambda: multiplicity.holm([]), "at least 1"),
    ("a p-value of 2", lambda: multiplicity.benjamini_hochberg([2]), r"p_values\[0\]"),
    ("Fisher of 0", lambda: multiplicity.fisher_combined([0, 0.5]), "smallest value"),
    ("Stouffer of 1", lambda: multiplicity.stouffer([1, 0.5]), "strictly between"),
    ("missing below zero", lambda: missing.manski_bounds(1, 2, missing=-1), "missing must"),
    ("hypotheses the wrong way", lambda: sequential.sequential_test(1, 2, p0=0.5, p1=0.1), "p0 < p1"),
    ("a lone study", lambda: pooling.random_effects([1], [1]), "at least 2"),
    ("a study without error", lambda: pooling.random_effects([1, 2], [0, 1]), "positive variance"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_has_no_answer_is_refused_in_words(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_numbers_are_taken_from_every_family_and_long_ones_are_not_printed() -> None:
    assert real(np.float64(0.5), "x") == real(Fraction(1, 2), "x") == 0.5
    assert whole(np.int64(3), "x") == 3
    assert reals((True, 2), "x") == [1.0, 2.0]
    with pytest.raises(ValueError, match="a whole number of 1329 bits"):
        whole(10**400, "x")
    with pytest.raises(ValueError, match="whole number"):
        whole(True, "x")


def test_every_public_function_says_what_it_raises_or_returns() -> None:
    for found in pkgutil.iter_modules(statistics.__path__):
        module = importlib.import_module(f"evaluations.statistics.{found.name}")
        for name, thing in vars(module).items():
            if inspect.isfunction(thing) and thing.__module__ == module.__name__ and not name.startswith("_"):
                assert (thing.__doc__ or "").startswith("Return "), f"{found.name}.{name}"
