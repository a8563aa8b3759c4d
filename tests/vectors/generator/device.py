"""The device's side of a tap, without IO.

Spec: docs/PROTOCOL.md#the-tap
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import signed, suite
from .entropy import Entropy, fresh_key
from .keys import Keys, Transcript, Transport, binder
from .messages import (
    AID,
    BINDER_OCTETS,
    CONFIRM_OCTETS,
    HELLO_OCTETS,
    OUTCOME_OCTETS,
    SUITE,
    TICKET_OCTETS,
    VERSION,
    WISH_REPORT,
    WISH_TIME,
    Hello,
    Instruction,
    ItemKind,
    NewTicket,
    Offer,
    OutcomePlaintext,
    ProofPlaintext,
    Selected,
    Status,
    encode_ack,
)
from .objects import Credential, ReaderCertificate, RevocationList, TimeToken
from .refusal import Refusal
from .reports import OVERHEAD
from .signed import Signed, Trust
from .wire import u16, u32

Trace = dict[str, bytes]
_LENGTHS = {
    Instruction.HELLO: HELLO_OCTETS,
    Instruction.CONFIRM: CONFIRM_OCTETS,
    Instruction.OUTCOME: OUTCOME_OCTETS,
}


@dataclass
class HeldTicket:
    """A ticket that the device was given, good until `expires`."""

    reader_id: int
    ticket: bytes
    psk: bytes
    expires: int


@dataclass
class DeviceSetup:
    """All that a device holds before a tap."""

    trust: Trust
    now: int
    presence: int
    credential: Signed[Credential] | None
    holder: suite.SecretKey
    revocation_list: Signed[RevocationList] | None = None
    time_token: Signed[TimeToken] | None = None
    tickets: list[HeldTicket] = field(default_factory=list)
    selected: Selected = Selected()
    report_room: int | None = None
    report_acknowledgement: bytes | None = None
    reports: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class DeviceReport:
    """What the device learnt from an OUTCOME that opened, and what it brought."""

    path: str
    result: int
    brought: dict[ItemKind, bytes]
    reader_id: int
    new_tickets: tuple[NewTicket, ...]


class _Failed(Exception):
    """Ends the session with a status word."""

    def __init__(self, status: Status) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


@dataclass
class _Session:
    transcript: Transcript
    awaits: str = "hello"
    hello: Hello | None = None
    reader: ReaderCertificate | None = None
    ephemeral: suite.SecretKey | None = None
    presented: HeldTicket | None = None
    full: Keys | None = None
    established: Keys | None = None


class Device:
    """Answers one reader at a time; any error drops the session."""

    def __init__(self, setup: DeviceSetup, entropy: Entropy, trace: Trace | None = None) -> None:
        self._setup = setup
        self._entropy = entropy
        self.trace: Trace = {} if trace is None else trace
        self.report: DeviceReport | None = None
        self._session: _Session | None = None

    def open(self, transport: Transport) -> bytes:
        """Begins a session; the data of the SELECT response."""
        data = self._setup.selected.encode()
        transcript = Transcript(transport)
        transcript.add(data)
        self._session = _Session(transcript)
        self.report = None
        return data

    def select(self, transport: Transport, aid: bytes) -> tuple[bytes, Status]:
        """Answers SELECT where it is sent."""
        if aid != AID:
            self._session = None
            return b"", Status.NOT_FOUND
        return self.open(transport), Status.NORMAL

    def close(self) -> None:
        """Drops the session, as after an error below the exchange."""
        self._session = None

    def handle(self, instruction: int, data: bytes) -> tuple[bytes, Status]:
        """Answers HELLO, CONFIRM, OUTCOME or REPORT."""
        session, self._session = self._session, None
        try:
            if instruction not in _LENGTHS and instruction != Instruction.REPORT:
                raise _Failed(Status.UNKNOWN_INSTRUCTION)
            if len(data) != _LENGTHS.get(Instruction(instruction), len(data)):
                raise _Failed(Status.WRONG_LENGTH)
            if session is None:
                raise _Failed(Status.OUT_OF_ORDER)
            match (session.awaits, instruction):
                case ("hello", Instruction.HELLO):
                    answer = self._hello(session, data)
                case ("confirm", Instruction.CONFIRM):
                    answer = self._confirm(session, data)
                case ("confirm" | "outcome", Instruction.OUTCOME):
                    ack = self._outcome(session, data)
                    if self.takes_report:
                        self._session = session
                    return ack, Status.NORMAL
                case ("report", Instruction.REPORT):
                    return self._report(session, data), Status.NORMAL
                case _:
                    raise _Failed(Status.OUT_OF_ORDER)
        except _Failed as failed:
            return b"", failed.status
        self._session = session
        return answer, Status.NORMAL

    def _hello(self, session: _Session, data: bytes) -> bytes:
        hello = Hello.decode(data)
        if hello.version != VERSION or hello.suite != SUITE:
            raise _Failed(Status.NOT_SUPPORTED)
        session.hello = hello
        session.ephemeral = fresh_key(self._entropy, "ephemeral")
        filler = self._entropy.octets("filler", TICKET_OCTETS + BINDER_OCTETS)
        h3 = session.transcript.add(data)
        session.reader = self._judge(hello)
        point = session.ephemeral.point
        ticket, tag = filler[:TICKET_OCTETS], filler[TICKET_OCTETS:]
        session.presented = None if session.reader is None else self._live_ticket(session.reader.reader_id)
        if session.presented is not None:
            ticket = session.presented.ticket
            tag = binder(session.presented.psk, suite.sha256(h3, point, ticket))
        offer = Offer(point, ticket, tag).encode()
        session.transcript.add(offer)
        session.awaits = "confirm"
        return offer

    def _judge(self, hello: Hello) -> ReaderCertificate | None:
        """The certificate, if the device may answer this reader; none leads to a decoy."""
        setup = self._setup
        try:
            certificate = signed.decode(ReaderCertificate, hello.certificate)
            signed.check(certificate, setup.trust)
            reader = certificate.value
            signed.check_validity(reader.not_before, reader.not_after, setup.now)
            suite.load_point(hello.point)
        except Refusal:
            return None
        revoked = setup.revocation_list
        if revoked is not None and revoked.value.header.project == reader.header.project:
            if reader.reader_id in revoked.value.reader_ids:
                return None
        if not self._has_credential_for(reader.header.project):
            return None
        return reader if setup.presence >= reader.presence else None

    def _has_credential_for(self, project: bytes) -> bool:
        credential = self._setup.credential
        return credential is not None and credential.value.header.project == project

    def _live_ticket(self, reader_id: int) -> HeldTicket | None:
        """Takes a ticket out of the store, so that it is never presented again."""
        for held in self._setup.tickets:
            if held.reader_id == reader_id and self._setup.now < held.expires:
                self._setup.tickets.remove(held)
                return held
        return None

    def _confirm(self, session: _Session, data: bytes) -> bytes:
        if session.reader is None or session.ephemeral is None or session.hello is None:
            raise _Failed(Status.NOT_SATISFIED)
        ee = session.ephemeral.agree(session.hello.point)
        es = session.ephemeral.agree(session.reader.point)
        h4 = session.transcript.h
        keys = Keys.full(h4, ee, es)
        self.trace |= {"ee": ee, "es": es, "secret": keys.secret}
        _open(keys.confirm, 0, h4, data)
        h5 = session.transcript.add(data)
        proof = suite.seal(keys.device, suite.counter_nonce(0), h5, self._proof(session.reader, session.hello, h5))
        session.transcript.add(proof)
        session.full = keys
        session.awaits = "outcome"
        return proof

    def _proof(self, reader: ReaderCertificate, hello: Hello, h5: bytes) -> bytes:
        credential = self._setup.credential
        if credential is None:
            raise _Failed(Status.NOT_SATISFIED)
        tap = signed_tap(reader.reader_id, hello.reader_time, h5)
        signature = self._setup.holder.sign(tap)
        plaintext = ProofPlaintext(signature, credential.octets).encode()
        self.trace |= {"signed_tap": tap, "device_signature": signature, "proof_plaintext": plaintext}
        return plaintext

    def _outcome(self, session: _Session, data: bytes) -> bytes:
        keys = session.full or self._fast_keys(session)
        aad = session.transcript.h
        plaintext = _open(keys.reader, 0, aad, data)
        try:
            outcome = OutcomePlaintext.decode(plaintext)
        except Refusal:
            raise _Failed(Status.NOT_SATISFIED) from None
        assert session.reader is not None
        h7 = session.transcript.add(data)
        self._keep(session.reader.reader_id, outcome.tickets)
        brought = self._bring(session.reader, outcome)
        ack = encode_ack([(kind, octets) for kind, octets in brought.items()])
        counter = 0 if session.full is None else 1
        path = "fast" if session.full is None else "full"
        self.trace |= {"h7": h7, "outcome_plaintext": plaintext, "ack_plaintext": ack}
        self.report = DeviceReport(path, outcome.result, brought, session.reader.reader_id, outcome.tickets)
        sealed = suite.seal(keys.device, suite.counter_nonce(counter), h7, ack)
        if self.takes_report:
            session.transcript.add(sealed)
            session.established = keys
            session.awaits = "report"
        return sealed

    @property
    def takes_report(self) -> bool:
        """Whether the reader has been told that it may hand over a report."""
        return self.report is not None and ItemKind.REPORT_ROOM in self.report.brought

    def _report(self, session: _Session, data: bytes) -> bytes:
        """Keeps a report that the device cannot read."""
        keys = session.established
        assert keys is not None and self._setup.report_room is not None
        if not OVERHEAD + suite.TAG_OCTETS < len(data) <= self._setup.report_room + suite.TAG_OCTETS:
            raise _Failed(Status.WRONG_LENGTH)
        h8 = session.transcript.h
        report = _open(keys.reader, 1, h8, data)
        h9 = session.transcript.add(data)
        self._setup.reports.append(report)
        received = b"\x01"
        self.trace |= {"h8": h8, "h9": h9, "report_sealed": report, "received_plaintext": received}
        return suite.seal(keys.device, suite.counter_nonce(1 if session.full is None else 2), h9, received)

    def _fast_keys(self, session: _Session) -> Keys:
        if session.presented is None or session.ephemeral is None or session.hello is None:
            raise _Failed(Status.NOT_SATISFIED)
        ee = session.ephemeral.agree(session.hello.point)
        keys = Keys.fast(session.transcript.h, session.presented.psk, ee)
        self.trace |= {"ee": ee, "secret": keys.secret}
        return keys

    def _keep(self, reader_id: int, tickets: tuple[NewTicket, ...]) -> None:
        for new in tickets:
            self._setup.tickets.append(HeldTicket(reader_id, new.ticket, new.psk, self._setup.now + new.lifetime_s))

    def _bring(self, reader: ReaderCertificate, outcome: OutcomePlaintext) -> dict[ItemKind, bytes]:
        """What the reader can use, as far as it fits: the list first, because it says who may not pass."""
        brought: dict[ItemKind, bytes] = {}
        held = self._setup.revocation_list
        token = self._setup.time_token
        room = outcome.longest_ack
        if held is not None and held.value.header.project == reader.header.project:
            if held.value.version > outcome.list_version and 3 + len(held.octets) <= room:
                brought[ItemKind.REVOCATION_LIST] = held.octets
                room -= 3 + len(held.octets)
        if token is not None and token.value.header.project == reader.header.project:
            if outcome.wishes & WISH_TIME and 3 + len(token.octets) <= room:
                brought[ItemKind.TIME_TOKEN] = token.octets
                room -= 3 + len(token.octets)
        if outcome.wishes & WISH_REPORT:
            for kind, octets in (
                (ItemKind.REPORT_ROOM, None if self._setup.report_room is None else u16(self._setup.report_room)),
                (ItemKind.REPORT_ACKNOWLEDGEMENT, self._setup.report_acknowledgement),
            ):
                if octets is not None and 3 + len(octets) <= room:
                    brought[kind] = octets
                    room -= 3 + len(octets)
        return brought


def signed_tap(reader_id: int, reader_time: int, h5: bytes) -> bytes:
    """What the device signs in PROOF."""
    return b"ostiary tap\x00" + u32(reader_id) + u32(reader_time) + h5


def _open(key: bytes, counter: int, aad: bytes, sealed: bytes) -> bytes:
    try:
        return suite.open_sealed(key, suite.counter_nonce(counter), aad, sealed)
    except Refusal:
        raise _Failed(Status.NOT_SATISFIED) from None
