"""What all signed objects share: the first three fields, the signature and the keys trusted.

Spec: docs/PROTOCOL.md#signed-objects
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, Self, TypeVar

from . import suite
from .refusal import Reason, Refusal
from .wire import Cursor, u8

FORMAT = 1
PROJECT_OCTETS = 8
KEYS_PER_PROJECT = 4

Json = dict[str, object]


@dataclass(frozen=True)
class Header:
    """Project id and issuer key index, behind the format octet."""

    project: bytes
    issuer: int

    def encode(self) -> bytes:
        return u8(FORMAT) + self.project + u8(self.issuer)

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        if cursor.uint(1) != FORMAT:
            raise Refusal(Reason.UNKNOWN_FORMAT)
        return cls(cursor.take(PROJECT_OCTETS), cursor.uint(1))


class Body(Protocol):
    """One kind of signed object, without its signature."""

    LABEL: ClassVar[bytes]

    @property
    def header(self) -> Header: ...

    def encode(self) -> bytes: ...

    @classmethod
    def read(cls, cursor: Cursor) -> Self: ...

    def fields(self) -> Json: ...


B = TypeVar("B", bound=Body)


@dataclass(frozen=True)
class Signed(Generic[B]):
    """A decoded object with the octets that it came in."""

    value: B
    body: bytes
    signature: bytes

    @property
    def octets(self) -> bytes:
        return self.body + self.signature


class Trust:
    """The issuer keys that a verifier holds, by project and index."""

    def __init__(self, keys: Iterable[tuple[bytes, int, bytes]]) -> None:
        self._keys: dict[tuple[bytes, int], bytes] = {}
        for project, index, point in keys:
            suite.load_point(point)
            self._keys[(project, index)] = point
            if sum(held == project for held, _ in self._keys) > KEYS_PER_PROJECT:
                raise ValueError("a project has at most four issuer keys")

    def key(self, header: Header) -> bytes:
        """The point that signed under this header; refuses an issuer that is not known."""
        point = self._keys.get((header.project, header.issuer))
        if point is None:
            raise Refusal(Reason.UNKNOWN_ISSUER)
        return point


def sign(label: bytes, body: bytes, key: suite.SecretKey) -> bytes:
    """body ‖ signature."""
    return body + key.sign(label + b"\x00" + body)


def read(kind: type[B], cursor: Cursor, octets: bytes) -> Signed[B]:
    """Reads one object where the cursor stands in `octets`."""
    start = cursor.offset
    value = kind.read(cursor)
    body = octets[start : cursor.offset]
    return Signed(value, body, cursor.take(suite.SIGNATURE_OCTETS))


def decode(kind: type[B], octets: bytes) -> Signed[B]:
    """Reads an object that fills all of `octets`."""
    cursor = Cursor(octets)
    signed = read(kind, cursor, octets)
    cursor.end()
    return signed


def check(signed: Signed[B], trust: Trust) -> None:
    """Verifies the signature over the octets received, under a key trusted."""
    point = trust.key(signed.value.header)
    suite.verify(point, signed.value.LABEL + b"\x00" + signed.body, signed.signature)


def check_validity(not_before: int, not_after: int, now: int) -> None:
    """Refuses a time outside not before ≤ now < not after."""
    if now < not_before:
        raise Refusal(Reason.NOT_YET_VALID)
    if now >= not_after:
        raise Refusal(Reason.EXPIRED)
