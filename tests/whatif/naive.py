"""The second, naive answer: try everything, and ask `indicate` each time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from evaluations.estimates.tally import tally_from_counts
from scorecard.framework.levels import indicate
from scorecard.whatif.standing import Case

Item = dict[str, Any]
LEVELS = {"indicated": "indicated_level", "reached": "reached_level"}


def level(document: Item, evidence: list[Item], which: str) -> str | None:
    """Return the level of the small framework's one category by the deciding code."""
    return _level(document, "cyber", "post_mitigation", evidence, which)


def _level(document: Item, category: str, side: str, evidence: list[Item], which: str) -> str | None:
    found: str | None = indicate(document, category, side, evidence)[LEVELS[which]]
    return found


def smallest_sets_of(case: Case, which: str) -> list[tuple[tuple[str, ...], str | None]]:
    """Return every smallest set of runs whose removal changes the level, with what remains, by trying all sets."""
    place, evidence = (case.document, case.category, case.side), list(case.evidence)
    now = _level(*place, evidence, which)
    for size in range(1, len(evidence) + 1):
        found = []
        for runs in combinations(sorted(item["run"] for item in evidence), size):
            then = _level(*place, [item for item in evidence if item["run"] not in runs], which)
            if then != now:
                found.append((runs, then))
        if found:
            return found
    return []


def counted(item: Item) -> tuple[int, int, int]:
    """Return successes, scored and expected of a run of whole counts."""
    return int(item["tally"]["total"]), item["tally"]["scored"], item["tally"]["expected"]


def flipped_counts(item: Item, change: str) -> Iterator[Item]:
    """Yield the run with one, two, ... of its samples flipped, as if it had been counted so."""
    k, n, expected = counted(item)
    step = {
        "failure_to_success": (1, 0, n - k), "success_to_failure": (-1, 0, k),
        "missing_to_success": (1, 1, expected - n), "missing_to_failure": (0, 1, expected - n),
    }[change]  # fmt: skip
    for count in range(1, step[2] + 1):
        tally = tally_from_counts(k + step[0] * count, n + step[1] * count, expected)
        yield {**item, "tally": tally.to_dict()}


def replaced(evidence: list[Item], item: Item) -> list[Item]:
    """Return the evidence with this run as it is given."""
    return [item if one["run"] == item["run"] else one for one in evidence]


def fewest_flips(
    document: Item, evidence: list[Item], item: Item, change: str, which: str
) -> tuple[int, str | None] | None:
    """Return (count, level) of the fewest flips that change the level, by trying every count."""
    now = level(document, evidence, which)
    for count, one in enumerate(flipped_counts(item, change), 1):
        if (then := level(document, replaced(evidence, one), which)) != now:
            return count, then
    return None


def indicator_findings(document: Item, evidence: list[Item]) -> dict[str, str]:
    """Return indicator -> its finding by the deciding code."""
    levels = indicate(document, "cyber", "post_mitigation", evidence)["levels"]
    return {row["id"]: row["finding"] for one in levels for row in one["indicators"]}


def fewest_for_findings(document: Item, evidence: list[Item], item: Item, change: str) -> dict[str, tuple[int, str]]:
    """Return indicator -> (count, finding) of the fewest flips that change its finding, by trying every count."""
    now, found = indicator_findings(document, evidence), {}
    for count, one in enumerate(flipped_counts(item, change), 1):
        for indicator, finding in indicator_findings(document, replaced(evidence, one)).items():
            if finding != now[indicator] and indicator not in found:
                found[indicator] = count, finding
    return found
