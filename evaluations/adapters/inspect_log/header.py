"""What the header of an Inspect log says about the run, in every version of it, and without trusting its types."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from evaluations.adapters.inspect_log.shown import verbatim
from evaluations.logs.found import Reported, State
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import text_of, whole_number

SPREADS = frozenset({"stderr", "bootstrap_stderr", "std", "var", "ci", "bootstrap_std"})
"""Metrics of Inspect that say how sure another one is."""
STATES: dict[Any, State] = {"success": "complete", "cancelled": "cancelled", "error": "error", "started": "running"}
MOST_ENTRIES = 1000
ALL = "all"
"""What `grouped` calls its metric of all samples."""
SEND_A_LOG = "Send a .eval or .json log file."


@dataclass(frozen=True)
class ReportedScore:
    """One entry of `results.scores`: the metrics of one scorer (or one key of its values) under one reducer."""

    name: str
    scorer: str
    reducer: str | None
    scored: int | None
    params: Any
    metrics: tuple[tuple[str, Any, Any], ...]
    """Name, value as it stands, and parameters of each metric."""

    def headline(self) -> tuple[str, Any] | None:
        """Return name and value of the first metric about all samples that is no spread.

        `grouped` writes a metric for each group of samples before the one about all of them.
        """
        candidates = [metric for metric in self.metrics if metric[0] not in SPREADS]
        whole = [metric for metric in candidates if not _is_of_a_group(metric[2])]
        totals = [metric for metric in candidates if metric[0] == ALL]
        return next(((name, value) for name, value, _ in [*whole, *totals, *candidates]), None)

    def named(self) -> str | None:
        """Return the headline's metric in the field's notation; what `grouped` groups gives its total the name."""
        headline = self.headline()
        params = next((params for name, _, params in self.metrics if headline and name == headline[0]), None)
        if headline is None or not isinstance(params, dict) or not _is_of_a_group(params):
            return headline[0] if headline else None
        inner = params.get("metric")
        name = text_of(inner.get("name")) if isinstance(inner, dict) else None
        return name.rpartition("/")[2] if name else None

    def metric(self, wanted: str) -> Any:
        """Return the value of a metric, or None."""
        return next((value for name, value, _ in self.metrics if name == wanted), None)

    def reported(self) -> list[Reported]:
        """Return every number of the entry, verbatim; the standard error stands with the headline."""
        headline = self.headline()
        stderr, found = self.metric("stderr"), []
        for name, value, params in self.metrics:
            if name == "stderr" and headline is not None:
                continue
            main = headline is not None and name == headline[0]
            note = ", ".join(filter(None, (f"reducer {self.reducer}" if self.reducer else "", _worded(params))))
            found.append(
                Reported(
                    metric=name,
                    value=verbatim(value),
                    stderr=verbatim(stderr) if main else None,
                    n=self.scored,
                    scorer=self.name if self.name == self.scorer else f"{self.scorer}:{self.name}",
                    note=note or None,
                )
            )
        return found


@dataclass
class Header:
    """The parts of a log beside its samples."""

    parts: dict[str, Any]
    journal_only: bool = False
    """Whether the run was killed before it wrote its header."""
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not isinstance(self.parts.get("eval"), dict):
            words = "The `eval` part of the log is no object, so nothing is known of the run."
            raise LogRefused("not-an-inspect-log", words, pointer="/eval", remedy=SEND_A_LOG)

    def part(self, *path: str) -> dict[str, Any]:
        """Return the object at the path, or an empty one."""
        here: Any = self.parts
        for key in path:
            here = here.get(key) if isinstance(here, dict) else None
        return here if isinstance(here, dict) else {}

    def items(self, *path: str) -> list[Any]:
        """Return the list at the path, or an empty one."""
        found = self.part(*path[:-1]).get(path[-1])
        return found if isinstance(found, list) else []

    def state(self) -> State:
        """Return how the run ended as the log says; a killed one is partial."""
        if self.journal_only:
            return "partial"
        status = self.parts.get("status")
        return STATES.get(status, "partial") if isinstance(status, str) else "partial"

    def epochs(self) -> int | None:
        """Return how many attempts each sample was meant to have, where the log says."""
        return count(self.part("eval", "config").get("epochs")) or None

    def scores(self) -> list[ReportedScore]:
        """Return the entries of `results.scores`; version 1 had one `scorer` with `metrics` beside it."""
        results = self.part("results")
        entries = results.get("scores")
        if not isinstance(entries, list):
            scorer = results.get("scorer")
            entries = [{**scorer, "metrics": results.get("metrics")}] if isinstance(scorer, dict) else []
        return [_entry(entry) for entry in entries[:MOST_ENTRIES] if isinstance(entry, dict)]

    def declared_scorers(self) -> list[str]:
        """Return the names of the scorers that the task set out with."""
        entries = [item.get("name") for item in self.items("eval", "scorers") if isinstance(item, dict)]
        names = entries or [entry.scorer for entry in self.scores()]
        return list(dict.fromkeys(name for item in names[:MOST_ENTRIES] if (name := text_of(item)) is not None))

    def reductions(self) -> list[Any]:
        """Return the scores per sample reduced over the epochs; before 0.3.40 they stood in the results."""
        found = self.parts.get("reductions")
        return found if isinstance(found, list) else self.items("results", "sample_reductions")

    def cluster_key(self) -> str | None:
        """Return the metadata field by which a metric of the log clusters its standard error."""
        for entry in self.scores():
            for _, _, params in entry.metrics:
                if isinstance(params, dict) and isinstance(params.get("cluster"), str):
                    return str(params["cluster"])
        declared = [item.get("metrics") for item in self.items("eval", "scorers") if isinstance(item, dict)]
        for metric in [metric for group in declared if isinstance(group, list) for metric in group]:
            options = metric.get("options") if isinstance(metric, dict) else None
            if isinstance(options, dict) and isinstance(options.get("cluster"), str):
                return str(options["cluster"])
        return None

    def claimed(self) -> int | None:
        """Return how many attempts the results claim to be about; None where there are no results."""
        return count(self.part("results").get("total_samples"))

    def completed(self) -> int | None:
        """Return how many attempts the results claim to be complete."""
        return count(self.part("results").get("completed_samples"))

    def planned(self, *, epochs: int) -> int | None:
        """Return how many distinct samples the run set out to score: the largest that the log claims."""
        data, claims = self.part("eval", "dataset"), []
        if isinstance(ids := data.get("sample_ids"), list):
            claims.append(len({(type(item), item) for item in ids if isinstance(item, int | str)}))
        elif whole := count(data.get("samples")):
            limit = self.part("eval", "config").get("limit")
            claims.append(min(whole, count(limit) or whole) if not isinstance(limit, list) else 0)
        if total := self.claimed():
            claims.append(math.ceil(total / epochs))
        return max(claims, default=0) or None


def count(value: Any) -> int | None:
    """Return a count below 2^31, or None."""
    return None if isinstance(value, str) else whole_number(value)


def _entry(entry: dict[str, Any]) -> ReportedScore:
    scorer = text_of(entry.get("scorer")) or text_of(entry.get("name")) or "score"
    return ReportedScore(
        name=text_of(entry.get("name")) or scorer,
        scorer=scorer,
        reducer=text_of(entry.get("reducer")),
        scored=count(entry.get("scored_samples")),
        params=entry.get("params"),
        metrics=tuple(_metrics(entry.get("metrics"))),
    )


def _is_of_a_group(params: Any) -> bool:
    return isinstance(params, dict) and "group_key" in params


def _metrics(found: Any) -> list[tuple[str, Any, Any]]:
    pairs = list(found.items()) if isinstance(found, dict) else []
    if isinstance(found, list):
        pairs = [(item.get("name"), item) for item in found if isinstance(item, dict)]
    metrics = []
    for key, item in pairs[:MOST_ENTRIES]:
        name = text_of(key)
        if name is not None and isinstance(item, dict):
            # `options` until 0.3.60, `params` since.
            metrics.append((name, item.get("value"), item.get("params") or item.get("options")))
        elif name is not None and not isinstance(item, list):
            metrics.append((name, item, None))
    return metrics


def _worded(params: Any) -> str:
    pairs = params.items() if isinstance(params, dict) else ()
    return ", ".join(f"{text_of(key, limit=40)} {text_of(value, limit=40)}" for key, value in list(pairs)[:5])
