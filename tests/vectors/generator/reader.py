"""The reader's side of a tap, without IO.

Spec: docs/PROTOCOL.md#the-tap
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import signed, suite, tickets
from .device import Trace, signed_tap
from .entropy import Entropy, fresh_key
from .keys import Keys, Transcript, Transport, binder
from .messages import (
    LONGEST_ACK,
    PROOF_OCTETS,
    RECEIVED_OCTETS,
    WISH_REPORT,
    WISH_TIME,
    Hello,
    Instruction,
    ItemKind,
    NewTicket,
    Offer,
    OutcomePlaintext,
    ProofPlaintext,
    Result,
    Selected,
    Status,
    decode_ack,
)
from .objects import Credential, RevocationList, TimeToken
from .refusal import Reason, Refusal
from .reports import LONGEST_REPORT, NONCE_OCTETS, OVERHEAD, ReportKeys
from .signed import Signed, Trust
from .tickets import TicketContent


@dataclass
class ReaderSetup:
    """All that a reader holds between taps."""

    trust: Trust
    project: bytes
    reader_id: int
    secret: suite.SecretKey
    certificate: bytes
    clock: int
    ticket_keys: list[bytes]
    tickets_issued: int = 2
    ticket_lifetime_s: int = tickets.LIFETIME_S
    revocation_list: Signed[RevocationList] | None = None
    list_version: int = 0
    denied_user_ids: frozenset[str] = frozenset()
    longest_ack: int = LONGEST_ACK
    wants_time: bool = False
    report_key: bytes | None = None
    report: bytes | None = None

    def report_keys(self) -> ReportKeys | None:
        """What the reader shares with its manager."""
        if self.report_key is None:
            return None
        return ReportKeys.derive(self.secret, self.report_key, self.project, self.reader_id)

    def revoked(self, serial: int) -> bool:
        """Whether the list that the reader holds names this serial."""
        return self.revocation_list is not None and serial in self.revocation_list.value.serials


@dataclass(frozen=True)
class Send:
    """The next command."""

    instruction: Instruction
    data: bytes


@dataclass(frozen=True)
class Receipt:
    """What anybody with the issuer's public key can verify later."""

    reader_id: int
    reader_time: int
    h5: bytes
    device_signature: bytes
    credential: bytes

    def verify(self, trust: Trust) -> Credential:
        """The credential; refuses a receipt that does not hold."""
        decoded = signed.decode(Credential, self.credential)
        signed.check(decoded, trust)
        tap = signed_tap(self.reader_id, self.reader_time, self.h5)
        suite.verify(decoded.value.holder, tap, self.device_signature)
        return decoded.value


@dataclass(frozen=True)
class Done:
    """The end of a tap; `ack_refused` says why nothing that was brought counts."""

    brought: dict[ItemKind, bytes]
    ack_refused: Reason | None = None
    acknowledged_up_to: int | None = None
    reported: bool | None = None


@dataclass(frozen=True)
class Decision:
    """What the reader decided, and on which path."""

    path: str
    result: Result
    user_id: str
    receipt: Receipt | None


class Abort(Exception):
    """The reader gives the tap up, without a decision."""


class ReaderTap:
    """One tap; `receive` takes each answer of the device and gives the next command."""

    def __init__(self, setup: ReaderSetup, transport: Transport, entropy: Entropy, trace: Trace | None = None) -> None:
        self.setup = setup
        self._entropy = entropy
        self.trace: Trace = {} if trace is None else trace
        self._transcript = Transcript(transport)
        self._ephemeral = fresh_key(entropy, "ephemeral")
        self._awaits = "selected"
        self._device = b""
        self._keys: Keys | None = None
        self._h7 = b""
        self._wished = False
        self._longest_command = 0
        self._done = Done({})
        self.decision: Decision | None = None

    def receive(self, data: bytes, status: int) -> Send | Done:
        """The next command, or the end; raises `Abort` if the tap cannot go on."""
        awaits, self._awaits = self._awaits, "nothing"
        if awaits == "ack":
            return self._ack(data, status)
        if awaits == "received":
            return self._received(data, status)
        if status != Status.NORMAL:
            raise Abort(f"status {status:04X}")
        try:
            match awaits:
                case "selected":
                    return self._selected(data)
                case "offer":
                    return self._offer(data)
                case "proof":
                    return self._proof(data)
                case _:
                    raise Abort("no answer is awaited")
        except Refusal as refusal:
            raise Abort(refusal.reason.value) from refusal

    def _selected(self, data: bytes) -> Send:
        selected = Selected.decode(data)
        self._longest_command = selected.longest_command
        if not selected.suits():
            raise Abort("no common version and suite, or too short commands")
        self._transcript.add(data)
        hello = Hello(self.setup.clock, self.setup.certificate, self._ephemeral.point).encode()
        self._transcript.add(hello)
        self._awaits = "offer"
        return Send(Instruction.HELLO, hello)

    def _offer(self, data: bytes) -> Send:
        offer = Offer.decode(data)
        opened = self._open_ticket(offer)
        h4 = self._transcript.add(data)
        ee = self._ephemeral.agree(offer.point)
        if opened is not None:
            content, psk = opened
            self._keys = Keys.fast(h4, psk, ee)
            self.trace |= {"ee": ee, "psk": psk, "secret": self._keys.secret}
            # The ticket decides; whether this person is refused here and now is not for the exchange to say.
            return self._decide("fast", self._owner(content.user_id), content, None)
        es = self.setup.secret.agree(offer.point)
        self._keys = Keys.full(h4, ee, es)
        confirm = suite.seal(self._keys.confirm, suite.counter_nonce(0), h4, b"")
        self._transcript.add(confirm)
        self._awaits = "proof"
        self.trace |= {"ee": ee, "es": es, "secret": self._keys.secret}
        return Send(Instruction.CONFIRM, confirm)

    def _open_ticket(self, offer: Offer) -> tuple[TicketContent, bytes] | None:
        """The ticket's content and secret, if every condition of the fast path holds."""
        hb = self._transcript.peek(offer.point + offer.ticket)
        for key in self.setup.ticket_keys:
            try:
                content = tickets.open_ticket(key, offer.ticket)
            except Refusal:
                continue
            psk = tickets.psk(key, offer.ticket)
            now = self.setup.clock
            holds = (
                suite.equal(binder(psk, hb), offer.binder)
                and now != 0
                and now < content.not_after
                and not self.setup.revoked(content.serial)
            )
            return (content, psk) if holds else None
        return None

    def _proof(self, data: bytes) -> Send:
        assert self._keys is not None
        h5 = self._transcript.h
        if len(data) != PROOF_OCTETS:
            raise Abort("PROOF has another length")
        plaintext = suite.open_sealed(self._keys.device, suite.counter_nonce(0), h5, data)
        self._transcript.add(data)
        self.trace |= {"proof_plaintext": plaintext}
        try:
            proof = ProofPlaintext.decode(plaintext)
            receipt = Receipt(self.setup.reader_id, self.setup.clock, h5, proof.device_signature, proof.credential)
            credential = receipt.verify(self.setup.trust)
        except Refusal:
            return self._decide("full", Result.NOT_ACCEPTED, None, None)
        if credential.header.project != self.setup.project:
            return self._decide("full", Result.NOT_ACCEPTED, None, None)
        content = TicketContent(credential.serial, credential.not_after, credential.user_id)
        return self._decide("full", self._judge(credential), content, receipt)

    def _judge(self, credential: Credential) -> Result:
        now = self.setup.clock
        if now == 0:
            return Result.NO_CLOCK
        if now < credential.not_before:
            return Result.NOT_YET_VALID
        if now >= credential.not_after:
            return Result.EXPIRED
        if self.setup.revoked(credential.serial):
            return Result.REVOKED
        return self._owner(credential.user_id)

    def _owner(self, user_id: bytes) -> Result:
        """What the owner of the door says to a grant."""
        return Result.PANEL if user_id.decode("ascii") in self.setup.denied_user_ids else Result.GRANT

    def _decide(self, path: str, result: Result, content: TicketContent | None, receipt: Receipt | None) -> Send:
        assert self._keys is not None
        setup = self.setup
        granted: Sequence[NewTicket] = ()
        if result == Result.GRANT and content is not None:
            granted = [self._new_ticket(content) for _ in range(setup.tickets_issued)]
        # Strangers carry no reports: the device has shown a credential of the project, or its ticket.
        self._wished = content is not None and setup.report_key is not None and setup.report is not None
        wishes = (WISH_TIME if setup.wants_time else 0) | (WISH_REPORT if self._wished else 0)
        plaintext = OutcomePlaintext(result, setup.longest_ack, setup.list_version, wishes, tuple(granted)).encode()
        outcome = suite.seal(self._keys.reader, suite.counter_nonce(0), self._transcript.h, plaintext)
        self._h7 = self._transcript.add(outcome)
        self.trace |= {"h7": self._h7, "outcome_plaintext": plaintext}
        user_id = "" if content is None else content.user_id.decode("ascii")
        self.decision = Decision(path, result, user_id, receipt)
        self._awaits = "ack"
        return Send(Instruction.OUTCOME, outcome)

    def _new_ticket(self, content: TicketContent) -> NewTicket:
        key = self.setup.ticket_keys[0]
        ticket = tickets.seal(key, self._entropy.octets("nonce", tickets.NONCE_OCTETS), content)
        lifetime_s = min(self.setup.ticket_lifetime_s, content.not_after - self.setup.clock)
        return NewTicket(lifetime_s, ticket, tickets.psk(key, ticket))

    def _ack(self, data: bytes, status: int) -> Send | Done:
        """The end of the tap; the decision stands whatever came. A report may follow."""
        assert self._keys is not None and self.decision is not None
        if status != Status.NORMAL:
            return Done({}, Reason.CANNOT_OPEN)
        counter = 1 if self.decision.path == "full" else 0
        try:
            plaintext = suite.open_sealed(self._keys.device, suite.counter_nonce(counter), self._h7, data)
            self.trace |= {"ack_plaintext": plaintext}
            if len(plaintext) > self.setup.longest_ack:
                raise Refusal(Reason.BAD_LENGTH)
            items = decode_ack(plaintext)
        except Refusal as refusal:
            return Done({}, refusal.reason)
        taken = take_brought(self.setup, items)
        up_to = None
        if ItemKind.REPORT_ACKNOWLEDGEMENT in taken:
            up_to = int.from_bytes(taken[ItemKind.REPORT_ACKNOWLEDGEMENT][8:12])
        if ItemKind.REPORT_ROOM in items and self._wished:
            taken[ItemKind.REPORT_ROOM] = items[ItemKind.REPORT_ROOM]
        self._done = Done(taken, acknowledged_up_to=up_to)
        return self._report(data, taken) or self._done

    def _report(self, ack: bytes, taken: dict[ItemKind, bytes]) -> Send | None:
        """The report, if the device takes one and it fits."""
        keys, contents = self.setup.report_keys(), self.setup.report
        if ItemKind.REPORT_ROOM not in taken or keys is None or contents is None:
            return None
        assert self._keys is not None
        room = int.from_bytes(taken[ItemKind.REPORT_ROOM])
        if len(contents) + OVERHEAD > min(room, LONGEST_REPORT, self._longest_command - suite.TAG_OCTETS):
            return None
        h8 = self._transcript.add(ack)
        report = keys.seal(self._entropy.octets("report nonce", NONCE_OCTETS), contents)
        data = suite.seal(self._keys.reader, suite.counter_nonce(1), h8, report)
        h9 = self._transcript.add(data)
        self.trace |= {"h8": h8, "h9": h9, "report_sealed": report}
        self._awaits = "received"
        return Send(Instruction.REPORT, data)

    def _received(self, data: bytes, status: int) -> Done:
        """Whether the device has kept the report; without its word it has not."""
        assert self._keys is not None and self.decision is not None
        if status != Status.NORMAL or len(data) != RECEIVED_OCTETS:
            return self._done
        counter = 2 if self.decision.path == "full" else 1
        try:
            plaintext = suite.open_sealed(self._keys.device, suite.counter_nonce(counter), self._transcript.h, data)
        except Refusal:
            return self._done
        self.trace |= {"received_plaintext": plaintext}
        return replace(self._done, reported={b"\x00": False, b"\x01": True}.get(plaintext))


def take_brought(setup: ReaderSetup, items: dict[ItemKind, bytes]) -> dict[ItemKind, bytes]:
    """Uses what was brought and holds; what is left out did not hold or was not newer."""
    taken: dict[ItemKind, bytes] = {}
    for kind, octets in items.items():
        try:
            match kind:
                case ItemKind.REVOCATION_LIST:
                    used = _take_list(setup, octets)
                case ItemKind.TIME_TOKEN:
                    used = _take_token(setup, octets)
                case ItemKind.REPORT_ACKNOWLEDGEMENT:
                    used = _take_acknowledgement(setup, octets)
                case _:
                    used = False
        except Refusal:
            continue
        if used:
            taken[kind] = octets
    return taken


def _take_list(setup: ReaderSetup, octets: bytes) -> bool:
    decoded = signed.decode(RevocationList, octets)
    signed.check(decoded, setup.trust)
    value = decoded.value
    if value.header.project != setup.project or value.version <= setup.list_version:
        return False
    setup.revocation_list = decoded
    setup.list_version = value.version
    return True


def _take_acknowledgement(setup: ReaderSetup, octets: bytes) -> bool:
    keys = setup.report_keys()
    if keys is None:
        return False
    keys.acknowledged(octets)
    return True


def _take_token(setup: ReaderSetup, octets: bytes) -> bool:
    decoded = signed.decode(TimeToken, octets)
    signed.check(decoded, setup.trust)
    value = decoded.value
    if value.header.project != setup.project or value.time <= setup.clock:
        return False
    setup.clock = value.time
    return True
