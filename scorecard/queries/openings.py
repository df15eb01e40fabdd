"""Who opened or downloaded content, when and why, as the ledger has it."""

from __future__ import annotations

from typing import Any

from scorecard.models.ledger import LedgerEntry
from scorecard.queries.history import entry_row

KINDS = ("content.opened", "content.downloaded")
MOST = 50


def openings_of(subject: tuple[str, str], *, sample: str | None = None, attempt: int | None = None) -> dict[str, Any]:
    """Return the newest openings and downloads of a run or a log: `{rows, count}`, at most 50 rows.

    `sample`, a digest, and `attempt` leave only those of one attempt at a sample. An attempt that was superseded is not
    told from the live one of the same number.
    """
    entries = LedgerEntry.objects.filter(kind__in=KINDS, subject_type=subject[0], subject_id=subject[1])
    if sample is not None:
        # The envelope is canonical JSON, so these two members stand in it in exactly this form.
        entries = entries.filter(envelope__contains=f'"sample":"{sample}"')
        entries = entries.filter(envelope__contains=f'"attempt":{attempt},')
    rows = [entry_row(entry) for entry in entries.order_by("-seq")[:MOST]]
    return {"rows": rows, "count": entries.count()}
