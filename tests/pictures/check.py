"""Installs a card of every kind of barcode on a phone, has it drawn, and reads the drawing.

    python check.py MANAGER PHONE [FOLDER]

With a folder, the pictures stay there to be looked at.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import zxingcpp
from PIL import Image

# For each kind: what the decoder calls it, and values that are short, usual and as long as is allowed.
KINDS = {
    "qr": ("QRCode", ["1", "Größe 4711 – 日本", "x" * 500]),
    "code_128": ("Code128", ["1", "S-4711 ~!", "Ab3" * 26 + "Ab"]),
    "code_39": ("Code39", ["1", "S-4711 $/+%", "A1" * 40]),
    "pdf417": ("PDF417", ["1", "Größe 4711", "y" * 500]),
    "aztec": ("Aztec", ["1", "Größe 4711 – 日本", "z" * 500]),
    "data_matrix": ("DataMatrix", ["1", "S-4711 ~!", "w" * 500]),
    "ean_13": ("EAN13", ["4006381333931"]),
    "ean_8": ("EAN8", ["96385074"]),
    "upc_a": ("UPCA", ["036000291452"]),
    "upc_e": ("UPCE", ["04252614"]),
    "itf": ("ITF", ["1234", "00012345678905", "12" * 40]),
}


class Programs:
    def __init__(self, manager, phone, folder):
        self.manager_program, self.phone_program, self.folder = manager, phone, folder
        self.project = folder / "project"

    def manager(self, *arguments, text=None):
        # The folder stands before what a value could be taken for an option by.
        words = [self.manager_program, "--json", *arguments, "--dir", str(self.project)]
        return json.loads(run(words, text))

    def phone(self, *arguments):
        return json.loads(run([self.phone_program, "--json", "--wallet", str(self.folder / "phone"), *arguments]))


def run(words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def served(programs, address):
    quiet = dict(os.environ, OSTIARY_LOG="error")
    words = [programs.manager_program, "serve", str(programs.project), "--listen", address, "--json"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=quiet)
    said = ""
    for line in server.stdout:
        said += line
        try:
            return server, json.loads(said)["listening"]
        except json.JSONDecodeError:
            pass
    sys.exit("the manager does not serve")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def installed(programs, kind, values):
    """A template of the kind and a card for each value, on the phone; the numbers that the phone gave them."""
    template = {
        "name": f"Card with {kind}",
        "front": [{"key": "name", "label": "Name", "required": True}],
        "back": [{"key": "note", "label": "Note"}],
        "barcode": {"symbology": kind, "source": "own"},
        "expiry": {"rule": "after_days", "days": 365, "time_zone": "Europe/Berlin"},
        "validation": {"fields": ["name"]},
    }
    file = programs.folder / f"{kind}.json"
    file.write_text(json.dumps(template))
    programs.manager("template", "add", str(file), "--approve")
    for place, value in enumerate(values):
        card = f"{kind}-{place}"
        programs.manager(
            "card", "add", "--template", template["name"], "--card-id", card, "--field", "name=Änne <O'Neill> & Söhne",
            "--field", "note=Ω " * 20, f"--barcode={value}",
        )
        link = programs.manager("card", "invite", card)["link"]
        yield card, value, programs.phone("activate", link)["cards"][0]["id"]


def expanded(value):
    """The UPC-A that a UPC-E is short for. Spec: GS1 General Specifications §5.2.2.4.2."""
    digits, last = value[1:7], value[6]
    if last in "012":
        middle = digits[:2] + last + "0000" + digits[2:5]
    elif last == "3":
        middle = digits[:3] + "00000" + digits[3:5]
    elif last == "4":
        middle = digits[:4] + "00000" + digits[4]
    else:
        middle = digits[:5] + "0000" + last
    return value[0] + middle + value[7]


def read(path):
    return zxingcpp.read_barcodes(Image.open(path))


def told(link):
    """What the manager says of the code that moves, as the page and in the API."""
    address = urlsplit(link)
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    connection.request("GET", address.path)
    page = connection.getresponse()
    text = page.read().decode()
    assert page.status == 200 and "This card is valid" in text and "&lt;O&#x27;Neill&gt;" in text.replace("&#39;", "&#x27;"), text
    connection.request("GET", address.path.replace("/v/", "/v1/card-validations/"))
    return json.loads(connection.getresponse().read())


def main(manager, phone, keep=None):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(keep) if keep else Path(made)
        folder.mkdir(exist_ok=True)
        programs = Programs(manager, phone, folder)
        address = f"127.0.0.1:{free_port()}"
        run([manager, "init", str(programs.project), "--name", "Example Works", "--url", f"http://{address}", "--json"])
        server, listening = served(programs, address)
        try:
            assert listening.endswith(address), listening
            for kind, (name, values) in KINDS.items():
                for card, value, number in installed(programs, kind, values):
                    picture = folder / f"{card}.png"
                    programs.phone("card", "show", str(number), "--out", str(picture))
                    found = read(picture)
                    codes = [(code.format.name, code.text) for code in found if "/v/" not in code.text]
                    # A UPC-A is the EAN-13 with a zero before it, and is read as such.
                    wanted = ("EAN13", f"0{value}") if name == "UPCA" else (name, value)
                    if name == "UPCE":
                        wanted = (name, f"0{expanded(value)}")
                    assert codes == [wanted], f"{card}: {codes} in place of {wanted}"
                    moving = [code.text for code in found if "/v/" in code.text]
                    assert len(moving) == 1, f"{card}: {moving}"
                    answer = told(moving[0])
                    assert (answer["standing"], answer["card_id"]) == ("valid", card), answer
                    back = folder / f"{card}-back.png"
                    programs.phone("card", "show", str(number), "--back", "--language", "de", "--out", str(back))
                    assert read(back) == [], "the back has no code"
                print(f"ok: {kind}, {len(values)} values")
            count = sum(len(values) for _, values in KINDS.values())
            print(f"ok: {count} cards of {len(KINDS)} kinds are read back, and valid to whoever scans them")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
