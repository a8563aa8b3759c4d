"""Answers that a reader refuses, or to which it goes on along the full path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import blocks, make_taps, suite
from .device import Device, signed_tap
from .entropy import seeded
from .keys import Transport, binder
from .messages import LONGEST_ACK, Offer, ProofPlaintext, Result, Selected, Status, encode_ack
from .reader import Abort, ReaderTap, Send
from .world import (
    CREDENTIAL,
    HOLDER,
    ISSUER,
    NOW,
    READER_ID,
    REVOCATION_LIST,
    SERIAL,
    TIME_TOKEN,
    UNKNOWN_TICKET_KEY,
    device_block,
    held_ticket,
    issue,
    reader_block,
)

Json = dict[str, Any]
ABORT: Json = {"abort": True}
TRANSPORT = Transport.BLE_L2CAP
OFF_CURVE = b"\x02" + (1).to_bytes(32)


class Script:
    """Answers a reader and writes down what it does, if it is what the page says."""

    def __init__(self, name: str, block: Json) -> None:
        self._name = name
        self._tap = ReaderTap(blocks.reader_setup(block), TRANSPORT, blocks.reader_entropy(block))
        self._steps: list[Json] = []
        self._case: Json = {
            "name": name,
            "to": "reader",
            "transport": TRANSPORT.value,
            "reader": block,
            "steps": self._steps,
        }

    def answer(self, what: str, data: bytes, expect: str, status: int = Status.NORMAL) -> Script:
        """One answer of the device; `expect` is the word that begins what the reader does."""
        got = self._step(data, status)
        word = next(iter(got))
        said = got["send"] if word == "send" else word
        if said != expect:
            raise AssertionError(f"{self._name}: {got} and not {expect}")
        self._steps.append({"answer": what, "data": data.hex(), "status": f"{status:04X}", "expect": got})
        return self

    def _step(self, data: bytes, status: int) -> Json:
        try:
            step = self._tap.receive(data, status)
        except Abort:
            return ABORT
        if isinstance(step, Send):
            sent: Json = {"send": step.instruction.name.lower(), "data": step.data.hex()}
            if self._tap.decision is not None:
                sent |= {"path": self._tap.decision.path, "result": int(self._tap.decision.result)}
            return sent
        return {
            "done": "ack_refused" if step.ack_refused else "ack_taken",
            "used": sorted(kind.name.lower() for kind in step.brought),
        }

    def end(self) -> Json:
        """The case."""
        return self._case


def make() -> list[Json]:
    """All cases for readers."""
    return [*_selects(), *_offers(), *_tickets(), *_proofs(), *_signatures(), *_credentials(), *_acks()]


def _selects() -> Iterator[Json]:
    good = Selected()
    for what, data, status, expect in (
        ("versions 0 to 255 and all suites", Selected(0, 255, 255, 255, 65535).encode(), 0x9000, "hello"),
        ("neither flag set", replace(good, flags=0).encode(), 0x9000, "hello"),
        ("versions 0 to 0", replace(good, lowest=0, highest=0).encode(), 0x9000, "abort"),
        ("versions 2 to 3", replace(good, lowest=2, highest=3).encode(), 0x9000, "abort"),
        ("versions 2 to 1", replace(good, lowest=2).encode(), 0x9000, "abort"),
        ("versions 1 to 0", replace(good, highest=0).encode(), 0x9000, "abort"),
        ("the longest command is 241", replace(good, longest_command=241).encode(), 0x9000, "hello"),
        ("the longest command is 240", replace(good, longest_command=240).encode(), 0x9000, "abort"),
        ("the longest command is 0", replace(good, longest_command=0).encode(), 0x9000, "abort"),
        ("no suite", replace(good, suites=0).encode(), 0x9000, "abort"),
        ("all suites but suite 1", replace(good, suites=0xFE).encode(), 0x9000, "abort"),
        ("no octets", b"", 0x9000, "abort"),
        ("an octet short", good.encode()[:-1], 0x9000, "abort"),
        ("an octet long", good.encode() + b"\x00", 0x9000, "abort"),
        ("status 6A82", b"", 0x6A82, "abort"),
        ("status 6D00", b"", 0x6D00, "abort"),
    ):
        name = f"SELECT response: {what}"
        yield Script(name, reader_block(name)).answer("select_response", data, expect, status).end()


def _base(name: str, path: str = "full", reader: Json | None = None, device: Json | None = None) -> Json:
    held: Json = {"tickets": [held_ticket(name)]} if path == "fast" else {}
    return make_taps.tap(name, TRANSPORT, path, Result.GRANT, reader, held | (device or {}))


def _up_to(name: str, tap: Json, answers: int) -> Script:
    """The honest tap, up to so many answers."""
    script = Script(name, tap["reader"])
    sequence = [("select_response", "hello"), ("offer", "confirm"), ("proof", "outcome")]
    if tap["path"] == "fast":
        sequence[1] = ("offer", "outcome")
    for what, expect in sequence[:answers]:
        script.answer(what, _message(tap, what), expect)
    return script


def _message(tap: Json, name: str) -> bytes:
    return bytes.fromhex(tap["messages"][name])


def _value(tap: Json, name: str) -> bytes:
    return bytes.fromhex(tap["values"][name])


def _offers() -> Iterator[Json]:
    for what in (
        "no octets",
        "an octet short",
        "an octet long",
        "a point off the curve",
        "a point of zero octets",
        "a point with prefix 04",
        "a point with x over the prime",
    ):
        name = f"OFFER: {what}"
        tap = _base(name)
        good = _message(tap, "offer")
        data = {
            "no octets": b"",
            "an octet short": good[:-1],
            "an octet long": good + b"\x00",
            "a point off the curve": OFF_CURVE + good[33:],
            "a point of zero octets": bytes(33) + good[33:],
            "a point with prefix 04": b"\x04" + good[1:],
            "a point with x over the prime": b"\x02" + b"\xff" * 32 + good[33:],
        }[what]
        yield _up_to(name, tap, 1).answer("offer", data, "abort").end()
    for status in (0x6700, 0x6982, 0x6985, 0x6A81):
        name = f"OFFER: status {status:04X}"
        tap = _base(name)
        yield _up_to(name, tap, 1).answer("offer", b"", "abort", status).end()


def _tickets() -> Iterator[Json]:
    """OFFERs with a ticket on which the reader goes the full path, without a sign of why."""
    for what in (
        "a bit of the binder flipped",
        "the binder of another psk",
        "the binder over h3 alone",
        "a bit of the ticket flipped",
        "the ticket of another tap with this tap's binder",
        "an OFFER of another tap, replayed",
    ):
        name = f"falls back: {what}"
        tap, other = _base(name, "fast"), _base(name + ", the other", "fast")
        good, replayed = _message(tap, "offer"), _message(other, "offer")
        point, ticket, hb = good[:33], good[33:105], _value(tap, "hb")
        data = {
            "a bit of the binder flipped": good[:-1] + bytes([good[-1] ^ 1]),
            "the binder of another psk": good[:105] + binder(seeded("another psk"), hb),
            "the binder over h3 alone": good[:105] + binder(_value(tap, "psk"), _value(tap, "h3")),
            "a bit of the ticket flipped": point + bytes([ticket[0] ^ 1]) + good[34:],
            "the ticket of another tap with this tap's binder": point + replayed[33:105] + good[105:],
            "an OFFER of another tap, replayed": replayed,
        }[what]
        yield _up_to(name, tap, 1).answer("offer", data, "confirm").end()
    revoking = issue(replace(REVOCATION_LIST, serials=(SERIAL,))).hex()
    states: list[tuple[str, Json, Json]] = [
        ("a ticket under a key that the reader no longer has", {}, {"key": UNKNOWN_TICKET_KEY}),
        ("a ticket that ends now", {}, {"not_after": NOW}),
        ("a ticket that has ended", {}, {"not_after": NOW - 1}),
        ("a ticket of a revoked credential", {"revocation_list": revoking, "list_version": 41}, {}),
        ("a reader without a clock", {"clock": 0}, {}),
    ]
    for what, reader, changes in states:
        name = f"falls back: {what}"
        block = reader_block(name, **reader)
        held = held_ticket(name, **changes)
        script = Script(name, block).answer("select_response", Selected().encode(), "hello")
        yield script.answer("offer", _offer(block, held, name), "confirm").end()


def _offer(reader: Json, held: Json, name: str) -> bytes:
    """An OFFER that presents a ticket rightly, whatever the reader will think of it."""
    device = device_block(name, tickets=[held])
    hello = ReaderTap(blocks.reader_setup(reader), TRANSPORT, blocks.reader_entropy(reader))
    step = hello.receive(Selected().encode(), Status.NORMAL)
    assert isinstance(step, Send)
    holder = Device(blocks.device_setup(device), blocks.device_entropy(device))
    holder.open(TRANSPORT)
    offer, status = holder.handle(step.instruction, step.data)
    assert status == Status.NORMAL and Offer.decode(offer).ticket.hex() == held["ticket"]
    return offer


def _proofs() -> Iterator[Json]:
    for what in (
        "no octets",
        "an octet short",
        "an octet long",
        "a bit flipped",
        "of another tap",
        "under the reader key",
        "counter 1",
        "aad h4",
        "a plaintext of 220 octets",
        "a plaintext of 222 octets",
    ):
        name = f"PROOF: {what}"
        tap = _base(name)
        good, plain, h5 = _message(tap, "proof"), _value(tap, "proof_plaintext"), _value(tap, "h5")
        key, zero = _value(tap, "device_key"), suite.counter_nonce(0)
        data = {
            "no octets": b"",
            "an octet short": good[:-1],
            "an octet long": good + b"\x00",
            "a bit flipped": good[:-1] + bytes([good[-1] ^ 1]),
            "of another tap": _message(_base(name + ", the other"), "proof"),
            "under the reader key": suite.seal(_value(tap, "reader_key"), zero, h5, plain),
            "counter 1": suite.seal(key, suite.counter_nonce(1), h5, plain),
            "aad h4": suite.seal(key, zero, _value(tap, "h4"), plain),
            "a plaintext of 220 octets": suite.seal(key, zero, h5, plain[:-1]),
            "a plaintext of 222 octets": suite.seal(key, zero, h5, plain + b"\x00"),
        }[what]
        yield _up_to(name, tap, 2).answer("proof", data, "abort").end()
    for status in (0x6982, 0x6985):
        name = f"PROOF: status {status:04X}"
        yield _up_to(name, _base(name), 2).answer("proof", b"", "abort", status).end()
    name = "an OFFER and a PROOF of another tap, replayed"
    tap, other = _base(name), _base(name + ", the other")
    script = _up_to(name, tap, 1).answer("offer", _message(other, "offer"), "confirm")
    yield script.answer("proof", _message(other, "proof"), "abort").end()
    name = "a second OFFER in the place of PROOF"
    tap = _base(name)
    yield _up_to(name, tap, 2).answer("proof", _message(tap, "offer"), "abort").end()


def _signatures() -> Iterator[Json]:
    """PROOFs whose device signature is not over this tap: reason 1."""
    for what in (
        "another reader id",
        "another time",
        "another h5",
        "no label",
        "another label",
        "a high s",
        "r is 0",
        "s is 0",
        "the issuer's key",
        "of another tap",
    ):
        name = f"PROOF with a device signature: {what}"
        tap = _base(name)
        h5, good = _value(tap, "h5"), _value(tap, "device_signature")
        message = signed_tap(READER_ID, NOW, h5)
        signature = {
            "another reader id": HOLDER.sign(signed_tap(READER_ID + 1, NOW, h5)),
            "another time": HOLDER.sign(signed_tap(READER_ID, NOW + 1, h5)),
            "another h5": HOLDER.sign(signed_tap(READER_ID, NOW, _value(tap, "h4"))),
            "no label": HOLDER.sign(message[12:]),
            "another label": HOLDER.sign(b"ostiary time token" + message[11:]),
            "a high s": good[:32] + (suite.ORDER - int.from_bytes(good[32:])).to_bytes(32),
            "r is 0": bytes(32) + good[32:],
            "s is 0": good[:32] + bytes(32),
            "the issuer's key": ISSUER.sign(message),
            "of another tap": _value(_base(name + ", the other"), "device_signature"),
        }[what]
        plaintext = ProofPlaintext(signature, issue(CREDENTIAL)).encode()
        yield _judged(name, tap, plaintext).end()


def _judged(name: str, tap: Json, plaintext: bytes) -> Script:
    proof = suite.seal(_value(tap, "device_key"), suite.counter_nonce(0), _value(tap, "h5"), plaintext)
    script = _up_to(name, tap, 2)
    script.answer("proof", proof, "outcome")
    return script


def _credentials() -> Iterator[Json]:
    """PROOFs that open, with something in them that does not hold: reason 1."""
    for what, offset, value in (
        ("the first octet of the padding is 1", 64 + len(issue(CREDENTIAL)), 1),
        ("the last octet of the padding is 1", 220, 1),
        ("a user ID of 33 octets", 124, 33),
        ("a user ID of 255 octets", 124, 255),
    ):
        name = f"PROOF that opens: {what}"
        tap = _base(name)
        good = _value(tap, "proof_plaintext")
        yield _judged(name, tap, good[:offset] + bytes([value]) + good[offset + 1 :]).end()
    for what, credential in {
        "flags 1": issue(replace(CREDENTIAL, flags=1)),
        "a control character in the user ID": issue(replace(CREDENTIAL, user_id=b"12\n4")),
        "a user ID of no octets": issue(replace(CREDENTIAL, user_id=b"")),
        "a holder key off the curve": issue(replace(CREDENTIAL, holder=OFF_CURVE)),
        "format 2": b"\x02" + issue(CREDENTIAL)[1:],
    }.items():
        name = f"PROOF with a malformed credential: {what}"
        tap = _base(name)
        plaintext = ProofPlaintext(_value(tap, "device_signature"), credential).encode()
        yield _judged(name, tap, plaintext).end()
    for what, credential in {
        "an issuer index that is not known": issue(replace(CREDENTIAL, header=replace(CREDENTIAL.header, issuer=9))),
        "a high s": _high(issue(CREDENTIAL)),
        "a serial with a flipped bit": _flip(issue(CREDENTIAL), 17),
        "the user ID of somebody else": _flip(issue(CREDENTIAL), 61),
    }.items():
        name = f"PROOF with a credential that does not hold: {what}"
        tap = _base(name)
        plaintext = ProofPlaintext(_value(tap, "device_signature"), credential).encode()
        yield _judged(name, tap, plaintext).end()


def _acks() -> Iterator[Json]:
    listed, token = issue(REVOCATION_LIST), issue(TIME_TOKEN)
    plaintexts: dict[str, tuple[bytes, str]] = {
        "an unknown kind": (encode_ack([(3, b"")]), "refused"),
        "kind 0": (encode_ack([(0, b"")]), "refused"),
        "a list twice": (encode_ack([(1, listed), (1, listed)]), "refused"),
        "an item that ends early": (encode_ack([(1, listed)])[:-1], "refused"),
        "half a length": (b"\x01\x00", "refused"),
        "as long as the reader takes": (encode_ack([(1, listed.ljust(LONGEST_ACK - 3, b"\x00"))]), "taken"),
        "longer than the reader takes": (encode_ack([(1, listed.ljust(LONGEST_ACK - 2, b"\x00"))]), "refused"),
        "a list with an octet behind it": (encode_ack([(1, listed + b"\x00")]), "taken"),
        "a list with a flipped bit": (encode_ack([(1, _flip(listed, 11))]), "taken"),
        "an empty list item": (encode_ack([(1, b"")]), "taken"),
        "a token in the place of a list": (encode_ack([(1, token)]), "taken"),
    }
    for path in ("full", "fast"):
        for what, (plaintext, expect) in plaintexts.items():
            name = f"ACK on the {path} path: {what}"
            tap = _base(name, path)
            data = _seal_ack(tap, plaintext, _counter(path))
            script = _up_to(name, tap, 3 if path == "full" else 2).answer("ack", data, "done")
            case = script.end()
            assert case["steps"][-1]["expect"] == {"done": f"ack_{expect}", "used": []}, name
            yield case
        for what in ("a bit flipped", "the other counter", "no octets", "an octet short", "status 6982"):
            name = f"ACK on the {path} path: {what}"
            tap = _base(name, path, device={"revocation_list": listed.hex()})
            good = _message(tap, "ack")
            data = {
                "a bit flipped": _flip(good, len(good) - 1),
                "the other counter": _seal_ack(tap, _value(tap, "ack_plaintext"), 1 - _counter(path)),
                "no octets": b"",
                "an octet short": good[:-1],
                "status 6982": b"",
            }[what]
            status = 0x6982 if what == "status 6982" else 0x9000
            script = _up_to(name, tap, 3 if path == "full" else 2).answer("ack", data, "done", status)
            case = script.end()
            assert case["steps"][-1]["expect"]["done"] == "ack_refused", name
            yield case


def _counter(path: str) -> int:
    return 1 if path == "full" else 0


def _seal_ack(tap: Json, plaintext: bytes, counter: int) -> bytes:
    return suite.seal(_value(tap, "device_key"), suite.counter_nonce(counter), _value(tap, "h7"), plaintext)


def _high(octets: bytes) -> bytes:
    return octets[:-32] + (suite.ORDER - int.from_bytes(octets[-32:])).to_bytes(32)


def _flip(octets: bytes, offset: int) -> bytes:
    return octets[:offset] + bytes([octets[offset] ^ 1]) + octets[offset + 1 :]
