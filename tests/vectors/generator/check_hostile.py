"""Plays hostile cases to this implementation's own device, reader and link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import blocks
from .apdu import NfcDevice
from .device import Device, DeviceReport
from .framing import Reassembler
from .keys import Transport
from .messages import Result
from .reader import Abort, ReaderTap, Send
from .refusal import Refusal

Json = dict[str, Any]


def case(case: Json) -> Iterator[str]:
    """What does not come out as the case says."""
    yield from {"device": _device, "reader": _reader, "device_apdu": _apdus, "segments": _segments}[case["to"]](case)


def _device(case: Json) -> Iterator[str]:
    device = Device(blocks.device_setup(case["device"]), blocks.device_entropy(case["device"]))
    believed = None
    for n, step in enumerate(case["steps"]):
        if step["command"] == "select":
            believed = device.report if device.report else believed
            answer, status = device.open(Transport(case["transport"])), 0x9000
        else:
            answer, status = device.handle(step["instruction"], bytes.fromhex(step["data"]))
        if (answer.hex(), f"{status:04X}") != (step["answer"], step["status"]):
            yield f"step {n}"
    if _belief(believed) != case["believes"]:
        yield "believes"


def _belief(report: DeviceReport | None) -> str | None:
    if report is None:
        return None
    if report.result == Result.GRANT:
        return "grant"
    return f"deny {report.result}" if 1 <= report.result <= 6 else "deny, unknown reason"


def _reader(case: Json) -> Iterator[str]:
    tap = ReaderTap(
        blocks.reader_setup(case["reader"]), Transport(case["transport"]), blocks.reader_entropy(case["reader"])
    )
    for n, step in enumerate(case["steps"]):
        expect = step["expect"]
        try:
            got = tap.receive(bytes.fromhex(step["data"]), int(step["status"], 16))
        except Abort:
            if "abort" not in expect:
                yield f"step {n}: aborted"
            return
        if isinstance(got, Send):
            result = None if tap.decision is None else tap.decision.result
            if (
                expect.get("send") != got.instruction.name.lower()
                or expect["data"] != got.data.hex()
                or expect.get("result") != result
            ):
                yield f"step {n}: sent {got.instruction.name}"
        elif expect.get("done") != ("ack_refused" if got.ack_refused else "ack_taken") or expect["used"] != sorted(
            kind.name.lower() for kind in got.brought
        ):
            yield f"step {n}: {got}"


def _apdus(case: Json) -> Iterator[str]:
    device = NfcDevice(Device(blocks.device_setup(case["device"]), blocks.device_entropy(case["device"])))
    for n, step in enumerate(case["steps"]):
        if device.exchange(bytes.fromhex(step["apdu"])).hex() != step["expect"]:
            yield f"step {n}"


def _segments(case: Json) -> Iterator[str]:
    joiner, got = Reassembler(), None
    try:
        for segment in case["segments"]:
            got = joiner.take(bytes.fromhex(segment))
    except Refusal:
        got = None
    if (None if got is None else got.hex()) != case["message"]:
        yield "message"
