"""Full, fast and refused taps of a virtual card in a PC/SC reader, and a daemon that ends and comes back."""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from works import TIMEOUT, Works, granted  # noqa: E402

SLOT = "127.0.0.1:35963"


async def daemon(home):
    """pcscd with the reader of the virtual smart card project, when it listens."""
    settings = home / "readers"
    settings.mkdir(exist_ok=True)
    (settings / "vpcd").write_text(Path("/etc/reader.conf.d/vpcd").read_text())
    pcscd = await asyncio.create_subprocess_exec(
        "pcscd", "--foreground", "--config", settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(TIMEOUT * 10):
        assert pcscd.returncode is None, "pcscd has ended"
        if os.path.exists("/run/pcscd/pcscd.comm"):
            return pcscd
        await asyncio.sleep(0.1)
    raise AssertionError("pcscd does not listen")


async def main():
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        works = Works(home, "--pcsc", "Virtual PCD 00 00")
        pcscd = await daemon(home)
        try:
            await works.start()
            up = await anext(works.events)
            assert up == {"event": "link-up", "link": "Virtual PCD 00 00"}, up
            for path in ("full", "fast", "fast"):
                said, seen = await works.tap("pcsc-card", SLOT)
                assert granted(seen) == ("004711", path), seen

            pcscd.terminate()
            await pcscd.wait()
            down = await anext(works.events)
            assert (down["event"], down["link"]) == ("link-down", "PC/SC"), down
            pcscd = await daemon(home)
            assert (await anext(works.events))["event"] == "link-up"
            _, seen = await works.tap("pcsc-card", SLOT)
            assert granted(seen) == ("004711", "fast"), seen

            await works.suspend()
            said, seen = await works.tap("pcsc-card", SLOT, status=1)
            assert said["taps"][0][0]["code"] == "no-card", said
            assert granted(seen) == (None, None), seen
        finally:
            await works.stop()
            if pcscd.returncode is None:
                pcscd.terminate()
                await pcscd.wait()
    print("taps in a PC/SC reader: full, fast, fast after its daemon had ended and come back, refused")


asyncio.run(main())
