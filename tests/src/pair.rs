//! A reader and a device joined in memory: one tap, step by step, with every message in reach.

use credential::crypto::Crypto;
use credential::device::{DeviceEvent, RefusedReader, TapReport};
use credential::error::Error;
use credential::iso7816::StatusWord;
use credential::message::Instruction;
use credential::object::VerifiedTimeToken;
use credential::reader::Decision;
use credential::report::Acknowledged;
use credential::time::Now;
use credential::transport::Transport;
use rand::rngs::StdRng;

pub use crate::peers::{Door, DoorStep, HeldList, Phone};

/// One message pair as it went over the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// Instruction of the command; `None` for the opening of the session.
    pub instruction: Option<Instruction>,
    /// Command data, as the device received it.
    pub command: Vec<u8>,
    /// Response data, as the reader received it.
    pub response: Vec<u8>,
    /// Status word of the response.
    pub status: StatusWord,
}

/// A message on its way from one side to the other.
pub enum InTransit<'a> {
    /// Instruction octet and data.
    Command(&'a mut u8, &'a mut Vec<u8>),
    /// Data and status word, and what they answer.
    Response(&'a mut Exchanged),
}

impl InTransit<'_> {
    /// The data, without instruction or status word.
    pub fn data(&self) -> &[u8] {
        match self {
            Self::Command(_, data) => data,
            Self::Response(exchanged) => &exchanged.response,
        }
    }
}

/// What came of a tap.
#[derive(Debug, Default)]
pub struct Tap {
    /// The reader's decision.
    pub decision: Option<Decision>,
    /// Message pairs before the decision, the opening included.
    pub pairs_to_decision: usize,
    /// What the device was told.
    pub report: Option<TapReport>,
    /// Why the device refused the reader.
    pub refused: Option<RefusedReader>,
    /// Version of the list that was brought and taken.
    pub list_taken: Option<u32>,
    /// The time token that was brought and taken.
    pub time_taken: Option<VerifiedTimeToken>,
    /// What the manager said has arrived, and the door believed.
    pub acknowledged: Option<Acknowledged>,
    /// Whether the device said that it kept the report; `None` if it did not say.
    pub reported: Option<bool>,
    /// Whether the device kept it.
    pub kept: Option<bool>,
    /// Why the reader gave up.
    pub reader_error: Option<Error>,
    /// Why the device gave up.
    pub device_error: Option<Error>,
    /// All messages.
    pub messages: Vec<Exchanged>,
}

/// A tap under way, driven message by message; the decision and what follows it are separate steps.
#[derive(Default)]
pub struct Drive {
    /// The message pair that the reader has not seen yet.
    pub pending: Option<Exchanged>,
    /// Set when the reader has decided and the device has not been told.
    pub decision: Option<Decision>,
    /// Everything so far.
    pub tap: Tap,
}

impl Drive {
    /// Selects the device.
    pub fn begin<C: Crypto>(door: &mut Door<C>, phone: &mut Phone<C>, now: Now, rng: &mut StdRng) -> Self {
        Self::begin_on(door, phone, Transport::Nfc, (now, now), rng)
    }

    fn begin_on<C: Crypto>(
        door: &mut Door<C>,
        phone: &mut Phone<C>,
        transport: Transport,
        (reader_now, device_now): (Now, Now),
        rng: &mut StdRng,
    ) -> Self {
        door.begin(transport, reader_now, rng);
        let response = phone.session.select(transport, device_now).to_vec();
        let opening =
            Exchanged { instruction: None, command: Vec::new(), response, status: StatusWord::NORMAL };
        Self { pending: Some(opening), ..Self::default() }
    }

    /// Lets the reader handle the pending response, or tell its decision; then the device answers.
    ///
    /// Returns `false` when the tap is over.
    pub fn step<C: Crypto>(
        &mut self,
        door: &mut Door<C>,
        phone: &mut Phone<C>,
        now: Now,
        rng: &mut StdRng,
    ) -> bool {
        self.step_through(door, phone, (now, now), rng, &mut |_| {})
    }

    fn step_through<C: Crypto>(
        &mut self,
        door: &mut Door<C>,
        phone: &mut Phone<C>,
        (reader_now, device_now): (Now, Now),
        rng: &mut StdRng,
        meddle: &mut dyn FnMut(InTransit<'_>),
    ) -> bool {
        let (instruction, data) = match self.command(door, reader_now, rng) {
            Ok(Some(command)) => command,
            Ok(None) => return self.decision.is_some(),
            Err(error) => {
                self.tap.reader_error = Some(error);
                return false;
            }
        };
        let mut command = (instruction.code(), data);
        meddle(InTransit::Command(&mut command.0, &mut command.1));
        let mut exchanged = self.deliver(phone, device_now, rng, instruction, command);
        meddle(InTransit::Response(&mut exchanged));
        self.pending = Some(exchanged);
        true
    }

    /// The reader's next command, if there is one yet.
    ///
    /// # Errors
    /// Why the reader gave up.
    pub fn command<C: Crypto>(
        &mut self,
        door: &mut Door<C>,
        now: Now,
        rng: &mut StdRng,
    ) -> Result<Option<(Instruction, Vec<u8>)>, Error> {
        let step = if let Some(decision) = self.decision.take() {
            self.tap.decision = Some(decision);
            door.conclude(now, rng)?
        } else {
            let Some(pair) = self.pending.take() else { return Ok(None) };
            self.tap.messages.push(pair.clone());
            door.receive(now, rng, pair.response, pair.status)?
        };
        match step {
            DoorStep::Send(instruction, data) => return Ok(Some((instruction, data))),
            DoorStep::Decided(decision) => {
                self.tap.pairs_to_decision = self.tap.messages.len();
                self.decision = Some(decision);
            }
            DoorStep::Finished { list, time, acknowledged, report } => {
                self.tap.list_taken = list;
                self.tap.time_taken = time;
                self.tap.acknowledged = acknowledged;
                return Ok(report);
            }
            DoorStep::Reported(kept) => self.tap.reported = Some(kept),
        }
        Ok(None)
    }

    /// Hands a command to the device and notes what it says to the app.
    pub fn deliver<C: Crypto>(
        &mut self,
        phone: &mut Phone<C>,
        now: Now,
        rng: &mut StdRng,
        instruction: Instruction,
        (octet, command): (u8, Vec<u8>),
    ) -> Exchanged {
        let (response, status, event) = phone.answer(now, rng, octet, command.clone());
        match event {
            Some(DeviceEvent::Refused(refused)) => self.tap.refused = Some(refused),
            Some(DeviceEvent::Finished(report)) => self.tap.report = Some(report),
            Some(DeviceEvent::Reported { kept }) => self.tap.kept = Some(kept),
            Some(DeviceEvent::Failed(error)) => self.tap.device_error = Some(error),
            None => {}
        }
        Exchanged { instruction: Some(instruction), command, response, status }
    }
}

/// Runs a whole tap.
pub fn tap<C: Crypto>(
    door: &mut Door<C>,
    phone: &mut Phone<C>,
    transport: Transport,
    now: Now,
    rng: &mut StdRng,
) -> Tap {
    tap_through(door, phone, transport, (now, now), rng, |_| {})
}

/// Runs a whole tap with a clock for each side (reader, device), letting `meddle` change each response before the
/// reader sees it.
pub fn tap_with<C: Crypto>(
    door: &mut Door<C>,
    phone: &mut Phone<C>,
    transport: Transport,
    nows: (Now, Now),
    rng: &mut StdRng,
    mut meddle: impl FnMut(&mut Exchanged),
) -> Tap {
    tap_through(door, phone, transport, nows, rng, |message| match message {
        InTransit::Command(..) => {}
        InTransit::Response(exchanged) => meddle(exchanged),
    })
}

/// Runs a whole tap with a clock for each side (reader, device), letting `meddle` change every message of both
/// directions before the other side sees it.
pub fn tap_through<C: Crypto>(
    door: &mut Door<C>,
    phone: &mut Phone<C>,
    transport: Transport,
    nows: (Now, Now),
    rng: &mut StdRng,
    mut meddle: impl FnMut(InTransit<'_>),
) -> Tap {
    let mut drive = Drive::begin_on(door, phone, transport, nows, rng);
    if let Some(opening) = drive.pending.as_mut() {
        meddle(InTransit::Response(opening));
    }
    while drive.step_through(door, phone, nows, rng, &mut meddle) {}
    drive.tap
}
