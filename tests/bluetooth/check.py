"""Full, fast and refused taps of the command `phone` over the Bluetooth of a desktop, at several ATT MTUs."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from bluez import SERVICE, Bluez

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from works import Works, granted, run  # noqa: E402


async def main():
    with tempfile.TemporaryDirectory() as home:
        works = Works(Path(home))
        try:
            await check(works)
        finally:
            await works.stop()


async def check(works):
    host, port = (await works.start())["gatt"].rsplit(":", 1)
    bluez = Bluez((host, int(port)), att_mtu=247)
    await bluez.start()

    readers = (await run("phone", "readers", "--seconds", 2, environment=works.phone))["readers"]
    assert [(reader["name"], reader["rssi_dbm"]) for reader in readers] == [("Front door", -48)], readers
    assert bluez.asked_for == [SERVICE], "the scan is for our service alone"

    _, seen = await works.tap("ble", "Front door")
    assert granted(seen) == ("004711", "full"), seen
    for att_mtu in (23, 185, 517):
        bluez.att_mtu = bluez.link.att_mtu = att_mtu
        _, seen = await works.tap("ble", "--seconds", 1)
        assert granted(seen) == ("004711", "fast"), (att_mtu, seen)
    assert bluez.connections == 4

    # A phone that has learned of its suspension has nothing to show, and the door hears as much as from a stranger.
    await works.suspend()
    said, seen = await works.tap("ble", "Front door", status=1)
    assert said["taps"][0][0]["code"] == "no-card", said
    assert granted(seen) == (None, None) and seen[-1]["event"] == "failed", seen

    present = ("present", "--transport", "ble", "Back door", "--seconds", 1)
    nowhere = await run("phone", *present, status=1, environment=works.phone)
    assert "no such reader is in range" in json.dumps(nowhere), nowhere
    print("taps over the Bluetooth of a desktop: full, fast with ATT MTUs of 23, 185 and 517, refused")


asyncio.run(main())
