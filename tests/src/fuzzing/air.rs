//! Everything between a door and its visitors, with the promises of both sessions checked at every step.
//!
//! The central one is that of matching conversations: whatever a side concludes, there is one on the other side that
//! said and heard the very same octets.

use credential::device::{Answer, DeviceEnv, DeviceEvent, DeviceSession, Reply};
use credential::error::{ApiMisuse, Error};
use credential::iso7816::StatusWord;
use credential::limits::{COMMAND_MAX, MESSAGE_MAX};
use credential::message::Instruction;
use credential::object::Revocations;
use credential::reader::{Brought, Decision, DenyReason, Outcome, Path, ReaderEnv, ReaderStep, Verdict};
use credential::secret::Secret;
use credential::time::{Instant, Now, OutsideValidity, UnixTime};
use credential::transport::Transport;

use super::log::{DoorLog, PhoneLog};
use super::remembering::{Remembering, sign};
use super::stage::{Draws, FORGED_VERSION, Stage, Standing, Visitor};
use crate::pair::{Door, HeldList};
use crate::world::START;

/// Octets that the door has to report.
const REPORTED_OCTETS: usize = 60;

/// What the holder key does when it is asked to sign.
pub(super) enum Signing {
    Genuine,
    Refused,
    Garbage([u8; 64]),
    /// Nobody ever comes back with an answer.
    Forgotten,
}

/// The door, its visitors and what is on its way between them.
pub(super) struct Air<'s> {
    pub(super) stage: &'s mut Stage,
    pub(super) door: Door<Remembering>,
    /// Which visitor is in the field.
    pub(super) present: usize,
    pub(super) ms: u64,
    pub(super) reader_unix: Option<UnixTime>,
    pub(super) device_unix: Option<UnixTime>,
    /// A command of the door's that nobody has answered.
    pub(super) command: Option<(u8, Vec<u8>)>,
    /// An answer that has not reached the door.
    pub(super) answer: Option<(Vec<u8>, StatusWord)>,
    /// Everything that was ever said.
    pub(super) commands: Vec<(u8, Vec<u8>)>,
    pub(super) answers: Vec<(Vec<u8>, StatusWord)>,
    /// Room for what a session writes.
    pub(super) out_octets: usize,
    rng: Draws,
    /// The conversation under way is the last.
    door_logs: Vec<DoorLog>,
    deciding: bool,
}

impl<'s> Air<'s> {
    pub(super) fn new(stage: &'s mut Stage) -> Self {
        let mut rng = Draws::new(1);
        Self {
            door: stage.reset(&mut rng),
            stage,
            present: 0,
            ms: 0,
            reader_unix: Some(START),
            device_unix: Some(START),
            command: None,
            answer: None,
            commands: Vec::new(),
            answers: Vec::new(),
            out_octets: MESSAGE_MAX,
            rng,
            door_logs: Vec::new(),
            deciding: false,
        }
    }

    pub(super) fn visitor(&mut self) -> &mut Visitor {
        &mut self.stage.visitors[self.present]
    }

    pub(super) fn door_now(&self) -> Now {
        Now { instant: Instant(self.ms), unix: self.reader_unix }
    }

    pub(super) fn phone_now(&self) -> Now {
        Now { instant: Instant(self.ms), unix: self.device_unix }
    }

    /// The door begins a tap.
    pub(super) fn begin(&mut self, transport: Transport) {
        let now = self.door_now();
        self.door.session.begin(transport, now);
        self.door_logs.push(DoorLog::new(transport));
        self.deciding = false;
        (self.command, self.answer) = (None, None);
    }

    /// SELECT reaches the phone that is present.
    pub(super) fn select(&mut self, transport: Transport) {
        let now = self.phone_now();
        let visitor = self.visitor();
        let response = visitor.phone.session.select(transport, now).to_vec();
        visitor.logs.push(PhoneLog::new(transport, response.clone()));
        visitor.under_way = true;
        self.answered(response, StatusWord::NORMAL);
    }

    /// The door hears an answer, whoever gave it.
    pub(super) fn door_hears(&mut self, mut data: Vec<u8>, status: StatusWord) {
        let now = self.door_now();
        let overdue = self.door.session.poll_at().is_some_and(|deadline| now.instant >= deadline);
        let heard = data.clone();
        let mut out = vec![0; self.out_octets];
        let door = &mut self.door;
        let mut env = ReaderEnv {
            now,
            rng: &mut self.rng,
            revocations: &door.list,
            wants_time: door.wants_time,
            has_report: true,
        };
        match door.session.receive(&mut door.reader, &mut env, &mut data, status, &mut out) {
            Err(error) => {
                assert!(door.session.is_idle(), "an error leaves the session idle");
                assert!(!overdue || error == Error::TimedOut);
                self.deciding = false;
            }
            Ok(step) => {
                assert!(!overdue && status == StatusWord::NORMAL && !self.deciding);
                self.door_logs.last_mut().unwrap().log.messages.push(heard);
                match step {
                    ReaderStep::Send { instruction, length } => self.sent(instruction, &out[..length]),
                    ReaderStep::Decided(decision) => self.decided(&decision),
                    ReaderStep::Finished { brought, exporter } => {
                        self.finished(&brought, &exporter);
                        self.report(brought.report_room);
                    }
                    ReaderStep::Reported { kept } => {
                        assert!(kept, "a visitor keeps what it takes");
                        assert!(self.partner().1.exporter.is_some());
                    }
                }
            }
        }
    }

    /// The door hands over a report, if the device has said that it takes one.
    fn report(&mut self, room: Option<u16>) {
        let now = self.door_now();
        let mut out = vec![0; self.out_octets];
        let door = &mut self.door;
        let mut env = ReaderEnv {
            now,
            rng: &mut self.rng,
            revocations: &door.list,
            wants_time: false,
            has_report: true,
        };
        let fill = &mut |to: &mut [u8]| to.iter_mut().take(REPORTED_OCTETS).map(|to| *to = 7).count();
        match door.session.report(&door.reader, &mut env, fill, &mut out) {
            Ok(Some(ReaderStep::Send { instruction, length })) => {
                let room = usize::from(room.expect("only a device that takes one is handed a report"));
                assert!(instruction == Instruction::Report && length <= room + 16);
                self.sent(instruction, &out[..length]);
            }
            Ok(Some(_)) => panic!("report only sends"),
            // No room for a report, on either side.
            Ok(None) => assert!(room.is_some() && door.session.is_idle()),
            Err(_) => assert!(room.is_none() && door.session.is_idle()),
        }
    }

    /// The door's owner has acted on a decision.
    pub(super) fn conclude(&mut self, verdict: Verdict) {
        let now = self.door_now();
        let mut out = vec![0; self.out_octets];
        let door = &mut self.door;
        let mut env = ReaderEnv {
            now,
            rng: &mut self.rng,
            revocations: &door.list,
            wants_time: door.wants_time,
            has_report: true,
        };
        let was_deciding = std::mem::take(&mut self.deciding);
        match door.session.conclude(&door.reader, &mut env, verdict, &mut out) {
            Ok(ReaderStep::Send { instruction, length }) => {
                assert!(was_deciding && instruction == Instruction::Outcome && length == COMMAND_MAX);
                let decided = &mut self.door_logs.last_mut().unwrap().decided;
                if verdict == Verdict::Refused && *decided == Some(Ok(())) {
                    *decided = Some(Err(DenyReason::Refused));
                }
                self.sent(instruction, &out[..length]);
            }
            Ok(_) => panic!("conclude only sends"),
            Err(error) => {
                assert!(door.session.is_idle());
                assert_eq!(error == Error::ApiMisuse(ApiMisuse::OutOfOrder), !was_deciding);
            }
        }
    }

    pub(super) fn expire(&mut self) {
        let now = Instant(self.ms);
        let overdue = self.door.session.poll_at().is_some_and(|deadline| now >= deadline);
        assert_eq!(self.door.session.expire(now).is_err(), overdue);
        self.deciding &= !overdue;
        let session = &mut self.visitor().phone.session;
        let overdue = session.poll_at().is_some_and(|deadline| now >= deadline);
        let waits = !session.is_idle();
        assert_eq!(session.expire(now).is_err(), overdue && waits);
    }

    pub(super) fn reset_door(&mut self) {
        self.door.session.reset();
        self.deciding = false;
        assert!(self.door.session.is_idle() && self.door.session.poll_at().is_none());
    }

    /// The phone that is present hears a command, whoever gave it.
    pub(super) fn phone_hears(&mut self, instruction: u8, mut data: Vec<u8>, signing: Signing) {
        let now = self.phone_now();
        let heard = data.clone();
        let mut out = vec![0; self.out_octets];
        let visitor = &mut self.stage.visitors[self.present];
        let phone = &mut visitor.phone;
        let presence = phone.presence;
        let mut env = DeviceEnv { now, rng: &mut self.rng, wallet: &mut phone.wallet, presence };
        let answer = phone.session.receive(&phone.crypto, &mut env, instruction, &mut data, &mut out);
        let mut log = if visitor.under_way { visitor.logs.pop() } else { None };
        if let Some(log) = &mut log {
            log.log.messages.push(heard);
        }
        let asked = matches!(answer, Answer::Sign(_));
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Sign(request) => {
                let log = log.as_mut().unwrap();
                assert!(!log.decoy && instruction == Instruction::Confirm.code());
                assert!(self.door_logs.iter().any(|door| door.said(&log.log)), "the door confirmed");
                log.signed = matches!(signing, Signing::Genuine);
                let signature = match signing {
                    Signing::Genuine => Some(sign(&phone.wallet, &request)),
                    Signing::Refused => None,
                    Signing::Garbage(octets) => Some(octets),
                    Signing::Forgotten => return visitor.under_way = false,
                };
                let mut env = DeviceEnv { now, rng: &mut self.rng, wallet: &mut phone.wallet, presence };
                phone.session.resume(&phone.crypto, &mut env, signature.as_ref(), &mut out)
            }
        };
        out.truncate(reply.length);
        check_reply(&phone.session, instruction, &reply, asked);
        visitor.under_way = reply.status == StatusWord::NORMAL;
        if let Some(log) = &mut log {
            match &reply.event {
                Some(DeviceEvent::Refused(_)) => log.decoy = true,
                Some(DeviceEvent::Finished(report)) => {
                    let told = self.door_logs.iter().find(|door| door.said(&log.log)).unwrap();
                    assert_eq!(Some(report.result), told.decided, "a device believes what the reader said");
                    assert!(!log.decoy);
                    log.exporter = Some(report.exporter.clone());
                }
                Some(DeviceEvent::Reported { .. }) => {
                    assert!(self.door_logs.iter().any(|door| door.said(&log.log)), "the door reported");
                }
                _ => {}
            }
            if visitor.under_way { log.log.messages.push(out.clone()) } else { drop(log.log.messages.pop()) }
        }
        assert!(log.is_some() || !visitor.under_way, "nothing is answered before SELECT");
        visitor.logs.extend(log);
        self.answered(out, reply.status);
    }

    /// A key store that comes back although nobody asked.
    pub(super) fn resume_unasked(&mut self, signature: Option<[u8; 64]>) {
        let now = self.phone_now();
        let mut out = vec![0; self.out_octets];
        let visitor = &mut self.stage.visitors[self.present];
        let phone = &mut visitor.phone;
        let presence = phone.presence;
        let mut env = DeviceEnv { now, rng: &mut self.rng, wallet: &mut phone.wallet, presence };
        let reply = phone.session.resume(&phone.crypto, &mut env, signature.as_ref(), &mut out);
        // It may have been asked before, by a CONFIRM that was left without an answer.
        if reply.status != StatusWord::NORMAL {
            assert!(reply.length == 0 && phone.session.is_idle());
        }
        visitor.under_way = false;
    }

    /// Whatever comes next in an undisturbed tap.
    pub(super) fn round(&mut self) {
        self.carry(Signing::Genuine);
        match self.answer.take() {
            Some((data, status)) => self.door_hears(data, status),
            None => self.conclude(Verdict::Stands),
        }
    }

    /// Takes the door's command to the phone that is present.
    pub(super) fn carry(&mut self, signing: Signing) {
        if let Some((instruction, data)) = self.command.take() {
            self.phone_hears(instruction, data, signing);
        }
    }

    /// After whatever went before, a clean tap is granted, and the one after it by ticket.
    pub(super) fn clean_taps(mut self) {
        self.door.list = HeldList::empty();
        self.door.reader.configure(self.stage.settings.clone()).unwrap();
        (self.reader_unix, self.device_unix) = (Some(START), Some(START));
        (self.present, self.out_octets, self.rng) = (0, MESSAGE_MAX, Draws::new(2));
        self.visitor().furnish();
        for path in [None, Some(Path::Fast)] {
            self.begin(Transport::Nfc);
            self.select(Transport::Nfc);
            while !self.door.session.is_idle() {
                self.round();
            }
            let told = self.door_logs.last().unwrap();
            assert_eq!(told.decided, Some(Ok(())), "a clean tap is granted");
            assert!(path.is_none_or(|path| told.path == Some(path)));
            assert!(self.visitor().logs.last().unwrap().exporter.is_some(), "a clean tap is reported");
        }
    }

    fn answered(&mut self, data: Vec<u8>, status: StatusWord) {
        self.answers.push((data.clone(), status));
        self.answer = Some((data, status));
    }

    fn sent(&mut self, instruction: Instruction, data: &[u8]) {
        self.door_logs.last_mut().unwrap().log.messages.push(data.to_vec());
        self.commands.push((instruction.code(), data.to_vec()));
        self.command = Some((instruction.code(), data.to_vec()));
    }

    /// The visitor with whom the door has just spoken, octet for octet, and how it heard that.
    fn partner(&self) -> (&Visitor, &PhoneLog) {
        let heard = &self.door_logs.last().unwrap().log;
        let mut logs =
            self.stage.visitors.iter().flat_map(|visitor| visitor.logs.iter().map(move |log| (visitor, log)));
        logs.find(|(_, log)| log.log == *heard).expect("somebody said all this")
    }

    fn decided(&mut self, decision: &Decision) {
        self.deciding = true;
        let (visitor, log) = self.partner();
        assert!(!log.decoy && visitor.standing != Standing::Stranger);
        let expected = match decision.path {
            Path::Full => self.judgement(visitor, log.signed),
            Path::Fast => {
                assert!(self.door.reader.settings().tickets && visitor.standing == Standing::Genuine);
                assert!(self.reader_unix.is_some_and(|now| now < visitor.validity.not_after));
                assert!(!self.door.list.is_revoked(visitor.serial));
                Ok(())
            }
        };
        let accepted = expected != Err(DenyReason::NotAccepted);
        match &decision.outcome {
            Outcome::Grant(user_id) => {
                assert!(expected == Ok(()) && user_id.as_str() == visitor.user_id);
            }
            Outcome::Deny(reason) => assert_eq!(Err(*reason), expected),
        }
        assert_eq!(decision.serial, accepted.then_some(visitor.serial));
        assert_eq!(decision.receipt.is_some(), accepted && decision.path == Path::Full);
        if let Some(receipt) = &decision.receipt {
            let verified = receipt.verify(&Remembering, &self.stage.settings.issuers).unwrap();
            assert_eq!(verified.fields().user_id.as_str(), visitor.user_id);
        }
        let log = self.door_logs.last_mut().unwrap();
        (log.decided, log.path) = (Some(expected), Some(decision.path));
    }

    /// What the specification says about a PROOF of this visitor, here and now.
    fn judgement(&self, visitor: &Visitor, signed: bool) -> Result<(), DenyReason> {
        if visitor.standing != Standing::Genuine || !signed {
            return Err(DenyReason::NotAccepted);
        }
        let now = self.reader_unix.ok_or(DenyReason::NoClock)?;
        visitor.validity.contains(now).map_err(|side| match side {
            OutsideValidity::NotYetValid => DenyReason::NotYetValid,
            OutsideValidity::Expired => DenyReason::Expired,
        })?;
        if self.door.list.is_revoked(visitor.serial) { Err(DenyReason::Revoked) } else { Ok(()) }
    }

    fn finished(&mut self, brought: &Brought<'_>, exporter: &Secret<32>) {
        assert!(self.door.session.is_idle());
        assert_eq!(self.partner().1.exporter.as_ref(), Some(exporter), "both sides export the same");
        if let Some(list) = &brought.revocation_list {
            assert_ne!(list.version(), FORGED_VERSION);
            self.door.list.replace(list).expect("a list that is brought is newer and fits");
        }
        if let Some(token) = &brought.time_token {
            let forward = token.forward_from(self.reader_unix).expect("a token that is brought is newer");
            self.reader_unix = Some(forward);
        }
    }
}

/// Only the documented answers, each of its one length.
fn check_reply(session: &DeviceSession<Remembering>, instruction: u8, reply: &Reply, asked: bool) {
    let instruction = Instruction::from_code(instruction);
    match reply.status {
        StatusWord::NORMAL => match instruction {
            Some(Instruction::Hello) => assert_eq!(reply.length, 121),
            Some(Instruction::Confirm) => assert!(asked && reply.length == 237),
            Some(Instruction::Outcome) => {
                assert!(reply.length >= 16 && matches!(reply.event, Some(DeviceEvent::Finished(_))));
                assert!(session.is_idle());
            }
            Some(Instruction::Report) => {
                assert!(reply.length == 17 && reply.event == Some(DeviceEvent::Reported { kept: true }));
                assert!(session.is_idle());
            }
            None => panic!("an unknown instruction was answered"),
        },
        StatusWord::INSTRUCTION_NOT_SUPPORTED => assert!(instruction.is_none()),
        StatusWord::WRONG_LENGTH
        | StatusWord::SECURITY_STATUS_NOT_SATISFIED
        | StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED
        | StatusWord::FUNCTION_NOT_SUPPORTED => {}
        other => panic!("an undocumented status word: {other}"),
    }
    if reply.status != StatusWord::NORMAL {
        let Some(DeviceEvent::Failed(error)) = reply.event else { panic!("a failure is told to the app") };
        assert!(StatusWord::from(error) == reply.status && reply.length == 0);
        assert!(session.is_idle(), "a device is ready for SELECT after any error");
    }
}
