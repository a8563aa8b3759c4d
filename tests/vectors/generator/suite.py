"""Suite 1: P-256, SHA-256, HKDF and AES-256-GCM.

Spec: docs/PROTOCOL.md#suite-1
"""

from __future__ import annotations

import hashlib
import hmac as hmac_module

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .refusal import Reason, Refusal

CURVE = ec.SECP256R1()
# The order of the base point and the prime of the field (SEC 2 §2.4.2).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIELD = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF

POINT_OCTETS = 33
SIGNATURE_OCTETS = 64
KEY_OCTETS = 32
TAG_OCTETS = 16


class SecretKey:
    """A P-256 scalar, for agreement or for signing."""

    def __init__(self, scalar: bytes) -> None:
        value = int.from_bytes(scalar)
        if len(scalar) != KEY_OCTETS or not 1 <= value < ORDER:
            raise ValueError("a scalar is 32 octets, from 1 to the order less 1")
        self.scalar = scalar
        self._key = ec.derive_private_key(value, CURVE)
        self.point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)

    def agree(self, point: bytes) -> bytes:
        """ECDH: the x coordinate, 32 octets; refuses a point that is not on the curve."""
        return self._key.exchange(ec.ECDH(), load_point(point))

    def sign(self, message: bytes) -> bytes:
        """ECDSA with the nonce of RFC 6979 and the lower of the two s, as r ‖ s."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self._key.sign(message, algorithm))
        return r.to_bytes(32) + min(s, ORDER - s).to_bytes(32)


def load_point(point: bytes) -> ec.EllipticCurvePublicKey:
    """The public key in a compressed point; refuses every other form."""
    if len(point) != POINT_OCTETS or point[0] not in (2, 3) or int.from_bytes(point[1:]) >= FIELD:
        raise Refusal(Reason.BAD_POINT)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    except ValueError:
        raise Refusal(Reason.BAD_POINT) from None


def verify(point: bytes, message: bytes, signature: bytes) -> None:
    """Refuses a signature that does not hold, and one with a high s."""
    if len(signature) != SIGNATURE_OCTETS:
        raise Refusal(Reason.BAD_SIGNATURE)
    r = int.from_bytes(signature[:32])
    s = int.from_bytes(signature[32:])
    if not 1 <= r < ORDER or not 1 <= s <= (ORDER - 1) // 2:
        raise Refusal(Reason.BAD_SIGNATURE)
    try:
        load_point(point).verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refusal(Reason.BAD_SIGNATURE) from None


def sha256(*parts: bytes) -> bytes:
    """SHA-256 over the parts, joined."""
    return hashlib.sha256(b"".join(parts)).digest()


def hmac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256."""
    return hmac_module.digest(key, message, "sha256")


def extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract (RFC 5869 §2.2)."""
    return hmac(salt, ikm)


def expand(secret: bytes, info: bytes, length: int = KEY_OCTETS) -> bytes:
    """HKDF-Expand (RFC 5869 §2.3)."""
    output, block, count = b"", b"", 0
    while len(output) < length:
        count += 1
        block = hmac(secret, block + info + bytes([count]))
        output += block
    return output[:length]


def seal(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """AES-GCM, the tag appended."""
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def open_sealed(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> bytes:
    """Opens what `seal` made; refuses anything else."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError):
        raise Refusal(Reason.CANNOT_OPEN) from None


def counter_nonce(counter: int) -> bytes:
    """The nonce of a message: four zero octets and the counter of its key."""
    return bytes(4) + counter.to_bytes(8)


def equal(one: bytes, other: bytes) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac_module.compare_digest(one, other)
