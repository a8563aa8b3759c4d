"""Full, fast and refused taps of the command `phone` over the Bluetooth of a desktop, at several ATT MTUs."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from bluez import SERVICE, Bluez

BIN = Path(sys.argv[1]).resolve()
TIMEOUT = 60


async def run(program, *arguments, status=0, environment=None):
    process = await asyncio.create_subprocess_exec(
        BIN / program, *map(str, arguments), "--json", env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, error = await asyncio.wait_for(process.communicate(), TIMEOUT)
    assert process.returncode == status, f"{program} {arguments}: {process.returncode}\n{out.decode()}{error.decode()}"
    return json.loads(out)


async def lines(process):
    while line := await asyncio.wait_for(process.stdout.readline(), TIMEOUT):
        yield json.loads(line)


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return "127.0.0.1:%d" % listener.getsockname()[1]


class Site:
    """A manager that serves, a phone that is activated, and a door."""

    def __init__(self, home):
        self.home, self.works = home, home / "works"
        self.phone = {**os.environ, "OSTIARY_WALLET": str(home / "phone")}
        self.started = []

    async def start(self):
        address = free_address()
        base = f"http://{address}"
        init = await run("manager", "init", self.works, "--name", "Works", "--url", base)
        served = await self.spawn("manager", "serve", self.works, "--listen", address)
        assert b"is served" in await asyncio.wait_for(served.stdout.readline(), TIMEOUT)
        anna = ("--first-name", "Anna", "--last-name", "Berg", "--email", "a@x.example", "--id", "004711")
        await self.manage("user", "add", *anna)
        link = (await self.manage("user", "invite", "a@x.example"))["done"][0]["link"]
        await run("phone", "activate", link, environment=self.phone)
        enrolled = ("--manager", base, "--token", init["api_token"], "--name", "Front door")
        self.events = lines(await self.spawn("simulator", "door", self.home / "door", *enrolled, "--json"))
        host, port = (await anext(self.events))["gatt"].rsplit(":", 1)
        return host, int(port)

    async def manage(self, *arguments):
        return await run("manager", *arguments, "--dir", self.works)

    async def spawn(self, program, *arguments):
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = await asyncio.create_subprocess_exec(BIN / program, *map(str, arguments), **quiet)
        self.started.append(process)
        return process

    async def tap(self, *arguments, status=0):
        """What the phone says of a tap, and what the door saw of it."""
        said = await run("phone", "present", "--transport", "ble", *arguments, status=status, environment=self.phone)
        seen = []
        async for event in self.events:
            seen.append(event)
            if event["event"] in ("finished", "failed", "link-failed"):
                return said, seen

    async def stop(self):
        for process in self.started:
            process.terminate()
            await process.wait()


async def main():
    with tempfile.TemporaryDirectory() as home:
        site = Site(Path(home))
        try:
            await check(site)
        finally:
            await site.stop()


async def check(site):
    bluez = Bluez(await site.start(), att_mtu=247)
    await bluez.start()

    readers = (await run("phone", "readers", "--seconds", 2, environment=site.phone))["readers"]
    assert [(reader["name"], reader["rssi_dbm"]) for reader in readers] == [("Front door", -48)], readers
    assert bluez.asked_for == [SERVICE], "the scan is for our service alone"

    _, seen = await site.tap("Front door")
    assert granted(seen) == ("004711", "full"), seen
    for att_mtu in (23, 185, 517):
        bluez.att_mtu = bluez.link.att_mtu = att_mtu
        _, seen = await site.tap("--seconds", 1)
        assert granted(seen) == ("004711", "fast"), (att_mtu, seen)
    assert bluez.connections == 4

    # A phone that has learned of its suspension has nothing to show, and the door hears as much as from a stranger.
    await site.manage("user", "suspend", "a@x.example")
    await run("phone", "renew", status=5, environment=site.phone)
    said, seen = await site.tap("Front door", status=1)
    assert said["taps"][0][0]["code"] == "no-card", said
    assert granted(seen) == (None, None) and seen[-1]["event"] == "failed", seen

    present = ("present", "--transport", "ble", "Back door", "--seconds", 1)
    nowhere = await run("phone", *present, status=1, environment=site.phone)
    assert "no such reader is in range" in json.dumps(nowhere), nowhere
    print("taps over the Bluetooth of a desktop: full, fast with ATT MTUs of 23, 185 and 517, refused")


def granted(seen):
    event = next((event for event in seen if event["event"] == "granted"), {})
    return event.get("output"), event.get("path")


asyncio.run(main())
