"""Real taps over TCP, as the reader or as the device."""

from __future__ import annotations

import json
import math
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import blocks, framing, make_vectors
from .device import Device, DeviceSetup
from .entropy import SystemEntropy
from .keys import Transport
from .messages import ItemKind, Result, Selected, Status
from .objects import RevocationList, TimeToken
from .reader import Abort, Done, ReaderSetup, ReaderTap
from .refusal import Refusal
from .signed import decode
from .tickets import DAY_S, LIFETIME_S
from .transport import ANSWER_TIMEOUT_S, TAP_TIMEOUT_S, Connection, ConnectionLost, parse_address

Json = dict[str, Any]


class ProtocolError(Exception):
    """A tap did not come to its end."""


def run(role: str, address: str, listen: bool, material_file: Path, taps: int) -> int:
    """So many taps, each on a connection of its own; the exit status."""
    material = json.loads(material_file.read_text(encoding="utf-8"))
    make_vectors.validate(Path(__file__).parent.parent, "material.json", material)
    tap: Callable[[Connection], Json] = (Reader(material) if role == "reader" else Phone(material)).tap
    try:
        for connected in _connections(address, listen, taps):
            with Connection(connected) as connection:
                print(json.dumps(tap(connection)), flush=True)
    except (ProtocolError, ConnectionLost, Abort, Refusal) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _connections(address: str, listen: bool, taps: int) -> Iterator[socket.socket]:
    """So many connections, one after another."""
    host, port = parse_address(address)
    if not listen:
        for _ in range(taps):
            yield _connect(host, port)
        return
    with socket.create_server((host, port)) as server:
        print(f"listening on {server.getsockname()[0]}:{server.getsockname()[1]}", file=sys.stderr, flush=True)
        for _ in range(taps):
            yield server.accept()[0]


def _connect(host: str, port: int) -> socket.socket:
    try:
        return socket.create_connection((host, port), TAP_TIMEOUT_S)
    except OSError as error:
        raise ConnectionLost(str(error)) from error


class Reader:
    """A reader between taps: its list, its clock and its ticket key outlive each of them."""

    def __init__(self, material: Json) -> None:
        self._entropy = SystemEntropy()
        self._clock = Clock(material)
        made = {"ticket_keys": [self._entropy.octets("ticket key", 32).hex()], "clock": self._clock.now()}
        self._setup: ReaderSetup = blocks.reader_setup(_common(material) | material["reader"] | made)
        self._key_made_at_s = time.monotonic()

    def tap(self, connection: Connection) -> Json:
        """One tap on a connection just made."""
        if self._setup.clock != 0:
            self._setup.clock = max(self._setup.clock, self._clock.now())
        age_s = math.ceil(time.monotonic() - self._key_made_at_s)
        if age_s >= DAY_S:
            raise ProtocolError("the ticket key is a day old")
        self._setup.ticket_lifetime_s = LIFETIME_S - age_s
        tap = ReaderTap(self._setup, Transport.TCP, self._entropy)
        deadline = time.monotonic() + TAP_TIMEOUT_S
        data, status = self._answer(connection)
        step = tap.receive(data, status)
        while not isinstance(step, Done):
            if time.monotonic() > deadline:
                raise ProtocolError("the tap took too long")
            connection.send(framing.command(step.instruction, step.data))
            data, status = self._answer(connection)
            step = tap.receive(data, status)
        if step.ack_refused is not None or tap.decision is None:
            raise ProtocolError(f"ACK was refused: {step.ack_refused}")
        decision = tap.decision
        return _line(decision.path, decision.result, decision.user_id, step.brought, step.reported)

    def _answer(self, connection: Connection) -> tuple[bytes, int]:
        message = connection.receive(ANSWER_TIMEOUT_S)
        if message is None:
            raise ProtocolError("the device closed before the end of the tap")
        return framing.split_response(message)


class Phone:
    """A device between taps: its tickets outlive each of them."""

    def __init__(self, material: Json) -> None:
        self._clock = Clock(material)
        defaults = {"presence": 2, "select_response": Selected().encode().hex(), "now": self._clock.now()}
        self._setup: DeviceSetup = blocks.device_setup(_common(material) | defaults | material["device"])
        self._entropy = SystemEntropy()

    def tap(self, connection: Connection) -> Json:
        """One tap on a connection just made; the device speaks first."""
        self._setup.now = self._clock.now()
        device = Device(self._setup, self._entropy)
        connection.send(framing.response(device.open(Transport.TCP), Status.NORMAL))
        while device.report is None:
            command = connection.receive(TAP_TIMEOUT_S)
            if not command:
                raise ProtocolError("the reader gave the tap up")
            data, status = device.handle(command[0], command[1:])
            connection.send(framing.response(data, status))
            if status != Status.NORMAL:
                raise ProtocolError(f"answered with status {status:04X}")
        reported = self._reported(device, connection) if device.takes_report else None
        report, credential = device.report, self._setup.credential
        user_id = "" if credential is None else credential.value.user_id.decode("ascii")
        return _line(report.path, report.result, user_id, report.brought, reported)

    def _reported(self, device: Device, connection: Connection) -> bool | None:
        """Whether a report came; the reader may have none that fits."""
        command = connection.receive(TAP_TIMEOUT_S)
        if not command:
            return None
        data, status = device.handle(command[0], command[1:])
        connection.send(framing.response(data, status))
        if status != Status.NORMAL:
            raise ProtocolError(f"answered REPORT with status {status:04X}")
        return True


class Clock:
    """The system's time, or the one that the material gives, going on from there."""

    def __init__(self, material: Json) -> None:
        override = material.get("now")
        self._offset_s = 0 if override is None else override - int(time.time())
        self._none = override == 0

    def now(self) -> int:
        """Unix seconds; 0 if there is no clock."""
        return 0 if self._none else int(time.time()) + self._offset_s


def _common(material: Json) -> Json:
    keys = [{"project": material["project"], **key} for key in material["issuer_keys"]]
    return {"project": material["project"], "issuer_keys": keys}


def _line(path: str, result: int, user_id: str, brought: dict[ItemKind, bytes], reported: bool | None) -> Json:
    return {
        "path": path,
        "result": "grant" if result == Result.GRANT else "deny",
        "reason": None if result == Result.GRANT else int(result),
        "user_id": user_id,
        "brought": [_brought(kind, octets) for kind, octets in brought.items()],
        "reported": reported,
    }


def _brought(kind: ItemKind, octets: bytes) -> Json:
    if kind == ItemKind.REVOCATION_LIST:
        return {"kind": "revocation_list", "version": decode(RevocationList, octets).value.version}
    if kind == ItemKind.REPORT_ROOM:
        return {"kind": "report_room", "octets": int.from_bytes(octets)}
    if kind == ItemKind.REPORT_ACKNOWLEDGEMENT:
        return {"kind": "report_acknowledgement", "up_to": int.from_bytes(octets[8:12])}
    return {"kind": "time_token", "time": decode(TimeToken, octets).value.time}
