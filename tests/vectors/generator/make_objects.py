"""Vectors of the signed objects: good ones, and each way in which one can be bad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import configuration, signed, suite
from .configuration import ReaderConfiguration, Wiegand
from .entropy import seeded_key
from .objects import Credential, ReaderCertificate, RevocationList, TimeToken
from .refusal import Reason
from .signed import Body, Header
from .wire import u8, u32, varint
from .world import (
    CERTIFICATE,
    CREDENTIAL,
    DAY_S,
    HEADER,
    HOLDER,
    ISSUER,
    ISSUER_INDEX,
    NEXT_ISSUER,
    NEXT_ISSUER_INDEX,
    NOW,
    OTHER_ISSUER,
    OTHER_PROJECT,
    READER,
    REPORT,
    REVOCATION_LIST,
    STRANGER,
    TIME_TOKEN,
    issue,
    issuer_key,
    issuer_keys,
)

Json = dict[str, Any]
KINDS: dict[str, type[Body]] = {
    "reader_certificate": ReaderCertificate,
    "credential": Credential,
    "revocation_list": RevocationList,
    "time_token": TimeToken,
    "reader_configuration": ReaderConfiguration,
}
CONFIGURATION = ReaderConfiguration(
    HEADER,
    3,
    issue(CERTIFICATE),
    ((ISSUER_INDEX, ISSUER.point), (NEXT_ISSUER_INDEX, NEXT_ISSUER.point)),
    configuration.TICKETS_ISSUED,
    41,
    Wiegand(0, 26, 8, 17, 1),
)
REPORT_FLAGS = configuration.TICKETS_ISSUED | configuration.HAS_REPORT_KEY
BASES: dict[str, Body] = {
    "reader_certificate": CERTIFICATE,
    "credential": CREDENTIAL,
    "revocation_list": REVOCATION_LIST,
    "time_token": TIME_TOKEN,
    "reader_configuration": CONFIGURATION,
}
Case = tuple[str, bytes, Reason | None]


def make() -> Json:
    """All of objects.json."""
    cases: list[Json] = []
    own = {
        "reader_certificate": _certificates(),
        "credential": _credentials(),
        "revocation_list": _lists(),
        "time_token": _tokens(),
        "reader_configuration": _configurations(),
    }
    for kind, base in BASES.items():
        for name, octets, refused in (*_common(base), *own[kind]):
            cases.append(_case(kind, name, octets, refused))
    times = (("before it begins", -1), ("in its first second", 0), ("in its last second", 1), ("when it ends", 2))
    for kind, value in (("reader_certificate", CERTIFICATE), ("credential", CREDENTIAL)):
        for (name, place), reason in zip(times, (Reason.NOT_YET_VALID, None, None, Reason.EXPIRED), strict=True):
            now = value.not_before + place if place < 1 else value.not_after + place - 2
            cases.append(_case(kind, name, issue(value), reason, now))
    return {
        "about": "Signed objects of docs/PROTOCOL.md, each to be decoded strictly and verified at `now`.",
        "cases": cases,
        "sealed": _sealed(),
        "configurations": _taking(),
        "lists": _upward(),
        "clocks": _clocks(),
    }


def _case(kind: str, name: str, octets: bytes, refused: Reason | None, now: int = NOW) -> Json:
    case: Json = {
        "name": f"{kind}: {name}",
        "kind": kind,
        "octets": octets.hex(),
        "issuer_keys": issuer_keys() + [issuer_key(OTHER_PROJECT, ISSUER_INDEX, OTHER_ISSUER)],
        "now": now,
        "expect": "valid" if refused is None else refused.value,
    }
    if refused is None:
        case["fields"] = signed.decode(KINDS[kind], octets).value.fields()
    return case


def _common(base: Body) -> Iterator[Case]:
    """What can happen to an object of any kind."""
    label, body, octets = base.LABEL, base.encode(), issue(base)
    yield "valid", octets, None
    yield "by the next issuer key", signed.sign(label, _patch(body, 9, u8(NEXT_ISSUER_INDEX)), NEXT_ISSUER), None
    if not isinstance(base, ReaderConfiguration):
        yield "of the other project", signed.sign(label, _patch(body, 1, OTHER_PROJECT), OTHER_ISSUER), None
    yield "no octets", b"", Reason.TRUNCATED
    yield "the format octet alone", octets[:1], Reason.TRUNCATED
    yield "the header alone", octets[:10], Reason.TRUNCATED
    yield "the body without a signature", body, Reason.TRUNCATED
    yield "an octet short", octets[:-1], Reason.TRUNCATED
    yield "an octet behind the signature", octets + b"\x00", Reason.TRAILING
    yield "an octet behind the body, signed", signed.sign(label, body + b"\x00", ISSUER), Reason.TRAILING
    for value in (0, 2, 255):
        yield f"format {value}", signed.sign(label, _patch(body, 0, u8(value)), ISSUER), Reason.UNKNOWN_FORMAT
    unknown = bytes.fromhex("ffffffffffffffff")
    yield "a project that is not known", signed.sign(label, _patch(body, 1, unknown), ISSUER), Reason.UNKNOWN_ISSUER
    yield "an index that is not known", signed.sign(label, _patch(body, 9, u8(9)), ISSUER), Reason.UNKNOWN_ISSUER
    yield "signed by the key of another index", signed.sign(label, body, NEXT_ISSUER), Reason.BAD_SIGNATURE
    yield "signed by the other project's key", signed.sign(label, body, OTHER_ISSUER), Reason.BAD_SIGNATURE
    yield "signed by a stranger", signed.sign(label, body, STRANGER), Reason.BAD_SIGNATURE
    for other in BASES.values():
        if label != other.LABEL:
            text = other.LABEL.decode()
            yield f'signed under "{text}"', signed.sign(other.LABEL, body, ISSUER), Reason.BAD_SIGNATURE
    yield "signed without the zero octet", body + ISSUER.sign(label + body), Reason.BAD_SIGNATURE
    yield "signed without a label", body + ISSUER.sign(body), Reason.BAD_SIGNATURE
    r, s = octets[-64:-32], int.from_bytes(octets[-32:])
    yield "high s", body + r + (suite.ORDER - s).to_bytes(32), Reason.BAD_SIGNATURE
    yield "r is 0", body + bytes(32) + octets[-32:], Reason.BAD_SIGNATURE
    yield "s is 0", body + r + bytes(32), Reason.BAD_SIGNATURE
    yield "r is n", body + suite.ORDER.to_bytes(32) + octets[-32:], Reason.BAD_SIGNATURE
    yield "s is n", body + r + suite.ORDER.to_bytes(32), Reason.BAD_SIGNATURE
    yield "the last bit of the signature flipped", octets[:-1] + bytes([octets[-1] ^ 1]), Reason.BAD_SIGNATURE
    yield "a bit of its second field flipped", _patch(octets, 13, u8(octets[13] ^ 1)), Reason.BAD_SIGNATURE


def _certificates() -> Iterator[Case]:
    for presence in (0, 1, 2):
        yield f"presence {presence}", issue(replace(CERTIFICATE, presence=presence)), None
    yield "reader id 0", issue(replace(CERTIFICATE, reader_id=0)), None
    yield "reader id 4294967295", issue(replace(CERTIFICATE, reader_id=2**32 - 1)), None
    for presence in (3, 255):
        yield f"presence {presence}", issue(replace(CERTIFICATE, presence=presence)), Reason.UNKNOWN_VALUE
    for name, point in _bad_points():
        yield name, issue(replace(CERTIFICATE, point=point)), Reason.BAD_POINT


def _credentials() -> Iterator[Case]:
    every = bytes(range(0x20, 0x7F))
    for name, user_id in {
        "user ID of one octet": b"7",
        "user ID of 16 octets": b"0123456789ABCDEF",
        "user ID of 32 octets": b"x" * 32,
        "user ID of spaces": b"   ",
        "user ID of the first printable octets": every[:32],
        "user ID of the last printable octets": every[-32:],
    }.items():
        yield name, issue(replace(CREDENTIAL, user_id=user_id)), None
    yield "serial 0", issue(replace(CREDENTIAL, serial=0)), None
    yield "the last serial", issue(replace(CREDENTIAL, serial=2**64 - 1)), None
    for flags in (1, 128, 255):
        yield f"flags {flags}", issue(replace(CREDENTIAL, flags=flags)), Reason.UNKNOWN_VALUE
    for name, user_id in {
        "user ID of no octets": b"",
        "user ID of 33 octets": b"x" * 33,
        "user ID of 255 octets": b"x" * 255,
        "user ID with a line feed": b"12\n34",
        "user ID with a zero octet": b"1234\x00",
        "user ID with 1F": b"\x1f",
        "user ID with 7F": b"12\x7f",
        "user ID with 80": b"\x80",
        "user ID in UTF-8": "Zoë".encode(),
    }.items():
        yield name, issue(replace(CREDENTIAL, user_id=user_id)), Reason.BAD_USER_ID
    yield "it ends inside the user ID", issue(CREDENTIAL)[:65], Reason.TRUNCATED
    for name, point in _bad_points():
        yield name, issue(replace(CREDENTIAL, holder=point)), Reason.BAD_POINT


def _bad_points() -> Iterator[tuple[str, bytes]]:
    yield "a point off the curve", b"\x02" + (1).to_bytes(32)
    yield "a point of zero octets", bytes(33)
    yield "a point with prefix 04", b"\x04" + HOLDER.point[1:]
    yield "a point with x over the prime", b"\x03" + b"\xff" * 32


def _lists() -> Iterator[Case]:
    def with_tail(tail: bytes) -> bytes:
        body = HEADER.encode() + u32(7) + u32(NOW) + tail
        return signed.sign(RevocationList.LABEL, body, ISSUER)

    yield "empty", issue(replace(REVOCATION_LIST, serials=(), reader_ids=())), None
    yield "serial 0 alone", issue(replace(REVOCATION_LIST, serials=(0,), reader_ids=())), None
    yield "both ends of the serials", issue(replace(REVOCATION_LIST, serials=(0, 2**64 - 1))), None
    yield "both ends of the reader ids", issue(replace(REVOCATION_LIST, reader_ids=(0, 2**32 - 1))), None
    yield "200 serials", issue(replace(REVOCATION_LIST, serials=tuple(range(5, 100_005, 500)))), None
    yield "a difference of 0 between serials", with_tail(bytes([2, 9, 0, 0])), Reason.NOT_SORTED
    yield "a difference of 0 behind serial 0", with_tail(bytes([2, 0, 0, 0])), Reason.NOT_SORTED
    yield "a difference of 0 between reader ids", with_tail(bytes([0, 2, 9, 0])), Reason.NOT_SORTED
    top = varint(2**64 - 1)
    yield "serials over 64 bits", with_tail(b"\x02" + top + b"\x01\x00"), Reason.NOT_SORTED
    yield "reader ids over 32 bits", with_tail(b"\x00\x02" + varint(2**32 - 1) + b"\x01"), Reason.NOT_SORTED
    yield "a first reader id over 32 bits", with_tail(b"\x00\x01" + varint(2**32)), Reason.NOT_SORTED
    yield "a varint of eleven octets", with_tail(b"\x01" + b"\x81" + b"\x80" * 9 + b"\x00\x00"), Reason.BAD_COUNT
    yield "a varint over 64 bits", with_tail(b"\x01" + b"\x80" * 9 + b"\x02\x00"), Reason.BAD_COUNT
    yield "a count over 64 bits", with_tail(b"\xff" * 9 + b"\x7f"), Reason.BAD_COUNT
    huge = HEADER.encode() + u32(7) + u32(NOW) + varint(2**63)
    yield "a count of 2 to the 63 and nothing behind it", huge, Reason.TRUNCATED


def _tokens() -> Iterator[Case]:
    yield "the first second", issue(replace(TIME_TOKEN, time=1)), None
    yield "the last second", issue(replace(TIME_TOKEN, time=2**32 - 1)), None


def _configurations() -> Iterator[Case]:
    base = CONFIGURATION
    yield "text output, no tickets, no list", issue(replace(base, output=None, flags=0, list_version=0)), None
    yield "one issuer key", issue(replace(base, issuer_keys=base.issuer_keys[:1])), None
    more = tuple((index, seeded_key(f"issuer {index}").point) for index in range(1, 6))
    yield "four issuer keys", issue(replace(base, issuer_keys=more[:4])), None
    yield "hexadecimal Wiegand without parity", issue(replace(base, output=Wiegand(1, 56, 0, 0, 0))), None
    for flags in (configuration.HAS_REPORT_KEY, REPORT_FLAGS):
        yield f"a report key, flags {flags}", issue(replace(base, flags=flags, report_key=REPORT.point)), None
    off_curve = b"\x02" + (1).to_bytes(32)
    yield "a report key off the curve", issue(replace(base, flags=REPORT_FLAGS, report_key=off_curve)), Reason.BAD_POINT
    yield "a report key and no flag", issue(replace(base, report_key=b"\x01" * 33)), Reason.TRAILING
    yield "no issuer keys", issue(replace(base, issuer_keys=())), Reason.BAD_COUNT
    yield "five issuer keys", issue(replace(base, issuer_keys=more)), Reason.BAD_COUNT
    twice = (*base.issuer_keys, (ISSUER_INDEX, STRANGER.point))
    yield "an issuer key index twice", issue(replace(base, issuer_keys=twice)), Reason.UNKNOWN_VALUE
    for flags in (4, 128):
        yield f"flags {flags}", issue(replace(base, flags=flags)), Reason.UNKNOWN_VALUE
    body = replace(base, output=None).encode()
    for value in (2, 255):
        octets = signed.sign(base.LABEL, body[:-1] + u8(value), ISSUER)
        yield f"output format {value}", octets, Reason.UNKNOWN_VALUE
    yield "number of Wiegand 2", issue(replace(base, output=Wiegand(2, 26, 8, 17, 1))), Reason.UNKNOWN_VALUE
    yield "parity of Wiegand 2", issue(replace(base, output=Wiegand(0, 26, 8, 17, 2))), Reason.UNKNOWN_VALUE
    keys = ((1, b"\x02" + (1).to_bytes(32)),)
    yield "an issuer key off the curve", issue(replace(base, issuer_keys=keys)), Reason.BAD_POINT
    wrong = issue(replace(CERTIFICATE, presence=3))
    yield "presence 3 in its certificate", issue(replace(base, certificate=wrong)), Reason.UNKNOWN_VALUE


def _sealed() -> list[Json]:
    plaintext = issue(CONFIGURATION)
    ephemeral = seeded_key("configuration ephemeral")
    sealed = configuration.seal(plaintext, READER.point, ephemeral)
    wrong = {
        "a bit of the encapsulated key flipped": _patch(sealed, 40, u8(sealed[40] ^ 1)),
        "the encapsulated key negated": _negated(sealed),
        "a bit of the ciphertext flipped": _patch(sealed, 65, u8(sealed[65] ^ 1)),
        "a bit of the tag flipped": sealed[:-1] + u8(sealed[-1] ^ 1),
        "an octet short": sealed[:-1],
        "the encapsulated key alone": sealed[:65],
        "no octets": b"",
    }
    cases = [_sealed_case("opens", sealed, READER, plaintext)]
    cases.append(_sealed_case("another reader's key", sealed, seeded_key("reader 8"), None))
    cases += [_sealed_case(name, octets, READER, None) for name, octets in wrong.items()]
    cases[0]["ephemeral_secret"] = ephemeral.scalar.hex()
    return cases


def _negated(sealed: bytes) -> bytes:
    """The same x with the other y: the ECDH is the same, and the context must tell them apart."""
    y = suite.FIELD - int.from_bytes(sealed[33:65])
    return _patch(sealed, 33, y.to_bytes(32))


def _sealed_case(name: str, sealed: bytes, key: suite.SecretKey, plaintext: bytes | None) -> Json:
    return {
        "name": name,
        "sealed": sealed.hex(),
        "reader_secret": key.scalar.hex(),
        "expect": "cannot_open" if plaintext is None else "opens",
        "plaintext": None if plaintext is None else plaintext.hex(),
    }


def _taking() -> list[Json]:
    keys = issuer_keys()
    foreign = replace(CERTIFICATE, point=seeded_key("reader 8").point)
    by_stranger = issue(CONFIGURATION, STRANGER)
    elsewhere = issue(replace(CERTIFICATE, header=Header(OTHER_PROJECT, ISSUER_INDEX)), OTHER_ISSUER)
    uncertified = issue(CERTIFICATE, STRANGER)
    expired = issue(replace(CERTIFICATE, not_after=NOW - DAY_S))
    next_only = replace(CONFIGURATION, issuer_keys=CONFIGURATION.issuer_keys[1:])

    def with_certificate(certificate: bytes) -> bytes:
        return issue(replace(CONFIGURATION, certificate=certificate))

    cases: list[tuple[str, bytes, list[Json] | None, int, str]] = [
        ("a first configuration, in an enrolment", issue(CONFIGURATION), None, 0, "taken"),
        ("a newer one", issue(CONFIGURATION), keys, 2, "taken"),
        ("the same version again", issue(CONFIGURATION), keys, 3, "not_newer"),
        ("an older one", issue(CONFIGURATION), keys, 4, "not_newer"),
        ("another reader's", issue(replace(CONFIGURATION, certificate=issue(foreign))), keys, 2, "not_own"),
        (
            "a certificate signed by a stranger",
            with_certificate(uncertified),
            keys,
            2,
            "bad_signature",
        ),
        ("a certificate of another project", with_certificate(elsewhere), keys, 2, "unknown_issuer"),
        ("a certificate by a key that is not in it", issue(next_only), keys, 2, "unknown_issuer"),
        ("a certificate that has expired", with_certificate(expired), keys, 2, "taken"),
        ("signed by a stranger", by_stranger, keys, 2, "bad_signature"),
        ("signed by a stranger, in an enrolment", by_stranger, None, 0, "bad_signature"),
        ("an issuer that is not trusted yet", issue(CONFIGURATION), keys[1:], 2, "unknown_issuer"),
    ]
    return [
        {
            "name": name,
            "octets": octets.hex(),
            "reader_point": READER.point.hex(),
            "issuer_keys": trusted,
            "held_version": held,
            "expect": expect,
        }
        for name, octets, trusted, held, expect in cases
    ]


def _upward() -> list[Json]:
    cases = []
    for name, held, expect in (
        ("a first list", 0, "replaced"),
        ("a newer list", 40, "replaced"),
        ("the same version", 41, "kept"),
        ("an older list", 42, "kept"),
    ):
        cases.append({"name": name, "held_version": held, "octets": issue(REVOCATION_LIST).hex(), "expect": expect})
    for case in cases:
        case["issuer_keys"] = issuer_keys()
    return cases


def _clocks() -> list[Json]:
    cases = []
    for name, clock, after in (
        ("no clock", 0, NOW + 5),
        ("forward", NOW, NOW + 5),
        ("the same time", NOW + 5, NOW + 5),
        ("never back", NOW + 6, NOW + 6),
    ):
        octets = issue(TIME_TOKEN).hex()
        cases.append({"name": name, "clock": clock, "octets": octets, "issuer_keys": issuer_keys(), "after": after})
    return cases


def _patch(octets: bytes, offset: int, new: bytes) -> bytes:
    return octets[:offset] + new + octets[offset + len(new) :]
