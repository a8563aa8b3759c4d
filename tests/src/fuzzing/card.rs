//! The phone's APDU driver among any commands, and answers at any moment.

use credential::iso7816::{
    Card, CardError, CardStep, CommandApdu, CommandHeader, INS_SELECT, LengthForm, ResponseApdu, StatusWord,
};
use credential::message::SELECT_COMMAND;

use super::input::Input;

/// Actions in one run.
const ACTIONS: usize = 64;

/// Never panics, joins and splits exactly, answers only as documented, and takes SELECT after whatever came before.
pub fn card(octets: &[u8]) {
    let mut input = Input::new(octets);
    if input.flag() { Bench::<2048>::new().run(&mut input) } else { Bench::<64>::new().run(&mut input) }
}

/// The driver, and what the harness expects of it.
struct Bench<const N: usize> {
    card: Card<N>,
    /// Header and data of a chain that goes on.
    chain: Option<(CommandHeader, Vec<u8>)>,
    /// Whether a command waits for its answer.
    asked: bool,
    /// The part of a response that was not fetched, and its status word.
    waiting: Option<(Vec<u8>, StatusWord)>,
}

impl<const N: usize> Bench<N> {
    fn new() -> Self {
        Self { card: Card::new(), chain: None, asked: false, waiting: None }
    }

    fn run(mut self, input: &mut Input<'_>) {
        for _ in 0..ACTIONS {
            let Some(action) = input.action() else { break };
            match action % 8 {
                0 => self.receive(input.string(), 2050),
                1 => self.receive(input.long_string(), 2050),
                2..=4 => self.receive(&built(input), 2050),
                5 => self.respond(input, 2050),
                6 => {
                    let room = usize::from(input.octet());
                    if input.flag() { self.respond(input, room) } else { self.receive(&built(input), room) }
                }
                _ => self.reset(),
            }
        }
        self.receive(&SELECT_COMMAND, 8);
        assert!(self.asked, "SELECT is taken after whatever came before");
        let mut out = [0; 8];
        let response = ResponseApdu { data: &[7; 6], status: StatusWord::NORMAL };
        assert_eq!(self.card.respond(response, &mut out), Ok(8));
        assert_eq!(out, [7, 7, 7, 7, 7, 7, 0x90, 0]);
    }

    fn reset(&mut self) {
        self.card.reset();
        (self.chain, self.asked, self.waiting) = (None, false, None);
    }

    fn receive(&mut self, octets: &[u8], room: usize) {
        let command = CommandApdu::decode(octets).ok();
        let header = command.map(|command| command.header.with_chaining(false));
        let mut out = vec![0; room];
        let length = match self.card.receive(octets, &mut out) {
            Err(_) => {
                assert!(room < 3, "only without room for one octet and a status word");
                return self.reset();
            }
            Ok(CardStep::Transmit(length)) => length,
            Ok(CardStep::Command(logical)) => {
                let header = header.unwrap();
                assert!(logical.header == header && matches!(header.cla, 0x00 | 0x80));
                assert!(header.cla == 0x80 || header.ins == INS_SELECT);
                let mut data = continued(self.chain.take(), header);
                data.extend_from_slice(command.unwrap().data);
                assert_eq!(logical.data, data);
                assert!(data.len() <= N);
                (self.asked, self.waiting) = (true, None);
                return;
            }
        };
        let response = ResponseApdu::decode(&out[..length]).unwrap();
        let fetches = command.is_some_and(|command| (command.header.cla, command.header.ins) == (0x00, 0xC0));
        if fetches
            && self.waiting.is_some()
            && self.chain.is_none()
            && response.status != StatusWord::WRONG_LENGTH
        {
            return self.fetched(response, command.unwrap().ne, room);
        }
        assert!(response.data.is_empty());
        if response.status == StatusWord::NORMAL {
            let command = command.unwrap();
            assert!(command.header.is_chained());
            let header = command.header.with_chaining(false);
            let mut data = continued(self.chain.take(), header);
            data.extend_from_slice(command.data);
            assert!(data.len() <= N);
            self.chain = Some((header, data));
        } else {
            assert!(REFUSALS.contains(&response.status), "{}", response.status);
            self.chain = None;
        }
        (self.asked, self.waiting) = (false, None);
    }

    fn respond(&mut self, input: &mut Input<'_>, room: usize) {
        let status = if input.flag() { StatusWord::NORMAL } else { StatusWord(input.word()) };
        let data: Vec<u8> = (0..input.word() % 2100).map(|count| count.to_le_bytes()[0]).collect();
        let mut out = vec![0; room];
        match self.card.respond(ResponseApdu { data: &data, status }, &mut out) {
            Ok(length) => {
                assert!(self.asked && data.len() <= N);
                self.asked = false;
                self.waiting = Some((data, status));
                let response = ResponseApdu::decode(&out[..length]).unwrap();
                self.fetched(response, 65_536, room);
            }
            Err(CardError::NoCommand) => assert!(!self.asked),
            Err(CardError::ResponseTooLong) => assert!(self.asked && data.len() > N),
            Err(CardError::BufferTooSmall) => assert!(self.asked && room < 3),
        }
    }

    /// A part of the response that waits came, in order, and says how much is left.
    fn fetched(&mut self, response: ResponseApdu<'_>, ne: usize, room: usize) {
        let (mut waiting, status) = self.waiting.take().unwrap();
        assert!(response.data.len() <= ne.min(room - 2));
        let left = waiting.split_off(response.data.len());
        assert_eq!(waiting, response.data);
        if left.is_empty() {
            assert_eq!(response.status, status);
        } else {
            assert_eq!(response.status, StatusWord::more(left.len()));
            self.waiting = Some((left, status));
        }
    }
}

/// What came before in a chain of this command.
fn continued(chain: Option<(CommandHeader, Vec<u8>)>, header: CommandHeader) -> Vec<u8> {
    chain.filter(|(first, _)| *first == header && header.cla == 0x80).map_or(Vec::new(), |(_, data)| data)
}

/// A command that is in order, or nearly.
fn built(input: &mut Input<'_>) -> Vec<u8> {
    let cla = [0x00, 0x80, 0x90, 0x80, 0x90, 0x10, 0x0C, 0xFF][input.below(8)];
    let ins = [0xA4, 0xC0, 0x10, 0x12, 0x14, 0x14][input.below(6)];
    let header = CommandHeader::new(cla, ins, input.octet() & 1, 0);
    let form = if input.flag() { LengthForm::Extended } else { LengthForm::Short };
    let ne = [0, 256, usize::from(input.octet())][input.below(3)];
    let data = if form == LengthForm::Short { input.string() } else { input.long_string() };
    let mut octets = vec![0; data.len() + 10];
    let length = CommandApdu { header, data, ne, form }.encode(&mut octets).unwrap();
    octets.truncate(length);
    octets
}

const REFUSALS: [StatusWord; 6] = [
    StatusWord::WRONG_LENGTH,
    StatusWord::LAST_COMMAND_OF_CHAIN_EXPECTED,
    StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED,
    StatusWord::NOT_ENOUGH_MEMORY,
    StatusWord::INSTRUCTION_NOT_SUPPORTED,
    StatusWord::CLASS_NOT_SUPPORTED,
];
