"""Our answers to the cases of the reference file: for each statistic a function from a case to what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

Case = dict[str, Any]
Answers = dict[str, Any]


def bounds(estimate: Any) -> list[float]:
    return [estimate.low, estimate.high]


def low_high(estimate: Any) -> Answers:
    return {"lo": estimate.low, "hi": estimate.high}


def clt(case: Case) -> Answers:
    found = means.mean(case["x"])
    return {"mean": found.point, "se": found.stderr}


def plug_in(case: Case) -> Answers:
    return {"se": proportions.proportion_wald(case["k"], case["n"]).stderr}


def clustered(case: Case) -> Answers:
    paper = means.mean_clustered(case["y"], case["g"], corrected=False).stderr
    corrected = means.mean_clustered(case["y"], case["g"]).stderr
    naive = means.mean(case["y"]).stderr
    return {
        "miller_no_correction": paper, "inspect_G_over_Gm1": corrected, "statsmodels_corrected": corrected,
        "naive_sem": naive,
    }  # fmt: skip


def paired_difference(case: Case) -> Answers:
    found = paired.paired_difference(case["a"], case["b"])
    assert isinstance(found, paired.PairedDifference)
    return {
        "diff": found.point, "se": found.stderr, "corr": found.correlation, "t": found.value, "p": found.p_value,
        "ci95": bounds(found), "se_unpaired": found.unpaired_stderr,
    }  # fmt: skip


def mcnemar(case: Case) -> Answers:
    found = paired.mcnemar(case["b"], case["c"])
    return {"exact_p": found.p_value, "chi2": found.corrected_value, "chi2_p": found.corrected_p}


def sample_size(case: Case) -> Answers:
    return {"n": planning.items_for_two_proportions(case["p1"], case["p2"]).point}


def detectable(case: Case) -> Answers:
    within, attempts = (case["sigma2"],) * 2, (case["K"],) * 2
    found = planning.minimum_detectable_effect(n=case["n"], between=case["omega2"], within=within, attempts=attempts)
    return {"mde": found.point}


def cross_check(case: Case) -> Answers:
    wilson = proportions.proportion_wilson(case["k"], case["n"])
    exact = proportions.proportion_clopper_pearson(case["k"], case["n"])
    return {"wilson": bounds(wilson), "exact": bounds(exact)}


def posterior(case: Case) -> Answers:
    found = proportions.proportion_uniform(case["k"], case["n"], threshold=case["T"])
    return {**low_high(found), "mean": found.point, "p_gt_T": found.above}


def one_sided(case: Case) -> Answers:
    return {"upper": proportions.upper_bound(case["k"], case["n"]).high, "rule_of_three": 3 / case["n"]}


def threshold(case: Case) -> Answers:
    k, n, limit = case["k"], case["n"], case["T"]
    wilson = proportions.proportion_wilson(k, n)
    return {
        "point": wilson.point, "wilson": bounds(wilson), "point_over": wilson.point >= limit,
        "precautionary_over": wilson.high >= limit, "demonstrated_over": wilson.low >= limit,
        "exact_p_H0_theta_ge_T": proportions.exact_test(k, n, chance=limit, alternative="less").p_value,
        "exact_p_H0_theta_le_T": proportions.exact_test(k, n, chance=limit, alternative="greater").p_value,
    }  # fmt: skip


def difference(case: Case) -> Answers:
    counts = [case[key] for key in ("k1", "n1", "k2", "n2")]
    return {
        "newcomb": bounds(differences.difference_newcombe(*counts)),
        "agresti_caffo": bounds(differences.difference_agresti_caffo(*counts)),
        "fisher_p": differences.fisher_exact(*counts).p_value,
    }


def bootstrap(case: Case) -> Answers:
    found = bootstraps.bootstrap_mean(case["x"], seed=12345)
    return {"percentile": [*bounds(found), found.stderr]}


def bootstrap_limit(case: Case) -> Answers:
    return {"ci": bounds(bootstraps.bootstrap_proportion(case["k"], case["n"]))}


def pass_at(case: Case) -> Answers:
    found = passing.item_pass_at_k(case["n"], case["c"], case["k"])
    return {"val": found, "check": found}


def tasks(case: Case) -> list[Attempts]:
    return [Attempts(valid=n, correct=c) for n, c in case["tasks"]]


def mean_pass_at(case: Case) -> Answers:
    found = passing.pass_at_k(tasks(case), k=case["k"])
    return {"mean": found.point, "se": found.stderr}


def cons(case: Case) -> Answers:
    vote = consensus.Vote(tuple(case["answers"]), case["correct"])
    return {"val": consensus.item_cons_at_k(vote, case["k"])}


def win_rate(case: Case) -> Answers:
    found = comparisons.win_rate(case["win"], case["loss"], ties=case["tie"])
    dropped = comparisons.win_rate(case["win"], case["loss"], ties=case["tie"], policy="drop")
    return {"rate": found.point, "se": found.stderr, "sign_p": found.p_value, "wilson_no_ties": bounds(dropped)}


def bradley_terry(case: Case) -> Answers:
    names = [str(index) for index in range(case["n"])]
    found = ratings.bradley_terry([(str(winner), str(loser), 1.0) for winner, loser in case["comparisons"]])
    strength = {name: rating.point for name, rating in zip(found.players, found.ratings, strict=True)}
    return {
        "theta_centered": [strength[name] for name in names], "elo_scale": [found.elo_scale(name) for name in names]
    }  # fmt: skip


def elo(case: Case) -> Answers:
    return {"ratings": ratings.elo([tuple(game) for game in case["seq"]]).ratings}


def persuasion(case: Case) -> Answers:
    found = comparisons.persuasion_percentile(case["ai"], case["human"])
    assert found.point is not None
    return {"p_ai_beats_random_human": found.point, "p": found.p_value, "mean_percentile": 100 * found.point}


def multiple(case: Case) -> Answers:
    return {
        "holm": list(multiplicity.holm(case["p"]).adjusted),
        "bh": list(multiplicity.benjamini_hochberg(case["p"]).adjusted),
    }


def kappa(case: Case) -> Answers:
    return {
        "k": agreement.cohens_kappa(case["a"], case["b"]).point,
        "kq": agreement.cohens_kappa(case["a"], case["b"], weights="quadratic").point,
    }


def judge(case: Case) -> Answers:
    return {"val": judging.rogan_gladen(case["p"], sensitivity=case["sens"], specificity=case["spec"]).point}


def sprt(case: Case) -> Answers:
    return {"llr": sequential.sequential_test(case["k"], case["n"], p0=case["p0"], p1=case["p1"]).log_ratio}


def attempt_bootstrap(case: Case) -> Answers:
    fixed = bootstraps.bootstrap_attempts(tasks(case), seed=7)
    both = bootstraps.bootstrap_two_level(tasks(case), seed=7)
    return {
        "mean": fixed.point, "se_fixed_dataset_exact": fixed.stderr, "ci_fixed": bounds(fixed),
        "se_over_tasks": passing.pass_at_1(tasks(case)).stderr, "ci_two_level": bounds(both),
    }  # fmt: skip


def pooled(case: Case) -> Answers:
    found = pooling.random_effects(case["effects"], case["variances"])
    return {
        "fixed": found.fixed, "re": found.point, "se_re": found.stderr, "tau2": found.tau2, "Q": found.q, "I2": found.i2
    }  # fmt: skip


def combined(case: Case) -> Answers:
    return {
        "fisher": multiplicity.fisher_combined(case["p"]).p_value,
        "stouffer": multiplicity.stouffer(case["p"]).p_value,
        "bonferroni_min": min(multiplicity.holm(case["p"]).adjusted),
    }


def manski(case: Case) -> Answers:
    found = missing.manski_bounds(case["k"], case["scored"], missing=case["missing"])
    return {
        "naive": found.point, "lo": found.best_case, "hi": found.worst_case, "ci_lo": found.low, "ci_hi": found.high
    }  # fmt: skip


def chance(case: Case) -> Answers:
    return {"p": proportions.below_chance(case["k"], case["n"], chance=case["chance"]).p_value}


def tost(case: Case) -> Answers:
    counts = [case[key] for key in ("k1", "n1", "k2", "n2")]
    return {"p": differences.equivalence(*counts, margin=case["margin"]).p_value}


def horizon(case: Case) -> Answers:
    """The horizons that follow from the fits in the file; the fits themselves need METR's runs (test_horizons)."""
    answers: Answers = {}
    for name, fit in case.items():
        if isinstance(fit, dict):
            line = {"intercept": fit["intercept"], "slope": fit["slope"]}
            rates = {"p50": 0.5, "p80": 0.8}
            answers[name] = dict(line) | {
                key: horizons.horizon_minutes(**line, success_rate=rate) for key, rate in rates.items() if key in fit
            } | ({"n": fit["n"]} if "n" in fit else {})  # fmt: skip
    return answers


def of_counts(method: Callable[..., Any]) -> Callable[[Case], Answers]:
    return lambda case: low_high(method(case["k"], case["n"]))


ANSWERS: dict[str, tuple[Callable[[Case], Answers], set[str]]] = {
    "standard error of mean (CLT, ddof=1)": (clt, {"x"}),
    "standard error Bernoulli plug-in sqrt(p(1-p)/n) (Miller eq.2 uses this for binary)": (plug_in, {"k", "n"}),
    "clustered standard error of mean": (clustered, {"y", "g"}),
    "paired difference": (paired_difference, {"a", "b"}),
    "McNemar (paired binary)": (mcnemar, {"b", "c"}),
    "two-proportion sample size per arm, power .8 alpha .05 two-sided (arcsine)": (sample_size, {"p1", "p2"}),
    "Miller minimum detectable effect: (z_{1-a/2}+z_{pow})*sqrt((w2 + sA2/KA + sB2/KB)/n)": (
        detectable, {"omega2", "sigma2", "n", "K"},
    ),
    "binomial 95% CI wilson": (of_counts(proportions.proportion_wilson), {"k", "n"}),
    "binomial 95% CI clopper-pearson": (of_counts(proportions.proportion_clopper_pearson), {"k", "n"}),
    "binomial 95% CI jeffreys": (of_counts(proportions.proportion_jeffreys), {"k", "n"}),
    "binomial 95% CI agresti-coull": (of_counts(proportions.proportion_agresti_coull), {"k", "n"}),
    "binomial 95% CI wald (do NOT use at small n)": (of_counts(proportions.proportion_wald), {"k", "n"}),
    "cross-check wilson/exact": (cross_check, {"k", "n"}),
    "beta-binomial posterior (uniform prior) 95% equal-tailed + P(theta>T)": (posterior, {"k", "n", "T"}),
    "one-sided exact upper bound at 95% (precautionary rule-out)": (one_sided, {"k", "n"}),
    "threshold decision under uncertainty": (threshold, {"k", "n", "T"}),
    "difference of proportions 95% CI (Newcombe/score)": (difference, {"k1", "n1", "k2", "n2"}),
    "bootstrap 95% CI of mean (lo,hi,se); n_resamples=9999, rng=default_rng(12345)": (bootstrap, {"x"}),
    "binary percentile bootstrap limit (infinite resamples) = binomial quantiles": (bootstrap_limit, {"k", "n"}),
    "pass@k unbiased (Chen et al. 2021)": (pass_at, {"n", "c", "k"}),
    "pass^k (all k succeed)": (
        lambda case: {"val": passing.item_pass_hat_k(case["n"], case["c"], case["k"])}, {"n", "c", "k"},
    ),
    "mean pass@k over tasks + CLT SE over tasks": (mean_pass_at, {"tasks", "k"}),
    "cons@k / majority vote expected accuracy (exact enumeration, ties split)": (cons, {"answers", "correct", "k"}),
    "g-mean = sqrt(sensitivity*specificity)": (
        lambda case: {"g": safety.g_mean_of_rates(case["sens"], case["spec"]).point}, {"sens", "spec"},
    ),
    "win rate with ties=0.5, sign test on non-ties": (win_rate, {"win", "loss", "tie"}),
    "Bradley-Terry MLE": (bradley_terry, {"n", "comparisons"}),
    "Elo K=32 start 1000 (order dependent)": (elo, {"seq"}),
    "persuasion percentile = P(AI rated above random human) (ties half)": (persuasion, {"ai", "human"}),
    "multiple testing": (multiple, {"p"}),
    "Cohen's kappa (unweighted, quadratic)": (kappa, {"a", "b"}),
    "Rogan-Gladen judge-corrected rate (p_obs+spec-1)/(sens+spec-1) clipped": (judge, {"p", "sens", "spec"}),
    "Wald SPRT LLR; bounds log((1-b)/a), log(b/(1-a)), a=b=.05 -> +/-2.944": (sprt, {"k", "n", "p0", "p1"}),
    "anytime-valid 95% confidence sequence, Bernoulli beta(1,1) mixture (Robbins/Ville)": (
        lambda case: {"ci": bounds(sequential.confidence_sequence(case["k"], case["n"]))}, {"k", "n"},
    ),
    "pass@1 attempt-resampling bootstrap (dataset fixed) vs task-level": (attempt_bootstrap, {"tasks"}),
    "pooling evals in a category: random effects (DerSimonian-Laird)": (pooled, {"effects", "variances"}),
    "combining one-sided p-values": (combined, {"p"}),
    "missing/errored samples: Manski bounds and Wilson envelope": (manski, {"k", "scored", "missing"}),
    "below-chance test (sandbagging screen), H1 accuracy < chance": (chance, {"k", "n", "chance"}),
    "equivalence TOST two proportions (margin)": (tost, {"k1", "n1", "k2", "n2", "margin"}),
    "METR time horizon p50/p80 (minutes) on corpus/metr/all_runs_2025-01-28": (
        horizon, {"alias", "min_human_minutes", "max_human_minutes"},
    ),
}  # fmt: skip
