"""Vectors of the suite's functions."""

from __future__ import annotations

from typing import Any

from . import hpke, suite, wire
from .entropy import seeded, seeded_key

Json = dict[str, Any]


def make() -> Json:
    """All of primitives.json."""
    return {
        "about": "Suite 1 of docs/PROTOCOL.md, function by function.",
        "points": _points(),
        "ecdh": _ecdh(),
        "signatures": _signatures(),
        "hkdf": _hkdf(),
        "hmac": _hmac(),
        "gcm": _gcm(),
        "hpke": _hpke(),
        "varints": _varints(),
    }


def _points() -> list[Json]:
    point = seeded_key("a point").point
    off = next(x for x in range(1, 99) if not _on_curve(x))
    bad = {
        "x is on no point of the curve": b"\x02" + off.to_bytes(32),
        "x is the prime of the field": b"\x02" + suite.FIELD.to_bytes(32),
        "x is 5 and written 5 more than the prime": b"\x02" + (suite.FIELD + 5).to_bytes(32),
        "all ones": b"\x02" + b"\xff" * 32,
        "infinity, one octet": b"\x00",
        "infinity, filled up with zero octets": bytes(33),
        "prefix 04 on 33 octets": b"\x04" + point[1:],
        "prefix 05": b"\x05" + point[1:],
        "prefix 00": b"\x00" + point[1:],
        "32 octets": point[:32],
        "34 octets": point + b"\x00",
        "no octets": b"",
        "uncompressed": _uncompressed(point),
    }
    cases: list[Json] = [
        {"name": "an even y", "octets": _with_parity(2).hex(), "valid": True},
        {"name": "an odd y", "octets": _with_parity(3).hex(), "valid": True},
    ]
    return cases + [{"name": name, "octets": octets.hex(), "valid": False} for name, octets in bad.items()]


def _with_parity(prefix: int) -> bytes:
    return next(point for n in range(99) if (point := seeded_key(f"parity {n}").point)[0] == prefix)


def _on_curve(x: int) -> bool:
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    square = (pow(x, 3, suite.FIELD) - 3 * x + b) % suite.FIELD
    return pow(square, (suite.FIELD - 1) // 2, suite.FIELD) in (0, 1)


def _uncompressed(point: bytes) -> bytes:
    numbers = suite.load_point(point).public_numbers()
    return b"\x04" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)


def _ecdh() -> list[Json]:
    cases = []
    for n in range(4):
        secret, other = seeded_key(f"ecdh {n} a"), seeded_key(f"ecdh {n} b")
        cases.append(
            {
                "name": f"pair {n}",
                "secret": secret.scalar.hex(),
                "secret_point": secret.point.hex(),
                "point": other.point.hex(),
                "shared": secret.agree(other.point).hex(),
            }
        )
    one, last = suite.SecretKey((1).to_bytes(32)), suite.SecretKey((suite.ORDER - 1).to_bytes(32))
    for name, key in (("the smallest scalar", one), ("the largest scalar", last)):
        point = seeded_key("ecdh edge").point
        cases.append(
            {
                "name": name,
                "secret": key.scalar.hex(),
                "secret_point": key.point.hex(),
                "point": point.hex(),
                "shared": key.agree(point).hex(),
            }
        )
    return cases


def _signatures() -> list[Json]:
    key, message = seeded_key("signer"), b"ostiary tap\x00 of a test"
    good = key.sign(message)
    r, s = good[:32], int.from_bytes(good[32:])
    order = suite.ORDER.to_bytes(32)
    bad = {
        "high s": r + (suite.ORDER - s).to_bytes(32),
        "s one over the half": r + ((suite.ORDER + 1) // 2).to_bytes(32),
        "r is 0": bytes(32) + good[32:],
        "s is 0": r + bytes(32),
        "r and s are 0": bytes(64),
        "r is n": order + good[32:],
        "s is n": r + order,
        "r is all ones": b"\xff" * 32 + good[32:],
        "r and s exchanged": good[32:] + r,
        "another key's signature": seeded_key("another signer").sign(message),
        "a signature of another message": key.sign(message + b"\x00"),
        "63 octets": good[:63],
        "65 octets": good + b"\x00",
        "no octets": b"",
        "a bit of r flipped": bytes([good[0] ^ 1]) + good[1:],
        "the last bit of s flipped": good[:-1] + bytes([good[-1] ^ 1]),
    }
    cases = []
    for n, text in enumerate((message, b"", seeded("a long message", 500))):
        cases.append(_signature(f"valid {n}", key, text, key.sign(text), True))
    return cases + [_signature(name, key, message, octets, False) for name, octets in bad.items()]


def _signature(name: str, key: suite.SecretKey, message: bytes, signature: bytes, valid: bool) -> Json:
    return {
        "name": name,
        "secret": key.scalar.hex(),
        "point": key.point.hex(),
        "message": message.hex(),
        "signature": signature.hex(),
        "valid": valid,
    }


def _hkdf() -> list[Json]:
    cases = []
    for n, (salt, ikm, info) in enumerate(
        (
            (seeded("salt 0"), seeded("ikm 0", 64), b"ostiary/1 confirm"),
            (seeded("salt 1"), seeded("ikm 1", 64), b"ostiary/1 ticket secret" + seeded("ticket", 72)),
            (b"", seeded("ikm 2"), b""),
        )
    ):
        secret = suite.extract(salt, ikm)
        cases.append(
            {
                "name": f"case {n}",
                "salt": salt.hex(),
                "ikm": ikm.hex(),
                "extracted": secret.hex(),
                "info": info.hex(),
                "expanded": suite.expand(secret, info).hex(),
            }
        )
    return cases


def _hmac() -> list[Json]:
    return [
        {
            "name": f"case {n}",
            "key": key.hex(),
            "message": message.hex(),
            "tag": suite.hmac(key, message).hex(),
        }
        for n, (key, message) in enumerate(
            ((seeded("hmac key"), seeded("hb")), (seeded("hmac key"), b""), (seeded("long hmac key", 100), b"text"))
        )
    ]


def _gcm() -> list[Json]:
    key, aad = seeded("gcm key"), seeded("gcm aad")
    cases = []
    for n, (counter, plaintext) in enumerate(((0, b""), (0, seeded("plain", 221)), (1, b"ack"), (1 << 40, b"x" * 16))):
        nonce = suite.counter_nonce(counter)
        cases.append(_gcm_case(f"opens {n}", key, nonce, aad, suite.seal(key, nonce, aad, plaintext), plaintext))
    nonce = suite.counter_nonce(0)
    sealed = suite.seal(key, nonce, aad, b"sixteen octets..")
    bad = {
        "tag flipped": (nonce, aad, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        "ciphertext flipped": (nonce, aad, bytes([sealed[0] ^ 0x80]) + sealed[1:]),
        "other additional data": (nonce, aad[:-1], sealed),
        "other counter": (suite.counter_nonce(1), aad, sealed),
        "an octet short": (nonce, aad, sealed[:-1]),
        "shorter than a tag": (nonce, aad, sealed[:15]),
        "no octets": (nonce, aad, b""),
    }
    return cases + [_gcm_case(name, key, *rest, None) for name, rest in bad.items()]


def _gcm_case(name: str, key: bytes, nonce: bytes, aad: bytes, sealed: bytes, plaintext: bytes | None) -> Json:
    return {
        "name": name,
        "key": key.hex(),
        "nonce": nonce.hex(),
        "aad": aad.hex(),
        "sealed": sealed.hex(),
        "plaintext": None if plaintext is None else plaintext.hex(),
    }


def _hpke() -> list[Json]:
    recipient, ephemeral = seeded_key("hpke recipient"), seeded_key("hpke ephemeral")
    info, plaintext = b"ostiary reader configuration", b"any octets"
    return [
        {
            "name": "base mode, one message",
            "recipient_secret": recipient.scalar.hex(),
            "ephemeral_secret": ephemeral.scalar.hex(),
            "info": info.hex(),
            "plaintext": plaintext.hex(),
            "sealed": hpke.seal(recipient.point, ephemeral, info, plaintext).hex(),
        }
    ]


def _varints() -> list[Json]:
    cases: list[Json] = [
        {"name": f"value {value}", "octets": wire.varint(value).hex(), "value": str(value), "shortest": True}
        for value in (0, 1, 127, 128, 300, 16383, 16384, 2**32 - 1, 2**63, 2**64 - 1)
    ]
    cases.append({"name": "longer than need be", "octets": "8000", "value": "0", "shortest": False})
    cases.append({"name": "ten octets for 1", "octets": "81" + "80" * 8 + "00", "value": "1", "shortest": False})
    for name, octets in {
        "2 to the 64": "80" * 9 + "02",
        "ten octets, all bits": "ff" * 9 + "7f",
        "eleven octets": "80" * 10 + "00",
        "ends early": "ff",
        "no octets": "",
    }.items():
        cases.append({"name": name, "octets": octets, "value": None, "shortest": False})
    return cases
