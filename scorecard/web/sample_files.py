"""A filtered list of samples to take along: CSV and NDJSON in pieces, Parquet as a file of columns."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from evaluations.estimates.scores import SCORE_HEADER
from evaluations.models import EvaluationRun
from evaluations.sample_queries import Listing, ndjson
from evaluations.samples import SampleColumns, write_block
from evaluations.samples.columns import DETAILS
from scorecard.attaching import HARMLESS, attachment, kept_file

FORMATS = ("csv", "ndjson", "parquet")
COLUMNS = (*SCORE_HEADER, "error_origin", *DETAILS)
TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
ROWS_OF_A_PIECE = 1_000


def samples_file(run: EvaluationRun, found: Listing, wanted: str) -> HttpResponseBase:
    """Return all listed samples as a download in one of `FORMATS`. Raises BlobMissing."""
    name = f"{run.id}-samples.{wanted}"
    if wanted == "parquet":
        whole = found.matching == found.total
        return kept_file(run.block_digest, name=name) if whole else _parquet(run, found, name)
    pieces = _csv(found.rows()) if wanted == "csv" else _joined(ndjson(found))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **HARMLESS}
    return StreamingHttpResponse(pieces, content_type=TYPES[wanted], headers=headers)


def _joined(lines: Iterator[bytes]) -> Iterator[bytes]:
    # A piece for each line would cost the server more than the line.
    while piece := b"".join(islice(lines, ROWS_OF_A_PIECE)):
        yield piece


def _cell(value: Any) -> Any:
    """Return a value as a cell: an object as JSON, and no text that a spreadsheet takes for a formula."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _csv(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    piece = io.StringIO(newline="")
    writer = csv.writer(piece)
    writer.writerow(COLUMNS)
    for count, row in enumerate(rows, 1):
        writer.writerow([_cell(row[name]) for name in COLUMNS])
        if count % ROWS_OF_A_PIECE == 0:
            yield piece.getvalue().encode()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue().encode()


def _parquet(run: EvaluationRun, found: Listing, name: str) -> HttpResponse:
    part = SampleColumns(run.unit)
    for row in found.rows():
        part.append_row(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_block(part, path)
        return attachment(path.read_bytes(), name=name)
