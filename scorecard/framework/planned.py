"""What was planned before there were results, against what was done: a pre-registered plan beside the evidence."""

from __future__ import annotations

from typing import List

from .decay import Row, moment_of
from .findings import REQUIRED_WORDS

KEYS = ("evaluation", "stratum", "metric", "mitigation")
"""What names a planned measurement."""


def _key(row: Row) -> str:
    return "/".join(str(row[name] or "") for name in KEYS)


def locked_since(versions: List[Row]) -> List[Row]:
    """Return the newest version's items, each with `since`: when it was locked and has stood unchanged until now.

    `versions` are all versions of one plan in order, each `{locked_at, items}`.
    """
    found = []
    for item in versions[-1]["items"]:
        since = versions[-1]["locked_at"]
        for version in reversed(versions):
            if item not in version["items"]:
                break
            since = version["locked_at"]
        found.append({**item, "since": since})
    return found


def _deviations(planned: Row, item: Row) -> List[str]:
    """Return how a run deviates from what was planned for it, in words."""
    found = []
    if moment_of(item["tested_at"]) <= moment_of(planned["since"]):
        found.append(f"it was run on {item['tested_at'][:10]}, and the plan was locked on {planned['since'][:10]}")
    if planned.get("dataset_digest") and item["dataset_digest"] != planned["dataset_digest"]:
        told = "states no dataset digest" if item["dataset_digest"] is None else "was made on another dataset"
        found.append(f"the run {told}")
    if planned.get("version") and item["version"] != planned["version"]:
        found.append(f"version {planned['version']} was planned, and {item['version'] or 'none stated'} was run")
    wanted, tally = planned.get("planned_samples"), item["tally"]
    if wanted and (tally is None or tally["scored"] < wanted):
        done = "no count of samples is known" if tally is None else f"{tally['scored']} were scored"
        found.append(f"{wanted} samples were planned, and {done}")
    declared = item.get("elicitation", {})
    for name, words in REQUIRED_WORDS.items():
        if planned.get("elicitation", {}).get(name) and not declared.get(name):
            found.append(f"{words} was planned, and the run does not declare it")
    for name in ("attempts", "best_of_n"):
        least = planned.get("elicitation", {}).get(name)
        if least and (declared.get(name) or 0) < least:
            found.append(
                f"{name.replace('_', ' ')} {least} was planned, and {declared.get(name) or 'none'} is declared"
            )
    return found


def planned_against_done(items: List[Row], evidence: List[Row]) -> List[Row]:
    """Return a row for each planned item: what was run of it, and how that deviates.

    `items` are those of `locked_since`. `state` is `not_done`, `deviates` (every run does) or `done`; `runs` holds
    `{run, deviations}` for each cited run of the item.
    """
    rows = []
    for planned in items:
        runs = [
            {"run": item["run"], "deviations": _deviations(planned, item)}
            for item in evidence
            if _key(item) == _key(planned)
        ]
        kept = [row for row in runs if not row["deviations"]]
        state = "done" if kept else ("deviates" if runs else "not_done")
        rows.append({**planned, "runs": runs, "state": state})
    return rows


def unplanned(document: Row, items: List[Row], evidence: List[Row]) -> List[str]:
    """Return the cited runs of deciding evaluations for which nothing was planned."""
    deciding = {row["evaluation"] for row in document["indicators"]}
    planned = {_key(row) for row in items}
    return [item["run"] for item in evidence if item["evaluation"] in deciding and _key(item) not in planned]
