"""Rows that wait on disk come back as they were added, also to several readers in turns."""

from __future__ import annotations

import gc
import warnings

import pytest

from evaluations.logs import rows
from evaluations.logs.rows import Rows


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows leave the memory after a few bytes."""
    monkeypatch.setattr(rows, "IN_MEMORY", 64)
    monkeypatch.setattr(rows, "PIECE", 50)


@pytest.mark.usefixtures("on_disk")
def test_rows_come_back_in_their_order() -> None:
    kept = Rows("HId")
    expected = [(index % 7, index, index / 3) for index in range(1000)]
    for row in expected:
        kept.add(*row)
    assert list(kept) == expected
    kept.add(1, 2, 3.0)
    assert list(kept) == [*expected, (1, 2, 3.0)]


@pytest.mark.usefixtures("on_disk")
def test_two_readers_take_turns() -> None:
    kept = Rows("I")
    for index in range(100):
        kept.add(index)
    assert all(one == other for one, other in zip(kept, kept, strict=True))


def test_no_row_is_no_row() -> None:
    assert list(Rows("d")) == []


@pytest.mark.usefixtures("on_disk")
def test_the_file_is_closed_with_the_rows() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept = Rows("d")
        for index in range(100):
            kept.add(index)
        del kept
        gc.collect()
