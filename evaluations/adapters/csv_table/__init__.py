"""A table with one row per attempt: comma, semicolon or tab, in UTF-8, with the columns that the reference names.

Every cell is plain text; what a spreadsheet would take for a formula is an id like any other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from evaluations.adapters.csv_table.rows import Extent, Key, Reader
from evaluations.adapters.csv_table.table import COLUMNS, MEANINGS, MOST_COLUMNS, Table, opened, plain, split
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import text_of

__all__ = ["ADAPTER", "COLUMNS"]

SUFFIXES = ("", ".csv", ".tsv", ".txt")


def recognise(source: LogSource) -> bool:
    """Whether the first line names a column of ids and one of scores or statuses."""
    if source.suffix not in SUFFIXES:
        return False
    first = source.head().split(b"\n", 1)[0]
    try:
        names = split(first.decode("utf-8-sig"))
    except (UnicodeDecodeError, csv.Error):
        return False
    found = {MEANINGS[name] for name in map(plain, names) if name in MEANINGS}
    return len(names) <= MOST_COLUMNS and "id" in found and bool(found & {"score", "status"})


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run for each evaluation, model, metric and run id in the table. Raises LogRefused.

    The table is read once to check it, and once more for every run in it, so that no row has to be held.
    """
    source.refuse_empty()
    table = opened(source)
    reader = Reader(table)
    runs = reader.checked()
    if not runs:
        raise LogRefused(
            "nothing-measured", "The table has a header and no row.", remedy="Send the table with its rows."
        )
    for key, extent in runs.items():
        run = _run(table, key, extent)
        run.samples = reader.samples(key, extent.rows)
        run.locator = text_of(", ".join(part for part in key if part)) if len(runs) > 1 else None
        yield run


def _run(table: Table, key: Key, extent: Extent) -> FoundRun:
    evaluation, model, metric, run_id = key
    stem = text_of(table.source.base_name.rpartition(".")[0])
    warnings = [] if model else ["The table names no model."]
    if table.ignored:
        warnings.append(f"Columns that were not read: {', '.join(table.ignored[:50])}.")
    if extent.ungraded:
        warnings.append(f"{extent.ungraded} rows have no score that is a number, and count as ungraded.")
    if extent.overruled:
        warnings.append(f"{extent.overruled} rows have a score and a status that excludes it; the status counts.")
    if extent.beyond:
        warnings.append("Scores lie outside 0 to 1, so their unit is score; nothing was rescaled.")
    return FoundRun(
        evaluation=evaluation or stem or "table",
        metric=metric or table.score_name,
        source="CSV table",
        model=model,
        native_id=run_id,
        unit="score" if extent.beyond else "proportion",
        warnings=warnings,
    )


ADAPTER = Adapter(name="csv", title="CSV table, one row per attempt", recognise=recognise, read=read)
