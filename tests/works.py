"""An organisation with one person, for checks that drive the commands: a manager that serves, a phone that is activated,
and a door that the manager has enrolled.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.argv[1]).resolve()
TIMEOUT = 60


async def run(program, *arguments, status=0, environment=None):
    """What a command says with --json."""
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


def granted(seen):
    """What the door put out, and by which path; twice None if it stayed shut."""
    event = next((event for event in seen if event["event"] == "granted"), {})
    return event.get("output"), event.get("path")


class Works:
    def __init__(self, home, *door):
        """`door`: what the door's command is told beside the manager."""
        self.home, self.works = home, home / "works"
        self.phone = {**os.environ, "OSTIARY_WALLET": str(home / "phone")}
        self.door = door
        self.started = []

    async def start(self):
        """Where the door listens."""
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
        self.events = lines(await self.spawn("simulator", "door", self.home / "door", *enrolled, *self.door, "--json"))
        return await anext(self.events)

    async def manage(self, *arguments):
        return await run("manager", *arguments, "--dir", self.works)

    async def suspend(self):
        """From now on the phone has nothing to show, and knows it."""
        await self.manage("user", "suspend", "a@x.example")
        await run("phone", "renew", status=5, environment=self.phone)

    async def spawn(self, program, *arguments):
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = await asyncio.create_subprocess_exec(BIN / program, *map(str, arguments), **quiet)
        self.started.append(process)
        return process

    async def tap(self, transport, *arguments, status=0):
        """What the phone says of a tap, and what the door saw of it."""
        present = ("present", "--transport", transport, *arguments)
        said = await run("phone", *present, status=status, environment=self.phone)
        seen = []
        async for event in self.events:
            seen.append(event)
            if event["event"] in ("finished", "failed", "link-failed", "no-application"):
                return said, seen

    async def stop(self):
        for process in self.started:
            process.terminate()
            await process.wait()
