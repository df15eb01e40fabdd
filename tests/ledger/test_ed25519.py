"""Ed25519 in plain Python: the published vectors, another implementation's signatures, and strictness."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from scorecard.ledger.ed25519 import ORDER, PRIME, ed25519_holds
from tests.effort import examples

# RFC 8032, 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]
PUBLIC, MESSAGE, SIGNATURE = (bytes.fromhex(part) for part in VECTORS[2])


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_published_vectors_verify(public: str, message: str, signature: str) -> None:
    assert ed25519_holds(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@examples(20)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_signatures_of_another_implementation_verify_and_only_for_their_message(seed: bytes, message: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519_holds(public, message, signature)
    assert not ed25519_holds(public, message + b"x", signature)


def test_no_flipped_bit_of_the_signature_key_or_message_verifies() -> None:
    for bit in range(0, 512, 7):
        spoilt = (int.from_bytes(SIGNATURE, "little") ^ 1 << bit).to_bytes(64, "little")
        assert not ed25519_holds(PUBLIC, MESSAGE, spoilt)
    for bit in range(0, 256, 7):
        spoilt = (int.from_bytes(PUBLIC, "little") ^ 1 << bit).to_bytes(32, "little")
        assert not ed25519_holds(spoilt, MESSAGE, SIGNATURE)


def test_the_second_spelling_of_the_scalar_is_refused() -> None:
    scalar = int.from_bytes(SIGNATURE[32:], "little")
    for other in (scalar + ORDER, scalar + 2 * ORDER):
        assert not ed25519_holds(PUBLIC, MESSAGE, SIGNATURE[:32] + other.to_bytes(32, "little"))


@pytest.mark.parametrize("y", [PRIME, PRIME + 1, 2**255 - 1, PRIME + 1 + 2**255])
def test_a_point_with_a_coordinate_beyond_the_field_is_refused(y: int) -> None:
    spelling = (y % 2**256).to_bytes(32, "little")
    assert not ed25519_holds(spelling, MESSAGE, SIGNATURE)
    assert not ed25519_holds(PUBLIC, MESSAGE, spelling + SIGNATURE[32:])


def test_a_zero_with_a_sign_is_no_point() -> None:
    one_with_sign = (1 | 1 << 255).to_bytes(32, "little")
    assert not ed25519_holds(one_with_sign, MESSAGE, one_with_sign + bytes(32))


def test_a_coordinate_that_is_not_on_the_curve_is_refused() -> None:
    assert not ed25519_holds((2).to_bytes(32, "little"), MESSAGE, SIGNATURE)


@pytest.mark.parametrize("cut", [0, 1, 31])
def test_other_lengths_are_refused(cut: int) -> None:
    assert not ed25519_holds(PUBLIC[:cut], MESSAGE, SIGNATURE)
    assert not ed25519_holds(PUBLIC, MESSAGE, SIGNATURE[: 32 + cut])
    assert not ed25519_holds(PUBLIC + b"\x00", MESSAGE, SIGNATURE)
    assert not ed25519_holds(PUBLIC, MESSAGE, SIGNATURE + b"\x00")
