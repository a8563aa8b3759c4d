"""The Bluetooth of a phone, with Bumble's host: connects, and carries octets between a reader and its standard streams.

`modem.py SOCKET` listens there for the HCI of the reader's host. Lines: `gatt` or `channel` connect, `send HEX`, `end`;
it says `up MTU`, `got HEX`, `down`.
"""

import asyncio
import sys

from bumble import hci, l2cap
from bumble.controller import Controller
from bumble.core import UUID
from bumble.device import Device, Peer
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport import open_transport
from bumble.transport.common import AsyncPipeSink
from mended import mend

READER = hci.Address("C7:01:02:03:04:05", hci.Address.RANDOM_DEVICE_ADDRESS)
SERVICE, RESPONSE, COMMAND, PSM = (UUID(f"F04F5354-4941-5259-0100-00000000000{n}") for n in range(4))


def say(*words):
    print(*words, flush=True)


class Gatt:
    async def open(self, connection):
        peer = Peer(connection)
        mtu = await peer.request_mtu(247)
        (service,) = await peer.discover_service(SERVICE)
        await service.discover_characteristics()
        (self.response,) = service.get_characteristics_by_uuid(RESPONSE)
        (command,) = service.get_characteristics_by_uuid(COMMAND)
        (psm,) = service.get_characteristics_by_uuid(PSM)
        assert await psm.read_value() == bytes([0x00, 0xD3])
        await command.subscribe(lambda value: say("got", bytes(value).hex()))
        say("up", mtu)

    async def send(self, octets):
        await self.response.write_value(octets, with_response=True)


class Channel:
    async def open(self, connection):
        # On the air there is a connection interval before anything can be asked for; here there is none.
        await asyncio.sleep(0.05)
        spec = l2cap.LeCreditBasedChannelSpec(psm=0xD3)
        self.channel = await connection.create_l2cap_channel(spec=spec)
        self.channel.sink = lambda octets: say("got", bytes(octets).hex())
        say("up", self.channel.peer_mtu)

    async def send(self, octets):
        self.channel.write(octets)
        await self.channel.drain()


async def main():
    mend()
    link = LocalLink()
    async with await open_transport(f"unix-server:{sys.argv[1]}") as reader:
        Controller("reader", host_source=reader.source, host_sink=reader.sink, link=link)
        own = Controller("phone", link=link, public_address="F0:00:00:00:00:01")
        device = Device(address=hci.Address("F0:00:00:00:00:02"), host=Host(own, AsyncPipeSink(own)))
        await device.power_on()
        say("ready")
        loop = asyncio.get_running_loop()
        way = connection = None
        while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
            if line[0] in ("gatt", "channel"):
                connection = await device.connect(READER)
                connection.on("disconnection", lambda _reason: say("down"))
                way = Gatt() if line[0] == "gatt" else Channel()
                await way.open(connection)
            elif line[0] == "send":
                await way.send(bytes.fromhex(line[1]))
            else:
                await connection.disconnect()


asyncio.run(main())
