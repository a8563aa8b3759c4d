"""The two sides of a tap as JSON says them, in vectors and in the material of live taps."""

from __future__ import annotations

from typing import Any

from . import signed, suite
from .device import DeviceSetup, HeldTicket
from .entropy import ScriptedEntropy
from .messages import LONGEST_ACK, Selected
from .objects import Credential, RevocationList, TimeToken
from .reader import ReaderSetup
from .signed import B, Signed, Trust
from .tickets import LIFETIME_S


def trust(keys: list[dict[str, Any]]) -> Trust:
    """The issuer keys of a block."""
    return Trust((bytes.fromhex(key["project"]), key["index"], bytes.fromhex(key["point"])) for key in keys)


def reader_setup(block: dict[str, Any]) -> ReaderSetup:
    """The reader that a block describes."""
    revoked = _object(RevocationList, block.get("revocation_list"))
    held_version = 0 if revoked is None else revoked.value.version
    return ReaderSetup(
        trust=trust(block["issuer_keys"]),
        project=bytes.fromhex(block["project"]),
        reader_id=block["id"],
        secret=suite.SecretKey(bytes.fromhex(block["secret"])),
        certificate=bytes.fromhex(block["certificate"]),
        clock=block["clock"],
        ticket_keys=[bytes.fromhex(key) for key in block["ticket_keys"]],
        tickets_issued=block.get("tickets_issued", 2),
        ticket_lifetime_s=block.get("ticket_lifetime_s", LIFETIME_S),
        revocation_list=revoked,
        list_version=block.get("list_version", held_version),
        denied_user_ids=frozenset(block.get("denied_user_ids", [])),
        longest_ack=block.get("longest_ack", LONGEST_ACK),
        wants_time=block.get("wants_time", False),
        report_key=_octets(block.get("report_key")),
        report=_octets((block.get("report") or {}).get("contents")),
    )


def device_setup(block: dict[str, Any]) -> DeviceSetup:
    """The device that a block describes."""
    return DeviceSetup(
        trust=trust(block["issuer_keys"]),
        now=block["now"],
        presence=block["presence"],
        credential=_object(Credential, block.get("credential")),
        holder=suite.SecretKey(bytes.fromhex(block["holder_secret"])),
        revocation_list=_object(RevocationList, block.get("revocation_list")),
        time_token=_object(TimeToken, block.get("time_token")),
        tickets=[
            HeldTicket(held["reader_id"], bytes.fromhex(held["ticket"]), bytes.fromhex(held["psk"]), held["expires"])
            for held in block.get("tickets", [])
        ],
        selected=Selected.decode(bytes.fromhex(block["select_response"])),
        report_room=block.get("report_room"),
        report_acknowledgement=_octets(block.get("report_acknowledgement")),
    )


def reader_entropy(block: dict[str, Any]) -> ScriptedEntropy:
    """The random octets of a reader in a vector."""
    report = block.get("report")
    nonces = [] if report is None else [report["nonce"]]
    return _script({"ephemeral": block["ephemerals"], "nonce": block["nonces"], "report nonce": nonces})


def device_entropy(block: dict[str, Any]) -> ScriptedEntropy:
    """The random octets of a device in a vector."""
    return _script({"ephemeral": block["ephemerals"], "filler": block["fillers"]})


def _script(draws: dict[str, list[str]]) -> ScriptedEntropy:
    return ScriptedEntropy({what: [bytes.fromhex(octets) for octets in listed] for what, listed in draws.items()})


def _octets(octets: str | None) -> bytes | None:
    return None if octets is None else bytes.fromhex(octets)


def _object(kind: type[B], octets: str | None) -> Signed[B] | None:
    return None if octets is None else signed.decode(kind, bytes.fromhex(octets))
