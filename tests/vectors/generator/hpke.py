"""HPKE in base mode with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-GCM, one message.

It is made of the suite's own parts, because golden vectors need an encapsulated key that can be chosen.

Spec: RFC 9180 §4.1, §5.1, §6.1
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import suite
from .refusal import Reason, Refusal

ENC_OCTETS = 65
_KEM_SUITE = b"KEM" + (0x0010).to_bytes(2)
_AEAD_IDS = {16: 0x0001, 32: 0x0002}


def seal(
    recipient: bytes, ephemeral: suite.SecretKey, info: bytes, plaintext: bytes, aad: bytes = b"", key_octets: int = 32
) -> bytes:
    """Encapsulated key ‖ ciphertext ‖ tag for the recipient's compressed point."""
    enc = _uncompressed(ephemeral.point)
    shared = _shared(ephemeral.agree(recipient), enc, _uncompressed(recipient))
    key, nonce = _schedule(shared, info, key_octets)
    return enc + suite.seal(key, nonce, aad, plaintext)


def open_sealed(
    recipient: suite.SecretKey, info: bytes, sealed: bytes, aad: bytes = b"", key_octets: int = 32
) -> bytes:
    """The plaintext; refuses what was not sealed to this recipient."""
    if len(sealed) < ENC_OCTETS + suite.TAG_OCTETS:
        raise Refusal(Reason.CANNOT_OPEN)
    enc, rest = sealed[:ENC_OCTETS], sealed[ENC_OCTETS:]
    shared = _shared(recipient.agree(_compressed(enc)), enc, _uncompressed(recipient.point))
    key, nonce = _schedule(shared, info, key_octets)
    return suite.open_sealed(key, nonce, aad, rest)


def _shared(agreed: bytes, enc: bytes, recipient: bytes) -> bytes:
    secret = _labeled_extract(_KEM_SUITE, b"", b"eae_prk", agreed)
    return _labeled_expand(_KEM_SUITE, secret, b"shared_secret", enc + recipient, 32)


def _schedule(shared: bytes, info: bytes, key_octets: int) -> tuple[bytes, bytes]:
    suite_id = b"HPKE" + (0x0010).to_bytes(2) + (0x0001).to_bytes(2) + _AEAD_IDS[key_octets].to_bytes(2)
    context = (
        b"\x00"
        + _labeled_extract(suite_id, b"", b"psk_id_hash", b"")
        + _labeled_extract(suite_id, b"", b"info_hash", info)
    )
    secret = _labeled_extract(suite_id, shared, b"secret", b"")
    key = _labeled_expand(suite_id, secret, b"key", context, key_octets)
    return key, _labeled_expand(suite_id, secret, b"base_nonce", context, 12)


def _labeled_extract(suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return suite.extract(salt, b"HPKE-v1" + suite_id + label + ikm)


def _labeled_expand(suite_id: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return suite.expand(secret, length.to_bytes(2) + b"HPKE-v1" + suite_id + label + info, length)


def _uncompressed(point: bytes) -> bytes:
    return suite.load_point(point).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _compressed(point: bytes) -> bytes:
    if point[0] != 4:
        raise Refusal(Reason.CANNOT_OPEN)
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(suite.CURVE, point)
    except ValueError:
        raise Refusal(Reason.CANNOT_OPEN) from None
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
