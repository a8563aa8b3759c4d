//! A door among genuine, changed and invented answers.

use std::cell::RefCell;

use credential::iso7816::StatusWord;
use credential::limits::MESSAGE_MAX;
use credential::object::VerifiedRevocationList;
use credential::reader::{ReaderSettings, Verdict};
use credential::time::UnixTime;

use super::air::{Air, Signing};
use super::input::Input;
use super::remembering::Remembering;
use super::stage::{Draws, Stage};
use super::{TRANSPORTS, clock};

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::new());
}

/// Actions in one run: enough for three whole taps with something in between.
const ACTIONS: usize = 40;

/// Never panics, decides only about what a genuine phone said octet for octet, and works again afterwards.
pub fn reader_session(octets: &[u8]) {
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
        1..=4 => air.round(),
        5 => {
            air.carry(Signing::Genuine);
            let (mut data, status) = air.answer.take().unwrap_or((Vec::new(), StatusWord::NORMAL));
            input.mutate(&mut data);
            air.door_hears(data, status);
        }
        6 => {
            let status = if input.flag() { StatusWord(input.word()) } else { StatusWord::NORMAL };
            air.door_hears(input.long_string().to_vec(), status);
        }
        7 => {
            let Some(answer) = pick(&air.answers, input) else { return };
            air.door_hears(answer.0, answer.1);
        }
        8 => {
            let Some((instruction, mut data)) = air.command.take() else { return };
            input.mutate(&mut data);
            air.phone_hears(instruction, data, Signing::Genuine);
        }
        9 => air.ms += u64::from(input.word()) << (input.octet() % 16),
        10 => match input.below(4) {
            0 => air.expire(),
            1 => air.reset_door(),
            2 => {
                let now = air.door_now();
                air.door.reader.prepare(&mut Draws::new(3), now);
            }
            _ => air.out_octets = usize::from(input.word()) % (MESSAGE_MAX + 1),
        },
        11 => air.conclude(if input.flag() { Verdict::Refused } else { Verdict::Stands }),
        12 => air.present = input.below(air.stage.visitors.len()),
        13 => air.reader_unix = clock(input),
        14 => furnish(air, input),
        _ => air.carry(if input.flag() { Signing::Refused } else { Signing::Garbage([0x5A; 64]) }),
    }
}

/// Changes what the door and the phone hold.
fn furnish(air: &mut Air<'_>, input: &mut Input<'_>) {
    let which = input.octet();
    match which % 6 {
        0 => {
            let (_, octets) = &air.stage.lists[usize::from(which) % 2];
            let list =
                VerifiedRevocationList::verify(&Remembering, octets, &air.stage.settings.issuers).unwrap();
            let newer = list.version() > credential::object::Revocations::version(&air.door.list);
            assert_eq!(air.door.list.replace(&list).is_ok(), newer);
        }
        1 => {
            let list = air.stage.lists[input.below(3)].clone();
            air.visitor().phone.wallet.list = Some(list);
        }
        2 => {
            let token = air.stage.time_tokens[input.below(2)].clone();
            air.visitor().phone.wallet.time_token = Some(token);
        }
        3 => air.door.wants_time = input.flag(),
        4 => {
            let settings = ReaderSettings { tickets: input.flag(), ..air.stage.settings.clone() };
            air.door.reader.configure(settings).unwrap();
        }
        _ => {
            let octets = input.string().to_vec();
            air.visitor().phone.wallet.list = Some((u32::from(which), octets));
            air.device_unix = Some(UnixTime(crate::world::START.0 + u32::from(input.word())));
        }
    }
}

fn pick<T: Clone>(heard: &[T], input: &mut Input<'_>) -> Option<T> {
    let index = input.octet();
    heard.get(usize::from(index) % heard.len().max(1)).cloned()
}
