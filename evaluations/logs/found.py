"""What an adapter finds in a log, before anybody has said which checkpoint and side of the mitigations it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from evaluations.logs.source import LogSource
from evaluations.report.document import Sample

State = Literal["complete", "partial", "cancelled", "error", "running"]
"""How the log says that the run ended; in all but `complete`, what was planned and is not there counts as missing."""


@dataclass(frozen=True)
class Reported:
    """One headline number of the producer, kept verbatim beside what is recomputed, never instead of it."""

    metric: str
    """The producer's name of it, e.g. `accuracy` or `acc,none`."""
    value: Any
    """As it stands in the file: a number, or text such as `N/A` or `7.5%`; a bare NaN is the text `NaN`."""
    stderr: Any = None
    n: int | None = None
    scorer: str | None = None
    note: str | None = None


@dataclass
class FoundRun:
    """One evaluation run found in a log: one evaluation, one model, one metric.

    Exactly one of `samples`, `columns`, `tally` and `estimate` is set. `samples` is read once, after everything else is
    known; `warnings` may grow while it is read. A log with several scorers, metrics or models holds several runs.
    """

    evaluation: str
    """The evaluation's name as the log spells it."""
    metric: str
    """The metric in the field's notation (`accuracy`, `pass@1`), where needed with scorer or filter after a colon."""
    source: str
    """The tool and version that wrote the log, e.g. `inspect_ai 0.3.206`."""
    model: str | None = None
    """The model as the log names it; None where the format does not say, and the poster must."""
    native_id: str | None = None
    """What the tool calls this run, the same for a later, corrected log of it; None where it has no id."""
    state: State = "complete"
    samples: Iterable[Sample] | None = None
    """Attempts with a status each; scores in `unit`. What failed has a status and never a score."""
    columns: Any = None
    """The samples as checked `SampleColumns`, where the reader of the format makes them itself."""
    tally: dict[str, int] | None = None
    """`{"successes": k, "trials": n}`."""
    estimate: dict[str, Any] | None = None
    """The `estimate` of run-report/1: value, and trials, stderr, interval as far as the log has them."""
    unit: str = "proportion"
    """Unit of the scores or the value, as run-report/1 lists them."""
    version: str | None = None
    dataset_digest: str | None = None
    stratum: str | None = None
    planned_samples: int | None = None
    """Distinct samples that the run set out to score, where the log says."""
    attempts_per_sample: int | None = None
    started_at: str | None = None
    completed_at: str | None = None
    reported: list[Reported] = field(default_factory=list)
    grader: Any = None
    code: Any = None
    packages: Any = None
    sampling: Any = None
    cost: Any = None
    document: dict[str, Any] | None = None
    """A run-report/1 document without samples, where the file is one; it stands as it is but for the binding."""
    tags: list[str] = field(default_factory=list)
    quality: Literal["measured", "printed", "third_party"] = "measured"
    """How directly the log has its numbers: from its own run, from a publication, from somebody else's."""
    locator: str | None = None
    """Where in the file the run stands, when the file holds several."""
    producer_polarity: str | None = None
    """`higher_is_better` or `lower_is_better` as the tool claims; shown, never used: polarity is the catalogue's."""
    warnings: list[str] = field(default_factory=list)
    """What a reader must know, in words: what was left out, what contradicts, what was repaired."""


@dataclass(frozen=True)
class Adapter:
    """One log format. `recognise` looks at name and head only; `read` yields the runs or raises LogRefused."""

    name: str
    """The word for `?format=`, e.g. `inspect`."""
    title: str
    recognise: Callable[[LogSource], bool]
    read: Callable[[LogSource], Iterator[FoundRun]]
