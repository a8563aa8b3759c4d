"""A control panel that commissions a reader, reads a thousand cards from it and has its line cut."""

import os
import queue
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time

from osdp import (
    Channel,
    Command,
    CommandLEDColor,
    ControlPanel,
    Event,
    LogLevel,
    PDInfo,
)

ADDRESS = 101
DEFAULT_KEY = bytes(range(0x30, 0x40))
READS = 1000


class Line(Channel):
    """A socket whose line can be cut: what either side sends is then gone."""

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self.connection.setblocking(False)
        self.cut = False

    def read(self, max_bytes):
        try:
            octets = self.connection.recv(max_bytes)
        except BlockingIOError:
            return b""
        return b"" if self.cut else octets

    def write(self, buf):
        if not self.cut:
            self.connection.sendall(buf)
        return len(buf)

    def flush(self):
        pass


class Reader:
    """The program under test, with what it says."""

    def __init__(self, program, key=None, place=None):
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "line")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        arguments = [program, path] + ([key.hex()] if key else [])
        arguments += [place] if place else []
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.line = Line(listener.accept()[0])
        self.said = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.said.put(line.strip())

    def expect(self, start, seconds=20):
        """Waits for a line that begins so; what comes before is passed over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                line = self.said.get(timeout=0.1)
            except queue.Empty:
                continue
            if line.startswith(start):
                return line
        raise AssertionError(f"the reader did not say {start!r}")

    def read(self, text):
        self.process.stdin.write(text + "\n")
        return self.expect(("HandedOver", "NotTaken", "WrongFormat"))

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0
        self.directory.cleanup()


class Panel:
    def __init__(self, reader, key):
        self.panel = ControlPanel(
            [PDInfo(ADDRESS, reader.line, scbk=key)], log_level=LogLevel.Critical
        )
        self.panel.start()

    def __enter__(self):
        return self.panel

    def __exit__(self, *_):
        self.panel.teardown()


def wiegand_26(number, facility=17):
    """The bits as the standard has them, made here a second time."""
    payload = f"{facility:08b}{number:016b}"
    even = payload[:12].count("1") % 2
    odd = 1 - payload[12:].count("1") % 2
    return f"{even}{payload}{odd}"


def card(panel, seconds=5):
    while True:
        event = panel.get_event(ADDRESS, timeout=seconds)
        if event is None or event["event"] == Event.CardRead:
            return event


def bits(event, length):
    return "".join(f"{octet:08b}" for octet in event["data"])[:length]


def submit(panel, command):
    assert panel.submit_command(ADDRESS, command), command


def commissioned(program):
    """The panel gives the reader a key through the default one; before that no card is read.

    A panel of libosdp tries its key, then the default one, and under that sets its key.
    """
    reader, key = Reader(program), secrets.token_bytes(16)
    assert reader.read("w26 1") == "NotTaken"
    with Panel(reader, DEFAULT_KEY):
        time.sleep(3)
    said = drain(reader)
    assert "Online" not in said and not any(line.startswith("key") for line in said), said
    assert reader.read("w26 1") == "NotTaken"
    with Panel(reader, key) as panel:
        assert reader.expect("key") == f"key {key.hex()}"
        reader.expect("Online")
        assert panel.sc_wait(ADDRESS, timeout=10), "no secure channel under the new key"
    print("commissioned: a key was set, the default key was not taken as one")
    reader.stop()
    return key


def drain(reader):
    lines = []
    while not reader.said.empty():
        lines.append(reader.said.get())
    return lines


def refuses_others(program, key):
    """After commissioning there is no way in under the default key, nor under another one."""
    for name, other in [("the default key", DEFAULT_KEY), ("another key", secrets.token_bytes(16))]:
        reader = Reader(program, key)
        with Panel(reader, other) as panel:
            assert not panel.sc_wait(ADDRESS, timeout=5), f"a secure channel under {name}"
            assert reader.read("w26 1") == "NotTaken"
        assert "Online" not in drain(reader)
        reader.stop()
    print("refused: the default key, and another one with the default key after it")
    refused = subprocess.run([program, "/nowhere", DEFAULT_KEY.hex()], capture_output=True)
    assert refused.returncode != 0


def reads(program, key):
    reader = Reader(program, key)
    with Panel(reader, key) as panel:
        reader.expect("Online")
        began = time.monotonic()
        for number in range(READS):
            assert reader.read(f"w26 {number * 61}") == "HandedOver"
            event = card(panel)
            assert bits(event, 26) == wiegand_26(number * 61), (number, event)
        print(f"{READS} reads arrived in {time.monotonic() - began:.0f} s, each with its bits")
        assert reader.read("text A-4711") == "HandedOver"
        assert bytes(card(panel)["data"])[:6] == b"A-4711"
        commands(reader, panel)
        cut(reader, panel)
    reader.stop()


def commands(reader, panel):
    led = {"command": Command.LED, "reader": 0, "led_number": 0, "control_code": 1, "on_count": 5,
           "off_count": 3, "on_color": CommandLEDColor.Green, "off_color": CommandLEDColor.Red,
           "timer_count": 0, "temporary": False}
    submit(panel, led)
    said = reader.expect("Light")
    assert "shows: Green, ms: 500" in said and "shows: Red, ms: 300" in said and said.endswith("None)"), said
    submit(panel, {**led, "control_code": 2, "timer_count": 20, "temporary": True})
    assert reader.expect("Light").endswith("Some(2000))")
    submit(panel, {"command": Command.Buzzer, "reader": 0, "control_code": 2, "on_count": 2,
                   "off_count": 1, "rep_count": 3})
    said = reader.expect("Sound")
    assert "shows: true, ms: 200" in said and "rounds: Some(3)" in said, said
    print("lamp and buzzer do what the panel commands")


def cut(reader, panel):
    """While the line is cut nobody is read, and what was read before it is not delivered later."""
    reader.line.cut = True
    assert reader.read("w26 1") == "HandedOver"
    reader.expect("Offline")
    assert reader.read("w26 2") == "NotTaken"
    reader.line.cut = False
    # This panel waits for five minutes unless it is told to try at once.
    assert panel.disable_pd(ADDRESS) and panel.offline_wait(ADDRESS)
    assert panel.enable_pd(ADDRESS)
    reader.expect("Online", seconds=30)
    assert reader.read("w26 3") == "HandedOver"
    event = card(panel, seconds=10)
    assert bits(event, 26) == wiegand_26(3), event
    print("the line was cut and restored: the first read after it was the first that arrived")


def send(panel, directory, number, name, seconds=60):
    """Sends a file; whether the reader has taken all its octets."""
    with open(os.path.join(directory, name), "rb") as file:
        octets = file.read()
    closed = threading.Event()
    assert panel.register_file_ops(ADDRESS, {
        "open": lambda file_id, _: len(octets) if file_id == number else -1,
        "read": lambda size, offset: octets[offset:offset + size],
        "write": lambda _, __: -1,
        "close": lambda _: closed.set(),
    })
    submit(panel, {"command": Command.FileTransfer, "id": number, "flags": 0})
    return closed.wait(seconds)


def files(program):
    """Objects and a firmware come over the line; what is forged is not taken, whoever sends it."""
    key = secrets.token_bytes(16)
    with tempfile.TemporaryDirectory() as directory:
        reader = Reader(program, key, directory)
        reader.expect("ready")

        def status():
            reader.process.stdin.write("status\n")
            return reader.expect("status")

        with Panel(reader, key) as panel:
            reader.expect("Controller(true)")
            assert panel.sc_wait(ADDRESS, timeout=10)
            assert status() == "status configuration=1 list=0 later=false marked=false started=false"
            for number, name, said in [
                (2, "forged-list", 'DeliveryRefused("revocation list")'),
                (1, "list", 'DeliveryRefused("configuration")'),
                (4, "other-firmware", 'DeliveryRefused("firmware")'),
                (4, "broken-firmware", 'DeliveryRefused("firmware")'),
            ]:
                assert send(panel, directory, number, name), name
                reader.expect(said)
            assert status() == "status configuration=1 list=0 later=false marked=false started=false"
            for number, name, said in [
                (1, "configuration", 'Delivered("configuration")'),
                (2, "list", 'Delivered("revocation list")'),
                (3, "token", 'Delivered("time token")'),
                (4, "firmware", 'Delivered("firmware")'),
            ]:
                assert send(panel, directory, number, name), name
                reader.expect(said)
            time.sleep(4)
            assert status() == "status configuration=2 list=5 later=true marked=true started=true"
            # Once more: nothing is taken twice.
            assert send(panel, directory, 2, "list")
            reader.expect('DeliveryRefused("revocation list")')
        reader.stop()
    print("files: configuration, list, time and firmware were taken, forged ones were not")


def main():
    program, door = sys.argv[1:]
    key = commissioned(program)
    refuses_others(program, key)
    reads(program, key)
    files(door)


main()
