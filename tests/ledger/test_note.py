"""Signed notes: what the C2SP formats allow is read, everything else is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scorecard.ledger.chain import ChainBroken, verified_head
from scorecard.ledger.ed25519 import ed25519_holds
from scorecard.ledger.note import (
    MOST_SIGNATURES,
    NoteFaulty,
    decode_base64,
    head_text,
    key_id,
    parse_head,
    parse_note,
    parse_vkey,
    signature_line,
    vkey,
)
from tests.ledger.reference import ORIGIN, SmallLedger

EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
ROOT = bytes(range(32))
HEAD = head_text(ORIGIN, 7, ROOT)
LEDGER = SmallLedger(5)


def stranger_line(text: str, seed: int = 9) -> str:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = private.public_key().public_bytes_raw()
    return signature_line("stranger.example", key_id("stranger.example", public), private.sign(text.encode()))


def test_the_published_example_key_parses_and_its_id_belongs_to_it() -> None:
    name, keyid, public = parse_vkey(EXAMPLE)
    assert (name, keyid.hex(), len(public)) == ("example.com/foo", "530d903a", 32)
    assert vkey(name, public) == EXAMPLE


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "name+00000000", "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        EXAMPLE.replace("530d903a", "530d903b"), EXAMPLE.replace("530d903a", "530D903A"), EXAMPLE.replace("foo", "bar"),
        EXAMPLE.replace("foo", "f oo"), EXAMPLE.replace("foo", "f\u00a0oo"), EXAMPLE[:-1], EXAMPLE[:-1] + "l",
        EXAMPLE + "=",
        "example.com/foo+530d903a+" + base64.b64encode(b"\x02" + ROOT).decode(),
        "example.com/foo+530d903a+" + base64.b64encode(b"\x01" + ROOT[:31]).decode(),
    ],
)  # fmt: skip
def test_a_key_that_is_not_exactly_one_is_refused(text: str) -> None:
    with pytest.raises(NoteFaulty):
        parse_vkey(text)


def test_a_head_reads_back() -> None:
    assert parse_head(HEAD) == (ORIGIN, 7, ROOT)
    assert f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode()}\n" == HEAD


@pytest.mark.parametrize(
    "text",
    [
        HEAD.replace("\n7\n", "\n007\n"), HEAD.replace("\n7\n", "\n+7\n"), HEAD.replace("\n7\n", "\n-7\n"),
        HEAD.replace("\n7\n", "\n7 \n"), HEAD.replace("\n7\n", "\n٧\n"), HEAD.replace("\n7\n", "\n7.0\n"),
        HEAD.replace("\n7\n", "\n\n"), HEAD.replace("\n7\n", "\n" + "9" * 20 + "\n"), HEAD.replace("\n", "\r\n"),
        HEAD[:-1],
        HEAD + "\n", HEAD + "extension\n", "\n" + HEAD, HEAD.replace("A", "-", 1), HEAD.replace("=", ""),
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT[:31]).decode()}\n", f"\n7\n{base64.b64encode(ROOT).decode()}\n", "",
    ],
)  # fmt: skip
def test_a_head_in_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(NoteFaulty):
        parse_head(text)


@pytest.mark.parametrize("text", ["AA=", "AB==", "A A=", "AA==\n", "_w==", "é", "A"])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(NoteFaulty):
        decode_base64(text)


def test_a_note_is_split_at_its_last_blank_line() -> None:
    text = "one\n\ntwo\n"
    note = f"{text}\n{stranger_line(text)}"
    assert parse_note(note).text == text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: note[:-1],
        lambda note: note + "\n",
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("\n", "\r\n"),
        lambda note: note.replace("\u2014", "-"),
        lambda note: note.replace("\u2014 ", "\u2014  "),
        lambda note: note.replace("7", "7\x00", 1),
        lambda note: note.replace("7", "7\t", 1),
        lambda note: note.replace("7", "7\x1b[2J", 1),
        lambda note: note.replace(f"\u2014 {ORIGIN}", "\u2014 na+me"),
        lambda note: note.replace(f"\u2014 {ORIGIN}", "\u2014 na\u2003me"),
        lambda note: note[:-3] + "!\n",
        lambda note: note.rpartition(" ")[0] + " AAAA\n",
        lambda note: "\n" + note.partition("\n\n")[2],
        lambda note: "",
    ],
)
def test_a_malformed_note_is_refused(spoil: object) -> None:
    note = LEDGER.sign(HEAD)
    parse_note(note)
    with pytest.raises(NoteFaulty):
        parse_note(spoil(note))  # type: ignore[operator]


def test_sixteen_signatures_are_read_and_seventeen_are_refused() -> None:
    many = "".join(stranger_line(HEAD, seed) for seed in range(2, 2 + MOST_SIGNATURES))
    assert len(parse_note(f"{HEAD}\n{many}").signatures) == MOST_SIGNATURES == 16
    with pytest.raises(NoteFaulty):
        parse_note(f"{HEAD}\n{many}{stranger_line(HEAD, 99)}")


def test_a_signed_head_verifies_with_its_key() -> None:
    origin, size, root, signer = verified_head(LEDGER.head(), LEDGER.key)
    assert (origin, size, len(root), signer) == (ORIGIN, 5, 32, ORIGIN)


def test_without_a_key_nobody_is_named_as_the_signer() -> None:
    assert verified_head(LEDGER.head(), None)[3] is None


def test_signatures_of_unknown_keys_are_ignored() -> None:
    note = LEDGER.head()
    text = parse_note(note).text
    assert verified_head(note + stranger_line(text), LEDGER.key)[3] == ORIGIN
    assert verified_head(note + stranger_line("another text\n"), LEDGER.key)[3] == ORIGIN


def test_a_bad_signature_of_the_known_key_is_not_made_good_by_others() -> None:
    text = parse_note(LEDGER.head()).text
    bad = signature_line(ORIGIN, key_id(ORIGIN, LEDGER.public), LEDGER.private.sign(b"something else"))
    for lines in (bad, bad + stranger_line(text), LEDGER.head().partition("\n\n")[2] + bad):
        with pytest.raises(ChainBroken, match="is wrong"):
            verified_head(f"{text}\n{lines}", LEDGER.key)


def test_a_head_that_only_strangers_signed_is_refused() -> None:
    with pytest.raises(ChainBroken, match="not signed by the key"):
        verified_head(f"{HEAD}\n{stranger_line(HEAD)}", LEDGER.key)


def test_a_key_does_not_speak_for_another_ledger() -> None:
    note = LEDGER.sign(head_text("other.example/ledger", 7, ROOT))
    with pytest.raises(ChainBroken, match=r"a head of other\.example/ledger"):
        verified_head(note, LEDGER.key)


def test_the_signature_covers_the_text_with_its_last_line_end() -> None:
    signed = parse_note(LEDGER.head())
    (_, _, signature) = signed.signatures[0]
    assert ed25519_holds(LEDGER.public, signed.text.encode(), signature)
    assert not ed25519_holds(LEDGER.public, signed.text[:-1].encode(), signature)
