"""The vector files, and what they claim to cover."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator import apdu, blocks, check, check_taps, make_vectors, pair, signed
from generator.device import Device
from generator.entropy import SystemEntropy
from generator.keys import Transport
from generator.messages import Instruction, Status
from generator.objects import Credential
from generator.reader import Abort, Done, ReaderTap, Send
from generator.refusal import Reason, Refusal
from generator.world import CREDENTIAL, device_block, held_ticket, issue, reader_block

Json = dict[str, Any]
VECTORS = Path(__file__).parent.parent.parent


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    return content


def test_a_rerun_gives_the_same_octets() -> None:
    assert make_vectors.write(VECTORS, check=True) == []


def test_every_case_holds() -> None:
    count, failures = check.check(VECTORS)
    assert failures == []
    assert count > 500


def test_every_refusal_of_an_object_has_a_case() -> None:
    seen = {case["expect"] for case in load("objects.json")["cases"]}
    named = [reason.value for reason in Reason]
    assert seen == {"valid", *named[: named.index("bad_count") + 1]}


def test_names_of_cases_are_unique() -> None:
    for name, groups in check.FILES.items():
        content = load(name)
        for group in groups:
            names = [case["name"] for case in content[group]]
            assert len(names) == len(set(names)), (name, group)


def test_a_flipped_bit_anywhere_is_found() -> None:
    """Each value of a tap that follows from others is really compared."""
    tap = load("taps.json")["cases"][0]
    for group in ("values", "messages"):
        for what, octets in tap[group].items():
            if octets:
                flipped = f"{int(octets[0], 16) ^ 1:x}" + octets[1:]
                changed = tap | {group: tap[group] | {what: flipped}}
                try:
                    found = list(check_taps.tap(changed))
                except Refusal:
                    continue
                assert found, what


def test_counted_octets_on_nfc_are_those_of_the_page() -> None:
    taps = {tap["name"]: tap for tap in load("taps.json")["cases"]}
    assert len(CREDENTIAL.user_id) == 16
    for name, frames, octets in (("fast path over nfc", 4, 311), ("full path over nfc", 6, 572)):
        assert sum(len(frame["octets"]) // 2 for frame in taps[name]["frames"][:frames]) == octets


def test_every_truncation_of_a_credential_is_refused() -> None:
    octets = issue(CREDENTIAL)
    for length in range(len(octets)):
        try:
            signed.decode(Credential, octets[:length])
        except Refusal as refusal:
            assert refusal.reason == Reason.TRUNCATED
        else:
            raise AssertionError(length)


def test_tickets_last_for_one_tap_each() -> None:
    """Full once, then fast for ever: each tap spends one ticket and brings two."""
    reader = blocks.reader_setup(reader_block("many taps"))
    device = blocks.device_setup(device_block("many taps"))
    paths = []
    for _ in range(4):
        tap = ReaderTap(reader, Transport.NFC, SystemEntropy())
        pair.run(tap, Device(device, SystemEntropy()), Transport.NFC)
        assert tap.decision is not None
        paths.append(tap.decision.path)
    assert paths == ["full", "fast", "fast", "fast"]
    assert len({held.ticket for held in device.tickets}) == len(device.tickets) == 5


@pytest.mark.parametrize("path", ["full", "fast"])
def test_a_flipped_bit_on_the_way_is_refused(path: str) -> None:
    """Before the decision no tap survives it; behind it the side that receives it refuses."""
    name = f"flipped bits, {path}"
    tickets = [held_ticket(name)] if path == "fast" else []
    reader_json, device_json = reader_block(name), device_block(name, tickets=tickets)
    lengths = _lengths(reader_json, device_json)
    for message, length in enumerate(lengths):
        for offset in range(length):
            reader, device, refused = _flip(reader_json, device_json, message, offset)
            assert refused, (message, offset)
            # A ticket that no longer opens leads to the full path, where the changed transcript shows.
            decided = reader.decision is not None
            assert decided == (message >= len(lengths) - 2), (message, offset)
            assert (device.report is not None) == (message == len(lengths) - 1), (message, offset)


def _lengths(reader_json: Json, device_json: Json) -> list[int]:
    tap = ReaderTap(blocks.reader_setup(reader_json), Transport.TCP, blocks.reader_entropy(reader_json))
    device = Device(blocks.device_setup(device_json), blocks.device_entropy(device_json))
    messages, _ = pair.run(tap, device, Transport.TCP)
    return [len(message.data) for message in messages]


def _flip(reader_json: Json, device_json: Json, message: int, offset: int) -> tuple[ReaderTap, Device, bool]:
    """A tap in which one bit of one message flips on its way; whether a side refused."""
    count = 0

    def pass_on(data: bytes) -> bytes:
        nonlocal count
        count += 1
        if count - 1 != message:
            return data
        return data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]

    tap = ReaderTap(blocks.reader_setup(reader_json), Transport.TCP, blocks.reader_entropy(reader_json))
    device = Device(blocks.device_setup(device_json), blocks.device_entropy(device_json))
    status = Status.NORMAL
    try:
        step = tap.receive(pass_on(device.open(Transport.TCP)), status)
        while isinstance(step, Send) and status == Status.NORMAL:
            data, status = device.handle(step.instruction, pass_on(step.data))
            if status == Status.NORMAL:
                step = tap.receive(pass_on(data), status)
    except Abort:
        return tap, device, True
    return tap, device, status != Status.NORMAL or (isinstance(step, Done) and step.ack_refused is not None)


def test_a_command_of_version_1_is_a_short_apdu() -> None:
    assert len(apdu.command(Instruction.OUTCOME, bytes(241))) == 247
