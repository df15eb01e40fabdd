"""Envelopes and chains: the exact form of an entry, and every way of tampering with a ledger."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from scorecard.ledger.canonical import canonical_bytes
from scorecard.ledger.chain import (
    ChainBroken,
    check_inclusion,
    check_links,
    check_older_head,
    check_whole_ledger,
    verified_head,
)
from scorecard.ledger.entry import ENVELOPE_KEYS, EntryFaulty, build_envelope, check_envelope, leaf_hash
from scorecard.ledger.merkle import EMPTY_ROOT, inclusion_proof, leaf_of, merkle_root
from tests.ledger.reference import ORIGIN, SmallLedger

LEDGER = SmallLedger(12)
GOOD = LEDGER.envelopes[3]
Envelopes = list[dict[str, Any]]


def built(**changes: Any) -> dict[str, Any]:
    return build_envelope(**{**{key: GOOD[key] for key in ENVELOPE_KEYS if key != "v"}, **changes})


def test_an_envelope_has_exactly_its_nine_keys_and_version_one() -> None:
    assert sorted(GOOD) == ["actor", "at", "data", "kind", "log", "prev", "seq", "subject", "v"]
    assert GOOD["v"] == 1


def test_the_leaf_is_the_hash_of_the_canonical_envelope() -> None:
    assert leaf_hash(GOOD) == leaf_of(canonical_bytes(GOOD))


def test_text_is_brought_to_nfc_before_it_is_hashed() -> None:
    decomposed, composed = "Zoe\u0308", "Zo\u00eb"
    envelope = built(actor={"kind": "person", "id": "1", "name": decomposed}, data={decomposed: [decomposed]})
    assert envelope["actor"]["name"] == composed
    assert envelope["data"] == {composed: [composed]}


def test_two_keys_that_are_one_text_in_nfc_are_refused() -> None:
    with pytest.raises(EntryFaulty, match="same text"):
        built(data={"Zoe\u0308": 1, "Zo\u00eb": 2})


@pytest.mark.parametrize("data", [{"score": 0.5}, {"deep": [{"score": 1.0}]}, {"bad": float("nan")}])
def test_floats_are_refused_in_an_entry(data: dict[str, Any]) -> None:
    with pytest.raises(EntryFaulty, match="no floats"):
        built(data=data)


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": -1}, {"seq": True}, {"seq": "3"}, {"seq": 0}, {"prev": None}, {"prev": "sha256:abc"},
        {"prev": "0" * 64},
        {"prev": 5}, {"at": "2026-11-24T12:00:00Z"}, {"at": "2026-11-24 12:00:00.000000Z"}, {"at": None},
        {"at": "2026-11-24T12:00:00.000000+00:00"}, {"at": "2026-11-24T12:00:00.000000Z\n"},
        {"at": "٢٠٢٦-11-24T12:00:00.000000Z"}, {"actor": ["id", "kind", "name"]}, {"actor": {"id": "1", "name": "x"}},
        {"actor": {"id": 1, "kind": "person", "name": "x"}}, {"subject": {"type": "run"}}, {"subject": None},
        {"kind": ""},
        {"log": ""}, {"log": 5}, {"kind": ["a"]}, {"data": []}, {"data": None},
    ],
)  # fmt: skip
def test_an_envelope_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EntryFaulty):
        built(**changes)
    with pytest.raises(EntryFaulty):
        check_envelope({**GOOD, **changes})


@pytest.mark.parametrize(
    "value", [None, 5, "text", [], {}, {**GOOD, "extra": 1}, {**GOOD, "v": True}, {**GOOD, "v": 2}]
)
def test_what_is_no_envelope_at_all_is_refused_in_words(value: Any) -> None:
    with pytest.raises(EntryFaulty):
        check_envelope(value)
    with pytest.raises(ChainBroken, match="ledger entry #"):
        check_inclusion(value, [], ORIGIN, 12, merkle_root(LEDGER.leaves))


def test_an_envelope_with_text_outside_nfc_is_refused_when_read() -> None:
    with pytest.raises(EntryFaulty, match="NFC"):
        check_envelope({**GOOD, "data": {"name": "Zoe\u0308"}})


def checked(envelopes: Envelopes, head: str | None = None) -> list[bytes]:
    origin, size, root, _ = verified_head(LEDGER.head() if head is None else head, LEDGER.key)
    return check_whole_ledger(envelopes, origin, size, root)


def test_an_untouched_ledger_passes() -> None:
    assert checked(LEDGER.envelopes) == LEDGER.leaves


def test_entries_after_the_head_are_still_chained_but_not_needed() -> None:
    assert len(checked(LEDGER.envelopes, LEDGER.head(9))) == 12
    spoilt = copy.deepcopy(LEDGER.envelopes)
    spoilt[10]["kind"] = "run.superseded"
    with pytest.raises(ChainBroken, match="#10"):
        checked(spoilt, LEDGER.head(9))


def _edit(envelopes: Envelopes) -> None:
    envelopes[4]["data"]["digest"] = "sha256:" + "0" * 64


def _edit_last(envelopes: Envelopes) -> None:
    envelopes[-1]["actor"]["name"] = "Mallory"


def _swap(envelopes: Envelopes) -> None:
    envelopes[3], envelopes[4] = envelopes[4], envelopes[3]


def _swap_and_renumber(envelopes: Envelopes) -> None:
    _swap(envelopes)
    envelopes[3]["seq"], envelopes[4]["seq"] = 3, 4


def _drop(envelopes: Envelopes) -> None:
    del envelopes[5]


def _truncate(envelopes: Envelopes) -> None:
    del envelopes[2:]


def _drop_first(envelopes: Envelopes) -> None:
    del envelopes[0]


def _repeat(envelopes: Envelopes) -> None:
    envelopes.insert(6, copy.deepcopy(envelopes[6]))


def _move_to_another_log(envelopes: Envelopes) -> None:
    envelopes[7]["log"] = "other.example/ledger"


def _rechain(envelopes: Envelopes) -> None:
    """What somebody with the database but without the key would do: edit and recompute every later link."""
    _edit(envelopes)
    for before, after in itertools.pairwise(envelopes):
        after["prev"] = "sha256:" + leaf_hash(before).hex()


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (_edit, "#4: altered"), (_edit_last, "root of the 12 entries"), (_swap, "#4: stands at place 3"),
        (_swap_and_renumber, "#2: altered, or not the entry that #3 names"), (_drop, "#6: stands at place 5"),
        (_truncate, "ends after 2 entries, the head says 12"), (_drop_first, "#1: stands at place 0"),
        (_repeat, "#6: stands at place 7"), (_move_to_another_log, "#7: it belongs to the ledger"),
        (_rechain, "root of the 12 entries"),
    ],
)  # fmt: skip
def test_tampering_is_found_and_its_place_named(tamper: Callable[[Envelopes], None], words: str) -> None:
    envelopes = copy.deepcopy(LEDGER.envelopes)
    tamper(envelopes)
    with pytest.raises(ChainBroken, match=words):
        checked(envelopes)


def test_no_single_character_of_any_entry_can_change() -> None:
    for place, envelope in enumerate(LEDGER.envelopes):
        for key in ("at", "kind", "log"):
            spoilt = copy.deepcopy(LEDGER.envelopes)
            spoilt[place][key] = "x" + envelope[key][1:]
            with pytest.raises(ChainBroken):
                checked(spoilt)


def test_a_rewritten_ledger_with_a_newly_signed_head_is_caught_by_an_older_head() -> None:
    rewritten = SmallLedger(12)
    _rechain(rewritten.envelopes)
    entries: list[tuple[int, bytes, list[bytes]]] = [(seq, leaf, []) for seq, leaf in enumerate(rewritten.leaves)]
    now = (12, merkle_root(rewritten.leaves))
    with pytest.raises(ChainBroken, match="did not grow from the older head of 8"):
        check_older_head((8, merkle_root(LEDGER.leaves[:8])), now, entries)
    assert check_older_head((4, merkle_root(LEDGER.leaves[:4])), now, entries), "before the edit both are the same"


def test_a_truncated_ledger_with_a_newly_signed_head_is_caught_by_an_older_head() -> None:
    with pytest.raises(ChainBroken, match="older head has 12 entries, this ledger only 2"):
        check_older_head((12, merkle_root(LEDGER.leaves)), (2, merkle_root(LEDGER.leaves[:2])), [])


def proven(*places: int) -> list[tuple[int, bytes, list[bytes]]]:
    return [(place, LEDGER.leaves[place], inclusion_proof(LEDGER.leaves, place)) for place in places]


@pytest.mark.parametrize("old", range(13))
def test_one_proven_entry_beside_the_older_head_decides_its_growth(old: int) -> None:
    older, newer = (old, merkle_root(LEDGER.leaves[:old])), (12, merkle_root(LEDGER.leaves))
    beside = proven(*{max(old - 1, 0)})
    assert check_older_head(older, newer, beside)
    with pytest.raises(ChainBroken, match="did not grow"):
        check_older_head((old, bytes(32)), newer, beside)


def test_too_few_entries_do_not_decide_growth() -> None:
    newer = (12, merkle_root(LEDGER.leaves))
    assert not check_older_head((7, merkle_root(LEDGER.leaves[:7])), newer, proven(1, 11))
    assert check_older_head((0, EMPTY_ROOT), newer, [])
    assert check_older_head(newer, newer, [])


def test_an_inclusion_proof_holds_for_its_entry_alone() -> None:
    root = merkle_root(LEDGER.leaves)
    proof = [part.hex() for part in inclusion_proof(LEDGER.leaves, 3)]
    assert check_inclusion(GOOD, proof, ORIGIN, 12, root) == LEDGER.leaves[3]
    with pytest.raises(ChainBroken, match="#4"):
        check_inclusion(LEDGER.envelopes[4], proof, ORIGIN, 12, root)


@pytest.mark.parametrize(
    "proof", [[], None, "text", [5], ["zz" * 32], ["AB" * 32], ["ab" * 31], ["ab" * 32] * 70, [None], {"a": 1}]
)
def test_a_proof_that_is_none_is_refused_in_words(proof: Any) -> None:
    with pytest.raises(ChainBroken, match="ledger entry #3"):
        check_inclusion(GOOD, proof, ORIGIN, 12, merkle_root(LEDGER.leaves))


def test_selected_entries_must_stand_in_order_and_once() -> None:
    chosen = [LEDGER.envelopes[place] for place in (1, 4, 5, 9)]
    check_links(chosen, [leaf_hash(envelope) for envelope in chosen])
    for wrong in ([chosen[1], chosen[0]], [chosen[0], chosen[0]]):
        with pytest.raises(ChainBroken, match="out of order"):
            check_links(wrong, [leaf_hash(envelope) for envelope in wrong])
