"""The project, keys and objects that all vectors share, made from fixed seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import signed, suite, tickets
from .entropy import seeded, seeded_key
from .messages import BINDER_OCTETS, LONGEST_ACK, TICKET_OCTETS, Selected
from .objects import Credential, ReaderCertificate, RevocationList, TimeToken
from .reports import LOG_OCTETS
from .signed import Body, Header
from .tickets import TicketContent

NOW = 1_790_000_000
DAY_S = 86_400
PROJECT = bytes.fromhex("4f73746961727931")
OTHER_PROJECT = bytes.fromhex("4f73746961727932")
ISSUER_INDEX = 1
NEXT_ISSUER_INDEX = 2
READER_ID = 7
SERIAL = 0x0102030405060708

ISSUER = seeded_key("issuer 1")
NEXT_ISSUER = seeded_key("issuer 2")
OTHER_ISSUER = seeded_key("issuer of the other project")
STRANGER = seeded_key("a key that nobody trusts")
READER = seeded_key("reader 7")
HOLDER = seeded_key("holder")
REPORT = seeded_key("report key")
LOG = seeded("log of reader 7", LOG_OCTETS)
TICKET_KEY = seeded("ticket key of today")
OLDER_TICKET_KEY = seeded("ticket key of yesterday")
UNKNOWN_TICKET_KEY = seeded("ticket key of another reader")

HEADER = Header(PROJECT, ISSUER_INDEX)
CERTIFICATE = ReaderCertificate(HEADER, READER_ID, NOW - 30 * DAY_S, NOW + 335 * DAY_S, 0, READER.point)
CREDENTIAL = Credential(HEADER, SERIAL, NOW - DAY_S, NOW + 6 * DAY_S, HOLDER.point, b"0004927716253811")
REVOCATION_LIST = RevocationList(HEADER, 41, NOW - 600, (3, 130, SERIAL - 1, SERIAL + 1), (2, 900))
TIME_TOKEN = TimeToken(HEADER, NOW + 5)

Json = dict[str, Any]


def issue(value: Body, key: suite.SecretKey = ISSUER) -> bytes:
    """The object, signed."""
    return signed.sign(value.LABEL, value.encode(), key)


def issuer_keys() -> list[Json]:
    """What a verifier of this project trusts."""
    return [issuer_key(PROJECT, ISSUER_INDEX, ISSUER), issuer_key(PROJECT, NEXT_ISSUER_INDEX, NEXT_ISSUER)]


def issuer_key(project: bytes, index: int, key: suite.SecretKey) -> Json:
    """One issuer key in JSON."""
    return {"project": project.hex(), "index": index, "point": key.point.hex()}


def reader_block(name: str, **changes: Any) -> Json:
    """A reader before the tap of this name."""
    return {
        "project": PROJECT.hex(),
        "issuer_keys": issuer_keys(),
        "id": READER_ID,
        "secret": READER.scalar.hex(),
        "certificate": issue(CERTIFICATE).hex(),
        "clock": NOW,
        "ticket_keys": [TICKET_KEY.hex(), OLDER_TICKET_KEY.hex()],
        "tickets_issued": 2,
        "ticket_lifetime_s": tickets.LIFETIME_S,
        "revocation_list": None,
        "list_version": 0,
        "denied_user_ids": [],
        "longest_ack": LONGEST_ACK,
        "wants_time": False,
        "report_key": REPORT.point.hex(),
        "report": None,
        "ephemerals": [seeded_key(f"{name}: reader ephemeral").scalar.hex()],
        "nonces": [seeded(f"{name}: ticket nonce {n}", tickets.NONCE_OCTETS).hex() for n in range(2)],
    } | changes


def device_block(name: str, **changes: Any) -> Json:
    """A device before the tap of this name."""
    return {
        "project": PROJECT.hex(),
        "issuer_keys": issuer_keys(),
        "now": NOW + 2,
        "presence": 1,
        "credential": issue(CREDENTIAL).hex(),
        "holder_secret": HOLDER.scalar.hex(),
        "revocation_list": None,
        "time_token": None,
        "report_room": None,
        "report_acknowledgement": None,
        "tickets": [],
        "select_response": Selected().encode().hex(),
        "ephemerals": [seeded_key(f"{name}: device ephemeral").scalar.hex()],
        "fillers": [seeded(f"{name}: filler", TICKET_OCTETS + BINDER_OCTETS).hex()],
    } | changes


def held_ticket(name: str, key: bytes = TICKET_KEY, **changes: Any) -> Json:
    """A ticket for the shared credential, as the device holds it."""
    content = TicketContent(SERIAL, CREDENTIAL.not_after, CREDENTIAL.user_id)
    content = replace(content, **changes)
    ticket = tickets.seal(key, seeded(f"{name}: held ticket nonce", tickets.NONCE_OCTETS), content)
    return {
        "reader_id": READER_ID,
        "ticket": ticket.hex(),
        "psk": tickets.psk(key, ticket).hex(),
        "expires": NOW + DAY_S,
    }
