"""Compares what tshark and `simulator decode` say of the same captures."""

import datetime
import json
import pathlib
import re
import struct
import subprocess
import sys

simulator, dissector, work, *scenarios = sys.argv[1:]
work = pathlib.Path(work)
# Its messages are changed on the way, so that the two need not agree on what they are.
CHANGED = {"corrupted-link"}


def tshark(capture, *arguments):
    command = ["tshark", "-X", f"lua_script:{dissector}", "-r", str(capture), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Lua" not in done.stderr and "error" not in done.stderr.lower(), done.stderr
    return done.stdout.splitlines()


def dissected(capture):
    """Tap, side, message, reader and time of each whole message."""
    fields = ["tap", "from", "message", "reader", "reader_time"]
    wanted = [part for field in fields for part in ("-e", f"ostiary.{field}")]
    rows = tshark(capture, "-Y", "ostiary.message", "-T", "fields", "-t", "ud", *wanted)
    for row in rows:
        tap, side, message, reader, time = (row.split("\t") + [""] * 5)[:5]
        if message.startswith("part of ") or message == "status word":
            continue
        yield int(tap), side, re.sub(r" [0-9A-F]{4}$", "", message), reader, seconds(time)


def seconds(time):
    """Of a time as tshark writes it."""
    if not time:
        return ""
    at = datetime.datetime.strptime(re.sub(r"\.0+ UTC$| UTC$", "", time), "%b %d, %Y %H:%M:%S")
    return str(int(at.replace(tzinfo=datetime.timezone.utc).timestamp()))


def decoded(capture):
    """The same, by the program."""
    command = [simulator, "decode", "--json", "--trace", str(capture)]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        said = json.loads(line)
        if said["octets"] == "9000":
            continue
        found = {}
        collect(said["fields"], found)
        time = re.search(r"\((\d+)\)", found.get("reader time", ""))
        time = time.group(1) if time else "0" if found.get("reader time") else ""
        side = {"reader": "0", "device": "1"}[said["from"]]
        name = said["name"].removeprefix("command APDU ")
        yield said["tap"], side, name, found.get("reader id", ""), time


def collect(fields, found):
    for field in fields:
        found.setdefault(field["name"], field["value"])
        collect(field.get("fields", []), found)


def capture(packets):
    """A capture of octets that nobody sent."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        length = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + length + body + length

    file = block(0x0A0D0D0A, struct.pack("<IHHQ", 0x1A2B3C4D, 1, 0, 2**64 - 1))
    file += block(1, struct.pack("<HHI", 147, 0, 0))
    for packet in packets:
        file += block(6, struct.pack("<IIIII", 0, 0, 0, len(packet), len(packet)) + packet)
    path = work / "made.pcapng"
    path.write_bytes(file)
    return path


messages = 0
for scenario in scenarios:
    name = pathlib.Path(scenario).stem
    trace = work / f"{name}.pcapng"
    subprocess.run([simulator, "trace", scenario, str(trace)], check=True, stdout=subprocess.DEVNULL)
    ours, theirs = list(decoded(trace)), list(dissected(trace))
    if name in CHANGED:
        assert theirs, name
        continue
    for one, other in zip(ours, theirs):
        assert one == other, f"{name}: {one} is {other} in Wireshark"
    assert len(ours) == len(theirs), f"{name}: {len(ours)} messages, {len(theirs)} in Wireshark"
    wrong = tshark(trace, "-Y", "ostiary.malformed")
    assert not wrong, f"{name}: {wrong[0]}"
    messages += len(ours)
assert messages > 60, messages

hello = bytes([0x10]) + bytes(158)
head = lambda transport, side: bytes([1, 0, transport, side]) + bytes(8)
short = head(1, 0) + bytes([0xC0]) + struct.pack(">H", len(hello)) + hello
foreign = head(0, 0) + bytes.fromhex("80ff0000")
told = tshark(capture([short, foreign]), "-Y", "ostiary.malformed")
assert len(told) == 2, told

print(f"{messages} messages of {len(scenarios)} scenarios are the same in Wireshark; what is not of the exchange is told")
