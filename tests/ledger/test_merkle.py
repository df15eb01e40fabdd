"""The Merkle tree against a naive one, and its verifiers against everything that is not a proof."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_holds,
    consistency_proof,
    frontier_of,
    inclusion_holds,
    inclusion_proof,
    inclusion_proofs,
    leaf_of,
    merkle_root,
    node_of,
    root_from_known,
    sibling_ranges,
)
from tests.ledger.reference import naive_root, some_leaves

LEAVES = some_leaves(40)
RFC_INPUTS = [
    b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]  # fmt: skip
RFC_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_of_certificate_transparency_are_reproduced(size: int) -> None:
    assert merkle_root([leaf_of(data) for data in RFC_INPUTS[:size]]).hex() == RFC_ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert Frontier().root() == EMPTY_ROOT == hashlib.sha256(b"").digest() == merkle_root([])


@pytest.mark.parametrize("size", range(41))
def test_appending_to_the_frontier_agrees_with_the_naive_tree(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier = frontier.append(leaf)
    assert frontier.root() == naive_root(LEAVES[:size])
    assert (frontier.size, len(frontier.hashes)) == (size, bin(size).count("1"))
    assert frontier == frontier_of(LEAVES[:size])


def test_appending_leaves_the_former_frontier_as_it_was() -> None:
    before = frontier_of(LEAVES[:3])
    before.append(LEAVES[3])
    assert before == frontier_of(LEAVES[:3])


def test_every_leaf_of_every_small_tree_is_proven_by_its_audit_path_and_no_other_place() -> None:
    for size in range(1, 20):
        root = naive_root(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(LEAVES[:size], index)
            for place in range(size + 1):
                assert inclusion_holds(LEAVES[index], place, size, proof, root) is (place == index)


def test_every_older_tree_is_proven_to_be_a_prefix() -> None:
    for size in range(1, 20):
        root = naive_root(LEAVES[:size])
        for old in range(1, size + 1):
            proof = consistency_proof(LEAVES[:size], old)
            assert consistency_holds(old, size, naive_root(LEAVES[:old]), root, proof)
            assert not consistency_holds(old, size, node_of(root, root), root, proof)
            if old < size:
                assert not consistency_holds(old, size, naive_root(LEAVES[:old]), node_of(root, root), proof)


@given(st.integers(2, 40), st.data())
def test_a_spoilt_inclusion_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, proof = naive_root(LEAVES[:size]), inclusion_proof(LEAVES[:size], index)
    assert not inclusion_holds(LEAVES[index], index, size, proof[:-1], root)
    assert not inclusion_holds(LEAVES[index], index, size, [*proof, proof[-1]], root)
    assert not inclusion_holds(LEAVES[index], index, size, [proof[0], *proof], root)
    assert not inclusion_holds(LEAVES[index], index, size, [], root)
    spoilt = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(proof[spoilt], "big") ^ 1 << bit).to_bytes(32, "big")
    assert not inclusion_holds(LEAVES[index], index, size, [*proof[:spoilt], flipped, *proof[spoilt + 1 :]], root)
    assert not inclusion_holds(LEAVES[index], index, size, [*proof[:spoilt], b"short", *proof[spoilt + 1 :]], root)


@given(st.integers(3, 40), st.data())
def test_a_spoilt_consistency_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    roots, proof = (naive_root(LEAVES[:old]), naive_root(LEAVES[:size])), consistency_proof(LEAVES[:size], old)
    assert not consistency_holds(old, size, *roots, proof[:-1])
    assert not consistency_holds(old, size, *roots, [*proof, roots[0]])
    assert not consistency_holds(old, size, *roots, [roots[0], *proof])
    assert not consistency_holds(old, size, *roots, [*proof[:-1], proof[-1][:31]])
    spoilt = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytes([proof[spoilt][0] ^ 1]) + proof[spoilt][1:]
    assert not consistency_holds(old, size, *roots, [*proof[:spoilt], flipped, *proof[spoilt + 1 :]])


@pytest.mark.parametrize(("old", "new"), [(0, 5), (0, 0), (-1, 5), (6, 5)])
def test_an_empty_negative_or_larger_old_tree_is_refused(old: int, new: int) -> None:
    root = naive_root(LEAVES[:5])
    assert not consistency_holds(old, new, EMPTY_ROOT, root, [])
    assert not consistency_holds(old, new, root, root, [])


def test_a_tree_is_consistent_with_itself_only_without_a_proof() -> None:
    root = naive_root(LEAVES[:5])
    assert consistency_holds(5, 5, root, root, [])
    assert not consistency_holds(5, 5, root, root, [root])
    assert not consistency_holds(5, 5, root, EMPTY_ROOT, [])


@pytest.mark.parametrize(("index", "size"), [(5, 5), (6, 5), (-1, 5), (0, 0)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    assert not inclusion_holds(LEAVES[0], index, size, [], LEAVES[0])
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES[:size], index)


@pytest.mark.parametrize("old", [0, -1, 6])
def test_no_consistency_proof_is_made_for_a_tree_that_is_not_within(old: int) -> None:
    with pytest.raises(IndexError):
        consistency_proof(LEAVES[:5], old)


def naive_path(leaves: list[bytes], index: int) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < half:
        return [*naive_path(leaves[:half], index), naive_root(leaves[half:])]
    return [*naive_path(leaves[half:], index - half), naive_root(leaves[:half])]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 11, 21, 40])
def test_audit_paths_agree_with_the_naive_ones(size: int) -> None:
    paths = inclusion_proofs(LEAVES[:size], list(range(size)))
    assert paths == {index: naive_path(LEAVES[:size], index) for index in range(size)}


def test_a_proof_has_at_most_two_hashes_per_doubling() -> None:
    leaves = some_leaves(1000)
    assert max(len(inclusion_proof(leaves, index)) for index in range(0, 1000, 37)) <= 10
    assert max(len(consistency_proof(leaves, old)) for old in range(1, 1000, 37)) <= 20


@given(st.integers(1, 40), st.data())
def test_each_part_of_an_audit_path_is_the_root_over_the_leaves_it_covers(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    ranges = sibling_ranges(index, size)
    assert [naive_root(LEAVES[start:end]) for start, end in ranges] == inclusion_proof(LEAVES[:size], index)


@given(st.integers(1, 40), st.data())
def test_the_path_of_the_last_leaf_of_an_older_tree_gives_that_trees_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    known = dict(zip(sibling_ranges(index, size), inclusion_proof(LEAVES[:size], index), strict=True))
    known[index, index + 1] = LEAVES[index]
    assert root_from_known(known, 0, index + 1) == naive_root(LEAVES[: index + 1])
    if index > 1:
        assert root_from_known({(0, 1): LEAVES[0]}, 0, index) is None


def test_a_root_that_cannot_be_known_is_not_searched_for_through_the_whole_tree() -> None:
    assert root_from_known({(2**62, 2**62 + 1): LEAVES[0]}, 0, 2**62 + 1) is None


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert leaf_of(LEAVES[0] + LEAVES[1]) != node_of(LEAVES[0], LEAVES[1])
    assert base64.b64encode(leaf_of(b"")) == b"bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
