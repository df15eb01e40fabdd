"""Reports of the SWE-bench harness on a run or on single instances, each kind of failure with its status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from evaluations.logs.found import FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import sample_id, text_of, whole_number
from evaluations.report.document import ErrorOrigin, Sample, Status

LISTS = (
    "infra_failure_ids",
    "ambiguous_failure_ids",
    "error_ids",
    "empty_patch_ids",
    "incomplete_ids",
    "resolved_ids",
    "unresolved_ids",
)
"""Lists of ids, the most telling first: an instance whose tests never ran stands in `unresolved_ids` as well."""
FAILURES: dict[str, tuple[Status, ErrorOrigin | None]] = {
    "infra_failure_ids": ("error", "system"),
    "ambiguous_failure_ids": ("ungraded", "unknown"),
    "error_ids": ("error", "unknown"),
    "empty_patch_ids": ("error", "model"),
    "incomplete_ids": ("not_attempted", None),
}
SCORES = {"resolved_ids": 1.0, "unresolved_ids": 0.0}
COUNTED = {name: name.removesuffix("_ids") + "_instances" for name in (*LISTS, "submitted_ids", "completed_ids")}
RUN_PATH = re.compile(r"(?:^|/)(?:run_)?evaluation/([^/]+)/results\.json$")


def of_run(source: LogSource, document: dict[str, Any]) -> FoundRun:
    """Return the run of a harness report. Raises LogRefused for one without an instance or with a wrong type."""
    model, native_id = _names(source)
    warnings: list[str] = []
    lists = {name: _ids(document, name, warnings) for name in (*LISTS, "submitted_ids")}
    outcomes = _outcomes(lists, warnings)
    planned = _planned(document, lists, len(outcomes), warnings)
    if not planned:
        raise LogRefused("nothing-measured", "The report lists no instance.", pointer="/total_instances")
    schema = whole_number(document.get("schema_version"))
    return FoundRun(
        evaluation="SWE-bench",
        metric="resolved",
        source="SWE-bench report" if schema is None else f"SWE-bench report, schema {schema}",
        model=model,
        native_id=native_id,
        samples=_samples(outcomes, document.get("failure_reasons")),
        planned_samples=planned,
        reported=_reported(document),
        warnings=warnings,
    )


def _names(source: LogSource) -> tuple[str | None, str | None]:
    """Return model and run id from the file's name, which is `{model}.{run id}.json` or a folder of the run."""
    if found := RUN_PATH.search(source.name.replace("\\", "/")):
        return None, text_of(found[1])
    stem = PurePosixPath(source.base_name).stem
    model, dot, run_id = stem.rpartition(".")
    return (text_of(model), text_of(stem)) if dot and run_id else (None, None)


def _ids(document: dict[str, Any], name: str, warnings: list[str]) -> list[str]:
    value = document.get(name, [])
    if not isinstance(value, list):
        raise LogRefused("wrong-type", "This is no list of instance ids.", pointer=f"/{name}")
    found = [sample_id(item) if isinstance(item, str) else None for item in value]
    if None in found:
        raise LogRefused("wrong-type", "This is no instance id.", pointer=f"/{name}/{found.index(None)}")
    ids = list(dict.fromkeys(item for item in found if item is not None))
    count = whole_number(document.get(COUNTED[name]))
    if count is not None and count != len(ids):
        warnings.append(f"{COUNTED[name]} is {count}, but {name} lists {len(ids)}.")
    return ids


def _outcomes(lists: dict[str, list[str]], warnings: list[str]) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    for name in LISTS:
        for instance in lists[name]:
            outcomes.setdefault(instance, name)
    torn = set(lists["resolved_ids"]) & set(lists["unresolved_ids"])
    for instance in torn:
        outcomes[instance] = "ambiguous_failure_ids"
    if torn:
        warnings.append(f"{len(torn)} instances stand as resolved and as unresolved; they count as ungraded.")
    overruled = sum(outcomes[instance] not in SCORES for instance in lists["resolved_ids"]) - len(torn)
    if overruled > 0:
        warnings.append(f"{overruled} resolved instances are also listed as failed; the failure counts.")
    if lists["empty_patch_ids"]:
        warnings.append(
            f"{len(lists['empty_patch_ids'])} patches were empty: SWE-bench counts them as not resolved, "
            "here they are missing scores, because an agent that died leaves an empty patch too."
        )
    return outcomes


def _planned(document: dict[str, Any], lists: dict[str, list[str]], listed: int, warnings: list[str]) -> int:
    total = whole_number(document.get("total_instances"))
    if total is not None and total < listed:
        warnings.append(f"The report counts {total} instances and lists {listed}.")
    known = {instance for name in LISTS for instance in lists[name]}
    strangers = sum(instance not in known for instance in lists["submitted_ids"])
    if strangers:
        warnings.append(f"{strangers} submitted instances have no outcome in the report.")
    return max(total or 0, listed)


def _samples(outcomes: dict[str, str], reasons: Any) -> Iterator[Sample]:
    for instance, name in outcomes.items():
        sample: Sample = {"id": instance, "transcript": f"/{name}"}
        if name in SCORES:
            sample["status"], sample["score"] = "scored", SCORES[name]
        else:
            sample["status"], sample["error_origin"] = FAILURES[name]
        if reason := text_of(reasons.get(instance)) if isinstance(reasons, dict) else None:
            sample["judge"] = {"failure_reason": reason}
        yield sample


def _reported(document: dict[str, Any]) -> list[Reported]:
    total = whole_number(document.get("total_instances"))
    counts = {name: whole_number(document[name]) for name in document if name.endswith("_instances")}
    return [Reported(metric=text_of(name) or "", value=count, n=total) for name, count in counts.items()][:50]


def of_instances(document: dict[str, Any]) -> FoundRun:
    """Return the run that reports of single instances make together. Raises LogRefused for what is none."""
    for name, report in document.items():
        if not isinstance(report, dict) or sample_id(name) is None:
            words = "This is no report of an instance."
            raise LogRefused("wrong-type", words, pointer=f"/{text_of(name, limit=100) or ''}")
    return FoundRun(
        evaluation="SWE-bench",
        metric="resolved",
        source="SWE-bench instance report",
        samples=_of_reports(document),
        state="partial",
        warnings=["These are reports of single instances: the run's own report says how many were planned."],
    )


def _of_reports(document: dict[str, Any]) -> Iterator[Sample]:
    for name, report in document.items():
        sample: Sample = {"id": sample_id(name) or "", "transcript": f"/{text_of(name, limit=100)}"}
        resolved = report.get("resolved")
        if report.get("infra_failure") is True:
            sample["status"], sample["error_origin"] = "error", "system"
        elif report.get("patch_is_None") is True or report.get("patch_exists") is False:
            sample["status"], sample["error_origin"] = "error", "model"
        elif isinstance(resolved, bool):
            sample["status"], sample["score"] = "scored", float(resolved)
        else:
            sample["status"], sample["error_origin"] = "ungraded", "grader"
        yield sample
