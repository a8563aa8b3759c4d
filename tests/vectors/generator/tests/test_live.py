"""Taps between two processes over TCP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.world import (
    CERTIFICATE,
    CREDENTIAL,
    HOLDER,
    ISSUER,
    ISSUER_INDEX,
    NOW,
    PROJECT,
    READER,
    READER_ID,
    REVOCATION_LIST,
    SERIAL,
    TIME_TOKEN,
    issue,
)

VECTORS = Path(__file__).parent.parent.parent
Json = dict[str, Any]


def material(reader: Json | None = None, device: Json | None = None, now: int = NOW) -> Json:
    return {
        "project": PROJECT.hex(),
        "issuer_keys": [{"index": ISSUER_INDEX, "point": ISSUER.point.hex()}],
        "now": now,
        "reader": {"id": READER_ID, "secret": READER.scalar.hex(), "certificate": issue(CERTIFICATE).hex()}
        | (reader or {}),
        "device": {"credential": issue(CREDENTIAL).hex(), "holder_secret": HOLDER.scalar.hex()} | (device or {}),
    }


def taps(directory: Path, listener: str, given: Json, count: int) -> tuple[list[Json], list[Json], tuple[int, int]]:
    """What the reader and the device printed, and their exit statuses."""
    file = directory / "material.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    other = "device" if listener == "reader" else "reader"
    common = ["--material", str(file), "--taps", str(count)]
    run = [sys.executable, "-m", "generator", "live", *common]
    first = subprocess.Popen(
        [*run, "--role", listener, "--listen", "127.0.0.1:0"],
        cwd=VECTORS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert first.stderr is not None
    address = first.stderr.readline().split()[-1]
    second = subprocess.run(
        [*run, "--role", other, "--connect", address], cwd=VECTORS, capture_output=True, text=True, timeout=30
    )
    output, _ = first.communicate(timeout=30)
    lines = {
        listener: [json.loads(line) for line in output.splitlines()],
        other: [json.loads(line) for line in second.stdout.splitlines()],
    }
    status = {listener: first.returncode, other: second.returncode}
    return lines["reader"], lines["device"], (status["reader"], status["device"])


@pytest.mark.parametrize("listener", ["reader", "device"])
def test_the_first_tap_is_full_and_the_next_are_fast(tmp_path: Path, listener: str) -> None:
    courier = {"revocation_list": issue(REVOCATION_LIST).hex(), "time_token": issue(TIME_TOKEN).hex()}
    reader, device, status = taps(tmp_path, listener, material({"wants_time": True}, courier), 3)
    assert status == (0, 0)
    assert [tap["path"] for tap in reader] == ["full", "fast", "fast"]
    assert {(tap["result"], tap["reason"], tap["user_id"]) for tap in reader + device} == {
        ("grant", None, "0004927716253811")
    }
    assert reader[0]["brought"] == [
        {"kind": "revocation_list", "version": 41},
        {"kind": "time_token", "time": NOW + 5},
    ]
    assert [tap["path"] for tap in device] == ["full", "fast", "fast"]


@pytest.mark.parametrize("listener", ["reader", "device"])
def test_a_list_brought_in_the_first_tap_revokes_in_the_second(tmp_path: Path, listener: str) -> None:
    revoking = issue(replace(REVOCATION_LIST, serials=(SERIAL,))).hex()
    reader, device, status = taps(tmp_path, listener, material({}, {"revocation_list": revoking}), 2)
    assert status == (0, 0)
    assert [(tap["path"], tap["result"], tap["reason"]) for tap in reader] == [
        ("full", "grant", None),
        ("full", "deny", 4),
    ]
    assert [tap["reason"] for tap in device] == [None, 4]


def test_a_reader_without_a_certificate_that_holds_learns_nothing(tmp_path: Path) -> None:
    expired = issue(replace(CERTIFICATE, not_after=NOW)).hex()
    reader, device, status = taps(tmp_path, "reader", material({"certificate": expired}), 1)
    assert status == (1, 1)
    assert reader == device == []


def test_the_clock_of_the_system_is_used_where_none_is_given(tmp_path: Path) -> None:
    given = material(now=int(time.time()))
    del given["now"]
    for side, kind, value in (("reader", "certificate", CERTIFICATE), ("device", "credential", CREDENTIAL)):
        current = replace(value, not_before=int(time.time()) - 60, not_after=int(time.time()) + 600)
        given[side][kind] = issue(current).hex()
    reader, _, status = taps(tmp_path, "reader", given, 2)
    assert status == (0, 0)
    assert [tap["path"] for tap in reader] == ["full", "fast"]
