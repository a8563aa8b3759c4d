"""Messages over a TCP connection, each behind its length.

Spec: docs/PROTOCOL.md#ble-and-streams
"""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self

from . import framing

ANSWER_TIMEOUT_S = 2
TAP_TIMEOUT_S = 10


class ConnectionLost(Exception):
    """The other side closed in the middle, or was silent for too long."""


class Connection:
    """One TCP connection."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, message: bytes) -> None:
        """One message."""
        try:
            self._socket.sendall(framing.behind_length(message))
        except OSError as error:
            raise ConnectionLost(str(error)) from error

    def receive(self, timeout_s: float) -> bytes | None:
        """The next message, or none if the other side closed between two."""
        self._socket.settimeout(timeout_s)
        head = self._take(2)
        if head is None:
            return None
        length = int.from_bytes(head)
        if not 1 <= length <= framing.MESSAGE_CAP:
            raise ConnectionLost(f"a message of {length} octets")
        message = self._take(length)
        if message is None:
            raise ConnectionLost("closed behind a length")
        return message

    def _take(self, count: int) -> bytes | None:
        taken = b""
        while len(taken) < count:
            try:
                part = self._socket.recv(count - len(taken))
            except OSError as error:
                raise ConnectionLost(str(error)) from error
            if not part:
                if taken:
                    raise ConnectionLost("closed in the middle of a message")
                return None
            taken += part
        return taken


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
