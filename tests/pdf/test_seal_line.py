"""The last line of a printed card: signed over every byte before it, and accepted by the offline verifier."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorecard.pdf.seal_line import with_seal_line
from scorecard.signing_key import LedgerKey, load_key
from scorecard.verifier.pdf_file import PdfAltered, check_seal_line

PDF = b"%PDF-1.7\nbody\n%%EOF"


@pytest.fixture
def key(tmp_path: Path) -> LedgerKey:
    """A fresh key."""
    return load_key(tmp_path / "key.pem", name="test/ledger")


def test_the_verifier_accepts_the_sealed_bytes(key: LedgerKey) -> None:
    sealed = with_seal_line(PDF, key.sign_file)
    assert sealed.startswith(PDF + b"\n%scorecard-seal/1 sha256:")
    assert sealed.count(b"\n") == PDF.count(b"\n") + 2
    assert check_seal_line(sealed, key.verification_key) in sealed.decode()


@pytest.mark.parametrize("place", [0, 12, -1, -40])
def test_one_changed_byte_anywhere_is_noticed(key: LedgerKey, place: int) -> None:
    sealed = bytearray(with_seal_line(PDF, key.sign_file))
    sealed[place] ^= 1
    with pytest.raises(PdfAltered):
        check_seal_line(bytes(sealed), key.verification_key)


def test_bytes_after_the_seal_are_noticed(key: LedgerKey) -> None:
    with pytest.raises(PdfAltered):
        check_seal_line(with_seal_line(PDF, key.sign_file) + b"x", key.verification_key)


def test_another_key_is_refused(key: LedgerKey, tmp_path: Path) -> None:
    other = load_key(tmp_path / "other.pem", name="test/ledger")
    with pytest.raises(PdfAltered, match="not signed by the key"):
        check_seal_line(with_seal_line(PDF, other.sign_file), key.verification_key)


def test_the_same_bytes_and_key_give_the_same_line(key: LedgerKey) -> None:
    assert with_seal_line(PDF, key.sign_file) == with_seal_line(PDF, key.sign_file)
