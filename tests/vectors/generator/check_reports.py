"""Verifies reports.json: the keys line for line, then what is sealed under them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import make_reports, suite
from .refusal import Refusal
from .reports import ReportKeys
from .wire import u32

Json = dict[str, Any]


def keys(content: Json) -> ReportKeys:
    """The keys of the file, worked out from both sides."""
    project, reader_id = bytes.fromhex(content["project"]), content["reader_id"]
    reader, report = (suite.SecretKey(bytes.fromhex(content[what])) for what in ("reader_secret", "report_secret"))
    named = b"ostiary/1 report\x00" + project + u32(reader_id)
    secret = suite.extract(suite.sha256(named), reader.agree(report.point))
    if secret.hex() != content["secret"] or report.point.hex() != content["report_key"]:
        raise ValueError("secret")
    found = ReportKeys.derive(report, reader.point, project, reader_id)
    if (found.sealing.hex(), found.acknowledging.hex()) != (content["sealing_key"], content["acknowledging_key"]):
        raise ValueError("keys")
    return found


def case(held: ReportKeys, case: Json) -> Iterator[str]:
    """Whether a report is read as the case says."""
    if make_reports.read(held, bytes.fromhex(case["report"])) != (case["expect"], case["entries"]):
        yield "read"
    if case["contents"] is not None:
        report = bytes.fromhex(case["report"])
        if held.seal(report[:12], bytes.fromhex(case["contents"])) != report:
            yield "sealed"


def acknowledgement(held: ReportKeys, case: Json) -> Iterator[str]:
    """Whether an acknowledgement holds as the case says."""
    try:
        held.acknowledged(bytes.fromhex(case["octets"]))
        holds = True
    except Refusal:
        holds = False
    if holds != case["holds"]:
        yield "holds"
