"""Why octets from outside are refused, one word a reason."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The refusals that the vectors name."""

    TRUNCATED = "truncated"
    TRAILING = "trailing"
    UNKNOWN_FORMAT = "unknown_format"
    UNKNOWN_VALUE = "unknown_value"
    UNKNOWN_ISSUER = "unknown_issuer"
    BAD_SIGNATURE = "bad_signature"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    NOT_SORTED = "not_sorted"
    BAD_USER_ID = "bad_user_id"
    BAD_POINT = "bad_point"
    BAD_COUNT = "bad_count"
    CANNOT_OPEN = "cannot_open"
    BAD_PADDING = "bad_padding"
    BAD_LENGTH = "bad_length"
    NOT_OWN = "not_own"
    NOT_NEWER = "not_newer"


class Refusal(Exception):
    """Octets from outside do not hold."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
