"""Every answer to "what would change the verdict?" for one category and side, as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from scorecard.whatif.basing import Baseline, baselines
from scorecard.whatif.eliciting import Gap, elicitation_gaps
from scorecard.whatif.flipping import Flips, all_flips
from scorecard.whatif.removing import Removals, smallest_removals, without_each
from scorecard.whatif.sampling import Further, all_further_samples
from scorecard.whatif.standing import Case, Record, Verdict
from scorecard.whatif.varying import (
    CONFIDENCES,
    CoverageStep,
    ThresholdTurn,
    if_declared,
    threshold_turns,
    undeclared,
    under_bounds,
    under_confidence,
    under_coverage,
)


@dataclass(frozen=True)
class Answer:
    """What would change the levels of one category and side.

    `confidences` is None for a confidence that cannot be computed. Verdicts are the levels that would then stand.
    """

    side: str
    verdict: Verdict
    runs: tuple[str, ...]
    removals_indicated: Removals
    removals_reached: Removals
    without: Mapping[str, Verdict]
    flips: tuple[Flips, ...]
    thresholds: tuple[ThresholdTurn, ...]
    further_samples: tuple[Further, ...]
    bounds: Mapping[str, Verdict]
    confidences: Mapping[float, Verdict | None]
    coverage: tuple[CoverageStep, ...]
    undeclared: tuple[str, ...]
    if_declared: Verdict
    if_not_declared: Verdict
    elicitation_gaps: tuple[Gap, ...]
    baselines: tuple[Baseline, ...]


def answer_of(
    case: Case,
    evidence: Sequence[Record] = (),
    settings: Mapping[str, Mapping[str, object]] | None = None,
    comparisons: Sequence[Record] = (),
) -> Answer:
    """Return the answer to a case.

    `evidence` holds every item of the card, because what other settings bring out stands in other metrics too, and
    `settings` is run -> how its report says it was elicited. `comparisons` are figures of other models, as items.
    """
    asked = {row["evaluation"] for row in case.indicators}
    related = [item for item in evidence if item["evaluation"] in asked and item["mitigation"] == case.side]
    return Answer(
        side=case.side,
        verdict=case.verdict,
        runs=case.runs,
        removals_indicated=smallest_removals(case, "indicated"),
        removals_reached=smallest_removals(case, "reached"),
        without=without_each(case),
        flips=all_flips(case),
        thresholds=threshold_turns(case),
        further_samples=tuple(all_further_samples(case)),
        bounds=under_bounds(case),
        confidences={confidence: under_confidence(case, confidence) for confidence in CONFIDENCES},
        coverage=under_coverage(case),
        undeclared=undeclared(case),
        if_declared=if_declared(case, adequate=True),
        if_not_declared=if_declared(case, adequate=False),
        elicitation_gaps=elicitation_gaps(related, settings or {}, interval=case.document["policy"]["interval"]),
        baselines=baselines(case, comparisons),
    )


def plain(answer: Answer) -> Record:
    """Return an answer as JSON values; a confidence is a key such as `0.99`."""
    record = asdict(answer)
    return {**record, "confidences": {f"{key:.2f}": value for key, value in record["confidences"].items()}}
