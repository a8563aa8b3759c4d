"""Reports: what a reader tells its manager through phones, and what the manager acknowledges.

Spec: docs/PROTOCOL.md#reports
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from . import suite
from .refusal import Reason, Refusal
from .wire import Cursor, u8, u16, u32

LABEL = b"ostiary/1 report"
NONCE_OCTETS = 12
OVERHEAD = NONCE_OCTETS + suite.TAG_OCTETS
LOG_OCTETS = 8
LONGEST_REPORT = 1024
ACKNOWLEDGEMENT_TAG_OCTETS = 16
ACKNOWLEDGEMENT_OCTETS = LOG_OCTETS + 4 + ACKNOWLEDGEMENT_TAG_OCTETS


@dataclass(frozen=True)
class Entry:
    """One event of a reader."""

    sequence: int
    time: int
    kind: int
    body: bytes

    def encode(self) -> bytes:
        return u32(self.sequence) + u32(self.time) + u8(self.kind) + u16(len(self.body)) + self.body


@dataclass(frozen=True)
class Contents:
    """What is sealed in a report."""

    log: bytes
    oldest: int
    entries: tuple[Entry, ...]

    def encode(self) -> bytes:
        return self.log + u32(self.oldest) + b"".join(entry.encode() for entry in self.entries)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Refuses contents without an entry, and numbers that do not ascend from the oldest on."""
        cursor = Cursor(octets)
        log, oldest = cursor.take(LOG_OCTETS), cursor.uint(4)
        entries: list[Entry] = []
        if oldest == 0 or cursor.offset == len(octets):
            raise Refusal(Reason.BAD_COUNT)
        at_least = oldest
        while cursor.offset < len(octets):
            sequence, time, kind = cursor.uint(4), cursor.uint(4), cursor.uint(1)
            entries.append(Entry(sequence, time, kind, cursor.take(cursor.uint(2))))
            if sequence < at_least:
                raise Refusal(Reason.NOT_SORTED)
            at_least = sequence + 1
        return cls(log, oldest, tuple(entries))


@dataclass(frozen=True)
class ReportKeys:
    """The keys that a reader and its manager share."""

    secret: bytes
    aad: bytes

    @classmethod
    def derive(cls, own: suite.SecretKey, other: bytes, project: bytes, reader_id: int) -> Self:
        """From one's own private key and the other's point."""
        aad = LABEL + b"\x00" + project + u32(reader_id)
        return cls(suite.extract(suite.sha256(aad), own.agree(other)), aad)

    @property
    def sealing(self) -> bytes:
        """The key of reports."""
        return suite.expand(self.secret, b"ostiary/1 report seal")

    @property
    def acknowledging(self) -> bytes:
        """The key of acknowledgements."""
        return suite.expand(self.secret, b"ostiary/1 report acknowledgement")

    def seal(self, nonce: bytes, contents: bytes) -> bytes:
        """A report."""
        return nonce + suite.seal(self.sealing, nonce, self.aad, contents)

    def open(self, report: bytes) -> bytes:
        """The contents of a report; refuses one of another reader."""
        if len(report) < OVERHEAD:
            raise Refusal(Reason.CANNOT_OPEN)
        return suite.open_sealed(self.sealing, report[:NONCE_OCTETS], self.aad, report[NONCE_OCTETS:])

    def acknowledge(self, log: bytes, up_to: int) -> bytes:
        """The manager's word that everything up to this entry has arrived."""
        statement = log + u32(up_to)
        return statement + suite.hmac(self.acknowledging, statement)[:ACKNOWLEDGEMENT_TAG_OCTETS]

    def acknowledged(self, octets: bytes) -> tuple[bytes, int]:
        """Log id and entry of an acknowledgement; refuses one that does not hold."""
        if len(octets) != ACKNOWLEDGEMENT_OCTETS:
            raise Refusal(Reason.BAD_LENGTH)
        log, up_to = octets[:LOG_OCTETS], int.from_bytes(octets[LOG_OCTETS : LOG_OCTETS + 4])
        if not suite.equal(self.acknowledge(log, up_to), octets):
            raise Refusal(Reason.CANNOT_OPEN)
        return log, up_to
