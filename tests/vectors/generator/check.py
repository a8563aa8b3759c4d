"""Reads vector files and verifies every case in them, as any other implementation would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from . import blocks, check_hostile, check_reports, check_taps, configuration, hpke, make_vectors, signed, suite, wire
from .make_objects import KINDS
from .messages import ItemKind
from .objects import Credential, ReaderCertificate, RevocationList, TimeToken
from .reader import ReaderSetup, take_brought
from .refusal import Refusal
from .suite import SecretKey

Json = dict[str, Any]
Failures = Iterator[str]


def check(directory: Path) -> tuple[int, list[str]]:
    """How many cases there are, and which of them do not hold."""
    count, failures = 0, []
    for name, groups in FILES.items():
        content = json.loads((directory / name).read_text(encoding="utf-8"))
        make_vectors.validate(directory, name, content)
        if name == "reports.json":
            groups = _report_groups(content)
        for group, one in groups.items():
            for case in content[group]:
                count += 1
                failures += [f"{name}: {group}: {case['name']}: {what}" for what in _differences(one, case)]
    return count, failures


def _differences(one: Callable[[Json], Failures], case: Json) -> Failures:
    """What does not hold; octets that cannot be read at all are a difference too."""
    try:
        yield from one(case)
    except (Refusal, ValueError, LookupError) as error:
        yield f"{type(error).__name__}: {error}"


def _h(text: str) -> bytes:
    return bytes.fromhex(text)


def _holds(test: Callable[[], object]) -> bool:
    try:
        test()
    except Refusal:
        return False
    return True


def _point(case: Json) -> Failures:
    if _holds(lambda: suite.load_point(_h(case["octets"]))) != case["valid"]:
        yield "valid"


def _ecdh(case: Json) -> Failures:
    secret = SecretKey(_h(case["secret"]))
    if secret.point.hex() != case["secret_point"]:
        yield "secret_point"
    if secret.agree(_h(case["point"])).hex() != case["shared"]:
        yield "shared"


def _signature(case: Json) -> Failures:
    point, message, signature = (_h(case[what]) for what in ("point", "message", "signature"))
    if SecretKey(_h(case["secret"])).point != point:
        yield "point"
    if _holds(lambda: suite.verify(point, message, signature)) != case["valid"]:
        yield "valid"
    if case["valid"] and SecretKey(_h(case["secret"])).sign(message) != signature:
        yield "signature"


def _hkdf(case: Json) -> Failures:
    secret = suite.extract(_h(case["salt"]), _h(case["ikm"]))
    if secret.hex() != case["extracted"]:
        yield "extracted"
    if suite.expand(secret, _h(case["info"])).hex() != case["expanded"]:
        yield "expanded"


def _hmac(case: Json) -> Failures:
    if suite.hmac(_h(case["key"]), _h(case["message"])).hex() != case["tag"]:
        yield "tag"


def _gcm(case: Json) -> Failures:
    try:
        got = suite.open_sealed(*(_h(case[what]) for what in ("key", "nonce", "aad", "sealed"))).hex()
    except Refusal:
        got = None
    if got != case["plaintext"]:
        yield "plaintext"


def _hpke(case: Json) -> Failures:
    if (
        hpke.open_sealed(SecretKey(_h(case["recipient_secret"])), _h(case["info"]), _h(case["sealed"])).hex()
        != case["plaintext"]
    ):
        yield "plaintext"


def _varint(case: Json) -> Failures:
    octets = _h(case["octets"])
    cursor = wire.Cursor(octets)
    try:
        value = str(cursor.varint())
        cursor.end()
    except Refusal:
        value = None
    if value != case["value"]:
        yield "value"
    if case["shortest"] and (value is None or wire.varint(int(value)) != octets):
        yield "octets"


def _object(case: Json) -> Failures:
    octets = _h(case["octets"])
    try:
        decoded = signed.decode(KINDS[case["kind"]], octets)
        signed.check(decoded, blocks.trust(case["issuer_keys"]))
        value = decoded.value
        if isinstance(value, Credential | ReaderCertificate):
            signed.check_validity(value.not_before, value.not_after, case["now"])
    except Refusal as refusal:
        if refusal.reason.value != case["expect"]:
            yield f"expect {case['expect']}, got {refusal.reason.value}"
        return
    if case["expect"] != "valid":
        yield f"expect {case['expect']}, got valid"
    elif value.fields() != case["fields"]:
        yield "fields"
    elif value.encode() != decoded.body:
        yield "octets"


def _sealed(case: Json) -> Failures:
    try:
        got = configuration.open_sealed(_h(case["sealed"]), SecretKey(_h(case["reader_secret"]))).hex()
    except Refusal:
        got = None
    if got != case["plaintext"] or (got is None) != (case["expect"] == "cannot_open"):
        yield "plaintext"


def _configuration(case: Json) -> Failures:
    trust = None if case["issuer_keys"] is None else blocks.trust(case["issuer_keys"])
    try:
        configuration.take(_h(case["octets"]), _h(case["reader_point"]), trust, case["held_version"])
        got = "taken"
    except Refusal as refusal:
        got = refusal.reason.value
    if got != case["expect"]:
        yield f"expect {case['expect']}, got {got}"


def _list(case: Json) -> Failures:
    decoded = signed.decode(RevocationList, _h(case["octets"]))
    setup = _setup(case, decoded.value.header.project)
    setup.list_version = case["held_version"]
    taken = take_brought(setup, {ItemKind.REVOCATION_LIST: _h(case["octets"])})
    if bool(taken) != (case["expect"] == "replaced"):
        yield "expect"


def _clock(case: Json) -> Failures:
    decoded = signed.decode(TimeToken, _h(case["octets"]))
    setup = _setup(case, decoded.value.header.project)
    setup.clock = case["clock"]
    take_brought(setup, {ItemKind.TIME_TOKEN: _h(case["octets"])})
    if setup.clock != case["after"]:
        yield "after"


def _setup(case: Json, project: bytes) -> ReaderSetup:
    return ReaderSetup(blocks.trust(case["issuer_keys"]), project, 0, SecretKey(b"\x01" * 32), b"", 0, [])


def _report_groups(content: Json) -> dict[str, Callable[[Json], Failures]]:
    """The checks of reports.json, whose keys stand beside its cases."""
    held = check_reports.keys(content)
    return {
        "cases": partial(check_reports.case, held),
        "acknowledgements": partial(check_reports.acknowledgement, held),
    }


FILES: dict[str, dict[str, Callable[[Json], Failures]]] = {
    "primitives.json": {
        "points": _point,
        "ecdh": _ecdh,
        "signatures": _signature,
        "hkdf": _hkdf,
        "hmac": _hmac,
        "gcm": _gcm,
        "hpke": _hpke,
        "varints": _varint,
    },
    "objects.json": {
        "cases": _object,
        "sealed": _sealed,
        "configurations": _configuration,
        "lists": _list,
        "clocks": _clock,
    },
    "taps.json": {"cases": check_taps.tap, "receipts": check_taps.receipt},
    "reports.json": {},
    "hostile.json": {"cases": check_hostile.case},
}
