"""Where random octets come from: the system, a seed, or a script in a vector."""

from __future__ import annotations

import os
from typing import Protocol

from .suite import ORDER, SecretKey, sha256


class Entropy(Protocol):
    """Random octets, each draw named for what it is used for."""

    def octets(self, what: str, count: int) -> bytes: ...


class SystemEntropy:
    """The operating system's random octets, for live taps."""

    def octets(self, what: str, count: int) -> bytes:
        return os.urandom(count)


class ScriptedEntropy:
    """The octets that a vector states, in their order for each use."""

    def __init__(self, script: dict[str, list[bytes]]) -> None:
        self._script = {what: list(draws) for what, draws in script.items()}

    def octets(self, what: str, count: int) -> bytes:
        drawn = self._script[what].pop(0)
        if len(drawn) != count:
            raise ValueError(f"the script has {len(drawn)} octets of {what}, and {count} are needed")
        return drawn


def seeded(name: str, count: int = 32) -> bytes:
    """Octets that depend on the name alone, for vectors that come out the same each time."""
    octets = b""
    block = 0
    while len(octets) < count:
        octets += sha256(b"ostiary vectors\x00", name.encode(), b"\x00", block.to_bytes(4))
        block += 1
    return octets[:count]


def seeded_key(name: str) -> SecretKey:
    """A key that depends on the name alone."""
    return SecretKey((int.from_bytes(seeded(name)) % (ORDER - 1) + 1).to_bytes(32))


def fresh_key(entropy: Entropy, what: str) -> SecretKey:
    """A new key; a draw that is no scalar is drawn again."""
    while True:
        scalar = entropy.octets(what, 32)
        if 1 <= int.from_bytes(scalar) < ORDER:
            return SecretKey(scalar)
