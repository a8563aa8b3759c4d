"""A mail server on loopback with TLS, authentication and faults that a recipient's name asks for.

`defer@` is not taken the first time (451), `reject@` never (550 5.1.1), `cut@` loses the connection in the middle of the
message the first time, `lost@` after the message was taken and before it was said, `slow@` answers too late the first
time.
"""

import asyncio
import logging
import ssl
import subprocess
import threading
import warnings
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, syntax

# What the server says of the faults that it was asked for.
warnings.simplefilter("ignore")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)

USER, PASSWORD = "doors@example.org", "a password with spaces: ü"


def certificate(directory: Path) -> tuple[Path, Path]:
    """Makes a certificate for localhost that is its own authority."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    names += ["-addext", "basicConstraints=critical,CA:FALSE"]
    files = ["-days", "2", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return cert, key


class Handler:
    """Keeps what arrives, and makes faults."""

    def __init__(self):
        self.messages = []
        self.senders = []
        self.tries = {}

    def first_try(self, address: str) -> bool:
        self.tries[address] = self.tries.get(address, 0) + 1
        return self.tries[address] == 1

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "reject":
            return "550 5.1.1 <" + address + "> is unknown here"
        if name == "defer" and self.first_try(address):
            return "451 4.7.1 come back later"
        if name == "slow" and self.first_try(address):
            await asyncio.sleep(3)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.original_content, policy=policy.default)
        self.messages.append((envelope.rcpt_tos[0], message))
        self.senders.append(envelope.mail_from)
        if envelope.rcpt_tos[0].startswith("lost@") and self.first_try(envelope.rcpt_tos[0]):
            server.transport.abort()
        return "250 2.0.0 taken"

    def arrived(self, recipient: str):
        return [message for to, message in self.messages if to == recipient]


class FaultySmtp(SMTP):
    """Loses the connection within the message of `cut@`."""

    @syntax("DATA")
    async def smtp_DATA(self, arg):
        recipients = self.envelope.rcpt_tos
        if recipients and recipients[0].startswith("cut@") and self.event_handler.first_try(recipients[0]):
            await self.push("354 go on")
            await self._reader.read(100)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Server:
    """Listens with STARTTLS, or with TLS from the first octet, until it is stopped."""

    def __init__(self, handler, directory: Path, starttls: bool):
        self.cert, key = certificate(directory)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.cert, key)
        self.handler, self.starttls = handler, starttls
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self) -> int:
        """Listens on a free port, and says which."""
        self.thread.start()
        outer = None if self.starttls else self.tls
        listening = self.loop.create_server(self.protocol, "127.0.0.1", 0, ssl=outer)
        server = asyncio.run_coroutine_threadsafe(listening, self.loop).result()
        return server.sockets[0].getsockname()[1]

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def protocol(self):
        options = {"tls_context": self.tls, "require_starttls": True} if self.starttls else {}
        auth = {"authenticator": self.check, "auth_required": True, "auth_require_tls": self.starttls}
        fixed = {"hostname": "localhost", "enable_SMTPUTF8": True, "loop": self.loop}
        return FaultySmtp(self.handler, **fixed, **options, **auth)

    def check(self, server, session, envelope, mechanism, auth_data):
        known = isinstance(auth_data, LoginPassword) and auth_data.login == USER.encode()
        good = known and auth_data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False)
