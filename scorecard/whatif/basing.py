"""The verdict if a threshold stood at a baseline: the one its author names, or what another model scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluations.estimates.reported import UNIT_SIZE
from scorecard.whatif.standing import Case, Record, Verdict, verdict_under


@dataclass(frozen=True)
class Baseline:
    """A baseline as a threshold: `value` is a fraction in the metric's own direction, `label` says whose it is."""

    indicator: str
    threshold: float
    value: float
    label: str
    verdict: Verdict


def _of_models(indicator: Record, comparisons: Sequence[Record]) -> Iterator[tuple[str, float]]:
    """Yield (label, fraction) of other models' exact figures of the indicator's very measurement."""
    for item in comparisons:
        same = all(item[name] == indicator[name] for name in ("evaluation", "stratum", "metric"))
        if same and item["unit"] in UNIT_SIZE and item["value"] is not None and item["qualifier"] == "=":
            side = {"pre_mitigation": ", before mitigation", "post_mitigation": ", after mitigation"}
            yield item["checkpoint"] + side.get(item["mitigation"], ""), item["value"] / UNIT_SIZE[item["unit"]]


def baselines(case: Case, comparisons: Sequence[Record]) -> tuple[Baseline, ...]:
    """Return each known baseline of each indicator with the verdict that it gives as a threshold, others as they are.

    A baseline of 0 or 1 is none: no threshold of a framework stands there.
    """
    found, every = [], case.document["indicators"]
    for indicator in case.indicators:
        own = indicator.get("comparator") or {}
        named = [(own["label"], own["value"])] if own.get("value") is not None else []
        for label, value in dict.fromkeys([*named, *_of_models(indicator, comparisons)]):
            if not 0.0 < value < 1.0:
                continue
            rules = [{**row, "value": value} if row["id"] == indicator["id"] else row for row in every]
            document = {**case.document, "indicators": rules}
            verdict = verdict_under(document, case, case.evidence)
            found.append(Baseline(indicator["id"], indicator["value"], value, label, verdict))
    return tuple(found)
