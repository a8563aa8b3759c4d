"""Two Bluetooth controllers on one air: one for the kernel of this machine, one for the reader's host on TCP.

`air.py PORT` says `ready` when both are there.
"""

import asyncio
import sys
from pathlib import Path

from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport import open_transport

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bumble"))
from mended import mend  # noqa: E402


async def main():
    mend()
    link = LocalLink()
    async with (
        await open_transport(f"tcp-server:127.0.0.1:{sys.argv[1]}") as reader,
        # The kernel asks at once, and only once.
        await open_transport("vhci") as kernel,
    ):
        Controller("reader", host_source=reader.source, host_sink=reader.sink, link=link)
        Controller(
            "phone", host_source=kernel.source, host_sink=kernel.sink, link=link, public_address="F0:00:00:00:00:01"
        )
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
