"""A reader and a device in one process, for vectors and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import framing
from .apdu import NfcDevice, NfcReader
from .device import Device
from .keys import Transport
from .messages import Instruction, Status
from .reader import Done, ReaderTap

Ask = Callable[[Instruction, bytes], tuple[bytes, int]]


@dataclass(frozen=True)
class Message:
    """One message of a tap: name, sender, data, and the octets in which it travelled."""

    name: str
    data: bytes
    frames: tuple[tuple[str, bytes], ...]


ANSWERS = {
    Instruction.HELLO: "offer",
    Instruction.CONFIRM: "proof",
    Instruction.OUTCOME: "ack",
    Instruction.REPORT: "received",
}


def run(reader: ReaderTap, device: Device, transport: Transport, att_mtu: int = 247) -> tuple[list[Message], Done]:
    """A whole tap; the messages in order and what came of it."""
    messages: list[Message] = []
    link = _Link(device, transport, att_mtu)
    data, status = link.select()
    messages.append(Message("select_response", data, link.drain()))
    step = reader.receive(data, status)
    while not isinstance(step, Done):
        data, status = link.ask(step.instruction, step.data)
        frames = link.drain()
        messages.append(Message(step.instruction.name.lower(), step.data, frames))
        messages.append(Message(ANSWERS[step.instruction], data, ()))
        step = reader.receive(data, status)
    return messages, step


class _Link:
    """Carries commands and answers as the transport does, and keeps the frames."""

    def __init__(self, device: Device, transport: Transport, att_mtu: int) -> None:
        self._device = device
        self._transport = transport
        self._nfc = NfcReader(NfcDevice(device))
        self._cutters = {"reader": framing.Segmenter(att_mtu), "device": framing.Segmenter(att_mtu)}
        self._joiners = {"reader": framing.Reassembler(), "device": framing.Reassembler()}
        self._frames: list[tuple[str, bytes]] = []

    def select(self) -> tuple[bytes, int]:
        if self._transport == Transport.NFC:
            return self._nfc.select()
        data = self._device.open(self._transport)
        return framing.split_response(self._carry("device", framing.response(data, Status.NORMAL)))

    def ask(self, instruction: Instruction, data: bytes) -> tuple[bytes, int]:
        if self._transport == Transport.NFC:
            return self._nfc.ask(instruction, data)
        command = self._carry("reader", framing.command(instruction, data))
        answer, status = self._device.handle(command[0], command[1:])
        return framing.split_response(self._carry("device", framing.response(answer, status)))

    def drain(self) -> tuple[tuple[str, bytes], ...]:
        frames, self._frames = tuple(self._nfc.frames + self._frames), []
        self._nfc.frames = []
        return frames

    def _carry(self, sender: str, message: bytes) -> bytes:
        if self._transport != Transport.BLE_GATT:
            self._frames.append((sender, framing.behind_length(message)))
            return message
        arrived = None
        for segment in self._cutters[sender].cut(message):
            self._frames.append((sender, segment))
            arrived = self._joiners[sender].take(segment)
        assert arrived is not None
        return arrived
