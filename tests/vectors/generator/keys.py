"""The chain of hashes and the keys that come from it.

Spec: docs/PROTOCOL.md#transcript-and-keys
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from . import suite
from .messages import BINDER_OCTETS, SELECT


class Transport(StrEnum):
    """The names that begin a transcript."""

    NFC = "nfc"
    BLE_GATT = "ble-gatt"
    BLE_L2CAP = "ble-l2cap"
    TCP = "tcp"


class Transcript:
    """h, and the values that it had: h0, h1 and so on."""

    def __init__(self, transport: Transport) -> None:
        self.h = suite.sha256(b"ostiary/1\x00", transport.value.encode("ascii"))
        self.past = [self.h]
        self.add(SELECT)

    def add(self, octets: bytes) -> bytes:
        """h ← SHA-256(h ‖ octets)."""
        self.h = suite.sha256(self.h, octets)
        self.past.append(self.h)
        return self.h

    def peek(self, octets: bytes) -> bytes:
        """What h would become; it stays as it is."""
        return suite.sha256(self.h, octets)


@dataclass(frozen=True)
class Keys:
    """The keys of one path."""

    secret: bytes
    reader: bytes
    device: bytes
    exporter: bytes

    @classmethod
    def full(cls, h4: bytes, ee: bytes, es: bytes) -> Self:
        return cls._from(suite.extract(h4, ee + es))

    @classmethod
    def fast(cls, h4: bytes, psk: bytes, ee: bytes) -> Self:
        return cls._from(suite.extract(h4, psk + ee))

    @classmethod
    def _from(cls, secret: bytes) -> Self:
        return cls(
            secret,
            suite.expand(secret, b"ostiary/1 reader to device"),
            suite.expand(secret, b"ostiary/1 device to reader"),
            suite.expand(secret, b"ostiary/1 exporter"),
        )

    @property
    def confirm(self) -> bytes:
        """The key of CONFIRM, on the full path only."""
        return suite.expand(self.secret, b"ostiary/1 confirm")


def binder_key(psk: bytes) -> bytes:
    """The key under which a device shows that it has the secret of a ticket."""
    return suite.expand(psk, b"ostiary/1 binder")


def binder(psk: bytes, hb: bytes) -> bytes:
    """The first 16 octets of HMAC(binder key, hb)."""
    return suite.hmac(binder_key(psk), hb)[:BINDER_OCTETS]
