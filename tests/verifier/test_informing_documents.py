"""Documents that inform a card: carried and checked by digest and receipt, said to be not recomputed, never missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scorecard.ledger.canonical import digest, digest_bytes
from scorecard.verifier.command import checks_of
from scorecard.verifier.opened import Opened
from tests.verifier.bundles import Maker, document_bytes, rehashed
from tests.verifier.running import checked_file, difference, in_a_child

Change = Callable[[Any], Any]


@pytest.fixture(scope="module")
def informed() -> Maker:
    """An honest bundle of a card that two documents inform."""
    return Maker(informing=2)


def found(**changes: Any) -> str:
    maker = Maker(informing=2, **changes)
    return difference(maker.members, maker.key)


def test_they_are_listed_as_recorded_and_not_recomputed(informed: Maker, tmp_path: Path) -> None:
    (tmp_path / "card.zip").write_bytes(informed.zip())
    code, said = checked_file(tmp_path / "card.zip", informed.key)
    assert code == 0
    assert "2 documents inform and decide nothing, each as recorded; not recomputed: refusals/1 (2)" in said[8]
    done = in_a_child(tmp_path, tmp_path / "card.zip", "--key", informed.key)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_card_without_them_has_no_such_member_and_the_digest_it_always_had(honest: Maker, informed: Maker) -> None:
    assert b'"informing"' not in honest.members["scorecard.json"]
    assert b'"informing"' in informed.members["scorecard.json"]
    assert "no document of another kind informs this card" in _line(honest)


def _line(maker: Maker) -> str:
    opened = Opened(maker.members)
    return next(said for title, said in [(title, check(opened)) for title, check in checks_of(maker.key, "")]
                if title == "informing")  # fmt: skip


def test_one_that_is_missing_altered_added_or_moved_is_named(informed: Maker) -> None:
    members, place = informed.members, "informing/evd_1.json"
    gone = {name: data for name, data in members.items() if name != place}
    assert difference(rehashed(gone), informed.key) == f"{place} is missing"
    other = rehashed({**members, place: document_bytes(7)})
    assert difference(other, informed.key) == f"{place} is not the document that the record names"
    tail = {name: gone[name] for name in ("verify.py", "README.txt")}
    rest = {name: data for name, data in gone.items() if name not in tail}
    assert "in another order" in difference(rehashed({**rest, place: members[place], **tail}), informed.key)
    strange = rehashed({**members, "informing/evd_9.json": document_bytes(9)})
    assert difference(strange, informed.key) == "informing/evd_9.json does not belong into a bundle"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[0].update(raw_digest=digest_bytes(b"other")), "not the document that the record names"),
        (lambda rows: rows[0].update(extra="more"), "informing evd_0 does not have exactly the fields"),
        (lambda rows: rows[0]["figures"][0].pop("n"), "informing evd_0 does not have exactly the fields"),
        (lambda rows: rows.reverse(), "informing is not one row a document, in order"),
        (lambda rows: rows.append(dict(rows[0])), "informing is not one row a document, in order"),
        (list.clear, "does not belong into a bundle"),
    ],
)
def test_a_record_that_says_otherwise_than_the_bundle_is_named(change: Change, words: str) -> None:
    assert words in found(on_snapshot=lambda snapshot: change(snapshot["informing"]))


def test_an_empty_list_is_no_way_to_change_a_digest() -> None:
    maker = Maker(on_snapshot=lambda snapshot: snapshot.update(informing=[]))
    assert "informing is empty" in difference(maker.members, maker.key)


@pytest.mark.parametrize(
    "change",
    [
        lambda deed: deed["data"].update(raw="sha256:" + "0" * 64),
        lambda deed: deed["data"].update(digest=digest("other")),
        lambda deed: deed["data"].update(revision=2),
        lambda deed: deed["data"].update(checkpoints=["another"]),
        lambda deed: deed.update(kind="token.issued"),
    ],
)
def test_a_receipt_that_the_ledger_does_not_have_as_cited_is_named(change: Change) -> None:
    def on_deeds(deeds: list[dict[str, Any]]) -> None:
        change(next(deed for deed in deeds if deed["kind"] == "evidence.received"))

    assert "informing/evd_0.json: its receipt is not in the ledger as cited" in found(on_deeds=on_deeds)


def test_whoever_filed_one_as_a_person_may_not_sign() -> None:
    signer = {"kind": "person", "id": "usr_chen", "name": "Chen"}

    def filed_by_chen(deeds: list[dict[str, Any]]) -> None:
        next(deed for deed in deeds if deed["kind"] == "evidence.received")["actor"] = signer

    assert "Chen authored a part and may not sign" in found(on_deeds=filed_by_chen)
