//! `hostile.json`: what is refused, and how.

use credential::application::{DeviceAction, DeviceApplication, DeviceIncoming, OstiaryDevice};
use credential::ble::segment::Reassembler;
use credential::crypto::Crypto;
use credential::device::{DeviceEvent, TapReport};
use credential::iso7816::{
    Aid, Card, CardStep, CommandHeader, INS_SELECT, LogicalCommand, ResponseApdu, StatusWord,
};
use credential::limits::MESSAGE_MAX;
use credential::message::Instruction;
use credential::reader::DenyReason;
use credential::transport::Transport;
use serde::Deserialize;

use super::blocks::{DeviceBlock, ReaderBlock};
use super::check::{Checked, same, same_octets};
use super::device::VectorDevice;
use super::link::{TransportName, over_a_stream};
use super::octets::Octets;
use super::reader::{Did, Item, VectorReader};
use super::taps::PathName;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the field is the group of all cases")]
pub struct Hostile {
    #[serde(rename = "about")]
    _about: String,
    pub cases: Vec<HostileCase>,
}

/// A case, by who is addressed.
#[derive(Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the type in it")]
pub enum HostileCase {
    Device(DeviceCase),
    Reader(ReaderCase),
    DeviceApdu(ApduCase),
    Segments(SegmentCase),
}

/// Commands to a device.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceCase {
    name: String,
    transport: TransportName,
    device: DeviceBlock,
    steps: Vec<DeviceStep>,
    believes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceStep {
    command: CommandName,
    instruction: Option<u8>,
    data: Option<Octets>,
    status: String,
    answer: Octets,
    #[serde(default)]
    decoy: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CommandName {
    Select,
    Hello,
    Confirm,
    Outcome,
    Report,
    Unknown,
}

/// Answers to a reader.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderCase {
    name: String,
    transport: TransportName,
    reader: ReaderBlock,
    steps: Vec<ReaderStepBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReaderStepBlock {
    #[serde(rename = "answer")]
    _answer: AnswerName,
    data: Octets,
    status: String,
    expect: ReaderExpect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerName {
    SelectResponse,
    Offer,
    Proof,
    Ack,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ReaderExpect {
    Abort(Abort),
    Send(Send),
    Done(Done),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Abort {
    abort: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    send: CommandName,
    data: Octets,
    path: Option<PathName>,
    result: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    done: AckName,
    used: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AckName {
    AckTaken,
    AckRefused,
}

/// APDUs to a device.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApduCase {
    name: String,
    transport: TransportName,
    device: DeviceBlock,
    steps: Vec<ApduStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApduStep {
    apdu: Octets,
    expect: Octets,
}

/// Segments of one direction.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentCase {
    name: String,
    transport: TransportName,
    segments: Vec<Octets>,
    message: Option<Octets>,
}

impl HostileCase {
    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Device(case) => &case.name,
            Self::Reader(case) => &case.name,
            Self::DeviceApdu(case) => &case.name,
            Self::Segments(case) => &case.name,
        }
    }

    /// Plays it to whom it addresses.
    ///
    /// # Errors
    /// What did not come out.
    pub fn play<C: Crypto + Clone>(&self, crypto: &C) -> Checked {
        match self {
            Self::Device(case) => device(crypto.clone(), case),
            Self::Reader(case) => reader(crypto.clone(), case),
            Self::DeviceApdu(case) => apdus(crypto, case),
            Self::Segments(case) => segments(case),
        }
    }
}

impl CommandName {
    const fn instruction(self) -> Option<Instruction> {
        match self {
            Self::Hello => Some(Instruction::Hello),
            Self::Confirm => Some(Instruction::Confirm),
            Self::Outcome => Some(Instruction::Outcome),
            Self::Report => Some(Instruction::Report),
            Self::Select | Self::Unknown => None,
        }
    }
}

fn device<C: Crypto>(crypto: C, case: &DeviceCase) -> Checked {
    let mut device = VectorDevice::new(crypto, &case.device)?;
    let (mut believes, mut decoyed) = (None, false);
    for (n, step) in case.steps.iter().enumerate() {
        let at = |what: &str| format!("step {n}, {what}");
        let (Some(code), Some(data)) = (step.instruction, &step.data) else {
            same(&at("command"), step.command, CommandName::Select)?;
            let answer = device.select(case.transport.transport())?;
            same_octets(&at("answer"), &answer, &step.answer.0)?;
            same(&at("status"), step.status.as_str(), "9000")?;
            continue;
        };
        same(&at("instruction"), Instruction::from_code(code), step.command.instruction())?;
        let answered = device.receive(code, &data.0)?;
        same(&at("status"), &answered.status.to_string(), &step.status)?;
        same_octets(&at("answer"), &answered.data, &step.answer.0)?;
        let refused = matches!(answered.event, Some(DeviceEvent::Refused(_)));
        // A point is checked when it is used, so that this device finds out after OFFER.
        let refused_later =
            answered.status == StatusWord::NORMAL && bad_points(&device, step.command, &data.0);
        same(&at("decoy"), refused || refused_later, step.decoy)?;
        decoyed |= step.decoy;
        if let Some(DeviceEvent::Finished(report)) = &answered.event {
            believes = Some(belief(report));
        }
    }
    same("believes", &believes, &case.believes)?;
    if decoyed {
        let held: usize = device.wallet.tickets.values().map(Vec::len).sum();
        same("tickets left by a decoy", held, case.device.tickets.len())?;
    }
    Ok(())
}

/// Whether a HELLO has a point that is not on the curve.
fn bad_points<C: Crypto>(device: &VectorDevice<C>, command: CommandName, hello: &[u8]) -> bool {
    let certified = hello.get(6 + 23..6 + 56).unwrap_or_default();
    let ephemeral = hello.get(126..159).unwrap_or_default();
    command == CommandName::Hello && (device.refuses(certified) || device.refuses(ephemeral))
}

fn belief(report: &TapReport) -> String {
    match report.result {
        Ok(()) => "grant".to_owned(),
        Err(DenyReason::Unknown(_)) => "deny, unknown reason".to_owned(),
        Err(reason) => format!("deny {}", reason.code()),
    }
}

fn reader<C: Crypto>(crypto: C, case: &ReaderCase) -> Checked {
    same("is_ours", case.reader.is_ours(), true)?;
    let mut reader = VectorReader::begin(crypto, &case.reader, case.transport.transport())?;
    for (n, step) in case.steps.iter().enumerate() {
        let at = |what: &str| format!("step {n}, {what}");
        let status = StatusWord(u16::from_str_radix(&step.status, 16).map_err(|error| error.to_string())?);
        let did = match over_a_stream(&step.data.0, status)? {
            Some((data, status)) => Some(reader.receive(&data, status)?),
            None => None,
        };
        if did.is_none() {
            reader.reset();
        }
        match (&step.expect, did) {
            (ReaderExpect::Abort(Abort { abort: true }), None | Some(Did::Failed(_))) => {
                same(&at("result"), reader.result(), None)?;
            }
            (ReaderExpect::Send(expect), Some(Did::Sent(instruction, data))) => {
                same(&at("send"), Some(instruction), expect.send.instruction())?;
                same_octets(&at("data"), &data, &expect.data.0)?;
                let path = reader.decision.as_ref().map(|decision| decision.path);
                same(&at("path"), path, expect.path.map(PathName::path))?;
                same(&at("result"), reader.result(), expect.result)?;
            }
            (
                ReaderExpect::Done(Done { done: AckName::AckTaken, used: expected }),
                Some(Did::Finished { used, .. }),
            ) => {
                same(&at("used"), &used, expected)?;
            }
            // The decision was made and told before: a bad acknowledgement does not undo it.
            (ReaderExpect::Done(Done { done: AckName::AckRefused, used }), None | Some(Did::Failed(_))) => {
                same(&at("decided"), reader.decision.is_some(), true)?;
                same(&at("used"), used.len(), 0)?;
            }
            (_, did) => return Err(at(&format!("{did:?}"))),
        }
    }
    Ok(())
}

fn apdus<C: Crypto + Clone>(crypto: &C, case: &ApduCase) -> Checked {
    same("transport", case.transport, TransportName::Nfc)?;
    let mut device = VectorDevice::new(crypto.clone(), &case.device)?;
    let mut application = OstiaryDevice::new(crypto.clone());
    let mut card: Card = Card::new();
    let mut out = [0; 258];
    for (n, step) in case.steps.iter().enumerate() {
        let received = card.receive(&step.apdu.0, &mut out).map_err(|error| error.to_string())?;
        let length = match received {
            CardStep::Transmit(length) => length,
            CardStep::Command(LogicalCommand { header, data }) => {
                let data = data.to_vec();
                let (answer, status) = command(&mut application, &mut device, header, data)?;
                card.respond(ResponseApdu { data: &answer, status }, &mut out)
                    .map_err(|error| error.to_string())?
            }
        };
        let got = out.get(..length).unwrap_or_default();
        same_octets(&format!("step {n}"), got, &step.expect.0)?;
    }
    Ok(())
}

fn command<C: Crypto>(
    application: &mut OstiaryDevice<C>,
    device: &mut VectorDevice<C>,
    header: CommandHeader,
    mut data: Vec<u8>,
) -> Result<(Vec<u8>, StatusWord), String> {
    let mut out = vec![0; MESSAGE_MAX];
    let mut env = device.env();
    if header.ins == INS_SELECT {
        if Aid::new(&data) != Ok(application.aid()) {
            application.reset();
            return Ok((Vec::new(), StatusWord::FILE_OR_APPLICATION_NOT_FOUND));
        }
        let length =
            application.open(Transport::Nfc, env.now, &mut out).map_err(|error| error.to_string())?;
        out.truncate(length);
        return Ok((out, StatusWord::NORMAL));
    }
    match application.receive(&mut env, DeviceIncoming::Apdu { header, data: &mut data }, &mut out) {
        DeviceAction::Reply { length, status, .. } => {
            out.truncate(length);
            Ok((out, status))
        }
        DeviceAction::Sign(_) => Err("nothing here is signed".to_owned()),
    }
}

fn segments(case: &SegmentCase) -> Checked {
    same("transport", case.transport, TransportName::BleGatt)?;
    let mut reassembler: Reassembler = Reassembler::new();
    let mut last = Ok(None);
    for segment in &case.segments {
        if last.is_err() {
            return Err("the session was closed early".to_owned());
        }
        last = reassembler.push(&segment.0).map(|message| message.map(|octets| Octets(octets.to_vec())));
    }
    match &case.message {
        Some(message) => same("message", last, Ok(Some(message.clone()))),
        None if last.is_err() => Ok(()),
        None => Err(format!("{last:?} and not closed")),
    }
}
