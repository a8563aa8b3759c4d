"""The reader configuration, the output format in it, and when a reader takes one.

Spec: docs/PROTOCOL.md#reader-configuration
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from . import hpke, signed, suite
from .objects import CERTIFICATE_OCTETS, ReaderCertificate
from .refusal import Reason, Refusal
from .signed import Header, Json, Signed, Trust
from .wire import Cursor, u8, u32

SEAL_INFO = b"ostiary reader configuration"
TICKETS_ISSUED = 1
HAS_REPORT_KEY = 2


@dataclass(frozen=True)
class Wiegand:
    """Output format 1."""

    number: int
    bits: int
    facility_bits: int
    facility_code: int
    parity: int

    def encode(self) -> bytes:
        return (
            u8(1) + u8(self.number) + u8(self.bits) + u8(self.facility_bits) + u32(self.facility_code) + u8(self.parity)
        )

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        return cls(cursor.one_of(0, 1), cursor.uint(1), cursor.uint(1), cursor.uint(4), cursor.one_of(0, 1))

    def fields(self) -> Json:
        return {
            "format": "wiegand",
            "number": self.number,
            "bits": self.bits,
            "facility_bits": self.facility_bits,
            "facility_code": self.facility_code,
            "parity": self.parity,
        }


@dataclass(frozen=True)
class ReaderConfiguration:
    """All that a reader is told by the manager."""

    LABEL: ClassVar[bytes] = b"ostiary reader configuration"

    header: Header
    version: int
    certificate: bytes
    issuer_keys: tuple[tuple[int, bytes], ...]
    flags: int
    list_version: int
    output: Wiegand | None
    report_key: bytes | None = None

    def encode(self) -> bytes:
        keys = b"".join(u8(index) + point for index, point in self.issuer_keys)
        return (
            self.header.encode()
            + u32(self.version)
            + self.certificate
            + u8(len(self.issuer_keys))
            + keys
            + u8(self.flags)
            + u32(self.list_version)
            + (self.report_key or b"")
            + (u8(0) if self.output is None else self.output.encode())
        )

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        header = Header.read(cursor)
        version = cursor.uint(4)
        certificate = cursor.take(CERTIFICATE_OCTETS)
        signed.decode(ReaderCertificate, certificate)
        count = cursor.uint(1)
        if not 1 <= count <= signed.KEYS_PER_PROJECT:
            raise Refusal(Reason.BAD_COUNT)
        keys = tuple((cursor.uint(1), cursor.point()) for _ in range(count))
        if len({index for index, _ in keys}) != count:
            raise Refusal(Reason.UNKNOWN_VALUE)
        flags = cursor.one_of(*range(TICKETS_ISSUED + HAS_REPORT_KEY + 1))
        list_version = cursor.uint(4)
        report_key = cursor.point() if flags & HAS_REPORT_KEY else None
        output = Wiegand.read(cursor) if cursor.one_of(0, 1) else None
        return cls(header, version, certificate, keys, flags, list_version, output, report_key)

    def fields(self) -> Json:
        return {
            "project": self.header.project.hex(),
            "issuer": self.header.issuer,
            "version": self.version,
            "certificate": self.certificate.hex(),
            "issuer_keys": [{"index": index, "point": point.hex()} for index, point in self.issuer_keys],
            "flags": self.flags,
            "list_version": self.list_version,
            "report_key": None if self.report_key is None else self.report_key.hex(),
            "output": {"format": "text"} if self.output is None else self.output.fields(),
        }


def seal(octets: bytes, reader: bytes, ephemeral: suite.SecretKey) -> bytes:
    """Seals a configuration to the reader's point."""
    return hpke.seal(reader, ephemeral, SEAL_INFO, octets)


def open_sealed(sealed: bytes, reader: suite.SecretKey) -> bytes:
    """The configuration that was sealed to this reader."""
    return hpke.open_sealed(reader, SEAL_INFO, sealed)


def take(octets: bytes, own_point: bytes, trust: Trust | None, held_version: int) -> Signed[ReaderConfiguration]:
    """The configuration, if this reader may take it; `trust` is none in an enrolment that a person confirms."""
    decoded = signed.decode(ReaderConfiguration, octets)
    value = decoded.value
    keys = Trust((value.header.project, index, point) for index, point in value.issuer_keys)
    signed.check(decoded, keys if trust is None else trust)
    # The keys in it are trusted from now on, so the certificate has to hold under one of them.
    certificate = signed.decode(ReaderCertificate, value.certificate)
    signed.check(certificate, keys)
    if certificate.value.point != own_point:
        raise Refusal(Reason.NOT_OWN)
    if value.version <= held_version:
        raise Refusal(Reason.NOT_NEWER)
    return decoded
