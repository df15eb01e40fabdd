"""The written pages beside those that the reading library itself writes, and texts beside plain lists of them."""

from __future__ import annotations

import io
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fastparquet
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.samples import SampleColumns, write_block
from evaluations.samples.pages import plain_bits, plain_names, plain_texts
from evaluations.samples.parquet import NAMES
from evaluations.samples.texts import LONGEST_KEY, SparseTexts, Texts
from tests.effort import examples

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=6)
LONG = st.sampled_from(["x" * (LONGEST_KEY + 1), "x" * LONGEST_KEY])


def samples(number: int, *, bare: bool) -> list[dict[str, Any]]:
    if bare:
        return [{"id": f"{index:04d}", "score": index % 2} for index in range(number)]
    failed = [
        {"id": f"{index:04d}\u00e9", "status": "error", "error_origin": "system"} for index in range(0, number, 3)
    ]
    scored = [
        {
            "id": f"{index:04d}",
            "score": index / 7,
            "cluster": "c,\u00e4" if index % 5 else None,
            "attempt": index,
            "superseded": index % 4 == 0,
            "uuid": str(index) if index % 2 else None,
            "judge": {"model": "j"},
            "transcript": "",
        }
        for index in range(number)
        if index % 3
    ]
    return failed + scored


def as_the_library_writes(columns: SampleColumns, path: Path) -> pd.DataFrame:
    rows = [{**vars(columns.row(index)), **columns.detail(index)} for index in columns.order()]
    frame = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype="object") for name in NAMES})
    frame["judge"] = frame["judge"].map(lambda judge: None if judge is None else '{"model": "j"}')
    types = {"attempt": "int32", "score": "float64", "superseded": "bool"}
    encodings = {name: "utf8" for name in NAMES if name not in types}
    fastparquet.write(
        str(path), frame.astype(types), compression="ZSTD", object_encoding=encodings, has_nulls=True, write_index=False
    )
    return read(path)


def read(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        return fastparquet.ParquetFile(file).to_pandas()


def columns_of(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [str(element) for element in fastparquet.ParquetFile(file).schema.schema_elements]


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("number", [1, 7, 8, 9, 300])
def test_a_block_reads_like_one_that_the_library_wrote(tmp_path: Path, number: int, bare: bool) -> None:
    columns = SampleColumns.of(samples(number, bare=bare), unit="minutes")  # type: ignore[arg-type]
    write_block(columns, tmp_path / "ours")
    theirs = as_the_library_writes(columns, tmp_path / "theirs")
    pd.testing.assert_frame_equal(read(tmp_path / "ours"), theirs, check_column_type=False)
    assert columns_of(tmp_path / "ours") == columns_of(tmp_path / "theirs")


def test_a_block_written_after_another_holds_its_own_rows_only(tmp_path: Path) -> None:
    for number in (5, 0, 3):
        columns = SampleColumns.of(samples(number, bare=True), unit="proportion")  # type: ignore[arg-type]
        write_block(columns, tmp_path / "block")
        assert len(read(tmp_path / "block")) == number


@examples(60)
@given(st.lists(TEXT, max_size=20))
def test_texts_stand_behind_their_lengths(texts: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    plainly = b"".join(struct.pack("<I", len(text)) + text for text in encoded)
    assert plain_texts(np.array([len(text) for text in encoded], dtype=np.int64), b"".join(encoded)) == plainly
    assert plain_names(texts, np.arange(len(texts))) == plainly


def test_the_first_truth_is_the_lowest_bit() -> None:
    assert plain_bits(np.array([True, False, False, True] + [False] * 4 + [True])) == b"\x09\x01"


@examples(100)
@given(st.lists(TEXT | LONG, max_size=20), st.randoms())
def test_a_column_of_texts_is_a_list_of_texts(texts: list[str], shuffler: Any) -> None:
    column = Texts()
    column.extend(texts)
    places = list(range(len(texts)))
    order, different = column.ordered()
    assert order.tolist() == sorted(places, key=texts.__getitem__)
    assert different == (len(set(texts)) == len(texts))
    shuffler.shuffle(places)
    assert column.at(places) == [texts[place] for place in places]
    assert column.at(range(len(texts))) == list(column) == texts


@examples(60)
@given(st.lists(st.none() | TEXT, max_size=20), st.integers(0, 5), st.randoms())
def test_a_column_with_absences_keeps_them_apart_from_empty_texts(
    texts: list[str | None], absent: int, shuffler: Any
) -> None:
    column = SparseTexts(absent)
    column.extend(texts)
    everything = [None] * absent + texts
    places = list(range(len(everything)))
    shuffler.shuffle(places)
    assert column.at(places) == [everything[place] for place in places]
    there, lengths, data = column.packed(places)
    found = io.BytesIO(data)
    assert [found.read(length).decode() for length in lengths] == [
        text for place in places if (text := everything[place]) is not None
    ]
    assert there.tolist() == [everything[place] is not None for place in places]


def test_blocks_are_written_by_several_threads_at_once(tmp_path: Path) -> None:
    def written(number: int) -> bytes:
        columns = SampleColumns.of([{"id": f"s{n}", "score": n % 2} for n in range(400)], unit="proportion")
        path = tmp_path / f"{number}.parquet"
        write_block(columns, path)
        return path.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(written, range(400)))
    assert len(set(found)) == 1
