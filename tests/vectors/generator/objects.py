"""Reader certificate, credential, revocation list and time token.

Spec: docs/PROTOCOL.md#signed-objects
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from .refusal import Reason, Refusal
from .signed import Header, Json
from .wire import Cursor, ascending, read_ascending, u8, u32, u64

USER_ID_OCTETS = 32
CERTIFICATE_OCTETS = 120
PRESENCE = {"none": 0, "unlocked": 1, "verified": 2}


@dataclass(frozen=True)
class ReaderCertificate:
    """The door: its id, when it is valid, the presence it demands, its agreement key."""

    LABEL: ClassVar[bytes] = b"ostiary reader certificate"

    header: Header
    reader_id: int
    not_before: int
    not_after: int
    presence: int
    point: bytes

    def encode(self) -> bytes:
        return (
            self.header.encode()
            + u32(self.reader_id)
            + u32(self.not_before)
            + u32(self.not_after)
            + u8(self.presence)
            + self.point
        )

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        header = Header.read(cursor)
        return cls(header, cursor.uint(4), cursor.uint(4), cursor.uint(4), cursor.one_of(0, 1, 2), cursor.point())

    def fields(self) -> Json:
        return _header_fields(self.header) | {
            "reader_id": self.reader_id,
            "not_before": self.not_before,
            "not_after": self.not_after,
            "presence": self.presence,
            "point": self.point.hex(),
        }


@dataclass(frozen=True)
class Credential:
    """Who may pass: serial, validity, holder key and user ID."""

    LABEL: ClassVar[bytes] = b"ostiary credential"

    header: Header
    serial: int
    not_before: int
    not_after: int
    holder: bytes
    user_id: bytes
    flags: int = 0

    def encode(self) -> bytes:
        return (
            self.header.encode()
            + u64(self.serial)
            + u32(self.not_before)
            + u32(self.not_after)
            + u8(self.flags)
            + self.holder
            + u8(len(self.user_id))
            + self.user_id
        )

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        header = Header.read(cursor)
        serial, not_before, not_after = cursor.uint(8), cursor.uint(4), cursor.uint(4)
        flags = cursor.one_of(0)
        holder = cursor.point()
        length = cursor.uint(1)
        if not 1 <= length <= USER_ID_OCTETS:
            raise Refusal(Reason.BAD_USER_ID)
        user_id = cursor.take(length)
        if not all(0x20 <= octet <= 0x7E for octet in user_id):
            raise Refusal(Reason.BAD_USER_ID)
        return cls(header, serial, not_before, not_after, holder, user_id, flags)

    def fields(self) -> Json:
        return _header_fields(self.header) | {
            "serial": str(self.serial),
            "not_before": self.not_before,
            "not_after": self.not_after,
            "flags": self.flags,
            "holder": self.holder.hex(),
            "user_id": self.user_id.decode("ascii"),
        }


@dataclass(frozen=True)
class RevocationList:
    """Serials of credentials and ids of readers that are refused."""

    LABEL: ClassVar[bytes] = b"ostiary revocation list"

    header: Header
    version: int
    issued_at: int
    serials: tuple[int, ...] = ()
    reader_ids: tuple[int, ...] = ()

    def encode(self) -> bytes:
        return (
            self.header.encode()
            + u32(self.version)
            + u32(self.issued_at)
            + ascending(list(self.serials))
            + ascending(list(self.reader_ids))
        )

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        header = Header.read(cursor)
        version, issued_at = cursor.uint(4), cursor.uint(4)
        serials = tuple(read_ascending(cursor, 64))
        return cls(header, version, issued_at, serials, tuple(read_ascending(cursor, 32)))

    def fields(self) -> Json:
        return _header_fields(self.header) | {
            "version": self.version,
            "issued_at": self.issued_at,
            "serials": [str(serial) for serial in self.serials],
            "reader_ids": list(self.reader_ids),
        }


@dataclass(frozen=True)
class TimeToken:
    """The issuer says what time it is."""

    LABEL: ClassVar[bytes] = b"ostiary time token"

    header: Header
    time: int

    def encode(self) -> bytes:
        return self.header.encode() + u32(self.time)

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        return cls(Header.read(cursor), cursor.uint(4))

    def fields(self) -> Json:
        return _header_fields(self.header) | {"time": self.time}


def _header_fields(header: Header) -> Json:
    return {"project": header.project.hex(), "issuer": header.issuer}
