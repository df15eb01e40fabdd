"""Two runs of one evaluation on the same samples: their paired difference, or why they cannot be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Case, QuerySet, Value, When

from evaluations.measuring import shown_samples_of
from evaluations.models import EvaluationRun, Form
from evaluations.samples import SampleColumns
from evaluations.samples.pairing import Pairs, pairs_of
from evaluations.statistics.estimate import Estimate
from evaluations.statistics.means import mean_clustered
from evaluations.statistics.paired import difference_of_paired_proportions, mcnemar, paired_difference

MOST_SAMPLES = 200_000
"""Samples of a run beyond which nothing is compared on demand: it would take longer than a reader waits."""
BINARY, ORDERED = ("both", "first_only", "second_only", "neither"), ("first_higher", "second_higher", "equal")
SAME: dict[str, Callable[[EvaluationRun], str]] = {
    "evaluation": lambda run: run.evaluation.slug,
    "stratum": lambda run: run.stratum,
    "metric": lambda run: run.metric,
    "unit": lambda run: run.unit,
}
"""What two runs must have in common, each with the value that the reason names."""


class NotComparable(ValueError):
    """Two runs whose samples are no pairs; the text is the reason."""


@dataclass(frozen=True)
class PairedRuns:
    """The paired comparison of two runs: every difference is the first minus the second.

    `difference` is the deciding estimator's where the pairs are counts (Newcombe), else Student's; `beside` holds the
    others. `table` counts the pairs. Figures are fractions for proportions and percentages, else in the runs' unit.
    """

    first: EvaluationRun
    second: EvaluationRun
    pairs: Pairs
    means: tuple[float, float]
    difference: dict[str, Any]
    beside: list[dict[str, Any]]
    table: dict[str, int]
    notes: tuple[str, ...]

    @property
    def binary(self) -> bool:
        """Whether the pairs are counts of solved and not solved."""
        return "both" in self.table


def comparable_runs(run: EvaluationRun, seen: QuerySet[EvaluationRun]) -> QuerySet[EvaluationRun]:
    """Return those of `seen` that measure the same on samples, those of the same checkpoint first, newest first."""
    rows = seen.filter(
        evaluation=run.evaluation_id, stratum=run.stratum, metric=run.metric, unit=run.unit, form=Form.SAMPLES
    ).exclude(id=run.id)
    near = Case(When(checkpoint=run.checkpoint_id, then=Value(0)), default=Value(1))
    return rows.select_related("checkpoint").defer("report").order_by(near, "-received_at", "-id")


def _dataset(run: EvaluationRun) -> str | None:
    found: str | None = run.report["evaluation"].get("dataset_digest")
    return found


def _refuse_different(first: EvaluationRun, second: EvaluationRun) -> None:
    if first.id == second.id:
        raise NotComparable("Both are the same run.")
    for name, of in SAME.items():
        if of(first) != of(second):
            raise NotComparable(f"The {name} differs: {of(first) or 'none'} and {of(second) or 'none'}.")
    data = [digest for digest in (_dataset(first), _dataset(second)) if digest]
    if len(set(data)) > 1:
        raise NotComparable(f"The dataset digest differs: {' and '.join(data)}.")


def _samples(run: EvaluationRun, which: str) -> SampleColumns:
    if run.form != Form.SAMPLES:
        raise NotComparable(f"The {which} run has no samples: it came in as {run.get_form_display().lower()}.")
    if (run.sample_count or 0) > MOST_SAMPLES:
        raise NotComparable(
            f"The {which} run has more than {MOST_SAMPLES} samples; compare them from its Parquet file."
        )
    columns = shown_samples_of(run)
    assert columns is not None, f"{run.id} has samples and no block"
    return columns


def _notes(first: EvaluationRun, second: EvaluationRun, pairs: Pairs) -> tuple[str, ...]:
    notes = []
    if not (_dataset(first) and _dataset(second)):
        missing = "neither run states" if not (_dataset(first) or _dataset(second)) else "only one run states"
        notes.append(f"{missing} its dataset digest: that the samples are the same rests on their ids alone")
    versions = [run.report["evaluation"].get("version") for run in (first, second)]
    if versions[0] != versions[1]:
        notes.append(f"the versions of the evaluation differ: {versions[0] or 'none'} and {versions[1] or 'none'}")
    if lost := sum(side.unscored.count for side in pairs.sides):
        notes.append(f"missing scores of shared samples, {lost} in all, are left out, without a worst case for them")
    if not pairs.single:
        notes.append("samples with several attempts stand with the mean of their scored ones")
    return tuple(notes)


def _estimates(pairs: Pairs) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the difference to show first, and the others beside it."""
    computing: list[Callable[[], Estimate]] = [lambda: paired_difference(pairs.first, pairs.second)]
    if pairs.binary:
        both, first_only, second_only, neither = pairs.table()
        counts = {"both": both, "first_only": first_only, "second_only": second_only, "neither": neither}
        computing = [lambda: difference_of_paired_proportions(**counts)]
        computing += [lambda: mcnemar(first_only, second_only)] if first_only + second_only else []
    if any(pairs.clusters):
        gaps = [one - other for one, other in zip(pairs.first, pairs.second, strict=True)]
        named = [cluster or f"alone {place}" for place, cluster in enumerate(pairs.clusters)]
        computing.append(lambda: mean_clustered(gaps, named))
    shown, *beside = (asdict(compute()) for compute in computing)
    return shown, beside


def paired_runs(first: EvaluationRun, second: EvaluationRun) -> PairedRuns:
    """Compare two runs on the samples that both scored.

    Raises NotComparable with the reason where evaluation, stratum, metric, unit or dataset digest differ, where a run
    has no samples, and where no sample was scored by both; BlobMissing and BlobCorrupted as `shown_samples_of` does.
    """
    _refuse_different(first, second)
    pairs = pairs_of(_samples(first, "first"), _samples(second, "second"))
    shared = pairs.sides[0].samples - pairs.sides[0].alone.count
    if not shared:
        raise NotComparable("The runs share no sample id.")
    if not len(pairs):
        raise NotComparable(f"None of the {shared} shared samples was scored by both runs.")
    difference, beside = _estimates(pairs)
    names, counted = (BINARY, pairs.table()) if pairs.binary else (ORDERED, pairs.ordered())
    return PairedRuns(
        first=first,
        second=second,
        pairs=pairs,
        means=(sum(pairs.first) / len(pairs), sum(pairs.second) / len(pairs)),
        difference=difference,
        beside=beside,
        table=dict(zip(names, counted, strict=True)),
        notes=_notes(first, second, pairs),
    )
