"""The kept form of a run's samples: one Parquet file in Zstandard, which DuckDB, Spark and pandas read as it is."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import fastparquet
import numpy as np
import pandas as pd
from fastparquet.writer import make_metadata

from evaluations.samples.columns import DETAILS, ORIGIN_CODES, ORIGINS, STATUS_CODES, STATUSES, SampleColumns
from evaluations.samples.pages import plain_bits, plain_names, plain_texts, row_group, write_column
from evaluations.samples.texts import SparseTexts

GROUP_ROWS = 32_768
"""Rows of one row group: what writing and reading hold in memory beside the columns themselves."""
NAMES = ("id", "attempt", "status", "score", "cluster", "superseded", "error_origin", *DETAILS)
TYPES = {"attempt": "int32", "score": "float64", "superseded": "bool"}
"""Types of the columns that hold no texts."""
MARK = b"PAR1"


@cache
def _schema() -> Any:
    """Return the metadata of a block without rows, made once by the library that reads it."""
    empty = pd.DataFrame({name: pd.Series([], dtype=TYPES.get(name, "object")) for name in NAMES})
    texts = {name: "utf8" for name in NAMES if name not in TYPES}
    return make_metadata(empty, has_nulls=True, object_encoding=texts)


def write_block(columns: SampleColumns, path: Path) -> None:
    """Write the samples in canonical order; a score that is not there is null."""
    order, metadata = columns.order(), copy(_schema())
    with path.open("wb") as file:
        file.write(MARK)
        pieces = [order[start : start + GROUP_ROWS] for start in range(0, len(order), GROUP_ROWS)]
        metadata.row_groups = [_written_group(file, columns, piece, metadata.schema[1:]) for piece in pieces]
        metadata.num_rows = len(order)
        footer = bytes(metadata.to_bytes())
        file.write(footer + struct.pack("<I", len(footer)) + MARK)


def _written_group(file: BinaryIO, columns: SampleColumns, rows: Sequence[int], schema: Sequence[Any]) -> Any:
    here = slice(rows.start, rows.stop) if isinstance(rows, range) else np.asarray(rows)
    known = np.ones(len(rows), dtype=np.bool_)
    scores = np.asarray(columns.scores)[here]
    scored = ~np.isnan(scores)
    clusters = np.asarray(columns.clusters.codes)[here]
    origins = np.frombuffer(columns.origins, dtype=np.uint8)[here]
    statuses = np.frombuffer(columns.statuses, dtype=np.uint8)[here]
    found: dict[str, tuple[Any, bytes]] = {
        "id": (known, plain_texts(*columns.ids.packed(rows))),
        "attempt": (known, np.asarray(columns.attempts)[here].astype("<i4").tobytes()),
        "status": (known, plain_names(STATUSES, statuses)),
        "score": (scored, scores[scored].astype("<f8").tobytes()),
        "cluster": (clusters > 0, plain_names(columns.clusters.texts, clusters[clusters > 0])),
        "superseded": (known, plain_bits(np.frombuffer(columns.superseded, dtype=np.bool_)[here])),
        "error_origin": (origins > 0, plain_names(ORIGINS, origins[origins > 0])),
    }
    for name in DETAILS:
        found[name] = _detail(columns.details[name], rows)
    return row_group([write_column(file, element, *found[element.name]) for element in schema], len(rows))


def _detail(column: SparseTexts | None, rows: Sequence[int]) -> tuple[Any, bytes]:
    if column is None:
        return np.zeros(len(rows), dtype=np.bool_), b""
    there, lengths, data = column.packed(rows)
    return there, plain_texts(lengths, data)


def read_block(
    stream: BinaryIO, *, unit: str = "proportion", told: Callable[[int], object] = lambda rows: None
) -> SampleColumns:
    """Return the columns of a block; `told` hears how many rows are read. Raises ValueError for what is none."""
    columns = SampleColumns(unit)
    try:
        opened = fastparquet.ParquetFile(stream)
        for frame in opened.iter_row_groups():
            _add(columns, frame)
            told(len(columns))
    except (OSError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"the block of samples cannot be read: {error}") from error
    return columns


def _texts(frame: pd.DataFrame, name: str) -> list[str | None]:
    return [text if isinstance(text, str) else None for text in frame[name]]


def _add(columns: SampleColumns, frame: pd.DataFrame) -> None:
    columns.extend_stored(
        {
            "id": [str(text) for text in frame["id"]],
            "attempt": [int(number) for number in frame["attempt"]],
            "status": [STATUS_CODES[text] for text in frame["status"]],
            "score": frame["score"].to_numpy(dtype="float64").tolist(),
            "cluster": _texts(frame, "cluster"),
            "superseded": [bool(gone) for gone in frame["superseded"]],
            "error_origin": [ORIGIN_CODES[text] for text in _texts(frame, "error_origin")],
            **{name: _texts(frame, name) for name in DETAILS},
        }
    )
