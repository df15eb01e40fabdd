"""The elicitation gap: what another scaffold, other tools or more attempts bring out of the same evaluation."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from evaluations.estimates.deciding import decide
from evaluations.estimates.tally import tally_from_dict
from scorecard.framework.findings import DECIDING_UNITS
from scorecard.framework.printed import WHOLE
from scorecard.whatif.standing import Record

SETTINGS = ("scaffold", "tools", "fine_tuned", "attempts", "best_of_n")
MOST_GAPS = 100
ATTEMPTS = re.compile(r"^(?:pass|cons)@[0-9]+$")


@dataclass(frozen=True)
class Brought:
    """One run's figure: the mean of its samples, or the published one, with the deciding interval where there is n."""

    run: str
    metric: str
    settings: Mapping[str, object]
    point: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Gap:
    """Two runs of one evaluation that differ in elicitation: `higher` found `adds` more than `lower`.

    `apart` is whether their intervals do not touch; None without both intervals. The samples are not paired here.
    """

    evaluation: str
    stratum: str | None
    side: str
    differs_in: tuple[str, ...]
    lower: Brought
    higher: Brought
    adds: float
    apart: bool | None


def _brought(item: Record, settings: Mapping[str, object], interval: str) -> Brought | None:
    said = {"scaffold": item.get("scaffold"), **settings}
    known = {name: said[name] for name in SETTINGS if said.get(name) is not None}
    if item["tally"] is not None:
        estimate = decide(tally_from_dict(item["tally"]), "proportion", interval)
        if estimate["point"] is not None:
            bounds = (estimate["point"], estimate["low"], estimate["high"])
            return Brought(item["run"], item["metric"], known, *bounds)
    if item["value"] is None:
        return None
    return Brought(item["run"], item["metric"], known, item["value"] / WHOLE[item["unit"]], None, None)


def _differences(one: Brought, other: Brought) -> tuple[str, ...]:
    differs = [name for name in SETTINGS if one.settings.get(name) != other.settings.get(name)]
    if one.metric != other.metric and "attempts" not in differs:
        differs.append("attempts")
    return tuple(differs)


def _gap(key: Record, one: Brought, other: Brought) -> Gap | None:
    differs = _differences(one, other)
    if not differs:
        return None
    lower, higher = sorted((one, other), key=lambda brought: (brought.point, brought.run))
    apart = None if lower.high is None or higher.low is None else higher.low > lower.high
    return Gap(**key, differs_in=differs, lower=lower, higher=higher, adds=higher.point - lower.point, apart=apart)


def _best_of_each_setting(runs: list[Brought]) -> list[Brought]:
    best: dict[str, Brought] = {}
    for one in sorted(runs, key=lambda brought: (-brought.point, brought.run)):
        best.setdefault(repr((one.metric, sorted(one.settings.items()))), one)
    return list(best.values())


def elicitation_gaps(
    evidence: Sequence[Record], settings: Mapping[str, Mapping[str, object]], *, interval: str
) -> tuple[Gap, ...]:
    """Return the gaps between the settings of one evaluation, stratum, side and metric, the widest `MOST_GAPS` first.

    Of several runs of one setting the highest counts. `settings` is run -> what its report says of `SETTINGS`.
    Metrics that only count attempts (`pass@1`, `pass@12`, `cons@32`) are of one kind: what attempts add is asked.
    """
    groups: dict[tuple[str, str, str, str], list[Brought]] = defaultdict(list)
    for item in evidence:
        if item["unit"] not in DECIDING_UNITS:
            continue
        if (brought := _brought(item, settings.get(item["run"], {}), interval)) is not None:
            metric = "attempts" if ATTEMPTS.match(item["metric"]) else item["metric"]
            groups[item["evaluation"], item["stratum"] or "", item["mitigation"], metric].append(brought)
    gaps: list[Gap] = []
    for (evaluation, stratum, side, _), runs in sorted(groups.items()):
        key = {"evaluation": evaluation, "stratum": stratum or None, "side": side}
        best = _best_of_each_setting(runs)
        gaps += [gap for one, other in combinations(best, 2) if (gap := _gap(key, one, other)) is not None]
    return tuple(sorted(gaps, key=lambda gap: (-gap.adds, gap.lower.run, gap.higher.run))[:MOST_GAPS])
