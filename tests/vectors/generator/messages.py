"""The data of each message of a tap, layout only.

Spec: docs/PROTOCOL.md#the-tap
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from .objects import CERTIFICATE_OCTETS
from .refusal import Reason, Refusal
from .suite import KEY_OCTETS, POINT_OCTETS, SIGNATURE_OCTETS, TAG_OCTETS
from .wire import Cursor, u8, u16, u32

VERSION = 1
SUITE = 1
AID = bytes.fromhex("f04f53544941525901")
SELECT = bytes.fromhex("00a4040009") + AID + b"\x00"

TICKET_OCTETS = 72
BINDER_OCTETS = 16
OFFER_OCTETS = 121
HELLO_OCTETS = 159
CONFIRM_OCTETS = TAG_OCTETS
PROOF_PLAINTEXT_OCTETS = 221
PROOF_OCTETS = PROOF_PLAINTEXT_OCTETS + TAG_OCTETS
OUTCOME_PLAINTEXT_OCTETS = 225
OUTCOME_OCTETS = OUTCOME_PLAINTEXT_OCTETS + TAG_OCTETS
TICKETS_PER_OUTCOME = 2
REASSEMBLY_CAP = 2048
LONGEST_ACK = REASSEMBLY_CAP - TAG_OCTETS


class Instruction(IntEnum):
    """What the reader asks."""

    SELECT = 0xA4
    HELLO = 0x10
    CONFIRM = 0x12
    OUTCOME = 0x14
    REPORT = 0x16


class Status(IntEnum):
    """How the device ends its answer."""

    NORMAL = 0x9000
    WRONG_LENGTH = 0x6700
    CHAIN_BROKEN = 0x6883
    NOT_SATISFIED = 0x6982
    OUT_OF_ORDER = 0x6985
    NOT_SUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    NO_MEMORY = 0x6A84
    INCORRECT_PARAMETERS = 0x6A86
    UNKNOWN_INSTRUCTION = 0x6D00
    UNKNOWN_CLASS = 0x6E00


class Result(IntEnum):
    """What the reader decided."""

    GRANT = 0
    NOT_ACCEPTED = 1
    EXPIRED = 2
    NOT_YET_VALID = 3
    REVOKED = 4
    NO_CLOCK = 5
    PANEL = 6


@dataclass(frozen=True)
class Selected:
    """The answer to SELECT."""

    lowest: int = VERSION
    highest: int = VERSION
    suites: int = 1
    flags: int = 1
    longest_command: int = REASSEMBLY_CAP

    def encode(self) -> bytes:
        return u8(self.lowest) + u8(self.highest) + u8(self.suites) + u8(self.flags) + u16(self.longest_command)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        cursor = Cursor(octets)
        value = cls(cursor.uint(1), cursor.uint(1), cursor.uint(1), cursor.uint(1), cursor.uint(2))
        cursor.end()
        return value

    def suits(self) -> bool:
        """Whether version 1 is in the range, suite 1 is offered and the longest command fits."""
        return (
            self.lowest <= VERSION <= self.highest and self.suites & 1 == 1 and self.longest_command >= OUTCOME_OCTETS
        )


@dataclass(frozen=True)
class Hello:
    """The reader names itself and offers its ephemeral point."""

    reader_time: int
    certificate: bytes
    point: bytes
    version: int = VERSION
    suite: int = SUITE

    def encode(self) -> bytes:
        return u8(self.version) + u8(self.suite) + u32(self.reader_time) + self.certificate + self.point

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Splits HELLO; what is in it is for the device's checks, whose failure must not show."""
        cursor = Cursor(octets)
        version, suite, time = cursor.uint(1), cursor.uint(1), cursor.uint(4)
        value = cls(time, cursor.take(CERTIFICATE_OCTETS), cursor.take(POINT_OCTETS), version, suite)
        cursor.end()
        return value


@dataclass(frozen=True)
class Offer:
    """The device's ephemeral point, and a ticket with its binder or random octets."""

    point: bytes
    ticket: bytes
    binder: bytes

    def encode(self) -> bytes:
        return self.point + self.ticket + self.binder

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        cursor = Cursor(octets)
        value = cls(cursor.point(), cursor.take(TICKET_OCTETS), cursor.take(BINDER_OCTETS))
        cursor.end()
        return value


@dataclass(frozen=True)
class ProofPlaintext:
    """The device signature and the credential, as the reader splits them before it judges."""

    device_signature: bytes
    credential: bytes

    def encode(self) -> bytes:
        return (self.device_signature + self.credential).ljust(PROOF_PLAINTEXT_OCTETS, b"\x00")

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Splits by the length of the user ID; refuses other padding than zero octets."""
        if len(octets) != PROOF_PLAINTEXT_OCTETS:
            raise Refusal(Reason.BAD_LENGTH)
        cursor = Cursor(octets)
        signature = cursor.take(SIGNATURE_OCTETS)
        start = cursor.offset
        cursor.take(60)
        cursor.take(cursor.uint(1) + SIGNATURE_OCTETS)
        credential = octets[start : cursor.offset]
        cursor.zeros()
        return cls(signature, credential)


@dataclass(frozen=True)
class NewTicket:
    """A ticket on its way to the device."""

    lifetime_s: int
    ticket: bytes
    psk: bytes


@dataclass(frozen=True)
class OutcomePlaintext:
    """What the reader decided, what it gives and what it would like."""

    result: int
    longest_ack: int
    list_version: int
    wishes: int = 0
    tickets: tuple[NewTicket, ...] = ()

    def encode(self) -> bytes:
        octets = u8(self.result) + u16(self.longest_ack) + u32(self.list_version) + u8(self.wishes)
        octets += u8(len(self.tickets))
        for ticket in self.tickets:
            octets += u32(ticket.lifetime_s) + ticket.ticket + ticket.psk
        return octets.ljust(OUTCOME_PLAINTEXT_OCTETS, b"\x00")

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        if len(octets) != OUTCOME_PLAINTEXT_OCTETS:
            raise Refusal(Reason.BAD_LENGTH)
        cursor = Cursor(octets)
        result, longest_ack, list_version, wishes = cursor.uint(1), cursor.uint(2), cursor.uint(4), cursor.uint(1)
        count = cursor.uint(1)
        if count > (TICKETS_PER_OUTCOME if result == Result.GRANT else 0):
            raise Refusal(Reason.BAD_COUNT)
        tickets = tuple(
            NewTicket(cursor.uint(4), cursor.take(TICKET_OCTETS), cursor.take(KEY_OCTETS)) for _ in range(count)
        )
        cursor.zeros()
        return cls(result, longest_ack, list_version, wishes, tickets)


class ItemKind(IntEnum):
    """What a device can bring."""

    REVOCATION_LIST = 1
    TIME_TOKEN = 2
    REPORT_ROOM = 3
    REPORT_ACKNOWLEDGEMENT = 4


_ITEM_OCTETS = {ItemKind.REPORT_ROOM: 2, ItemKind.REPORT_ACKNOWLEDGEMENT: 28}
WISH_TIME = 1
WISH_REPORT = 2
RECEIVED_OCTETS = 1 + TAG_OCTETS


def encode_ack(items: list[tuple[int, bytes]]) -> bytes:
    """The plaintext of ACK."""
    return b"".join(u8(kind) + u16(len(octets)) + octets for kind, octets in items)


def decode_ack(plaintext: bytes) -> dict[ItemKind, bytes]:
    """The items of ACK; refuses a kind that is unknown or comes twice."""
    items: dict[ItemKind, bytes] = {}
    cursor = Cursor(plaintext)
    while cursor.offset < len(plaintext):
        kind = ItemKind(cursor.one_of(*ItemKind))
        if kind in items:
            raise Refusal(Reason.BAD_COUNT)
        items[kind] = cursor.take(cursor.uint(2))
        if len(items[kind]) != _ITEM_OCTETS.get(kind, len(items[kind])):
            raise Refusal(Reason.BAD_LENGTH)
    return items
