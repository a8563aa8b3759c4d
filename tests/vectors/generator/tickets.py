"""Tickets as the reader seals and opens them.

Spec: docs/PROTOCOL.md#tickets
"""

from __future__ import annotations

from dataclasses import dataclass

from . import suite
from .messages import TICKET_OCTETS
from .objects import USER_ID_OCTETS
from .refusal import Reason, Refusal
from .wire import Cursor, u32, u64

NONCE_OCTETS = 12
# A ticket key seals for a day and opens for one more.
DAY_S = 86_400
LIFETIME_S = 2 * DAY_S
_AAD = b"ostiary/1 ticket"


@dataclass(frozen=True)
class TicketContent:
    """What a reader needs to decide without the credential."""

    serial: int
    not_after: int
    user_id: bytes

    def encode(self) -> bytes:
        return u64(self.serial) + u32(self.not_after) + self.user_id.ljust(USER_ID_OCTETS, b"\x00")


def seal_key(ticket_key: bytes) -> bytes:
    """The key that seals tickets."""
    return suite.expand(ticket_key, b"ostiary/1 ticket seal")


def psk(ticket_key: bytes, ticket: bytes) -> bytes:
    """The secret that goes with a ticket."""
    return suite.expand(ticket_key, b"ostiary/1 ticket secret" + ticket)


def seal(ticket_key: bytes, nonce: bytes, content: TicketContent) -> bytes:
    """A ticket of 72 octets."""
    return nonce + suite.seal(seal_key(ticket_key), nonce, _AAD, content.encode())


def open_ticket(ticket_key: bytes, ticket: bytes) -> TicketContent:
    """What is in a ticket; refuses one that is not under this key."""
    if len(ticket) != TICKET_OCTETS:
        raise Refusal(Reason.BAD_LENGTH)
    plain = suite.open_sealed(seal_key(ticket_key), ticket[:NONCE_OCTETS], _AAD, ticket[NONCE_OCTETS:])
    cursor = Cursor(plain)
    content = TicketContent(cursor.uint(8), cursor.uint(4), cursor.take(USER_ID_OCTETS).rstrip(b"\x00"))
    cursor.end()
    return content
