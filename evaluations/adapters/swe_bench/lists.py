"""Plain lists of instance ids: `results.json` of the leaderboard, and the report of the first harness.

The first harness lists every stage that a patch reached, so that all instances stand in the file. The leaderboard keeps
only three of its lists: what was tried and not resolved is not named, and the size of the data set is in the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evaluations.logs.found import FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import listing, sample_id, text_of
from evaluations.report.document import ErrorOrigin, Sample, Status

FAILURES: dict[str, tuple[Status, ErrorOrigin]] = {
    "no_generation": ("error", "model"),
    "no_logs": ("error", "unknown"),
    "install_fail": ("error", "system"),
    "reset_failed": ("error", "system"),
    "no_apply": ("error", "unknown"),
    "test_errored": ("error", "unknown"),
    "test_timeout": ("error", "unknown"),
}
"""List: what its instances are. A patch that does not apply is an error, as in the reports of later harnesses."""
TRIED = ("applied", "with_logs", "generated")
"""Stages, the last first: an instance that failed at none of them and was not resolved is unresolved."""
SIZES = {"verified": 500, "bash-only": 500, "lite": 300, "test": 2294}
"""Instances of the leaderboard's data sets, by the folder under `evaluation/`."""
FOLDER = re.compile(r"(?:^|/)evaluation/(verified|bash-only|lite|test)/([^/]+)/(?:results/)?[^/]+$")


def of_lists(source: LogSource, document: dict[str, Any]) -> FoundRun:
    """Return the run of the lists. Raises LogRefused where nothing says how many instances were tried."""
    lists = {name: _ids(document, name) for name in ("resolved", *FAILURES, *TRIED)}
    if any(name in document for name in TRIED):
        return _with_samples(lists)
    folder = FOLDER.search(source.name.replace("\\", "/"))
    if folder is None:
        words = "The file lists what was resolved, but not what was tried: there is no number to divide by."
        remedy = "Send the harness's own report, or keep the leaderboard's folder in the name: evaluation/verified/..."
        raise LogRefused("no-denominator", words, pointer="/resolved", remedy=remedy)
    return _of_leaderboard(lists, folder[1], folder[2])


def _ids(document: dict[str, Any], name: str) -> list[str]:
    found = [sample_id(item) if isinstance(item, str) else None for item in listing(document.get(name))]
    if None in found:
        raise LogRefused("wrong-type", "This is no instance id.", pointer=f"/{name}/{found.index(None)}")
    return list(dict.fromkeys(item for item in found if item is not None))


def _with_samples(lists: dict[str, list[str]]) -> FoundRun:
    resolved = set(lists["resolved"])
    outcomes = {instance: name for name in FAILURES for instance in lists[name]}
    tried = dict.fromkeys(instance for name in (*TRIED, "resolved") for instance in lists[name])
    # A patch that failed somewhere and is resolved nevertheless contradicts itself; the harness counts it as resolved.
    torn = sorted(resolved & outcomes.keys())
    everything = list(dict.fromkeys([*tried, *outcomes]))
    if not everything:
        raise LogRefused("nothing-measured", "The report lists no instance.", pointer="/resolved")
    warnings = ["The first harness does not say which model it tested, nor how many instances were planned."]
    if torn:
        warnings.append(f"{len(torn)} resolved instances are also listed as failed; they count as ungraded.")
    return FoundRun(
        evaluation="SWE-bench",
        metric="resolved",
        source="SWE-bench report of the first harness",
        samples=_samples(everything, resolved, outcomes),
        reported=[Reported(name, len(ids)) for name, ids in lists.items() if ids],
        warnings=warnings,
    )


def _samples(instances: list[str], resolved: set[str], outcomes: dict[str, str]) -> Iterator[Sample]:
    for instance in instances:
        sample: Sample = {"id": instance}
        failure = outcomes.get(instance)
        if failure is None:
            sample["status"], sample["score"] = "scored", float(instance in resolved)
        elif instance in resolved:
            sample["status"], sample["error_origin"] = "ungraded", "unknown"
        else:
            sample["status"], sample["error_origin"] = FAILURES[failure]
        yield sample


def _of_leaderboard(lists: dict[str, list[str]], split: str, submission: str) -> FoundRun:
    resolved, size = set(lists["resolved"]), SIZES[split]
    failed = {instance for name in FAILURES for instance in lists[name]} - resolved
    if len(resolved | failed) > size:
        words = f"The file lists {len(resolved | failed)} instances; SWE-bench {split} has {size}."
        raise LogRefused("too-many-instances", words, pointer="/resolved", remedy="Name the folder of its data set.")
    warnings = [
        f"The file names no unresolved instance: the rest of the {size} of SWE-bench {split} count as tried and "
        "not resolved, as on the leaderboard.",
    ]
    if failed:
        warnings.append(
            f"{len(failed)} instances without a patch or a log have no score here; the leaderboard counts them as not "
            "resolved."
        )
    return FoundRun(
        evaluation=f"SWE-bench {split}",
        metric="resolved",
        source="SWE-bench leaderboard",
        native_id=text_of(f"{split}/{submission}"),
        tally={"successes": len(resolved), "trials": size - len(failed)},
        planned_samples=size,
        reported=[Reported(name, len(ids), n=size) for name, ids in lists.items() if ids],
        quality="printed",
        warnings=warnings,
    )
