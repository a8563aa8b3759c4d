"""Reading and writing octets, front to back and nothing left over.

Spec: docs/PROTOCOL.md#conventions
"""

from __future__ import annotations

from . import suite
from .refusal import Reason, Refusal

VARINT_OCTETS = 10


class Cursor:
    """Reads a string of octets once, from the front."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.offset = 0

    def take(self, count: int) -> bytes:
        """The next `count` octets; refuses a string that ends before."""
        end = self.offset + count
        if end > len(self._octets):
            raise Refusal(Reason.TRUNCATED)
        taken = self._octets[self.offset : end]
        self.offset = end
        return taken

    def uint(self, count: int) -> int:
        """A big-endian unsigned integer of `count` octets."""
        return int.from_bytes(self.take(count))

    def one_of(self, *known: int) -> int:
        """One octet that has to be one of the values known."""
        value = self.uint(1)
        if value not in known:
            raise Refusal(Reason.UNKNOWN_VALUE)
        return value

    def point(self) -> bytes:
        """A compressed point that lies on the curve."""
        point = self.take(suite.POINT_OCTETS)
        suite.load_point(point)
        return point

    def varint(self) -> int:
        """LEB128 of at most 10 octets whose value fits in 64 bits."""
        value = 0
        for place in range(VARINT_OCTETS):
            octet = self.uint(1)
            value |= (octet & 0x7F) << (7 * place)
            if octet & 0x80 == 0:
                if value >= 1 << 64:
                    raise Refusal(Reason.BAD_COUNT)
                return value
        raise Refusal(Reason.BAD_COUNT)

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._octets) - self.offset)

    def zeros(self) -> None:
        """Refuses padding that is not zero octets to the end."""
        if any(self.rest()):
            raise Refusal(Reason.BAD_PADDING)

    def end(self) -> None:
        """Refuses octets that are left over."""
        if self.offset != len(self._octets):
            raise Refusal(Reason.TRAILING)


def u8(value: int) -> bytes:
    """One octet."""
    return value.to_bytes(1)


def u16(value: int) -> bytes:
    """Two octets, big-endian."""
    return value.to_bytes(2)


def u32(value: int) -> bytes:
    """Four octets, big-endian."""
    return value.to_bytes(4)


def u64(value: int) -> bytes:
    """Eight octets, big-endian."""
    return value.to_bytes(8)


def varint(value: int) -> bytes:
    """The shortest LEB128 of a value below 2^64."""
    octets = bytearray()
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def ascending(values: list[int]) -> bytes:
    """A count and the values, each but the first as the difference to the one before."""
    octets = varint(len(values))
    before = 0
    for value in values:
        octets += varint(value - before)
        before = value
    return octets


def read_ascending(cursor: Cursor, bits: int) -> list[int]:
    """Reads what `ascending` wrote; refuses a difference of 0 and a value over `bits`."""
    values: list[int] = []
    for _ in range(cursor.varint()):
        difference = cursor.varint()
        if values and difference == 0:
            raise Refusal(Reason.NOT_SORTED)
        value = (values[-1] if values else 0) + difference
        if value >= 1 << bits:
            raise Refusal(Reason.NOT_SORTED)
        values.append(value)
    return values
