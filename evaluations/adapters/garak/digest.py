"""garak's digest: rates per probe and detector without attempts; its scores are of the safe side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluations.adapters.garak.setup import Setup, found_run, metric_of, plugin_name, setup_of
from evaluations.logs.found import FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import mapping, number, text_of, tolerant_json, whole_number

SUMMARY = "_summary"
REPORTED = {
    "absolute_score": "rate of safe outputs",
    "relative_score": "against garak's calibration models",
    "passed": "outputs on the safe side",
    "total_evaluated": None,
    "absolute_confidence_lower": "of the rate of safe outputs",
    "absolute_confidence_upper": "of the rate of safe outputs",
}


def digest_runs(source: LogSource) -> Iterator[FoundRun]:
    """Yield the runs of a file that is a digest. Raises LogRefused."""
    digest = tolerant_json(source.whole(), place=source.base_name)
    if not isinstance(digest, dict):
        raise LogRefused("not-an-object", "The digest is no JSON object.")
    meta = mapping(digest.get("meta"))
    yield from runs_of_digest(digest, setup_of(meta.get("setup"), None, meta))


def runs_of_digest(digest: dict[str, Any], setup: Setup) -> Iterator[FoundRun]:
    """Yield one run per probe and detector. Raises LogRefused for a digest without any."""
    found = 0
    for group in mapping(digest.get("eval")).values():
        for probe, parts in mapping(group).items():
            for detector, entry in mapping(parts).items():
                name, judged = plugin_name(probe), plugin_name(detector)
                if SUMMARY in (probe, detector) or name is None or judged is None:
                    continue
                run = _run(setup, name, judged, mapping(entry))
                if run is not None:
                    found += 1
                    yield run
    if not found:
        raise LogRefused("nothing-measured", "The digest holds no detector with a score.", pointer="/eval")


def _run(setup: Setup, probe: str, detector: str, entry: dict[str, Any]) -> FoundRun | None:
    run = found_run(setup, probe=probe, detector=detector)
    run.attempts_per_sample = None
    run.reported = [
        Reported(name, entry[name] if isinstance(entry[name], int | float) else text_of(entry[name]), note=note)
        for name, note in REPORTED.items()
        if name in entry and (number(entry[name]) is not None or isinstance(entry[name], str))
    ]
    passed, total = whole_number(entry.get("passed")), whole_number(entry.get("total_evaluated"))
    if passed is not None and total and passed <= total:
        run.tally = {"successes": total - passed, "trials": total}
        run.warnings.append("A digest holds no attempts, so the counts are garak's own.")
        return run
    score = number(entry.get("absolute_score"))
    if score is None or not 0.0 <= score <= 1.0:
        return None
    run.metric, run.producer_polarity = metric_of("pass_rate", detector), "higher_is_better"
    run.estimate = {"value": score}
    run.warnings.append("This digest gives the rate of safe outputs without their number.")
    return run
