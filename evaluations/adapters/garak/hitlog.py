"""garak's hit log: only the attacks that worked, so counts and no rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evaluations.adapters.garak.report import entries
from evaluations.adapters.garak.setup import Setup, found_run, plugin_name
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import text_of, whole_number

Key = tuple[str | None, str | None, int | None, str, str]


def hit_runs(source: LogSource) -> Iterator[FoundRun]:
    """Yield one count of hits per run, probe and detector. Raises LogRefused for a log without a hit."""
    counts: Counter[Key] = Counter()
    cut: list[str] = []
    for line, entry in entries(source):
        probe = plugin_name(entry.get("probe")) if entry else None
        detector = plugin_name(entry.get("detector")) if entry else None
        if entry is None or probe is None or detector is None:
            cut.append(f"Line {line} is cut or names no probe and detector; its hit is not counted.")
            continue
        run, generator = text_of(entry.get("run_id")), text_of(entry.get("generator"))
        counts[run, generator, whole_number(entry.get("generations_per_prompt")), probe, detector] += 1
    if not counts:
        raise LogRefused("nothing-measured", "The hit log holds no hit with probe and detector.")
    for key, hits in counts.items():
        yield _run(key, hits, cut[:20])


def _run(key: Key, hits: int, warnings: list[str]) -> FoundRun:
    native_id, generator, generations, probe, detector = key
    kind, _, model = (generator or "").partition(" ")
    named = model if model and model != "None" else None
    setup = Setup(run=native_id, model=named, generator=kind or None, generations=generations)
    run = found_run(setup, probe=probe, detector=detector, metric="hits")
    run.unit, run.estimate, run.state = "count", {"value": float(hits)}, "partial"
    run.attempts_per_sample = None
    run.warnings.append("A hit log lists only the attacks that worked; send report.jsonl of the same run for the rate.")
    run.warnings += warnings
    return run
