"""Drives the manager's command line against a mail server, and looks at what arrives."""

import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import zxingcpp
from PIL import Image

from server import PASSWORD, USER, Handler, Server

MANAGER = str(Path(sys.argv[1]).resolve())


class Project:
    """A manager with a mail server."""

    def __init__(self, directory: Path, url: str, cert: Path, password: str = PASSWORD):
        self.directory = directory / "project"
        secret = directory / "password"
        secret.write_text(password + "\n")
        self.environment = {
            **os.environ,
            "OSTIARY_DIR": str(self.directory),
            "OSTIARY_SMTP_URL": url,
            "OSTIARY_SMTP_PASSWORD_FILE": str(secret),
            "OSTIARY_SMTP_AUTHORITIES": str(cert),
            "OSTIARY_MAIL_FROM": "doors@example.org",
        }
        if not self.directory.exists():
            self.run("init", str(self.directory), "--name", "Müller & Söhne", "--url", "https://doors.example")

    def run(self, *arguments: str):
        done = subprocess.run([MANAGER, *arguments, "--json"], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def invite(self, *people: str) -> dict:
        file = self.directory / "people.csv"
        rows = [f"First{n},Lästname{n},{email},{n:04}" for n, email in enumerate(people)]
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        self.run("import", str(file), "--yes")
        return {invitation["email"]: invitation for invitation in self.run("user", "invite", *people)["done"]}

    def work(self):
        return self.run("jobs", "run", "--once", "--kind", "mail")

    def let_time_pass(self):
        """What waits for a later time is due."""
        with sqlite3.connect(self.directory / "manager.db") as database:
            database.execute("UPDATE outbox SET next_attempt_at = 0")
            database.execute("UPDATE jobs SET next_run_at = 0")

    def states(self) -> dict:
        mails = self.run("mail", "list")["mails"]
        return {mail["address"]: (mail["state"], mail["error"], mail["attempts"]) for mail in mails}


def check_message(message, invitation: dict, email: str, sender: str):
    """Both parts, the picture and the headers of an invitation."""
    link, code = invitation["link"], invitation["code"]
    plain, html = message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()
    for part in (plain, html):
        assert link in part and code in part, part
        assert "Müller" in part and "Lästname" in part, part
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert len(pictures) == 1
    assert pictures[0]["Content-ID"].strip("<>") in html
    picture = Image.open(io.BytesIO(pictures[0].get_payload(decode=True))).convert("L")
    read = zxingcpp.read_barcodes(picture)
    assert [code.text for code in read] == [link], read
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["From"].addresses[0].addr_spec == "doors@example.org"
    assert message["From"].addresses[0].display_name == "Müller & Söhne"
    assert len(message["To"].addresses) == 1 and str(message["To"]).endswith(f"<{email}>"), message["To"]
    assert message["List-Id"] and message["Date"] and message["Message-ID"].endswith("@example.org>")
    assert sender == "doors@example.org", sender


def check_faults(starttls: bool):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        handler = Handler()
        server = Server(handler, directory, starttls)
        port = server.start()
        scheme = "smtp" if starttls else "smtps"
        try:
            project = Project(directory, f"{scheme}://{USER}@localhost:{port}?timeout=1", server.cert)
            names = ["anna", "defer", "reject", "cut", "lost", "slow"]
            people = [f"{name}@x.example" for name in names] + ["jörg@bücher.example"]
            invitations = project.invite(*people)
            project.work()
            states = project.states()
            assert states["anna@x.example"] == ("sent", None, 1), states
            assert states["defer@x.example"] == ("deferred", "451 4.7.1", 1), states
            assert states["reject@x.example"] == ("bounced", "550 5.1.1", 1), states
            assert states["cut@x.example"][0] == "deferred", states
            assert states["lost@x.example"][0] == "deferred", states
            assert states["slow@x.example"] == ("deferred", "timeout", 1), states
            assert states["jörg@bücher.example"] == ("sent", None, 1), states
            project.work()
            assert project.states() == states, "nothing is due yet"
            project.let_time_pass()
            project.work()
            states = project.states()
            for name in ("defer", "cut", "lost", "slow"):
                assert states[f"{name}@x.example"] == ("sent", None, 2), states
            for email in people:
                if email.startswith("reject@"):
                    assert handler.arrived(email) == []
                    continue
                recipient = email.replace("bücher", "xn--bcher-kva")
                arrived = handler.arrived(recipient)
                assert len({message["Message-ID"] for message in arrived}) == 1, email
                assert len(arrived) == (2 if email.startswith("lost@") else 1), email
                check_message(arrived[-1], invitations[email], recipient, handler.senders[0])
            two = handler.arrived("lost@x.example")
            assert two[0].as_bytes() == two[1].as_bytes(), "what is sent twice is the same"
            alerts = project.run("alerts", "list")["alerts"]
            assert [alert["subject"] for alert in alerts] == ["reject@x.example"], alerts
        finally:
            server.stop()


def check_secrets():
    """A wrong password, or a server that nobody vouches for, gets no mail, and nobody is blamed for it."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        handler = Handler()
        server = Server(handler, directory, True)
        port = server.start()
        try:
            url = f"smtp://{USER}@localhost:{port}?timeout=2"
            project = Project(directory, url, server.cert, password="wrong")
            project.invite("anna@x.example")
            project.work()
            assert project.states()["anna@x.example"][:2] == ("deferred", "authentication 535 5.7.8"), project.states()
            project.let_time_pass()
            project = Project(directory, url, server.cert)
            del project.environment["OSTIARY_SMTP_AUTHORITIES"]
            project.work()
            assert project.states()["anna@x.example"][:2] == ("deferred", "tls"), project.states()
            assert handler.messages == []
        finally:
            server.stop()


def check_bounce_address():
    """Each mail has an address of its own for reports, and another sender, server and language can be set."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        handler = Handler()
        server = Server(handler, directory, False)
        port = server.start()
        try:
            project = Project(directory, "smtps://nowhere.invalid", server.cert)
            del project.environment["OSTIARY_SMTP_URL"], project.environment["OSTIARY_SMTP_PASSWORD_FILE"]
            del project.environment["OSTIARY_SMTP_AUTHORITIES"]
            own = ["--own-smtp-url", f"smtps://{USER}@localhost:{port}", "--own-smtp-password-file"]
            own += [str(directory / "password"), "--own-smtp-authorities", str(server.cert)]
            others = ["--bounce-address", "bounces@example.org", "--language", "de", "--reply-to", "help@example.org"]
            project.run("mail", "settings", *own, *others)
            project.invite("anna@x.example")
            project.work()
            message = handler.arrived("anna@x.example")[0]
            assert message["Subject"] == "Ihr Schlüssel für Müller & Söhne", message["Subject"]
            assert message["Reply-To"].addresses[0].addr_spec == "help@example.org"
            local = message["Message-ID"].strip("<>").split("@")[0]
            assert handler.senders == [f"bounces+{local}@example.org"], handler.senders
            database = (project.directory / "manager.db").read_bytes()
            assert PASSWORD.encode() not in database
        finally:
            server.stop()


check_faults(starttls=True)
check_faults(starttls=False)
check_secrets()
check_bounce_address()
print("mail: everything arrived as it should")
