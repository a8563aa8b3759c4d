"""Full, fast and refused taps of the command `phone` through the kernel's Bluetooth and its real daemon."""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from works import TIMEOUT, Works, granted  # noqa: E402

PORT = 6402


async def start(*command):
    return await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)


async def main():
    air = await start(sys.executable, HERE / "air.py", str(PORT))
    assert await asyncio.wait_for(air.stdout.readline(), TIMEOUT) == b"ready\n"
    await start("/usr/libexec/bluetooth/bluetoothd", "--nodetach")
    with tempfile.TemporaryDirectory() as home:
        works = Works(Path(home), "--hci", f"tcp:127.0.0.1:{PORT}")
        await works.start()
        up = await anext(works.events)
        assert up == {"event": "link-up", "link": "Bluetooth"}, up
        # The door is told by its service: Bumble's controllers send no scan response, in which its name would be.
        for path in ("full", "fast", "fast"):
            began = time.monotonic()
            said, seen = await works.tap("ble", "--seconds", 3)
            assert granted(seen) == ("004711", path), (said, seen)
            print(f"{path}: {time.monotonic() - began:.1f} s, emulated", flush=True)
        await works.suspend()
        said, seen = await works.tap("ble", "--seconds", 3, status=1)
        assert said["taps"][0][0]["code"] == "no-card", said
        assert granted(seen) == (None, None), seen
    print("taps through BlueZ and the kernel: full, fast, fast, refused", flush=True)


asyncio.run(main())
