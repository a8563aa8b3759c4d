"""Messages without APDUs: behind a length on streams, in segments over GATT.

Spec: docs/PROTOCOL.md#ble-and-streams
"""

from __future__ import annotations

from .messages import REASSEMBLY_CAP
from .refusal import Reason, Refusal
from .wire import u8, u16

FIRST = 0x80
LAST = 0x40
SEQUENCE = 0x3F
SEGMENT_OCTETS = 512
# The reassembly cap, and the status word that frames an answer.
MESSAGE_CAP = REASSEMBLY_CAP + 2


def command(instruction: int, data: bytes) -> bytes:
    """instruction ‖ data."""
    return u8(instruction) + data


def response(data: bytes, status: int) -> bytes:
    """data ‖ status word."""
    return data + u16(status)


def split_response(message: bytes) -> tuple[bytes, int]:
    """Data and status word."""
    if len(message) < 2:
        raise Refusal(Reason.TRUNCATED)
    return message[:-2], int.from_bytes(message[-2:])


def behind_length(message: bytes) -> bytes:
    """A message on L2CAP and TCP."""
    return u16(len(message)) + message


class Segmenter:
    """Cuts the messages of one direction of a GATT connection."""

    def __init__(self, att_mtu: int) -> None:
        # An attribute value has at most 512 octets, whatever was negotiated.
        self._room = min(att_mtu - 3, SEGMENT_OCTETS)
        self._sequence = 0

    def cut(self, message: bytes) -> list[bytes]:
        """The segments of a message."""
        segments: list[bytes] = []
        rest = message
        while rest or not segments:
            head = b"" if segments else u16(len(message))
            room = self._room - 1 - len(head)
            part, rest = rest[:room], rest[room:]
            flags = (0 if segments else FIRST) | (0 if rest else LAST)
            segments.append(u8(flags | self._sequence) + head + part)
            self._sequence = (self._sequence + 1) & SEQUENCE
        return segments


class Reassembler:
    """Puts the segments of one direction together; any refusal closes the session."""

    def __init__(self) -> None:
        self._sequence = 0
        self._length: int | None = None
        self._message = b""

    def take(self, segment: bytes) -> bytes | None:
        """The message, if this segment is its last."""
        if not segment or segment[0] & SEQUENCE != self._sequence:
            raise Refusal(Reason.BAD_COUNT)
        self._sequence = (self._sequence + 1) & SEQUENCE
        first = segment[0] & FIRST != 0
        if first == (self._length is not None):
            raise Refusal(Reason.BAD_COUNT)
        part = segment[1:]
        if first:
            if len(part) < 2 or not 1 <= int.from_bytes(part[:2]) <= MESSAGE_CAP:
                raise Refusal(Reason.BAD_LENGTH)
            self._length, self._message, part = int.from_bytes(part[:2]), b"", part[2:]
        self._message += part
        assert self._length is not None
        last = segment[0] & LAST != 0
        if len(self._message) > self._length or last != (len(self._message) == self._length):
            raise Refusal(Reason.BAD_LENGTH)
        if not last:
            return None
        self._length = None
        return self._message
