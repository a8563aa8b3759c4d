"""An `org.bluez` with one adapter and one peripheral: a reader, whose attributes a door of the simulator serves.

Names and types are those of BlueZ's D-Bus API (adapter-api, device-api, gatt-api).
"""

import asyncio
import struct

from dbus_fast import BusType, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_property, method

SERVICE = "f04f5354-4941-5259-0100-000000000000"
WRITTEN = "f04f5354-4941-5259-0100-000000000001"
NOTIFIED = "f04f5354-4941-5259-0100-000000000002"
ADAPTER = "/org/bluez/hci0"
ADDRESS = "C0:FF:EE:00:00:07"
DEVICE = f"{ADAPTER}/dev_{ADDRESS.replace(':', '_')}"
READ = PropertyAccess.READ


def constant(signature, value, name):
    """A property that never changes."""

    def get(self):
        return value

    get.__name__ = name
    get.__annotations__ = {"return": signature}
    return dbus_property(access=READ)(get)


class Link:
    """One connection of the phone: attribute values to and from the door."""

    def __init__(self, door, att_mtu):
        self.door, self.att_mtu, self.writer, self.listening = door, att_mtu, None, None

    async def open(self, notify):
        reader, self.writer = await asyncio.open_connection(*self.door)
        await self.write(struct.pack(">H", self.att_mtu))
        self.listening = asyncio.ensure_future(self.listen(reader, notify))

    async def listen(self, reader, notify):
        try:
            while True:
                (length,) = struct.unpack(">H", await reader.readexactly(2))
                notify(await reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    async def write(self, value):
        self.writer.write(struct.pack(">H", len(value)) + value)
        await self.writer.drain()

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None


class Adapter(ServiceInterface):
    def __init__(self, host):
        super().__init__("org.bluez.Adapter1")
        self.host = host

    Address = constant("s", "00:00:5E:00:53:01", "Address")
    AddressType = constant("s", "public", "AddressType")
    Name = constant("s", "desk", "Name")
    Alias = constant("s", "desk", "Alias")
    Modalias = constant("s", "usb:v1D6Bp0246d0542", "Modalias")

    @dbus_property()
    def Powered(self) -> "b":
        return True

    @Powered.setter
    def Powered(self, value: "b"):
        assert value, "nobody is to turn Bluetooth off"

    Discovering = constant("b", False, "Discovering")

    @method()
    def SetDiscoveryFilter(self, properties: "a{sv}"):  # noqa: F722
        self.host.asked_for = [service.lower() for service in properties["UUIDs"].value]

    @method()
    def StartDiscovery(self):
        self.host.advertise()

    @method()
    def StopDiscovery(self):
        self.host.scans += 1


class Device(ServiceInterface):
    def __init__(self, host):
        super().__init__("org.bluez.Device1")
        self.host, self.connected = host, False

    Address = constant("s", ADDRESS, "Address")
    AddressType = constant("s", "public", "AddressType")
    Adapter = constant("o", ADAPTER, "Adapter")
    Alias = constant("s", "Front door", "Alias")
    Name = constant("s", "Front door", "Name")
    Paired = constant("b", False, "Paired")
    Trusted = constant("b", False, "Trusted")
    Blocked = constant("b", False, "Blocked")
    LegacyPairing = constant("b", False, "LegacyPairing")
    RSSI = constant("n", -48, "RSSI")
    UUIDs = constant("as", [SERVICE], "UUIDs")

    @dbus_property(access=READ)
    def Connected(self) -> "b":
        return self.connected

    @dbus_property(access=READ)
    def ServicesResolved(self) -> "b":
        return self.connected

    @method()
    def Connect(self):
        self.become(True)

    @method()
    def Disconnect(self):
        self.become(False)

    def become(self, connected):
        self.connected = connected
        self.host.connections += connected
        if not connected:
            self.host.link.close()
        self.emit_properties_changed({"Connected": connected, "ServicesResolved": connected})


class Service(ServiceInterface):
    def __init__(self):
        super().__init__("org.bluez.GattService1")

    UUID = constant("s", SERVICE, "UUID")
    Primary = constant("b", True, "Primary")
    Device = constant("o", DEVICE, "Device")
    Includes = constant("ao", [], "Includes")


class Characteristic(ServiceInterface):
    def __init__(self, host, uuid, flags):
        super().__init__("org.bluez.GattCharacteristic1")
        self.host, self.uuid, self.flags, self.value, self.notifying = host, uuid, flags, b"", False

    Service = constant("o", f"{DEVICE}/service0001", "Service")

    @dbus_property(access=READ)
    def UUID(self) -> "s":
        return self.uuid

    @dbus_property(access=READ)
    def Flags(self) -> "as":
        return self.flags

    @dbus_property(access=READ)
    def Value(self) -> "ay":
        return self.value

    @dbus_property(access=READ)
    def Notifying(self) -> "b":
        return self.notifying

    @dbus_property(access=READ)
    def MTU(self) -> "q":
        return self.host.att_mtu

    @method()
    async def WriteValue(self, value: "ay", options: "a{sv}"):  # noqa: F722
        assert options["type"].value == "request", "a write without response can be lost"
        assert len(value) <= self.host.att_mtu - 3, "longer than the ATT MTU allows"
        await self.host.link.write(bytes(value))

    @method()
    async def StartNotify(self):
        self.notifying = True
        await self.host.link.open(self.notify)

    @method()
    def StopNotify(self):
        self.notifying = False

    def notify(self, value):
        self.value = value
        self.emit_properties_changed({"Value": value})


class Bluez:
    """The service on the bus of `DBUS_SYSTEM_BUS_ADDRESS`, with a door at (host, port)."""

    def __init__(self, door, att_mtu):
        self.door, self.att_mtu = door, att_mtu
        self.asked_for, self.scans, self.connections = [], 0, 0
        self.link, self.bus, self.is_seen = Link(door, att_mtu), None, False

    async def start(self):
        self.bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        self.bus.export(ADAPTER, Adapter(self))
        await self.bus.request_name("org.bluez")

    def advertise(self):
        """The peripheral is seen, for the first time or again."""
        if self.is_seen:
            self.device.emit_properties_changed({"RSSI": -48})
            return
        self.is_seen = True
        self.device = Device(self)
        self.bus.export(DEVICE, self.device)
        service = f"{DEVICE}/service0001"
        self.bus.export(service, Service())
        self.bus.export(f"{service}/char0002", Characteristic(self, WRITTEN, ["write"]))
        self.bus.export(f"{service}/char0004", Characteristic(self, NOTIFIED, ["notify"]))
