"""Messages that a device refuses, or answers with a decoy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import blocks, make_taps, signed, suite
from .device import Device
from .entropy import seeded, seeded_key
from .keys import Transport
from .messages import Hello, Instruction, OutcomePlaintext, Result, Status
from .reader import ReaderTap, Send
from .reports import Contents, Entry
from .signed import Header
from .world import (
    CERTIFICATE,
    CREDENTIAL,
    HEADER,
    ISSUER,
    ISSUER_INDEX,
    LOG,
    NOW,
    OTHER_ISSUER,
    OTHER_PROJECT,
    READER_ID,
    REVOCATION_LIST,
    STRANGER,
    TIME_TOKEN,
    device_block,
    held_ticket,
    issue,
    reader_block,
)

Json = dict[str, Any]
OFF_CURVE = b"\x02" + (1).to_bytes(32)


class Script:
    """Asks a device and writes down what it answers, if it is what the page says."""

    def __init__(self, name: str, transport: Transport, block: Json) -> None:
        self._device = Device(blocks.device_setup(block), blocks.device_entropy(block))
        self._transport = transport
        self._case: Json = {"name": name, "to": "device", "transport": transport.value, "device": block, "steps": []}

    def select(self) -> Script:
        """Begins a session."""
        data = self._device.open(self._transport)
        self._case["steps"].append(
            {"command": "select", "instruction": None, "data": None, "status": "9000", "answer": data.hex()}
        )
        return self

    def send(self, instruction: int, data: bytes, status: Status = Status.NORMAL, decoy: bool = False) -> bytes:
        """One command; the status word has to be the one given."""
        answer, got = self._device.handle(instruction, data)
        if got != status:
            raise AssertionError(f"{self._case['name']}: {got:04X} and not {status:04X}")
        known = instruction in list(Instruction)
        step: Json = {
            "command": Instruction(instruction).name.lower() if known else "unknown",
            "instruction": instruction,
            "data": data.hex(),
            "status": f"{got:04X}",
            "answer": answer.hex(),
        }
        if instruction == Instruction.HELLO and got == Status.NORMAL:
            step["decoy"] = decoy
        self._case["steps"].append(step)
        return answer

    def end(self) -> Json:
        """The case, with SELECT at the end: a device is ready for it after everything."""
        report = self._device.report
        self._case["believes"] = None if report is None else _belief(report.result)
        self.select()
        return self._case


def _belief(result: int) -> str:
    if result == Result.GRANT:
        return "grant"
    return f"deny {result}" if result in list(Result) else "deny, unknown reason"


def make() -> list[Json]:
    """All cases for devices."""
    return [*_refused_hellos(), *_decoys(), *_decoys_out_of_order(), *_order(), *_confirms(), *_outcomes(), *_tickets()]


def _base(name: str, path: str = "full") -> Json:
    """An honest tap between the two sides that the case of this name has."""
    device: Json = {"tickets": [held_ticket(name)]} if path == "fast" else {}
    return make_taps.tap(name, Transport.NFC, path, Result.GRANT, None, device)


def _message(tap: Json, name: str) -> bytes:
    return bytes.fromhex(tap["messages"][name])


def _refused_hellos() -> Iterator[Json]:
    for name, patch, status in (
        ("version 0", (0, 0), Status.NOT_SUPPORTED),
        ("version 2", (0, 2), Status.NOT_SUPPORTED),
        ("suite 0", (1, 0), Status.NOT_SUPPORTED),
        ("suite 2", (1, 2), Status.NOT_SUPPORTED),
    ):
        name = f"HELLO with {name}"
        tap = _base(name)
        hello = bytearray(_message(tap, "hello"))
        hello[patch[0]] = patch[1]
        script = Script(name, Transport.NFC, tap["device"]).select()
        script.send(Instruction.HELLO, bytes(hello), status)
        yield script.end()
    for instruction, before in ((Instruction.HELLO, 0), (Instruction.CONFIRM, 1), (Instruction.OUTCOME, 2)):
        for change in ("none at all", "an octet short", "an octet long"):
            name = f"{instruction.name} with data of the wrong length: {change}"
            tap = _base(name)
            data = _message(tap, instruction.name.lower())
            data = {"none at all": b"", "an octet short": data[:-1], "an octet long": data + b"\x00"}[change]
            script = _up_to(name, tap, before)
            script.send(instruction, data, Status.WRONG_LENGTH)
            yield script.end()


def _up_to(name: str, tap: Json, commands: int) -> Script:
    """The honest tap up to so many commands."""
    script = Script(name, Transport.NFC, tap["device"]).select()
    for instruction in (Instruction.HELLO, Instruction.CONFIRM, Instruction.OUTCOME)[:commands]:
        script.send(instruction, _message(tap, instruction.name.lower()))
    return script


def _decoys() -> Iterator[Json]:
    unknown = Header(bytes.fromhex("ffffffffffffffff"), ISSUER_INDEX)
    good = issue(CERTIFICATE)
    body = CERTIFICATE.encode()
    high = (suite.ORDER - int.from_bytes(good[-32:])).to_bytes(32)
    certificates: dict[str, bytes] = {
        "a project that is not known": issue(replace(CERTIFICATE, header=unknown)),
        "an issuer index that is not known": issue(replace(CERTIFICATE, header=replace(HEADER, issuer=9))),
        "a certificate signed by a stranger": issue(CERTIFICATE, STRANGER),
        "a certificate with a flipped bit": good[:12] + bytes([good[12] ^ 1]) + good[13:],
        "a certificate with a high s": good[:-32] + high,
        "a certificate signed under another label": signed.sign(b"ostiary credential", body, ISSUER),
        "a certificate that has expired": issue(replace(CERTIFICATE, not_after=NOW + 2)),
        "a certificate that is not valid yet": issue(replace(CERTIFICATE, not_before=NOW + 3)),
        "a certificate of format 2": signed.sign(CERTIFICATE.LABEL, b"\x02" + body[1:], ISSUER),
        "a certificate that demands presence 3": issue(replace(CERTIFICATE, presence=3)),
        "a certificate whose point is off the curve": issue(replace(CERTIFICATE, point=OFF_CURVE)),
        "presence unlocked demanded, none given": issue(replace(CERTIFICATE, presence=1)),
        "presence verified demanded, unlocked given": issue(replace(CERTIFICATE, presence=2)),
        "a reader that is revoked": good,
        "no credential": good,
        "a credential of another project only": good,
    }
    foreign = replace(CREDENTIAL, header=Header(OTHER_PROJECT, ISSUER_INDEX))
    changes: dict[str, Json] = {
        "presence unlocked demanded, none given": {"presence": 0},
        "a reader that is revoked": {
            "revocation_list": issue(replace(REVOCATION_LIST, reader_ids=(2, READER_ID, 900))).hex()
        },
        # A point may be checked when it is used, behind OFFER: a ticket would then have been presented.
        "a certificate whose point is off the curve": {"tickets": []},
        "no credential": {"credential": None},
        "a credential of another project only": {"credential": issue(foreign, OTHER_ISSUER).hex()},
    }
    for what, certificate in certificates.items():
        yield from _decoy(what, certificate, changes.get(what, {}))
    yield from _decoy("an ephemeral point off the curve", good, {"tickets": []}, OFF_CURVE)
    yield from _decoy("an ephemeral point of zero octets", good, {"tickets": []}, bytes(33))


def _decoy(what: str, certificate: bytes, changes: Json, point: bytes | None = None) -> Iterator[Json]:
    """Two cases: the reader goes on with the best CONFIRM that it can make, or with an OUTCOME."""
    for instruction in (Instruction.CONFIRM, Instruction.OUTCOME):
        name = f"decoy, then {instruction.name}: {what}"
        reader = reader_block(name, certificate=certificate.hex())
        # A ticket of this reader is at hand, and a decoy must not spend it.
        device = device_block(name, **({"tickets": [held_ticket(name)]} | changes))
        tap = ReaderTap(blocks.reader_setup(reader), Transport.NFC, blocks.reader_entropy(reader))
        hello = tap.receive(bytes.fromhex(device["select_response"]), Status.NORMAL)
        assert isinstance(hello, Send)
        data = hello.data if point is None else Hello(NOW, certificate, point).encode()
        script = Script(name, Transport.NFC, device).select()
        offer = script.send(Instruction.HELLO, data, decoy=True)
        assert offer[33:] == bytes.fromhex(device["fillers"][0]), name
        confirm = tap.receive(offer, Status.NORMAL)
        assert isinstance(confirm, Send)
        data = confirm.data if instruction == Instruction.CONFIRM else seeded(name, 241)
        script.send(instruction, data, Status.NOT_SATISFIED)
        yield script.end()


def _decoys_out_of_order() -> Iterator[Json]:
    """A decoy answers a reader that makes mistakes as every device does."""
    certificate = issue(CERTIFICATE, STRANGER)
    wrong_confirm = (Instruction.CONFIRM, seeded("a CONFIRM", 16), Status.NOT_SATISFIED)
    again = (Instruction.HELLO, b"", Status.OUT_OF_ORDER)
    mistakes: dict[str, list[tuple[int, bytes, Status]]] = {
        "HELLO again": [again],
        "CONFIRM twice": [wrong_confirm, (Instruction.CONFIRM, seeded("a CONFIRM", 16), Status.OUT_OF_ORDER)],
        "HELLO behind CONFIRM": [wrong_confirm, again],
        "a REPORT": [(Instruction.REPORT, bytes(100), Status.OUT_OF_ORDER)],
        "a CONFIRM of 15 octets": [(Instruction.CONFIRM, bytes(15), Status.WRONG_LENGTH)],
        "an OUTCOME of 240 octets": [(Instruction.OUTCOME, bytes(240), Status.WRONG_LENGTH)],
        "instruction 11": [(0x11, b"", Status.UNKNOWN_INSTRUCTION)],
    }
    for what, commands in mistakes.items():
        name = f"decoy, then {what}"
        device = device_block(name)
        hello = _hello(reader_block(name, certificate=certificate.hex()), device)
        script = Script(name, Transport.NFC, device).select()
        script.send(Instruction.HELLO, hello, decoy=True)
        for instruction, data, status in commands:
            script.send(instruction, data or (hello if instruction == Instruction.HELLO else b""), status)
        yield script.end()


def _order() -> Iterator[Json]:
    orders: list[tuple[str, int, list[Instruction]]] = [
        ("CONFIRM in the place of HELLO", 0, [Instruction.CONFIRM]),
        ("OUTCOME in the place of HELLO", 0, [Instruction.OUTCOME]),
        ("HELLO again in the place of CONFIRM", 1, [Instruction.HELLO]),
        ("HELLO again in the place of OUTCOME", 2, [Instruction.HELLO]),
        ("CONFIRM again in the place of OUTCOME", 2, [Instruction.CONFIRM]),
        ("OUTCOME again after the end", 3, [Instruction.OUTCOME]),
        ("CONFIRM after the end", 3, [Instruction.CONFIRM]),
        ("HELLO after the end", 3, [Instruction.HELLO]),
        ("nothing but SELECT helps after an error", 1, [Instruction.HELLO, Instruction.CONFIRM, Instruction.HELLO]),
    ]
    for name, before, instructions in orders:
        tap = _base(name)
        script = _up_to(name, tap, before)
        for instruction in instructions:
            script.send(instruction, _message(tap, instruction.name.lower()), Status.OUT_OF_ORDER)
        yield script.end()
    name = "HELLO before SELECT"
    tap = _base(name)
    script = Script(name, Transport.NFC, tap["device"])
    script.send(Instruction.HELLO, _message(tap, "hello"), Status.OUT_OF_ORDER)
    yield script.end()
    for code in (0x00, 0x11, 0x18, 0xFF):
        name = f"instruction {code:02X}"
        script = Script(name, Transport.NFC, device_block(name)).select()
        script.send(code, b"", Status.UNKNOWN_INSTRUCTION)
        yield script.end()


def _confirms() -> Iterator[Json]:
    for what in ("a bit flipped", "zero octets", "of another tap", "under the reader key", "aad h3", "counter 1"):
        name = f"CONFIRM with a wrong tag: {what}"
        tap = _base(name)
        good = _message(tap, "confirm")
        values = {key: bytes.fromhex(value) for key, value in tap["values"].items()}
        first = suite.counter_nonce(0)
        wrong = {
            "a bit flipped": good[:-1] + bytes([good[-1] ^ 1]),
            "zero octets": bytes(16),
            "of another tap": _message(_base(name + ", the other"), "confirm"),
            "under the reader key": suite.seal(values["reader_key"], first, values["h4"], b""),
            "aad h3": suite.seal(values["confirm_key"], first, values["h3"], b""),
            "counter 1": suite.seal(values["confirm_key"], suite.counter_nonce(1), values["h4"], b""),
        }[what]
        script = _up_to(name, tap, 1)
        script.send(Instruction.CONFIRM, wrong, Status.NOT_SATISFIED)
        script.send(Instruction.CONFIRM, good, Status.OUT_OF_ORDER)
        yield script.end()


def _outcomes() -> Iterator[Json]:
    for path in ("full", "fast"):
        for what in ("a bit flipped", "of another tap", "under the device key", "counter 1", "aad h3"):
            name = f"OUTCOME on the {path} path that does not open: {what}"
            tap = _base(name, path)
            values = {key: bytes.fromhex(value) for key, value in tap["values"].items()}
            h = values["h6" if path == "full" else "h4"]
            good, plain, zero = _message(tap, "outcome"), values["outcome_plaintext"], suite.counter_nonce(0)
            wrong = {
                "a bit flipped": good[:-1] + bytes([good[-1] ^ 1]),
                "of another tap": _message(_base(name + ", the other", path), "outcome"),
                "under the device key": suite.seal(values["device_key"], zero, h, plain),
                "counter 1": suite.seal(values["reader_key"], suite.counter_nonce(1), h, plain),
                "aad h3": suite.seal(values["reader_key"], zero, values["h3"], plain),
            }[what]
            script = _up_to(name, tap, 2 if path == "full" else 1)
            script.send(Instruction.OUTCOME, wrong, Status.NOT_SATISFIED)
            script.send(Instruction.OUTCOME, good, Status.OUT_OF_ORDER)
            yield script.end()
    name = "OUTCOME behind OFFER, and no ticket was presented"
    tap = _base(name)
    script = _up_to(name, tap, 1)
    script.send(Instruction.OUTCOME, _message(tap, "outcome"), Status.NOT_SATISFIED)
    yield script.end()
    yield from _plaintexts()
    yield from _reports()


def _reports() -> Iterator[Json]:
    """REPORTs that are not taken, each followed by the one that would have been."""
    waiting = {"nonce": bytes(12).hex(), "contents": Contents(LOG, 1, (Entry(1, NOW, 4, b""),)).encode().hex()}
    for path in ("full", "fast"):
        for what, status in (
            ("a bit flipped", Status.NOT_SATISFIED),
            ("under the key of the device", Status.NOT_SATISFIED),
            ("with the counter of OUTCOME", Status.NOT_SATISFIED),
            ("with h7 for h8", Status.NOT_SATISFIED),
            ("no octets", Status.WRONG_LENGTH),
            ("as long as an empty report", Status.WRONG_LENGTH),
            ("an octet longer than the room", Status.WRONG_LENGTH),
            ("as long as the room, and all zero", Status.NOT_SATISFIED),
        ):
            name = f"REPORT on the {path} path, {what}"
            held: Json = {"tickets": [held_ticket(name)]} if path == "fast" else {}
            takes = held | {"report_room": 200}
            tap = make_taps.tap(name, Transport.NFC, path, Result.GRANT, {"report": waiting}, takes)
            values = {key: bytes.fromhex(value) for key, value in tap["values"].items()}
            good, report, next_nonce = _message(tap, "report"), values["report_sealed"], suite.counter_nonce(1)
            wrong = {
                "a bit flipped": good[:-1] + bytes([good[-1] ^ 1]),
                "under the key of the device": suite.seal(values["device_key"], next_nonce, values["h8"], report),
                "with the counter of OUTCOME": suite.seal(
                    values["reader_key"], suite.counter_nonce(0), values["h8"], report
                ),
                "with h7 for h8": suite.seal(values["reader_key"], next_nonce, values["h7"], report),
                "no octets": b"",
                "as long as an empty report": bytes(44),
                "an octet longer than the room": bytes(217),
                "as long as the room, and all zero": bytes(216),
            }[what]
            script = _up_to(name, tap, 2 if path == "full" else 1)
            script.send(Instruction.OUTCOME, _message(tap, "outcome"))
            script.send(Instruction.REPORT, wrong, status)
            script.send(Instruction.REPORT, good, Status.OUT_OF_ORDER)
            yield script.end()
    name = "REPORT twice"
    tap = make_taps.tap(name, Transport.NFC, "full", Result.GRANT, {"report": waiting}, {"report_room": 200})
    script = _up_to(name, tap, 2)
    script.send(Instruction.OUTCOME, _message(tap, "outcome"))
    script.send(Instruction.REPORT, _message(tap, "report"))
    script.send(Instruction.REPORT, _message(tap, "report"), Status.OUT_OF_ORDER)
    yield script.end()
    for what, commands in (
        ("in the place of HELLO", 0),
        ("in the place of CONFIRM", 1),
        ("in the place of OUTCOME", 2),
    ):
        name = f"REPORT {what}"
        tap = _base(name)
        script = _up_to(name, tap, commands)
        script.send(Instruction.REPORT, bytes(100), Status.OUT_OF_ORDER)
        yield script.end()
    name = "REPORT to a device that takes none"
    tap = make_taps.tap(name, Transport.NFC, "full", Result.GRANT, {"report": waiting})
    script = _up_to(name, tap, 2)
    script.send(Instruction.OUTCOME, _message(tap, "outcome"))
    script.send(Instruction.REPORT, bytes(100), Status.OUT_OF_ORDER)
    yield script.end()


def _plaintexts() -> Iterator[Json]:
    """OUTCOMEs that open: what is in them is strange."""
    strange: dict[str, tuple[int, int, Status]] = {
        "three tickets": (8, 3, Status.NOT_SATISFIED),
        "255 tickets": (8, 255, Status.NOT_SATISFIED),
        "padding that is not zero": (224, 1, Status.NOT_SATISFIED),
        "a denial with tickets": (0, 2, Status.NOT_SATISFIED),
    }
    for what, (offset, value, status) in strange.items():
        name = f"OUTCOME that opens, with {what}"
        tap = make_taps.tap(name, Transport.NFC, "full", Result.GRANT, {"tickets_issued": 1})
        plaintext = bytearray.fromhex(tap["values"]["outcome_plaintext"])
        plaintext[offset] = value
        script = _up_to(name, tap, 2)
        script.send(Instruction.OUTCOME, _sealed_outcome(tap, bytes(plaintext)), status)
        yield script.end()
    for result in (7, 255):
        name = f"OUTCOME that opens, with result {result}"
        tap = _base(name)
        script = _up_to(name, tap, 2)
        script.send(Instruction.OUTCOME, _sealed_outcome(tap, OutcomePlaintext(result, 1024, 0).encode()))
        yield script.end()
    for wishes in (0xFE, 0xFF):
        name = f"OUTCOME that opens, with wishes {wishes:02X}"
        tap = make_taps.tap(name, Transport.NFC, "full", Result.GRANT, None, {"time_token": issue(TIME_TOKEN).hex()})
        script = _up_to(name, tap, 2)
        ack = script.send(Instruction.OUTCOME, _sealed_outcome(tap, OutcomePlaintext(0, 1024, 0, wishes).encode()))
        assert (len(ack) > 16) == (wishes == 0xFF), name
        yield script.end()


def _sealed_outcome(tap: Json, plaintext: bytes) -> bytes:
    key, h6 = bytes.fromhex(tap["values"]["reader_key"]), bytes.fromhex(tap["values"]["h6"])
    return suite.seal(key, suite.counter_nonce(0), h6, plaintext)


def _tickets() -> Iterator[Json]:
    def twice(name: str, **changes: Any) -> tuple[Json, Json]:
        ephemerals = [seeded_key(f"{name}: device ephemeral {n}").scalar.hex() for n in range(2)]
        fillers = [seeded(f"{name}: filler {n}", 88).hex() for n in range(2)]
        return reader_block(name), device_block(name, ephemerals=ephemerals, fillers=fillers, **changes)

    name = "a ticket is not presented again after a tap that broke off"
    reader, device = twice(name, tickets=[held_ticket(name)])
    hello = _hello(reader, device)
    script = Script(name, Transport.NFC, device).select()
    first = script.send(Instruction.HELLO, hello)
    script.select()
    second = script.send(Instruction.HELLO, hello)
    assert first[33:105].hex() == device["tickets"][0]["ticket"] and second[33:].hex() == device["fillers"][1]
    yield script.end()
    for name, expiry in (
        ("a ticket that is no longer live is not presented", {"expires": NOW + 2}),
        ("a ticket of another reader is not presented", {"reader_id": READER_ID + 1}),
    ):
        reader, device = twice(name, tickets=[held_ticket(name) | expiry])
        script = Script(name, Transport.NFC, device).select()
        offer = script.send(Instruction.HELLO, _hello(reader, device))
        assert offer[33:].hex() == device["fillers"][0]
        yield script.end()


def _hello(reader: Json, device: Json) -> bytes:
    tap = ReaderTap(blocks.reader_setup(reader), Transport.NFC, blocks.reader_entropy(reader))
    step = tap.receive(bytes.fromhex(device["select_response"]), Status.NORMAL)
    assert isinstance(step, Send)
    return step.data
