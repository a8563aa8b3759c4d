"""Vectors of reports and their acknowledgements, as a reader seals and a manager opens them."""

from __future__ import annotations

from typing import Any

from . import suite
from .entropy import seeded
from .refusal import Reason, Refusal
from .reports import NONCE_OCTETS, Contents, Entry, ReportKeys
from .suite import counter_nonce
from .wire import u32, u64
from .world import CREDENTIAL, LOG, NOW, OTHER_PROJECT, PROJECT, READER, READER_ID, REPORT, SERIAL, STRANGER, issue

Json = dict[str, Any]
KEYS = ReportKeys.derive(REPORT, READER.point, PROJECT, READER_ID)


def make() -> Json:
    """All of reports.json."""
    return {
        "about": "Reports and acknowledgements of docs/PROTOCOL.md between one reader and its manager.",
        "project": PROJECT.hex(),
        "reader_id": READER_ID,
        "reader_secret": READER.scalar.hex(),
        "report_secret": REPORT.scalar.hex(),
        "report_key": REPORT.point.hex(),
        "secret": KEYS.secret.hex(),
        "sealing_key": KEYS.sealing.hex(),
        "acknowledging_key": KEYS.acknowledging.hex(),
        "cases": _cases(),
        "acknowledgements": _acknowledgements(),
    }


def _entries() -> tuple[Entry, ...]:
    """One of every kind, and some of none."""
    receipt = u32(NOW) + seeded("h5") + seeded("device signature", 64) + issue(CREDENTIAL)
    bodies: list[tuple[int, bytes]] = [
        (1, u32(3)),
        (2, receipt),
        (3, u64(SERIAL)),
        (4, b""),
        (5, b"\x04\x00" + u64(SERIAL)),
        (5, b"\x01\x00"),
        (6, u32(41)),
        (7, u32(0)),
        (8, u32(4)),
        (9, b"\x04" + u32(12)),
        (10, b"\x01"),
        (11, b"\x00"),
        (0, b""),
        (12, b"of a later version"),
        (255, bytes(300)),
        (3, b"a body that does not fit its kind"),
    ]
    return tuple(Entry(n, 0 if n == 1 else NOW + n, kind, body) for n, (kind, body) in enumerate(bodies, 1))


def _cases() -> list[Json]:
    entries = _entries()
    whole = Contents(LOG, 1, entries)
    one = Contents(LOG, 2**32 - 1, (Entry(2**32 - 1, NOW, 4, b""),)).encode()
    gap = Contents(LOG, 5, (Entry(7, NOW, 4, b""), Entry(9, NOW, 4, b""))).encode()
    plain: list[tuple[str, bytes, Reason | None]] = [
        ("every kind of event", whole.encode(), None),
        ("the last number", one, None),
        ("numbers with gaps", gap, None),
        ("no entry", Contents(LOG, 1, ()).encode(), Reason.BAD_COUNT),
        ("oldest 0", Contents(LOG, 0, entries[:1]).encode(), Reason.BAD_COUNT),
        ("an entry below the oldest", Contents(LOG, 2, entries[:1]).encode(), Reason.NOT_SORTED),
        ("a number twice", Contents(LOG, 1, (entries[0], entries[0])).encode(), Reason.NOT_SORTED),
        ("numbers that descend", Contents(LOG, 1, (entries[1], entries[0])).encode(), Reason.NOT_SORTED),
        ("a number behind the last", one + entries[0].encode(), Reason.NOT_SORTED),
        ("an octet short", whole.encode()[:-1], Reason.TRUNCATED),
        ("an octet long", whole.encode() + b"\x00", Reason.TRUNCATED),
        ("a log id alone", LOG, Reason.TRUNCATED),
        ("no octets", b"", Reason.TRUNCATED),
    ]
    cases = []
    for name, contents, reason in plain:
        nonce = seeded(f"report: {name}", NONCE_OCTETS)
        cases.append(_case(name, KEYS.seal(nonce, contents), contents, reason))
    nonce, contents = seeded("report", NONCE_OCTETS), gap
    good = KEYS.seal(nonce, contents)
    wrong = {
        "a bit of the nonce flipped": bytes([good[0] ^ 1]) + good[1:],
        "a bit of the tag flipped": good[:-1] + bytes([good[-1] ^ 1]),
        "a tag short of an octet": good[:-1],
        "the nonce alone": nonce,
        "of another reader": ReportKeys(KEYS.secret, KEYS.aad[:-1] + b"\x08").seal(nonce, contents),
        "of another project": ReportKeys(KEYS.secret, KEYS.aad.replace(PROJECT, OTHER_PROJECT)).seal(nonce, contents),
        "by somebody without the certified key": ReportKeys.derive(STRANGER, REPORT.point, PROJECT, READER_ID).seal(
            nonce, contents
        ),
        "under the acknowledging key": nonce + _under_acknowledging(nonce, contents),
        "with a counter for a nonce": nonce + KEYS.seal(counter_nonce(0), contents)[NONCE_OCTETS:],
    }
    return cases + [_case(name, report, None, Reason.CANNOT_OPEN) for name, report in wrong.items()]


def _under_acknowledging(nonce: bytes, contents: bytes) -> bytes:
    return suite.seal(KEYS.acknowledging, nonce, KEYS.aad, contents)


def _case(name: str, report: bytes, contents: bytes | None, reason: Reason | None) -> Json:
    got, entries = read(KEYS, report)
    assert got == ("valid" if reason is None else reason.value), (name, got)
    return {
        "name": name,
        "report": report.hex(),
        "contents": None if contents is None else contents.hex(),
        "expect": got,
        "entries": entries,
    }


def read(keys: ReportKeys, report: bytes) -> tuple[str, list[Json] | None]:
    """What a manager makes of a report."""
    try:
        contents = Contents.decode(keys.open(report))
    except Refusal as refusal:
        return refusal.reason.value, None
    return "valid", [
        {"sequence": entry.sequence, "time": entry.time, "kind": entry.kind, "body": entry.body.hex()}
        for entry in contents.entries
    ]


def _acknowledgements() -> list[Json]:
    good = KEYS.acknowledge(LOG, 77)
    stranger = ReportKeys.derive(STRANGER, REPORT.point, PROJECT, READER_ID)
    cases: dict[str, tuple[bytes, bool]] = {
        "holds": (good, True),
        "the last number": (KEYS.acknowledge(LOG, 2**32 - 1), True),
        "another number": (good[:11] + b"\x4e" + good[12:], False),
        "another log": (bytes([good[0] ^ 1]) + good[1:], False),
        "a bit of the tag flipped": (good[:-1] + bytes([good[-1] ^ 1]), False),
        "by a stranger": (stranger.acknowledge(LOG, 77), False),
    }
    return [{"name": name, "octets": octets.hex(), "holds": holds} for name, (octets, holds) in cases.items()]
