"""Per-sample scores and their canonical CSV: the form in which they are hashed, stored, exported and recomputed."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import Iterable, List, Optional

SCORE_HEADER = ["id", "attempt", "status", "score", "cluster", "superseded"]


@dataclass(frozen=True)
class ScoreRow:
    """One attempt at one sample: `score` in [0, 1] when the status is `scored`, else None."""

    id: str
    attempt: int
    status: str
    score: Optional[float]
    cluster: Optional[str]
    superseded: bool


def scores_to_csv(rows: Iterable[ScoreRow]) -> bytes:
    """Return canonical CSV: heading, rows sorted by id and attempt, shortest-repr floats, newline line ends."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(SCORE_HEADER)
    for row in sorted(rows, key=lambda row: (row.id, row.attempt, row.superseded, row.status)):
        score = "" if row.score is None else repr(float(row.score))
        cluster = "" if row.cluster is None else ":" + row.cluster
        writer.writerow([row.id, row.attempt, row.status, score, cluster, "1" if row.superseded else "0"])
    return target.getvalue().encode("utf-8")


def scores_from_csv(data: bytes) -> List[ScoreRow]:
    """Return the rows of canonical CSV. Raises ValueError unless `scores_to_csv` would write exactly these bytes."""
    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    rows = []
    try:
        if next(reader, None) != SCORE_HEADER:
            raise ValueError("the heading is not %s" % ",".join(SCORE_HEADER))
        for identifier, attempt, status, score, cluster, superseded in reader:
            value = float(score) if score else None
            if (value is None) == (status == "scored") or not math.isfinite(value or 0.0):
                raise ValueError("%s has the status %s with the score %r" % (identifier[:80], status[:80], score[:40]))
            rows.append(
                ScoreRow(identifier, int(attempt), status, value, cluster[1:] if cluster else None, superseded == "1")
            )
    except csv.Error as fault:
        raise ValueError("the scores are not CSV: %s" % fault) from None
    if scores_to_csv(rows) != data:
        raise ValueError("the scores are not in canonical form")
    return rows
