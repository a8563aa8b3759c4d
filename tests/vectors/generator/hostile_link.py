"""What goes wrong below the messages: APDUs and GATT segments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import blocks, make_taps
from .apdu import NfcDevice
from .device import Device
from .framing import Reassembler, Segmenter
from .keys import Transport
from .messages import SELECT, Result
from .refusal import Refusal

Json = dict[str, Any]


def make() -> list[Json]:
    """All cases for links."""
    return [*_apdus(), *_segments()]


def _apdus() -> Iterator[Json]:
    tap = make_taps.tap("an APDU at a time", Transport.NFC, "full", Result.GRANT)
    hello, offer = (bytes.fromhex(tap["messages"][what]) for what in ("hello", "offer"))
    selected = tap["messages"]["select_response"] + "9000"
    answered = offer.hex() + "9000"
    first, second = hello[:100], hello[100:]
    head, tail = _short(0x90, 0x10, first), _short(0x80, 0x10, second)
    yield _apdu_case("HELLO in a chain of two", tap, [(SELECT, selected), (head, "9000"), (tail, answered)])
    extended = bytes([0x80, 0x10, 0, 0, 0]) + len(hello).to_bytes(2) + hello + bytes(2)
    yield _apdu_case("HELLO in extended length", tap, [(SELECT, selected), (extended, answered)])
    broken = [(SELECT, selected), (head, "9000"), (_short(0x80, 0x12, bytes(16)), "6883"), (SELECT, selected)]
    yield _apdu_case("a chain broken off by CONFIRM", tap, broken)
    part = _short(0x90, 0x10, bytes(255))
    over = [(SELECT, selected)] + [(part, "9000")] * 8 + [(part, "6a84"), (SELECT, selected)]
    yield _apdu_case("a chain of more than 2,048 octets", tap, over)
    other = SELECT[:12] + b"\x58" + SELECT[13:]
    yield _apdu_case("SELECT of another AID", tap, [(other, "6a82"), (SELECT, selected)])
    longer = SELECT[:4] + b"\x0a" + SELECT[5:14] + b"\x00\x00"
    yield _apdu_case("SELECT of a longer AID", tap, [(longer, "6a82"), (SELECT, selected)])
    wrong_class = _short(0xA0, 0x10, hello)
    yield _apdu_case("class A0", tap, [(SELECT, selected), (wrong_class, "6e00"), (SELECT, selected)])
    unknown = _short(0x80, 0x18, b"")
    yield _apdu_case("instruction 18", tap, [(SELECT, selected), (unknown, "6d00"), (SELECT, selected)])
    for p1, p2 in ((1, 0), (0, 1), (255, 255)):
        apdu = bytes([0x80, 0x10, p1, p2]) + _short(0x80, 0x10, hello)[4:]
        yield _apdu_case(f"P1 {p1:02X}, P2 {p2:02X}", tap, [(SELECT, selected), (apdu, "6a86"), (SELECT, selected)])
    for what, apdu in (
        ("three octets", bytes([0x80, 0x10, 0])),
        ("less data than it says", _short(0x80, 0x10, hello)[:-2]),
        ("more data than it says", _short(0x80, 0x10, hello) + bytes(2)),
    ):
        yield _apdu_case(f"an APDU of {what}", tap, [(SELECT, selected), (apdu, "6700"), (SELECT, selected)])


def _short(klass: int, instruction: int, data: bytes) -> bytes:
    return bytes([klass, instruction, 0, 0]) + (bytes([len(data)]) + data if data else b"") + b"\x00"


def _apdu_case(name: str, tap: Json, steps: list[tuple[bytes, str]]) -> Json:
    device = NfcDevice(Device(blocks.device_setup(tap["device"]), blocks.device_entropy(tap["device"])))
    for apdu, expect in steps:
        got = device.exchange(apdu).hex()
        if got != expect:
            raise AssertionError(f"{name}: {got} and not {expect}")
    return {
        "name": f"APDU: {name}",
        "to": "device_apdu",
        "transport": Transport.NFC.value,
        "device": tap["device"],
        "steps": [{"apdu": apdu.hex(), "expect": expect} for apdu, expect in steps],
    }


def _segments() -> Iterator[Json]:
    message = bytes(range(50))
    cut = Segmenter(23).cut(message)
    yield _segment_case("three segments", cut, message)
    yield _segment_case("a message in one segment", Segmenter(247).cut(message), message)
    many = Segmenter(23)
    numbered = [segment for _ in range(24) for segment in many.cut(message)]
    yield _segment_case("the sequence number goes round at 64", numbered, message)
    first, middle, last = cut
    yield _segment_case("a segment left out", [first, last], None)
    yield _segment_case("a segment twice", [first, middle, middle], None)
    yield _segment_case("a first segment with sequence number 1", [_flags(first, 0x81)], None)
    yield _segment_case("a first segment in the middle of a message", [first, _flags(middle, 0x81)], None)
    yield _segment_case("a middle segment outside a message", [_flags(middle, 0x00)], None)
    yield _segment_case("a last segment outside a message", [_flags(last, 0x40)], None)
    yield _segment_case("the last segment ends before the length", [first, middle, last[:-1]], None)
    yield _segment_case("the last segment goes over the length", [first, middle, last + b"\x00"], None)
    yield _segment_case("no octets", [b""], None)
    yield _segment_case("a message of no octets", [b"\xc0\x00\x00"], None)
    yield _segment_case("half a length", [b"\xc0\x00"], None)


def _flags(segment: bytes, flags: int) -> bytes:
    return bytes([flags]) + segment[1:]


def _segment_case(name: str, segments: list[bytes], message: bytes | None) -> Json:
    """The message that comes out last, or none where the last segment closes the session."""
    joiner, got = Reassembler(), None
    closed = False
    for segment in segments:
        if closed:
            raise AssertionError(f"{name}: the session closed early")
        try:
            got = joiner.take(segment)
        except Refusal:
            closed, got = True, None
    if got != message or closed != (message is None):
        raise AssertionError(f"{name}: {got!r} came out")
    return {
        "name": f"GATT: {name}",
        "to": "segments",
        "transport": Transport.BLE_GATT.value,
        "segments": [segment.hex() for segment in segments],
        "message": None if message is None else message.hex(),
    }
