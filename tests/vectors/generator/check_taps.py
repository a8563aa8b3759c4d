"""Verifies a whole tap by working it out line for line, without the two state machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import blocks, framing, signed, suite, tickets
from .messages import SELECT, Instruction
from .objects import Credential, ReaderCertificate
from .reader import Receipt
from .refusal import Refusal
from .suite import SecretKey, expand, extract, hmac, sha256
from .wire import u32

Json = dict[str, Any]


def tap(case: Json) -> Iterator[str]:
    """What does not come out as the case says."""
    found = {what: octets.hex() for what, octets in _work_out(case).items()}
    messages = case["messages"] | case["values"]
    for what, octets in found.items():
        if messages[what] != octets:
            yield what
    for what in case["values"].keys() - found.keys():
        yield f"{what} was not worked out"
    yield from _opened(case)
    if _frames(case) != [frame["octets"] for frame in case["frames"]]:
        yield "frames"


def _work_out(case: Json) -> dict[str, bytes]:
    """Every value and every message that follows from the inputs."""
    reader, device, fast = case["reader"], case["device"], case["path"] == "fast"
    m = {what: bytes.fromhex(octets) for what, octets in case["messages"].items()}
    v: dict[str, bytes] = {}
    reader_secret, reader_ephemeral = _key(reader["secret"]), _key(reader["ephemerals"][0])
    device_ephemeral = _key(device["ephemerals"][0])
    certificate = signed.decode(ReaderCertificate, bytes.fromhex(reader["certificate"])).value
    v["reader_point"] = certificate.point
    v["reader_ephemeral_point"], v["device_ephemeral_point"] = reader_ephemeral.point, device_ephemeral.point
    v["h0"] = sha256(b"ostiary/1", b"\x00", case["transport"].encode())
    v["h1"] = sha256(v["h0"], SELECT)
    v["h2"] = sha256(v["h1"], bytes.fromhex(device["select_response"]))
    hello = b"\x01\x01" + u32(reader["clock"]) + bytes.fromhex(reader["certificate"]) + reader_ephemeral.point
    v["h3"] = sha256(v["h2"], hello)
    ticket, binder = (filler := bytes.fromhex(device["fillers"][0]))[:72], filler[72:]
    if device["tickets"]:
        ticket, v["psk"] = (bytes.fromhex(device["tickets"][0][what]) for what in ("ticket", "psk"))
    v["hb"] = sha256(v["h3"], device_ephemeral.point, ticket)
    if device["tickets"]:
        v["binder_key"] = expand(v["psk"], b"ostiary/1 binder")
        binder = v["binder"] = hmac(v["binder_key"], v["hb"])[:16]
    offer = device_ephemeral.point + ticket + binder
    v["h4"] = sha256(v["h3"], offer)
    v["ee"] = device_ephemeral.agree(reader_ephemeral.point)
    if fast:
        v["secret"] = extract(v["h4"], v["psk"] + v["ee"])
    else:
        v["es"] = reader_secret.agree(device_ephemeral.point)
        v["secret"] = extract(v["h4"], v["ee"] + v["es"])
        v["confirm_key"] = expand(v["secret"], b"ostiary/1 confirm")
    v["reader_key"] = expand(v["secret"], b"ostiary/1 reader to device")
    v["device_key"] = expand(v["secret"], b"ostiary/1 device to reader")
    v["exporter"] = expand(v["secret"], b"ostiary/1 exporter")
    before = v["h4"]
    if not fast:
        before = _proof(v, reader, device)
    zero, plaintext = bytes(12), bytes.fromhex(case["values"]["outcome_plaintext"])
    outcome = suite.seal(v["reader_key"], zero, before, plaintext)
    v["h7"] = sha256(before, m["outcome"])
    ack_nonce = zero if fast else bytes(11) + b"\x01"
    v["outcome_plaintext"] = suite.open_sealed(v["reader_key"], zero, before, m["outcome"])
    v["ack_plaintext"] = suite.open_sealed(v["device_key"], ack_nonce, v["h7"], m["ack"])
    if "report" in m:
        v |= _report(m, reader, v, fast)
    return v | {
        "select_response": bytes.fromhex(device["select_response"]),
        "hello": hello,
        "offer": offer,
        "outcome": outcome,
    }


def _report(m: dict[str, bytes], reader: Json, v: dict[str, bytes], fast: bool) -> dict[str, bytes]:
    """The values of what follows the tap; that the messages are these is checked on the way."""
    named = b"ostiary/1 report" + b"\x00" + bytes.fromhex(reader["project"]) + u32(reader["id"])
    shared = _key(reader["secret"]).agree(bytes.fromhex(reader["report_key"]))
    sealing = expand(extract(sha256(named), shared), b"ostiary/1 report seal")
    nonce, contents = (bytes.fromhex(reader["report"][what]) for what in ("nonce", "contents"))
    report = nonce + suite.seal(sealing, nonce, named, contents)
    h8 = sha256(v["h7"], m["ack"])
    if suite.seal(v["reader_key"], bytes(11) + b"\x01", h8, report) != m["report"]:
        raise ValueError("REPORT")
    h9 = sha256(h8, m["report"])
    received = suite.open_sealed(v["device_key"], bytes(11) + (b"\x01" if fast else b"\x02"), h9, m["received"])
    return {"h8": h8, "h9": h9, "report_sealed": report, "received_plaintext": received}


def _proof(v: dict[str, bytes], reader: Json, device: Json) -> bytes:
    """CONFIRM and PROOF into `v`; h6."""
    v["confirm"] = suite.seal(v["confirm_key"], bytes(12), v["h4"], b"")
    v["h5"] = sha256(v["h4"], v["confirm"])
    v["signed_tap"] = b"ostiary tap" + b"\x00" + u32(reader["id"]) + u32(reader["clock"]) + v["h5"]
    v["device_signature"] = _key(device["holder_secret"]).sign(v["signed_tap"])
    plaintext = v["device_signature"] + bytes.fromhex(device["credential"])
    v["proof_plaintext"] = plaintext + bytes(221 - len(plaintext))
    v["proof"] = suite.seal(v["device_key"], bytes(12), v["h5"], v["proof_plaintext"])
    v["h6"] = sha256(v["h5"], v["proof"])
    return v["h6"]


def _opened(case: Json) -> Iterator[str]:
    """What OUTCOME and ACK say, and the receipt."""
    outcome, reader = bytes.fromhex(case["values"]["outcome_plaintext"]), case["reader"]
    if outcome[0] != case["result"]:
        yield "result"
    if int.from_bytes(outcome[1:3]) != reader["longest_ack"] or int.from_bytes(outcome[3:7]) != reader["list_version"]:
        yield "limits in OUTCOME"
    reports = reader["report_key"] is not None and reader["report"] is not None and case["result"] != 1
    if outcome[7] != int(reader["wants_time"]) + 2 * int(reports):
        yield "wishes"
    if outcome[8] != (reader["tickets_issued"] if case["result"] == 0 else 0):
        yield "number of tickets"
    credential = signed.decode(Credential, bytes.fromhex(case["device"]["credential"])).value
    key = bytes.fromhex(reader["ticket_keys"][0])
    for n in range(outcome[8]):
        part = outcome[9 + 108 * n : 9 + 108 * (n + 1)]
        lifetime_s, ticket, secret = int.from_bytes(part[:4]), part[4:76], part[76:]
        if lifetime_s != min(reader["ticket_lifetime_s"], credential.not_after - reader["clock"]):
            yield f"lifetime of ticket {n}"
        content = tickets.open_ticket(key, ticket)
        if (content.serial, content.not_after, content.user_id) != (
            credential.serial,
            credential.not_after,
            credential.user_id,
        ):
            yield f"ticket {n}"
        if tickets.psk(key, ticket) != secret or ticket[:12].hex() != reader["nonces"][n]:
            yield f"secret or nonce of ticket {n}"
    if any(outcome[9 + 108 * outcome[8] :]):
        yield "padding"
    if list(_items(bytes.fromhex(case["values"]["ack_plaintext"]))) != [
        (what, _brought(case["device"][what])) for what in case["brought"]
    ]:
        yield "brought"
    if case["receipt"] is not None:
        yield from receipt({"receipt": case["receipt"], "issuer_keys": reader["issuer_keys"], "expect": "valid"})


def _items(plaintext: bytes) -> Iterator[tuple[str, str]]:
    while plaintext:
        length = int.from_bytes(plaintext[1:3])
        kinds = {1: "revocation_list", 2: "time_token", 3: "report_room", 4: "report_acknowledgement"}
        yield kinds[plaintext[0]], plaintext[3 : 3 + length].hex()
        plaintext = plaintext[3 + length :]


def _brought(value: str | int) -> str:
    return value.to_bytes(2).hex() if isinstance(value, int) else value


def receipt(case: Json) -> Iterator[str]:
    """Whether a receipt holds as the case says."""
    given = case["receipt"]
    try:
        Receipt(
            given["reader_id"],
            given["reader_time"],
            bytes.fromhex(given["h5"]),
            bytes.fromhex(given["device_signature"]),
            bytes.fromhex(given["credential"]),
        ).verify(blocks.trust(case["issuer_keys"]))
        got = "valid"
    except Refusal as refusal:
        got = refusal.reason.value
    if got != case["expect"]:
        yield f"receipt: {got}"


def _frames(case: Json) -> list[str]:
    """The octets on the transport, from the messages."""
    pairs = [
        (Instruction.HELLO, "hello", "offer"),
        (Instruction.CONFIRM, "confirm", "proof"),
        (Instruction.OUTCOME, "outcome", "ack"),
        (Instruction.REPORT, "report", "received"),
    ]
    m = {what: bytes.fromhex(octets) for what, octets in case["messages"].items()}
    pairs = [pair for pair in pairs if pair[1] in m]
    if case["transport"] == "nfc":
        frames = [SELECT, m["select_response"] + b"\x90\x00"]
        for instruction, asked, answered in pairs:
            frames.append(bytes([0x80, instruction, 0, 0, len(m[asked])]) + m[asked] + b"\x00")
            frames += _fetched(m[answered])
        return [frame.hex() for frame in frames]
    sent = [("device", m["select_response"] + b"\x90\x00")]
    for instruction, asked, answered in pairs:
        sent += [("reader", bytes([instruction]) + m[asked]), ("device", m[answered] + b"\x90\x00")]
    if case["transport"] != "ble-gatt":
        return [(len(message).to_bytes(2) + message).hex() for _, message in sent]
    cutters = {side: framing.Segmenter(case["att_mtu"]) for side in ("reader", "device")}
    return [segment.hex() for side, message in sent for segment in cutters[side].cut(message)]


def _fetched(answer: bytes) -> list[bytes]:
    """The response APDUs of an answer, with each GET RESPONSE between them."""
    frames = []
    while len(answer) > 256:
        left = len(answer) - 256
        frames += [answer[:256] + bytes([0x61, left if left < 256 else 0])]
        frames += [bytes([0, 0xC0, 0, 0, left if left < 256 else 0])]
        answer = answer[256:]
    return frames + [answer + b"\x90\x00"]


def _key(scalar: str) -> SecretKey:
    return SecretKey(bytes.fromhex(scalar))
