//! A phone among genuine, changed and invented commands.

use std::cell::RefCell;

use credential::iso7816::StatusWord;
use credential::limits::MESSAGE_MAX;
use credential::message::Instruction;
use credential::object::{Presence, ReaderCertificate};
use credential::reader::Verdict;

use super::air::{Air, Signing};
use super::input::Input;
use super::stage::{READER, Stage};
use super::{TRANSPORTS, clock};

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::new());
}

/// Actions in one run: enough for three whole taps with something in between.
const ACTIONS: usize = 40;

/// Never panics, answers only as documented, proves itself only to a door that said the very same, and works again.
pub fn device_session(octets: &[u8]) {
    STAGE.with_borrow_mut(|stage| {
        let mut input = Input::new(octets);
        let mut air = Air::new(stage);
        for _ in 0..ACTIONS {
            let Some(action) = input.action() else { break };
            act(&mut air, action, &mut input);
        }
        air.clean_taps();
    });
}

fn act(air: &mut Air<'_>, action: u8, input: &mut Input<'_>) {
    match action % 16 {
        0 => {
            let transport = TRANSPORTS[input.below(TRANSPORTS.len())];
            air.begin(transport);
            air.select(transport);
        }
        1..=4 => genuine_round(air),
        5 => {
            let Some((instruction, mut data)) = air.command.take() else { return };
            input.mutate(&mut data);
            air.phone_hears(instruction, data, Signing::Genuine);
        }
        6 => {
            let instruction = input.octet();
            air.phone_hears(instruction, input.long_string().to_vec(), Signing::Genuine);
        }
        7 => {
            let index = usize::from(input.octet()) % air.commands.len().max(1);
            let Some((instruction, data)) = air.commands.get(index).cloned() else { return };
            air.phone_hears(instruction, data, Signing::Genuine);
        }
        8 => {
            let (mut data, status) = air.answer.take().unwrap_or((Vec::new(), StatusWord::NORMAL));
            input.mutate(&mut data);
            air.door_hears(data, status);
        }
        9 => air.ms += u64::from(input.word()) << (input.octet() % 16),
        10 => match input.below(4) {
            0 => air.expire(),
            1 => {
                air.visitor().phone.session.reset();
                assert!(air.visitor().phone.session.poll_at().is_none());
            }
            2 => air.select(TRANSPORTS[input.below(TRANSPORTS.len())]),
            _ => air.out_octets = usize::from(input.word()) % (MESSAGE_MAX + 1),
        },
        11 => sign_otherwise(air, input),
        12 => air.present = input.below(air.stage.visitors.len()),
        13 => air.device_unix = clock(input),
        14 => furnish(air, input),
        _ => other_certificate(air, input),
    }
}

/// Whatever comes next in an undisturbed tap, up to the phone's answer.
fn genuine_round(air: &mut Air<'_>) {
    match air.answer.take() {
        Some((data, status)) => air.door_hears(data, status),
        None if air.command.is_none() => air.conclude(Verdict::Stands),
        None => {}
    }
    if let Some((instruction, data)) = air.command.take() {
        air.phone_hears(instruction, data, Signing::Genuine);
    }
}

/// The key store refuses, signs nonsense, never comes back, or comes unasked.
fn sign_otherwise(air: &mut Air<'_>, input: &mut Input<'_>) {
    let mut garbage = [0x5A; 64];
    let kind = input.below(4);
    for (to, from) in garbage.iter_mut().zip(input.string()) {
        *to = *from;
    }
    let signing = match kind {
        0 => Signing::Refused,
        1 => Signing::Garbage(garbage),
        2 => Signing::Forgotten,
        _ => return air.resume_unasked(input.flag().then_some(garbage)),
    };
    if let Some((instruction, data)) = air.command.take() {
        air.phone_hears(instruction, data, signing);
    }
}

/// HELLO with another certificate than the door's, one of the stage's or one that the issuer signs here.
fn other_certificate(air: &mut Air<'_>, input: &mut Input<'_>) {
    let Some((instruction, mut data)) = air.command.take() else { return };
    let which = input.below(air.stage.certificates.len() + 1);
    let certificate = match air.stage.certificates.get(which) {
        Some(certificate) => *certificate,
        None => {
            let mut certificate = ReaderCertificate::decode(&air.stage.settings.certificate).unwrap();
            certificate.reader.0 = u32::from(input.octet());
            for (to, from) in certificate.public_key.0.iter_mut().zip(input.string()) {
                *to ^= *from;
            }
            certificate.issue(&air.stage.world.issuer).unwrap()
        }
    };
    if instruction == Instruction::Hello.code() {
        data[6..126].copy_from_slice(&certificate);
    }
    air.phone_hears(instruction, data, Signing::Genuine);
}

/// Changes what the phone holds.
fn furnish(air: &mut Air<'_>, input: &mut Input<'_>) {
    let which = input.octet();
    let list = air.stage.lists[usize::from(which) % 3].clone();
    let token = air.stage.time_tokens[usize::from(which) % 2].clone();
    air.door.wants_time = true;
    let phone = &mut air.visitor().phone;
    match which % 5 {
        0 => phone.presence = [Presence::None, Presence::Unlocked, Presence::Verified][input.below(3)],
        1 => phone.wallet.revoked_readers = vec![READER],
        2 => phone.wallet.list = Some(list),
        3 => phone.wallet.time_token = Some(token),
        _ => phone.wallet.list = Some((u32::from(input.word()), input.long_string().to_vec())),
    }
}
