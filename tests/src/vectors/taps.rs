//! `taps.json`: whole taps, played from each side, and receipts.

use std::collections::BTreeMap;

use credential::crypto::{Crypto, Signature};
use credential::device::DeviceEvent;
use credential::id::{ProjectId, ReaderId};
use credential::iso7816::StatusWord;
use credential::message::Instruction;
use credential::reader::{DenyReason, Outcome, Path, Receipt};
use credential::time::UnixTime;
use serde::Deserialize;

use super::blocks::{DeviceBlock, IssuerKeyBlock, ReaderBlock, keys_for};
use super::check::{Checked, same, same_octets};
use super::device::{VectorDevice, lie};
use super::link::{Frame, Link, TransportName};
use super::octets::Octets;
use super::reader::{Did, Item, VectorReader};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is a group of cases of the type below")]
pub struct Taps {
    #[serde(rename = "about")]
    _about: String,
    pub cases: Vec<TapCase>,
    pub receipts: Vec<ReceiptCase>,
}

/// One tap.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapCase {
    /// The name.
    pub name: String,
    /// What carries it.
    pub transport: TransportName,
    att_mtu: Option<u16>,
    /// How it was decided.
    pub path: PathName,
    result: u8,
    user_id: String,
    device_is_honest: bool,
    /// The reader before it.
    pub reader: ReaderBlock,
    /// The device before it.
    pub device: DeviceBlock,
    /// Every value on the way.
    pub values: BTreeMap<String, Octets>,
    /// Every message.
    pub messages: Messages,
    frames: Vec<Frame>,
    brought: Vec<Item>,
    after: After,
    receipt: Option<ReceiptBlock>,
}

/// How a tap was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the paths")]
pub enum PathName {
    Full,
    Fast,
}

/// Data without framing and status word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names of the messages")]
pub struct Messages {
    pub select_response: Octets,
    pub hello: Octets,
    pub offer: Octets,
    pub confirm: Option<Octets>,
    pub proof: Option<Octets>,
    pub outcome: Octets,
    pub ack: Octets,
    pub report: Option<Octets>,
    pub received: Option<Octets>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    used: Vec<Item>,
    list_version: u32,
    clock: u32,
    acknowledged_up_to: Option<u32>,
    reported: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptBlock {
    reader_id: u32,
    reader_time: u32,
    h5: Octets,
    device_signature: Octets,
    credential: Octets,
}

/// A receipt that holds, or one that does not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptCase {
    /// The name.
    pub name: String,
    issuer_keys: Vec<IssuerKeyBlock>,
    receipt: ReceiptBlock,
    expect: ReceiptExpect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReceiptExpect {
    Valid,
    BadSignature,
    UnknownIssuer,
}

impl PathName {
    /// The path.
    pub const fn path(self) -> Path {
        match self {
            Self::Full => Path::Full,
            Self::Fast => Path::Fast,
        }
    }
}

impl TapCase {
    /// Each command with its answer, in order.
    fn pairs(&self) -> Vec<(Instruction, &Octets, &Octets)> {
        let m = &self.messages;
        let mut pairs = vec![(Instruction::Hello, &m.hello, &m.offer)];
        if let (Some(confirm), Some(proof)) = (&m.confirm, &m.proof) {
            pairs.push((Instruction::Confirm, confirm, proof));
        }
        pairs.push((Instruction::Outcome, &m.outcome, &m.ack));
        if let (Some(report), Some(received)) = (&m.report, &m.received) {
            pairs.push((Instruction::Report, report, received));
        }
        pairs
    }

    fn value(&self, name: &str) -> &[u8] {
        self.values.get(name).map_or(&[], |octets| octets.0.as_slice())
    }
}

/// The device of this implementation, asked by the reader of the vector over the transport of the vector.
///
/// # Errors
/// What did not come out.
pub fn device<C: Crypto>(crypto: C, case: &TapCase) -> Checked {
    let mut device = VectorDevice::new(crypto, &case.device)?;
    if !case.device_is_honest {
        lie(&mut device, ProjectId(case.reader.project.array()?));
    }
    let mut link = Link::new(case.transport, case.att_mtu)?;
    let selected = link.open(&mut device)?;
    same_octets("SELECT response", &selected.data, &case.messages.select_response.0)?;
    let (mut event, mut reported) = (None, None);
    for (instruction, command, answer) in case.pairs() {
        let answered = link.ask(&mut device, instruction.code(), &command.0)?;
        same("status", answered.status, StatusWord::NORMAL)?;
        same_octets(&format!("answer to {instruction:?}"), &answered.data, &answer.0)?;
        match answered.event {
            Some(DeviceEvent::Reported { kept }) => reported = Some(kept),
            other => event = other,
        }
    }
    same("frames", &link.frames, &case.frames)?;
    let signed = device.signed.as_ref().map_or(&[][..], |request| request.message());
    same_octets("signed_tap", signed, case.value("signed_tap"))?;
    same("random octets left", device.rng.left(), 0)?;
    let Some(DeviceEvent::Finished(report)) = event else {
        return Err(format!("the app was told {event:?}"));
    };
    same("reader", report.reader, ReaderId(case.reader.id))?;
    same("path", report.path, case.path.path())?;
    same("result", report.result.map_or_else(DenyReason::code, |()| 0), case.result)?;
    same("brought a list", report.brought_list, case.brought.contains(&Item::RevocationList))?;
    same("reported", reported, case.after.reported)?;
    let kept: Vec<&[u8]> = device.wallet.reports.iter().map(|(_, report)| report.as_slice()).collect();
    same("kept", kept, reported.iter().map(|_| case.value("report_sealed")).collect::<Vec<_>>())?;
    same("brought room", report.takes_report, case.brought.contains(&Item::ReportRoom))?;
    same("brought a token", report.brought_time, case.brought.contains(&Item::TimeToken))?;
    same_octets("exporter", report.exporter.expose(), case.value("exporter"))?;
    kept_tickets(&device, case)
}

/// The device keeps the tickets of OUTCOME for as long as it says.
fn kept_tickets<C: Crypto>(device: &VectorDevice<C>, case: &TapCase) -> Checked {
    let plaintext = case.value("outcome_plaintext");
    let count = plaintext.get(8).map_or(0, |count| usize::from(*count));
    let (given, _) = plaintext.get(9..).unwrap_or_default().as_chunks::<108>();
    let given: Vec<Vec<u8>> = given.iter().take(count).map(|ticket| ticket.to_vec()).collect();
    let kept = device.tickets(case.reader.id).iter().map(|(held, until)| {
        let lifetime_s = until.0.wrapping_sub(case.device.now);
        [&lifetime_s.to_be_bytes()[..], &held.ticket.0, held.psk.expose()].concat()
    });
    same("tickets kept", kept.collect::<Vec<_>>(), given)
}

/// The reader of this implementation, answered by the device of the vector.
///
/// # Errors
/// What did not come out.
pub fn reader<C: Crypto>(crypto: C, case: &TapCase) -> Checked {
    let mut reader = VectorReader::begin(crypto, &case.reader, case.transport.transport())?;
    let mut answer = &case.messages.select_response;
    let (mut finished, mut reported) = (None, None);
    for (instruction, command, next_answer) in case.pairs() {
        match reader.receive(&answer.0, StatusWord::NORMAL)? {
            Did::Sent(sent, data) => {
                same("instruction", sent, instruction)?;
                same_octets(&format!("{instruction:?}"), &data, &command.0)?;
            }
            Did::Finished { used, exporter, report: Some((sent, data)) } => {
                same("instruction", sent, instruction)?;
                same_octets(&format!("{instruction:?}"), &data, &command.0)?;
                finished = Some((used, exporter));
            }
            other => return Err(format!("{instruction:?} was to be sent: {other:?}")),
        }
        answer = next_answer;
    }
    match reader.receive(&answer.0, StatusWord::NORMAL)? {
        Did::Finished { used, exporter, report: None } => finished = Some((used, exporter)),
        Did::Reported(kept) => reported = Some(kept),
        _ => {}
    }
    let Some((used, exporter)) = finished else {
        return Err("the tap did not come to its end".to_owned());
    };
    same("reported", reported, case.after.reported)?;
    same("acknowledged_up_to", reader.acknowledged_up_to, case.after.acknowledged_up_to)?;
    same("used", &used, &case.after.used)?;
    same("list_version", reader.list_version(), case.after.list_version)?;
    same("clock", reader.clock(), case.after.clock)?;
    same_octets("exporter", exporter.expose(), case.value("exporter"))?;
    decision(&reader, case)
}

fn decision<C: Crypto>(reader: &VectorReader<C>, case: &TapCase) -> Checked {
    let decision = reader.decision.as_ref().ok_or("no decision")?;
    same("path", decision.path, case.path.path())?;
    same("result", reader.result(), Some(case.result))?;
    let granted = matches!(case.result, 0 | 6);
    match &decision.outcome {
        Outcome::Grant(user_id) if granted => same("user_id", user_id.as_str(), &case.user_id)?,
        Outcome::Deny(reason) if !granted => same("reason", reason.code(), case.result)?,
        other => return Err(format!("decided {other:?}")),
    }
    let serial = decision.serial.map_or(Vec::new(), |serial| serial.0.to_be_bytes().to_vec());
    let credential = case.device.credential.as_ref().map_or(&[][..], |octets| &octets.0);
    let shown = if case.result == 1 { &[] } else { credential.get(10..18).unwrap_or_default() };
    same_octets("serial", &serial, shown)?;
    same("receipt", decision.receipt.as_ref().map(block), case.receipt.clone())
}

/// Whether the receipt holds.
///
/// # Errors
/// What did not come out.
pub fn receipt<C: Crypto>(crypto: &C, case: &ReceiptCase) -> Checked {
    let given = &case.receipt;
    let receipt = Receipt {
        reader: ReaderId(given.reader_id),
        time: (given.reader_time != 0).then_some(UnixTime(given.reader_time)),
        transcript: given.h5.array()?,
        signature: Signature(given.device_signature.array()?),
        credential: given.credential.0.iter().copied().collect(),
    };
    same("the receipt", &block(&receipt), given)?;
    let issuers = keys_for(&case.issuer_keys, &given.credential.0)?;
    let holds = receipt.verify(crypto, &issuers).is_ok();
    // A receipt that does not hold is not told apart any further.
    same("expect", holds, case.expect == ReceiptExpect::Valid)
}

fn block(receipt: &Receipt) -> ReceiptBlock {
    ReceiptBlock {
        reader_id: receipt.reader.0,
        reader_time: receipt.time.map_or(0, |time| time.0),
        h5: Octets(receipt.transcript.to_vec()),
        device_signature: Octets(receipt.signature.0.to_vec()),
        credential: Octets(receipt.credential.to_vec()),
    }
}
