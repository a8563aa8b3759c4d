"""The exchange in ISO 7816-4 APDUs, as it goes over NFC.

Spec: docs/PROTOCOL.md#nfc
"""

from __future__ import annotations

from .device import Device
from .keys import Transport
from .messages import REASSEMBLY_CAP, SELECT, Instruction, Status
from .wire import u8, u16

CLASS_ISO = 0x00
CLASS_OSTIARY = 0x80
CLASS_CHAIN = 0x90
GET_RESPONSE = 0xC0
SHORT_RESPONSE_OCTETS = 256


def command(instruction: Instruction, data: bytes) -> bytes:
    """A short APDU with Le 00; every command of version 1 fits in one."""
    return bytes([CLASS_OSTIARY, instruction, 0, 0, len(data)]) + data + b"\x00"


class NfcDevice:
    """Takes APDUs apart for a device, and its answers for the reader."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._chain: tuple[int, bytes] | None = None
        self._waiting = b""

    def exchange(self, apdu: bytes) -> bytes:
        """The response APDU, status word included."""
        data, status = self._answer(apdu)
        if status == Status.NORMAL and self._waiting:
            return data + u8(0x61) + u8(len(self._waiting) if len(self._waiting) < 256 else 0)
        return data + u16(status)

    def _answer(self, apdu: bytes) -> tuple[bytes, int]:
        waiting, self._waiting = self._waiting, b""
        chain, self._chain = self._chain, None
        if len(apdu) < 4:
            return self._drop(Status.WRONG_LENGTH)
        klass, instruction = apdu[0], apdu[1]
        body = _command_data(apdu[4:])
        if body is None:
            return self._drop(Status.WRONG_LENGTH)
        data, expected = body
        if klass not in (CLASS_ISO, CLASS_OSTIARY, CLASS_CHAIN):
            return self._drop(Status.UNKNOWN_CLASS)
        if chain is not None and (klass == CLASS_ISO or chain[0] != instruction):
            return self._drop(Status.CHAIN_BROKEN)
        if klass == CLASS_ISO and instruction == GET_RESPONSE:
            return self._hand_out(waiting, expected) if waiting else self._drop(Status.OUT_OF_ORDER)
        if klass == CLASS_ISO:
            if instruction != Instruction.SELECT:
                return self._drop(Status.UNKNOWN_INSTRUCTION)
            return self._device.select(Transport.NFC, data)
        data = (chain[1] if chain else b"") + data
        if len(data) > REASSEMBLY_CAP:
            return self._drop(Status.NO_MEMORY)
        if klass == CLASS_CHAIN:
            self._chain = (instruction, data)
            return b"", Status.NORMAL
        if apdu[2:4] != b"\x00\x00":
            return self._drop(Status.INCORRECT_PARAMETERS)
        answer, status = self._device.handle(instruction, data)
        return self._hand_out(answer, expected) if status == Status.NORMAL else (answer, status)

    def _hand_out(self, answer: bytes, expected: int) -> tuple[bytes, int]:
        self._waiting = answer[expected:]
        return answer[:expected], Status.NORMAL

    def _drop(self, status: Status) -> tuple[bytes, int]:
        self._device.close()
        return b"", status


def _command_data(body: bytes) -> tuple[bytes, int] | None:
    """The command data and the octets expected at most (ISO/IEC 7816-4 §5.1)."""
    if not body:
        return b"", 0
    if len(body) == 1:
        return b"", body[0] or SHORT_RESPONSE_OCTETS
    if body[0] != 0:
        return _split(body[1:], body[0], 1)
    if len(body) < 3:
        return None
    return _split(body[3:], int.from_bytes(body[1:3]), 2)


def _split(rest: bytes, length: int, le_octets: int) -> tuple[bytes, int] | None:
    le = rest[length:]
    if len(rest) < length or len(le) not in (0, le_octets):
        return None
    return rest[:length], (int.from_bytes(le) or 1 << (8 * le_octets)) if le else 0


class NfcReader:
    """Sends commands as APDUs and puts the answers together."""

    def __init__(self, device: NfcDevice) -> None:
        self._device = device
        self.frames: list[tuple[str, bytes]] = []

    def select(self) -> tuple[bytes, int]:
        """SELECT and its answer."""
        return self._transmit(SELECT)

    def ask(self, instruction: Instruction, data: bytes) -> tuple[bytes, int]:
        """A command and its whole answer."""
        return self._transmit(command(instruction, data))

    def _transmit(self, apdu: bytes) -> tuple[bytes, int]:
        answer = b""
        while True:
            response = self._device.exchange(apdu)
            self.frames += [("reader", apdu), ("device", response)]
            answer += response[:-2]
            if response[-2] != 0x61:
                return answer, int.from_bytes(response[-2:])
            apdu = bytes([CLASS_ISO, GET_RESPONSE, 0, 0, response[-1]])
