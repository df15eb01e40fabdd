"""One figure of one run, flat: what was measured, how it was printed, and what is known about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scorecard.framework.printed import WHOLE

Record = dict[str, Any]
WHOLE_ROWS = frozenset({"overall", "total", "average", "all"})
SECOND_HAND = {"read_from_chart": "read off a chart", "derived": "derived from text", "third_party": "a third party's"}


@dataclass(frozen=True)
class Figure:
    """A figure. `standing` is cited, comparison, uncited or superseded; numbers are in the report's `unit`."""

    run: str
    standing: str
    evaluation: str
    stratum: str | None
    metric: str
    unit: str
    subject: str
    checkpoint: str
    mitigation: str
    scaffold: str | None
    value: float | None
    qualifier: str
    form: str
    quality: str | None
    source: str
    table: str
    printed: str
    printed_unit: str
    printed_metric: str
    n: int | None
    n_text: str | None
    attempts: int | None
    stderr: float | None
    interval: Record | None
    tally: Record | None
    adequate: bool | None
    version: str | None
    dataset: str | None
    comparator: Record | None
    stated: frozenset[str]
    statuses: Record
    error_origins: Record
    completion: str
    agreement: list[Record]
    received_at: datetime
    native: str
    revision: int

    @property
    def published(self) -> bool:
        """Whether somebody printed the figure, so that its faults are not those of our record."""
        return self.form == "estimate" and self.quality not in (None, "measured")

    @property
    def share(self) -> float | None:
        """The value as a fraction of one; None in a unit that has no whole, and for a bound."""
        exact = self.value is not None and self.qualifier == "="
        return self.value / WHOLE[self.unit] if exact and self.value is not None and self.unit in WHOLE else None

    @property
    def text(self) -> str:
        """The figure as it was printed, else its value."""
        return self.printed or ("no value" if self.value is None else f"{self.value:.4g}")

    @property
    def whole(self) -> bool:
        """Whether the row stands for the whole evaluation rather than a part of it."""
        return re.sub(r"\(.*\)", "", self.stratum or "overall").strip().lower() in WHOLE_ROWS

    @property
    def measure(self) -> tuple[str, str, str, str]:
        """What is measured, apart from the model: evaluation, row, metric, set-up."""
        return self.evaluation, "" if self.whole else str(self.stratum), self.metric, self.scaffold or ""

    @property
    def model(self) -> tuple[str, str]:
        """Which model was measured, and on which side of the mitigations."""
        return self.subject, self.mitigation

    @property
    def name(self) -> str:
        """Words that tell the figure from the others of its evaluation."""
        row = f" · {self.stratum}" if self.stratum else ""
        side = {"pre_mitigation": ", pre", "post_mitigation": ", post"}.get(self.mitigation, "")
        return f"{self.evaluation}{row} · {self.metric} ({self.subject}{side})"

    @property
    def where(self) -> str:
        """Pointer to the figure's place on the card."""
        return evaluation_place(self.evaluation, self.stratum)


def evaluation_place(evaluation: str, stratum: str | None = None) -> str:
    """Return the pointer to an evaluation, or to a row of its breakdown."""
    return f"/evaluations/{evaluation}" + (f"/{stratum}" if stratum else "")


def figure_of(record: Record) -> Figure:
    """Read a figure's record; `received_at` in RFC 3339. Raises TypeError for missing or unknown members."""
    told = {**record, "stated": frozenset(record["stated"])}
    return Figure(**{**told, "received_at": datetime.fromisoformat(record["received_at"])})


def shown_names(figures: list[Figure] | tuple[Figure, ...], *, most: int = 3) -> str:
    """Return the names of figures for a sentence, the first few and how many more."""
    more = f" and {len(figures) - most} more" if len(figures) > most else ""
    return "; ".join(row.name for row in figures[:most]) + more
