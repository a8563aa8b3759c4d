"""A phone in Python: activated, restarted, tapped, revoked, through the generated bindings only.

Started by `phone-sdk/bindings/check`, which serves a manager and a door and says where they are:
LINK, SLOT (the door's slot for virtual cards), REVOKE (a command that revokes the user), and a fresh directory.
"""

import asyncio
import os
import socket
import struct
import subprocess
import sys

import ostiary_phone as phone


class FileStorage(phone.WalletStorage):
    """Files in a directory; what an app on a desktop would write."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def load(self, name):
        try:
            with open(self.path(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def store(self, name, octets):
        with open(self.path(name) + ".new", "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path(name) + ".new", self.path(name))

    def append(self, name, octets):
        with open(self.path(name), "ab") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())

    def remove(self, name):
        try:
            os.remove(self.path(name))
        except FileNotFoundError:
            pass


class SoftwareKeys(phone.KeyVault):
    """Keys of the `cryptography` package, in PEM files: a stand-in for secure hardware."""

    def __init__(self, directory):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.files = FileStorage(directory)
        key = self.files.load("wrapping-key") or AESGCM.generate_key(256)
        self.files.store("wrapping-key", key)
        self.aead = AESGCM(key)

    def private(self, name):
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        pem = self.files.load(name)
        if pem is None:
            raise phone.KeyError.NoSuchKey("no such key")
        return load_pem_private_key(pem, None)

    def make(self, name):
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        if self.files.load(name) is None:
            key = ec.generate_private_key(ec.SECP256R1())
            self.files.store(name, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return self.public_key(name)

    def public_key(self, name):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self.private(name).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, name, message):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        return self.private(name).sign(message, ec.ECDSA(hashes.SHA256()))

    def delete(self, name):
        self.files.remove(name)

    def wrap(self, key):
        nonce = os.urandom(12)
        return nonce + self.aead.encrypt(nonce, key, None)

    def unwrap(self, wrapped):
        from cryptography.exceptions import InvalidTag

        try:
            return self.aead.decrypt(wrapped[:12], wrapped[12:], None)
        except InvalidTag:
            raise phone.KeyError.NoSuchKey("wrapped by another key")


class Unlocked(phone.PresenceSource):
    def given(self):
        return phone.Presence.UNLOCKED


def open_wallet(directory):
    return phone.PhoneWallet.open(
        FileStorage(os.path.join(directory, "wallet")),
        SoftwareKeys(os.path.join(directory, "keys")),
        None,
        "Python test",
        "python",
    )


def tap(wallet, slot):
    """Puts the phone into the door's slot and answers its APDUs until the door is done."""
    nfc = wallet.nfc(Unlocked())
    host, port = slot.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        stream = connection.makefile("rwb")
        while True:
            length = stream.read(2)
            if len(length) < 2:
                break
            message = stream.read(struct.unpack(">H", length)[0])
            if len(message) == 1:
                continue
            response = nfc.process_command(message)
            stream.write(struct.pack(">H", len(response)) + response)
            stream.flush()
    nfc.deactivated(phone.Deactivation.LINK_LOSS)
    events = []
    while (event := nfc.next_event()) is not None:
        events.append(event)
    return events


def check(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")
    print(f"ok: {what}")


async def main(directory):
    link, slot, revoke = os.environ["LINK"], os.environ["SLOT"], os.environ["REVOKE"]
    wallet = open_wallet(directory)
    check(wallet.cards() == [], "a new wallet is empty")
    try:
        await wallet.activate("https://door.example/")
        check(False, "nonsense is no invitation")
    except phone.WalletError.Restart as error:
        check(error.code == "not-an-invitation", "nonsense is no invitation")
    card = await wallet.activate(link)
    check((card.first_name, card.state) == ("Anna", phone.CardState.ACTIVE), "an invitation is activated")

    wallet = open_wallet(directory)
    check([held.id for held in wallet.cards()] == [card.id], "the wallet is kept over a restart")
    for path in [phone.TapPath.FULL, phone.TapPath.FAST]:
        [event] = tap(wallet, slot)
        check(event.is_granted() and event.path == path, f"the door opens, {path.name.lower()} path")
    check(event.takes_report and wallet.reports_held() > 0, "what the door reports is carried")
    wallet.set_carries_reports(False)
    check(wallet.reports_held() == 0, "and not if the holder does not want it")

    scan = wallet.scan()
    scan.seen("AA:BB:CC:00:00:07", "Main door", -60)
    [reader] = scan.list()
    check((reader.name, reader.rssi_dbm) == ("Main door", -60), "a reader in range has its name in the list")
    scan.seen("AA:BB:CC:00:00:07", None, -60, bytes.fromhex("00d300000000"))
    check(scan.company() == 0xFFFF and scan.list()[0].psm == 0xD3, "and the channel that it announces")
    channels = wallet.ble(Unlocked(), phone.BleCentral(opens_channels=True, keeps_handles=False))
    channels.handle(phone.BleEvent.CONNECTED(peripheral=reader.peripheral, att_mtu=185))
    check(channels.next_action().psm == 0xD3, "which is opened without discovery")
    channels.handle(phone.BleEvent.DISCONNECTED())
    ble = wallet.ble(Unlocked(), phone.BleCentral(opens_channels=False, keeps_handles=False))
    ble.handle(phone.BleEvent.CONNECTED(peripheral=reader.peripheral, att_mtu=185))
    action = ble.next_action()
    check(action.is_discover() and action.service == scan.service(), "a new reader is discovered first")
    ble.handle(phone.BleEvent.DISCOVERED(phone.BleHandles(command=2, response=1, psm=None)))
    check(ble.next_action().is_subscribe(), "then subscribed to")
    ble.handle(phone.BleEvent.SUBSCRIBED())
    check(ble.next_action().is_write() and ble.timeout_in_ms() > 0, "and the phone opens the session")

    renewed = await wallet.renew(card.id)
    check(renewed.user_id == card.user_id and wallet.next_renewal_at() is not None, "a card is renewed")
    subprocess.run(revoke, shell=True, check=True, stdout=subprocess.DEVNULL)
    await wallet.refresh(card.id)
    check(wallet.cards()[0].warning is not None, "the revocation list names the card")
    [event] = tap(wallet, slot)
    check(event.brought, "the phone brings the door the list")
    [event] = tap(wallet, slot)
    check(event.is_refused() and event.code == "revoked", "the door refuses from then on, and says why")
    try:
        await wallet.renew(card.id)
        check(False, "a renewal says that the device is revoked")
    except phone.WalletError.Denied as error:
        check(error.code == "device-revoked", "a renewal says that the device is revoked")
    check(wallet.cards()[0].state == phone.CardState.REVOKED, "the card is revoked")
    wallet.remove(card.id)
    check(open_wallet(directory).cards() == [], "the card is removed")
    await card_to_show(open_wallet(directory), os.environ["CARD_LINK"])


async def card_to_show(wallet, link):
    asked = await wallet.requirements(link)
    check((asked.card, asked.unique_identifier, asked.questions) == ("Staff card", True, ["First pet?"]),
          "an invitation says what it asks")
    try:
        await wallet.activate(link)
        check(False, "nothing given is not enough")
    except phone.WalletError.Restart as error:
        check(error.code == "holder-asked", "nothing given is not enough")

    def holder(answer):
        return phone.Holder(unique_identifier="m-7", answers=[answer], accepted_terms=asked.terms.version, photo=None)

    try:
        await wallet.activate_with(link, holder("Bello"))
        check(False, "a wrong answer is refused")
    except phone.WalletError.Restart as error:
        check((error.code, error.tries_left) == ("answers-wrong", 4), "a wrong answer is refused")
    card = await wallet.activate_with(link, holder("REX"))
    shown = card.id_card
    check((card.state, card.user_id) == (phone.CardState.SHOW_ONLY, None), "a card to show opens no door")
    check((shown.card_id, shown.is_valid, shown.front[0].value) == ("S-1", True, "Anna Berg"), "it says what is on it")
    check((shown.barcode.symbology, shown.photo) == ("qr", phone.PhotoState.NONE), "and has a barcode and no photo")
    check(wallet.photo(card.id) is None, "so that there is none to fetch")
    await wallet.give_back(card.id)
    check(wallet.cards() == [], "it is given back")


asyncio.run(main(sys.argv[1]))
