"""Vectors of whole taps, with every value between the inputs and the octets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import blocks, keys, pair, suite
from .device import Device
from .entropy import seeded, seeded_key
from .keys import Transcript, Transport
from .messages import Offer, Result
from .reader import Done, ReaderTap, Receipt
from .reports import LONGEST_REPORT, NONCE_OCTETS, OVERHEAD, Contents, Entry, ReportKeys
from .signed import Header
from .tickets import LIFETIME_S
from .wire import u64
from .world import (
    CERTIFICATE,
    CREDENTIAL,
    DAY_S,
    ISSUER_INDEX,
    LOG,
    NOW,
    OLDER_TICKET_KEY,
    OTHER_ISSUER,
    OTHER_PROJECT,
    PROJECT,
    READER,
    READER_ID,
    REPORT,
    REVOCATION_LIST,
    SERIAL,
    STRANGER,
    TIME_TOKEN,
    UNKNOWN_TICKET_KEY,
    device_block,
    held_ticket,
    issue,
    reader_block,
)

Json = dict[str, Any]
LIST = issue(REVOCATION_LIST).hex()
TOKEN = issue(TIME_TOKEN).hex()
# Longer than one short response APDU, so that it has to be fetched.
LONG_LIST = issue(replace(REVOCATION_LIST, version=42, serials=tuple(range(5, 100_005, 500)))).hex()
REVOKING = issue(replace(REVOCATION_LIST, serials=(3, SERIAL, SERIAL + 1))).hex()
USER_ID = CREDENTIAL.user_id.decode()


def make() -> Json:
    """All of taps.json."""
    cases = [*_paths(), *_denials(), *_couriers(), *_reports()]
    return {
        "about": "Whole taps of docs/PROTOCOL.md with all inputs, all values on the way and all octets.",
        "cases": cases,
        "receipts": _receipts(cases[0]),
    }


def _paths() -> list[Json]:
    cases = []
    for transport in Transport:
        cases.append(tap(f"full path over {transport}", transport, "full", Result.GRANT))
        name = f"fast path over {transport}"
        cases.append(tap(name, transport, "fast", Result.GRANT, device={"tickets": [held_ticket(name)]}))
    cases.append(tap("full path over ble-gatt, att_mtu 23", Transport.BLE_GATT, "full", Result.GRANT, att_mtu=23))
    name = "fast path, ticket under the key before"
    tickets = [held_ticket(name, OLDER_TICKET_KEY)]
    cases.append(tap(name, Transport.NFC, "fast", Result.GRANT, device={"tickets": tickets}))
    name = "full path, ticket under a key that the reader does not have"
    tickets = [held_ticket(name, UNKNOWN_TICKET_KEY)]
    cases.append(tap(name, Transport.NFC, "full", Result.GRANT, device={"tickets": tickets}))
    for length in (1, 32):
        credential = issue(replace(CREDENTIAL, user_id=b"x" * length)).hex()
        name = f"full path, user ID of {length}"
        cases.append(tap(name, Transport.NFC, "full", Result.GRANT, device={"credential": credential}))
    for issued in (0, 1):
        name = f"full path, tickets issued: {issued}"
        cases.append(tap(name, Transport.TCP, "full", Result.GRANT, reader={"tickets_issued": issued}))
    certificate = {"certificate": issue(replace(CERTIFICATE, presence=2)).hex()}
    name = "full path, presence verified"
    cases.append(tap(name, Transport.NFC, "full", Result.GRANT, reader=certificate, device={"presence": 2}))
    for name, aged, held in (
        ("full path, the ticket key is an hour old", {"ticket_lifetime_s": LIFETIME_S - 3600}, CREDENTIAL),
        ("full path, the ticket key is a second short of a day old", {"ticket_lifetime_s": DAY_S + 1}, CREDENTIAL),
        ("full path, the credential has a minute left", {}, replace(CREDENTIAL, not_after=NOW + 60)),
        ("full path, the credential has as long as a ticket", {}, replace(CREDENTIAL, not_after=NOW + LIFETIME_S)),
    ):
        held_json = {"credential": issue(held).hex()}
        cases.append(tap(name, Transport.BLE_L2CAP, "full", Result.GRANT, aged, held_json))
    name = "full path, reader id 4294967295"
    certificate = {"certificate": issue(replace(CERTIFICATE, reader_id=2**32 - 1)).hex()}
    cases.append(tap(name, Transport.NFC, "full", Result.GRANT, reader=certificate | {"id": 2**32 - 1}))
    return cases


def _denials() -> list[Json]:
    foreign = replace(CREDENTIAL, header=Header(OTHER_PROJECT, ISSUER_INDEX))
    expired = issue(replace(CREDENTIAL, not_before=NOW - DAY_S, not_after=NOW)).hex()
    early = issue(replace(CREDENTIAL, not_before=NOW + 1)).hex()
    denials: list[tuple[str, Result, Json, Json]] = [
        ("the device signature is by another key", Result.NOT_ACCEPTED, {}, {"holder_secret": _stranger()}),
        (
            "the credential is signed by a stranger",
            Result.NOT_ACCEPTED,
            {},
            {"credential": issue(CREDENTIAL, STRANGER).hex()},
        ),
        ("the credential has expired", Result.EXPIRED, {}, {"credential": expired}),
        ("the credential is not valid yet", Result.NOT_YET_VALID, {}, {"credential": early}),
        ("the credential is revoked", Result.REVOKED, {"revocation_list": REVOKING, "list_version": 41}, {}),
        ("the reader has no clock", Result.NO_CLOCK, {"clock": 0}, {}),
        ("the door's list says no", Result.PANEL, {"denied_user_ids": [USER_ID]}, {}),
        (
            "expired and revoked",
            Result.EXPIRED,
            {"revocation_list": REVOKING, "list_version": 41},
            {"credential": expired},
        ),
        ("no clock and a bad device signature", Result.NOT_ACCEPTED, {"clock": 0}, {"holder_secret": _stranger()}),
        ("no clock, expired and revoked", Result.NO_CLOCK, {"clock": 0} | _revoking(), {"credential": expired}),
    ]
    cases = [
        tap(f"denied, reason {int(result)}: {name}", transport, "full", result, reader, device)
        for transport, (name, result, reader, device) in zip(list(Transport) * 3, denials, strict=False)
    ]
    for what, result, reader in (
        ("a ticket of a revoked credential", Result.REVOKED, _revoking()),
        ("a ticket and no clock", Result.NO_CLOCK, {"clock": 0}),
    ):
        name = f"falls back and is denied, reason {int(result)}: {what}"
        cases.append(tap(name, Transport.NFC, "full", result, reader, {"tickets": [held_ticket(name)]}))
    name = "fast path, reason 6: a ticket of a person whom the door's list refuses"
    tickets, refusing = [held_ticket(name)], {"denied_user_ids": [USER_ID]}
    cases.append(tap(name, Transport.NFC, "fast", Result.PANEL, refusing, {"tickets": tickets}))
    foreign_keys = reader_block("")["issuer_keys"] + [
        {"project": OTHER_PROJECT.hex(), "index": ISSUER_INDEX, "point": OTHER_ISSUER.point.hex()}
    ]
    name = "falls back: the ticket has expired at the reader"
    tickets = [held_ticket(name, not_after=NOW)]
    cases.append(tap(name, Transport.NFC, "full", Result.GRANT, {}, {"tickets": tickets}))
    name = "denied, reason 1: a credential of another project"
    cases.append(_tap_foreign(name, {"issuer_keys": foreign_keys}, {"credential": issue(foreign, OTHER_ISSUER).hex()}))
    return cases


def _couriers() -> list[Json]:
    room = len(bytes.fromhex(LIST)) + 3
    couriers: list[tuple[str, Json, Json, list[str]]] = [
        ("a list", {}, {"revocation_list": LIST}, ["revocation_list"]),
        ("a token", {"wants_time": True}, {"time_token": TOKEN}, ["time_token"]),
        ("both", {"wants_time": True}, _holds_both(LIST), ["revocation_list", "time_token"]),
        ("a list of more than 256 octets", {}, {"revocation_list": LONG_LIST}, ["revocation_list"]),
        ("a list to a reader with an older one", _held(40), {"revocation_list": LIST}, ["revocation_list"]),
        ("no list to a reader with the same", _held(41), {"revocation_list": LIST}, []),
        ("no token that was not wished", {}, {"time_token": TOKEN}, []),
        (
            "a token where the list does not fit",
            {"wants_time": True, "longest_ack": 81},
            _holds_both(LIST),
            ["time_token"],
        ),
        ("a list that just fits", {"longest_ack": room}, {"revocation_list": LIST}, ["revocation_list"]),
        ("no list that is an octet too long", {"longest_ack": room - 1}, {"revocation_list": LIST}, []),
        ("a list signed by a stranger, not used", {}, {"revocation_list": _by_stranger()}, []),
        ("a token behind the reader's clock, not used", _ahead(), {"time_token": TOKEN}, []),
        (
            "a token to a reader without a clock, denied",
            {"clock": 0, "wants_time": True},
            {"time_token": TOKEN},
            ["time_token"],
        ),
    ]
    cases = []
    for n, (what, reader, device, used) in enumerate(couriers):
        result = Result.NO_CLOCK if reader.get("clock") == 0 else Result.GRANT
        transport = list(Transport)[n % 4] if "256" not in what else Transport.NFC
        name = f"courier brings {what}"
        case = tap(name, transport, "full", result, reader, device)
        assert sorted(case["after"]["used"]) == used, name
        cases.append(case)
    name = "courier brings both on the fast path"
    device = _holds_both(LONG_LIST) | {"tickets": [held_ticket(name)]}
    cases.append(tap(name, Transport.NFC, "fast", Result.GRANT, {"wants_time": True}, device))
    return cases


def _reports() -> list[Json]:
    visits = tuple(Entry(n, NOW - 60 + n, 3, u64(SERIAL + n)) for n in range(9, 12))
    contents = Contents(LOG, 7, visits).encode()
    long = Contents(LOG, 7, (Entry(7, 0, 255, bytes(range(256)) * 3),)).encode()
    keys = ReportKeys.derive(REPORT, READER.point, PROJECT, READER_ID)
    stranger = ReportKeys.derive(STRANGER, READER.point, PROJECT, READER_ID)
    up_to_8 = {"report_acknowledgement": keys.acknowledge(LOG, 8).hex()}
    takes: Json = {"report_room": LONGEST_REPORT}
    both, waiting = ["report_acknowledgement", "report_room"], {"report": contents}
    reports: list[tuple[str, Transport, Json, Json, list[str], bool | None]] = [
        *((f"over {transport}", transport, waiting, takes, ["report_room"], True) for transport in Transport),
        ("of 808 octets", Transport.BLE_L2CAP, {"report": long}, takes, ["report_room"], True),
        ("and an acknowledgement", Transport.TCP, waiting, takes | up_to_8, both, True),
        (
            "and all else that can be brought",
            Transport.BLE_GATT,
            waiting | {"wants_time": True},
            takes | up_to_8 | _holds_both(LIST),
            [*both, "revocation_list", "time_token"],
            True,
        ),
        ("that just fits", Transport.TCP, waiting, {"report_room": len(contents) + OVERHEAD}, ["report_room"], True),
        (
            "that is an octet too long",
            Transport.TCP,
            waiting,
            {"report_room": len(contents) + OVERHEAD - 1},
            ["report_room"],
            None,
        ),
        ("for which there is no room", Transport.TCP, waiting, up_to_8, ["report_acknowledgement"], None),
        (
            "and a stranger's acknowledgement",
            Transport.TCP,
            waiting,
            takes | {"report_acknowledgement": stranger.acknowledge(LOG, 8).hex()},
            ["report_room"],
            True,
        ),
        ("of a reader that has none", Transport.TCP, {}, takes | up_to_8, [], None),
        ("of a reader without a report key", Transport.TCP, waiting | {"report_key": None}, takes | up_to_8, [], None),
    ]
    cases = []
    for what, transport, reader, device, used, reported in reports:
        for path in ("full", "fast"):
            name = f"report {what}, {path} path"
            held = {"tickets": [held_ticket(name)]} if path == "fast" else {}
            case = tap(name, transport, path, Result.GRANT, _with_nonce(name, reader), device | held)
            assert (case["after"]["used"], case["after"]["reported"]) == (used, reported), name
            cases.append(case)
    name = "report through a person who is denied"
    reader = _with_nonce(name, waiting) | _revoking() | {"nonces": []}
    cases.append(tap(name, Transport.TCP, "full", Result.REVOKED, reader, takes))
    assert cases[-1]["after"]["reported"]
    name = "no report through a stranger"
    reader, stranger_holds = _with_nonce(name, waiting), {"holder_secret": _stranger()}
    cases.append(tap(name, Transport.TCP, "full", Result.NOT_ACCEPTED, reader, takes | stranger_holds))
    assert cases[-1]["after"]["reported"] is None and not cases[-1]["brought"]
    return cases


def _with_nonce(name: str, reader: Json) -> Json:
    if "report" not in reader:
        return reader
    nonce = seeded(f"{name}: report nonce", NONCE_OCTETS).hex()
    return reader | {"report": {"nonce": nonce, "contents": reader["report"].hex()}}


def _holds_both(revoked: str) -> Json:
    return {"revocation_list": revoked, "time_token": TOKEN}


def _held(version: int) -> Json:
    return {"revocation_list": issue(replace(REVOCATION_LIST, version=version)).hex(), "list_version": version}


def _revoking() -> Json:
    return {"revocation_list": REVOKING, "list_version": 41}


def _ahead() -> Json:
    return {"clock": NOW + 60, "wants_time": True}


def _by_stranger() -> str:
    return issue(REVOCATION_LIST, STRANGER).hex()


def _stranger() -> str:
    return seeded_key("another holder").scalar.hex()


def tap(
    name: str,
    transport: Transport,
    path: str,
    result: Result,
    reader: Json | None = None,
    device: Json | None = None,
    att_mtu: int = 247,
) -> Json:
    return _record(
        name,
        transport,
        path,
        result,
        reader_block(name, **(reader or {})),
        device_block(name, **(device or {})),
        att_mtu,
    )


def _tap_foreign(name: str, reader: Json, device: Json) -> Json:
    """A device that shows the reader a credential of another project, which an honest one never does."""
    reader_json, device_json = reader_block(name, **reader), device_block(name)
    case = _record(name, Transport.NFC, "full", Result.NOT_ACCEPTED, reader_json, device_json | device, 247, True)
    return case


def _record(
    name: str,
    transport: Transport,
    path: str,
    result: Result,
    reader: Json,
    device: Json,
    att_mtu: int,
    lies: bool = False,
) -> Json:
    reader_tap = ReaderTap(blocks.reader_setup(reader), transport, blocks.reader_entropy(reader))
    holder = (LyingDevice if lies else Device)(blocks.device_setup(device), blocks.device_entropy(device))
    messages, done = pair.run(reader_tap, holder, transport, att_mtu)
    decision, report = reader_tap.decision, holder.report
    assert decision is not None and report is not None
    assert (decision.path, decision.result) == (report.path, report.result) == (path, result), name
    for what in reader_tap.trace.keys() & holder.trace.keys():
        assert reader_tap.trace[what] == holder.trace[what], what
    case: Json = {
        "name": name,
        "transport": transport.value,
        "att_mtu": att_mtu if transport == Transport.BLE_GATT else None,
        "path": path,
        "result": int(result),
        "user_id": decision.user_id,
        "device_is_honest": not lies,
        "reader": reader,
        "device": device,
        "values": _values(transport, path, messages, reader_tap.trace | holder.trace, reader, device),
        "messages": {message.name: message.data.hex() for message in messages},
        "frames": [
            {"from": sender, "octets": octets.hex()} for message in messages for sender, octets in message.frames
        ],
        "brought": [kind.name.lower() for kind in report.brought],
        "after": _after(reader_tap, done),
        "receipt": None if decision.receipt is None else _receipt(decision.receipt),
    }
    return case


class LyingDevice(Device):
    """Uses its credential for every project."""

    def _has_credential_for(self, project: bytes) -> bool:
        return True


def _after(reader: ReaderTap, done: Done) -> Json:
    return {
        "used": sorted(kind.name.lower() for kind in done.brought),
        "list_version": reader.setup.list_version,
        "clock": reader.setup.clock,
        "acknowledged_up_to": done.acknowledged_up_to,
        "reported": done.reported,
    }


def _values(
    transport: Transport, path: str, messages: list[pair.Message], trace: dict[str, bytes], reader: Json, device: Json
) -> Json:
    """Every value of the transcript and the key schedule, by the names of the page."""
    transcript = Transcript(transport)
    values: dict[str, bytes] = {"h0": transcript.past[0], "h1": transcript.past[1]}
    for message in messages:
        if message.name == "offer":
            offer = Offer.decode(message.data)
            values["hb"] = transcript.peek(offer.point + offer.ticket)
        if message.name in ("ack", "report", "received"):
            continue
        h = transcript.add(message.data)
        values["h7" if message.name == "outcome" else f"h{len(transcript.past) - 1}"] = h
    secret = trace["secret"]
    values |= {what: trace[what] for what in ("ee", "outcome_plaintext", "ack_plaintext")}
    values["reader_point"] = suite.SecretKey(bytes.fromhex(reader["secret"])).point
    values["reader_ephemeral_point"] = suite.SecretKey(bytes.fromhex(reader["ephemerals"][0])).point
    values["device_ephemeral_point"] = suite.SecretKey(bytes.fromhex(device["ephemerals"][0])).point
    if device["tickets"]:
        values["psk"] = bytes.fromhex(device["tickets"][0]["psk"])
        values["binder_key"] = keys.binder_key(values["psk"])
        values["binder"] = keys.binder(values["psk"], values["hb"])
    if path == "full":
        values |= {what: trace[what] for what in ("es", "signed_tap", "device_signature", "proof_plaintext")}
        values["confirm_key"] = suite.expand(secret, b"ostiary/1 confirm")
    if "report_sealed" in trace:
        values |= {what: trace[what] for what in ("h8", "h9", "report_sealed", "received_plaintext")}
    values["secret"] = secret
    values["reader_key"] = suite.expand(secret, b"ostiary/1 reader to device")
    values["device_key"] = suite.expand(secret, b"ostiary/1 device to reader")
    values["exporter"] = suite.expand(secret, b"ostiary/1 exporter")
    return {what: values[what].hex() for what in sorted(values)}


def _receipt(receipt: Receipt) -> Json:
    return {
        "reader_id": receipt.reader_id,
        "reader_time": receipt.reader_time,
        "h5": receipt.h5.hex(),
        "device_signature": receipt.device_signature.hex(),
        "credential": receipt.credential.hex(),
    }


def _receipts(tap: Json) -> list[Json]:
    """The receipt of a tap, and ones that do not hold."""
    good: Json = tap["receipt"]
    other = seeded("another h5").hex()
    changed: list[tuple[str, Json, str]] = [
        ("holds", {}, "valid"),
        ("another reader id", {"reader_id": good["reader_id"] + 1}, "bad_signature"),
        ("another time", {"reader_time": good["reader_time"] + 1}, "bad_signature"),
        ("another h5", {"h5": other}, "bad_signature"),
        ("another holder's credential", {"credential": _credential_of_another()}, "bad_signature"),
        ("a credential signed by a stranger", {"credential": issue(CREDENTIAL, STRANGER).hex()}, "bad_signature"),
        ("a device signature with a high s", {"device_signature": _high(good["device_signature"])}, "bad_signature"),
    ]
    trusted = tap["reader"]["issuer_keys"]
    return [
        {"name": name, "issuer_keys": trusted, "receipt": good | change, "expect": expect}
        for name, change, expect in changed
    ]


def _credential_of_another() -> str:
    return issue(replace(CREDENTIAL, holder=seeded_key("another holder").point)).hex()


def _high(signature: str) -> str:
    octets = bytes.fromhex(signature)
    return (octets[:32] + (suite.ORDER - int.from_bytes(octets[32:])).to_bytes(32)).hex()
