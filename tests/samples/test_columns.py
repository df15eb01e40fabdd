"""Samples as columns: the same hash, the same rows and the same counts as the plain objects they replace."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.estimates.scores import scores_to_csv
from evaluations.samples import SampleColumns, read_block, write_block
from evaluations.samples.tree import leaf_hash, root_of
from scorecard.ledger import merkle
from tests.effort import examples

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)


@st.composite
def samples(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for identifier in draw(st.lists(st.one_of(st.sampled_from(["a", "b", 'q"uoted', "x,y"]), TEXT), max_size=12)):
        status = draw(st.sampled_from(["scored", "scored", "error", "refused"]))
        row: dict[str, Any] = {"id": identifier, "attempt": draw(st.integers(1, 3)), "status": status}
        if status == "scored":
            row["score"] = draw(st.sampled_from([0.0, 1.0, 0.25, 1 / 3]))
        if status == "error":
            row["error_origin"] = draw(st.sampled_from(["system", "grader"]))
        if draw(st.booleans()):
            row |= {"cluster": draw(st.sampled_from(["f1", "f2"])), "uuid": draw(TEXT), "judge": {"model": "g"}}
        if draw(st.booleans()):
            row |= {"superseded": True, "transcript": "samples/1.json"}
        rows.append(row)
    return rows


@examples(60)
@given(samples(), st.randoms())
def test_the_order_in_which_samples_come_changes_nothing(rows, shuffler):
    columns = SampleColumns.of(rows, unit="proportion")
    mixed = rows.copy()
    shuffler.shuffle(mixed)
    again = SampleColumns.of(mixed, unit="proportion")
    assert again.hashed() == columns.hashed()
    assert list(again.rows()) == list(columns.rows())
    assert again.status_counts() == columns.status_counts()


@examples(60)
@given(samples())
def test_the_pieces_of_the_csv_are_the_csv_of_all_rows(rows):
    columns = SampleColumns.of(rows, unit="proportion")
    assert b"".join(columns.csv()) == scores_to_csv(columns.rows())


@examples(25)
@given(rows=samples())
def test_a_block_gives_back_what_was_written(tmp_path_factory, rows):
    columns = SampleColumns.of(rows, unit="proportion")
    path = tmp_path_factory.mktemp("block") / "block.parquet"
    write_block(columns, path)
    with path.open("rb") as file:
        back = read_block(file)
    assert back.hashed() == columns.hashed()
    assert [back.detail(index) for index in range(len(back))] == [columns.detail(index) for index in columns.order()]


def test_a_block_of_several_row_groups_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluations.samples.parquet.GROUP_ROWS", 100)
    rows = [{"id": f"{number:04d}", "score": number % 2 / 1, "uuid": f"u{number}"} for number in range(950)]
    random.Random(7).shuffle(rows)
    columns = SampleColumns.of(rows, unit="proportion")
    write_block(columns, tmp_path / "block")
    with (tmp_path / "block").open("rb") as file:
        back = read_block(file)
    assert (len(back), back.digest()) == (950, columns.digest())
    assert back.detail(949)["uuid"] == "u949"


def test_what_is_no_block_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"PAR1", b"PAR1" + b"\x00" * 64 + b"PAR1"):
        (tmp_path / "bad").write_bytes(data)
        with (tmp_path / "bad").open("rb") as file, pytest.raises(ValueError, match="cannot be read"):
            read_block(file)


def test_percent_scores_become_fractions_and_other_units_stay():
    assert [row.score for row in SampleColumns.of([{"id": "a", "score": 50.0}], unit="percent").rows()] == [0.5]
    assert [row.score for row in SampleColumns.of([{"id": "a", "score": 50.0}], unit="minutes").rows()] == [50.0]


def test_an_attempt_that_stands_twice_is_found_unless_one_is_superseded():
    twice = [{"id": "a", "score": 1.0}, {"id": "a", "score": 0.0}, {"id": "b", "score": 0.0}]
    assert list(SampleColumns.of(twice, unit="proportion").twins()) == [("a", 1)]
    twice[0]["superseded"] = True
    assert list(SampleColumns.of(twice, unit="proportion").twins()) == []


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 33])
def test_the_tree_is_the_ledgers_tree_and_every_sample_is_provable(count):
    lines = [f"line {number}".encode() for number in range(count)]
    leaves = [leaf_hash(line) for line in lines]
    root = root_of(leaves)
    assert root == merkle.merkle_root(leaves)
    for index in range(count):
        proof = merkle.inclusion_proof(leaves, index)
        assert merkle.inclusion_holds(leaves[index], index, count, proof, root)
