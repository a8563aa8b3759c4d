"""The functions of the suite, against vectors published by others."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hpke as other_hpke
from cryptography.hazmat.primitives.asymmetric import ec

from generator import hpke, suite, wire
from generator.entropy import seeded, seeded_key
from generator.refusal import Reason, Refusal
from generator.suite import SecretKey


def h(text: str) -> bytes:
    return bytes.fromhex(text)


def test_hkdf_agrees_with_rfc_5869_a_1() -> None:
    secret = suite.extract(h("000102030405060708090a0b0c"), b"\x0b" * 22)
    assert secret == h("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    assert suite.expand(secret, h("f0f1f2f3f4f5f6f7f8f9"), 42) == h(
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_hkdf_agrees_with_rfc_5869_a_3_without_salt_and_info() -> None:
    secret = suite.extract(b"", b"\x0b" * 22)
    assert secret == h("19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04")
    assert suite.expand(secret, b"", 42) == h(
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_hmac_agrees_with_rfc_4231_case_2() -> None:
    tag = suite.hmac(b"Jefe", b"what do ya want for nothing?")
    assert tag == h("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")


def test_signatures_agree_with_rfc_6979_a_2_5() -> None:
    key = SecretKey(h("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
    assert key.point == h("0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6")
    signature = key.sign(b"sample")
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert signature[:32] == h("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716")
    assert int.from_bytes(signature[32:]) == suite.ORDER - s
    suite.verify(key.point, b"sample", signature)


def test_hpke_agrees_with_rfc_9180_a_3_1() -> None:
    """The published vector has a key of 16 octets; nothing else differs from the suite's."""
    recipient = SecretKey(h("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2"))
    ephemeral = SecretKey(h("4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb"))
    info, plaintext = b"Ode on a Grecian Urn", b"Beauty is truth, truth beauty"
    sealed = hpke.seal(recipient.point, ephemeral, info, plaintext, b"Count-0", key_octets=16)
    assert sealed == h(
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be"
        "863c403ce65c9bfcb9382657222d18c4"
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434"
    )
    assert hpke.open_sealed(recipient, info, sealed, b"Count-0", key_octets=16) == plaintext


def test_hpke_with_aes_256_agrees_with_the_librarys_own() -> None:
    other = other_hpke.Suite(other_hpke.KEM.P256, other_hpke.KDF.HKDF_SHA256, other_hpke.AEAD.AES_256_GCM)
    recipient = seeded_key("recipient of a test")
    library_key = ec.derive_private_key(int.from_bytes(recipient.scalar), suite.CURVE)
    sealed = hpke.seal(recipient.point, seeded_key("ephemeral of a test"), b"info", b"plaintext")
    assert other.decrypt(sealed, library_key, b"info") == b"plaintext"
    back = other.encrypt(b"plaintext", library_key.public_key(), b"info")
    assert hpke.open_sealed(recipient, b"info", back) == b"plaintext"


def test_a_high_s_is_refused() -> None:
    key = seeded_key("signer of a test")
    signature = key.sign(b"text")
    high = signature[:32] + (suite.ORDER - int.from_bytes(signature[32:])).to_bytes(32)
    with pytest.raises(Refusal) as refused:
        suite.verify(key.point, b"text", high)
    assert refused.value.reason == Reason.BAD_SIGNATURE


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**32, 2**63, 2**64 - 1])
def test_a_varint_comes_back(value: int) -> None:
    cursor = wire.Cursor(wire.varint(value))
    assert cursor.varint() == value
    cursor.end()


def test_seeded_octets_depend_on_the_name_alone() -> None:
    assert seeded("one", 100) == seeded("one", 100)
    assert seeded("one", 100)[:32] == seeded("one")
    assert seeded("one") != seeded("two")
