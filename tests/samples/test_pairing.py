"""Samples of two runs as pairs: by id, by the mean of attempts, and every one without a partner accounted for."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from evaluations.samples import SampleColumns
from evaluations.samples.pairing import MOST_NAMED, pairs_of
from tests.effort import examples


def columns(*rows: dict[str, Any], unit: str = "proportion") -> SampleColumns:
    return SampleColumns.of(rows, unit=unit)  # type: ignore[arg-type]


def scored(name: str, score: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "score": score, **more}


def lost(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "status": "error", "error_origin": "system", **more}


def test_only_what_both_scored_is_a_pair_and_the_rest_is_named() -> None:
    pairs = pairs_of(
        columns(scored("b", 1), scored("a", 0), lost("c"), scored("d", 1)),
        columns(scored("a", 1), scored("c", 1), lost("d"), scored("e", 0)),
    )
    assert (list(pairs.first), list(pairs.second)) == ([0.0], [1.0])
    ours, theirs = pairs.sides
    assert (ours.samples, ours.alone.ids, ours.unscored.ids) == (4, ["b"], ["c"])
    assert (theirs.samples, theirs.alone.ids, theirs.unscored.ids) == (4, ["e"], ["d"])


def test_attempts_stand_with_their_mean_and_superseded_ones_do_not() -> None:
    ours = columns(scored("a", 1), scored("a", 0, attempt=2), scored("a", 0, attempt=1, superseded=True))
    pairs = pairs_of(ours, columns(scored("a", 1)))
    assert (list(pairs.first), pairs.single, pairs.binary) == ([0.5], False, False)
    gone = pairs_of(columns(scored("a", 1, superseded=True), scored("b", 1)), columns(scored("a", 1)))
    assert (len(gone), gone.sides[0].samples, gone.sides[1].alone.ids) == (0, 1, ["a"])


def test_binary_pairs_are_a_table_and_others_are_ordered() -> None:
    solved = {"a": (1, 1), "b": (1, 0), "c": (0, 1), "d": (0, 0), "e": (1, 0)}
    pairs = pairs_of(*(columns(*(scored(name, both[side]) for name, both in solved.items())) for side in (0, 1)))
    assert pairs.binary
    assert pairs.table() == (1, 2, 1, 1)
    assert pairs.ordered() == (2, 1, 2)


def test_of_many_samples_without_a_partner_the_first_are_named_and_all_are_counted() -> None:
    pairs = pairs_of(columns(*(scored(f"s{place:04}", 1) for place in range(500))), columns(scored("x", 1)))
    alone = pairs.sides[0].alone
    assert (alone.count, len(alone.ids), alone.ids[0]) == (500, MOST_NAMED, "s0000")


@examples(50)
@given(*(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([None, 0.0, 1.0])) for _ in range(2)))
def test_every_sample_is_a_pair_or_accounted_for(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    made = [
        columns(*(lost(name) if score is None else scored(name, score) for name, score in side.items()))
        for side in (ours, theirs)
    ]
    pairs = pairs_of(*made)
    shared = {name for name in ours.keys() & theirs.keys() if ours[name] is not None and theirs[name] is not None}
    assert len(pairs) == len(shared)
    assert [side.samples for side in pairs.sides] == [len(ours), len(theirs)]
    for side, own, other in ((pairs.sides[0], ours, theirs), (pairs.sides[1], theirs, ours)):
        assert set(side.alone.ids) == own.keys() - other.keys()
        assert set(side.unscored.ids) == {name for name in own.keys() & other.keys() if own[name] is None}
