//! The reader's APDU driver among any responses.

use credential::iso7816::{
    Card, CardStep, CommandApdu, CommandHeader, FrontEnd, InterfaceDevice, InterfaceDeviceError,
    InterfaceDeviceMisuse, InterfaceDeviceStep, LogicalCommand, ResponseApdu, StatusWord,
};

use super::input::Input;

/// Actions in one run.
const ACTIONS: usize = 64;

const HEADER: CommandHeader = CommandHeader::new(0x80, 0x14, 0, 0);

/// Never panics, sends exactly the command and joins exactly the response, and works with a genuine card afterwards.
pub fn interface_device(octets: &[u8]) {
    let mut input = Input::new(octets);
    if input.flag() {
        Bench::<2048>::new(&mut input).run(&mut input)
    } else {
        Bench::<64>::new(&mut input).run(&mut input)
    }
}

/// The driver, and what the harness expects of it.
struct Bench<const N: usize> {
    device: InterfaceDevice<N>,
    front_end: FrontEnd,
    /// The data that the card has not been sent yet.
    unsent: Vec<u8>,
    /// The response so far.
    joined: Vec<u8>,
    /// The last APDU expects so many octets; `None` when none waits for an answer.
    awaited: Option<usize>,
    /// APDUs since the command began.
    sent: usize,
}

impl<const N: usize> Bench<N> {
    fn new(input: &mut Input<'_>) -> Self {
        let front_end = match input.below(3) {
            0 => FrontEnd::SHORT,
            1 => {
                FrontEnd { max_transmit: usize::from(input.octet()), max_receive: usize::from(input.octet()) }
            }
            _ => FrontEnd { max_transmit: usize::from(input.word()), max_receive: usize::from(input.word()) },
        };
        let device = InterfaceDevice::new(front_end);
        Self { device, front_end, unsent: Vec::new(), joined: Vec::new(), awaited: None, sent: 0 }
    }

    fn run(mut self, input: &mut Input<'_>) {
        for _ in 0..ACTIONS {
            let Some(action) = input.action() else { break };
            match action % 8 {
                0 => self.send(&vec![0xA5; usize::from(input.word() % 2100)]),
                1 => self.receive(input.string()),
                2 => self.receive(input.long_string()),
                3..=5 => {
                    let response = built(input, self.awaited.unwrap_or(0));
                    self.receive(&response);
                }
                6 => self.device.set_extended(input.flag()),
                _ => {
                    self.device.reset();
                    self.awaited = None;
                }
            }
        }
        self.genuine();
    }

    fn send(&mut self, data: &[u8]) {
        let mut out = [0; 2100];
        self.awaited = None;
        match self.device.send(LogicalCommand { header: HEADER, data }, &mut out) {
            Ok(length) => {
                (self.unsent, self.joined, self.sent) = (data.to_vec(), Vec::new(), 0);
                self.transmitted(&out[..length]);
            }
            Err(InterfaceDeviceError::Misuse(InterfaceDeviceMisuse::CommandTooLong)) => {
                assert!(data.len() > N);
            }
            Err(error) => {
                assert_eq!(error, InterfaceDeviceError::Misuse(InterfaceDeviceMisuse::BufferTooSmall));
                assert!(self.front_end.max_transmit < 7);
            }
        }
    }

    fn receive(&mut self, octets: &[u8]) {
        let mut out = [0; 2100];
        let awaited = self.awaited.take();
        let fetching = self.sent > 0 && self.unsent.is_empty();
        match self.device.receive(octets, &mut out) {
            Ok(step) => {
                let response = ResponseApdu::decode(octets).unwrap();
                assert!(response.data.len() <= awaited.unwrap());
                if fetching {
                    self.joined.extend_from_slice(response.data);
                }
                assert!(self.joined.len() <= N);
                match step {
                    InterfaceDeviceStep::Transmit(length) => self.transmitted(&out[..length]),
                    InterfaceDeviceStep::Complete(whole) => {
                        assert_eq!((whole.data, whole.status), (self.joined.as_slice(), response.status));
                        assert!(!whole.status.is_more() && whole.status.right_le().is_none());
                    }
                }
            }
            Err(error) => {
                let idle = error == InterfaceDeviceError::Misuse(InterfaceDeviceMisuse::NoCommand);
                assert_eq!(idle, awaited.is_none(), "{error:?}");
            }
        }
    }

    /// An APDU went out: the next part of the command, the same part with another Le, or GET RESPONSE.
    fn transmitted(&mut self, octets: &[u8]) {
        assert!(octets.len() <= self.front_end.max_transmit || octets.len() <= 6);
        let command = CommandApdu::decode(octets).unwrap();
        self.awaited = Some(command.ne);
        self.sent += 1;
        assert!(self.sent <= 4 * (N + 2), "a command comes to an end");
        if command.header != HEADER.with_chaining(command.header.is_chained()) {
            assert!(command.header.to_bytes() == [0, 0xC0, 0, 0] && self.unsent.is_empty() && command.ne > 0);
        } else if self.sent == 1 || !self.unsent.is_empty() {
            let left = self.unsent.split_off(command.data.len());
            assert_eq!(command.data, self.unsent);
            assert_eq!(command.header.is_chained(), !left.is_empty());
            self.unsent = left;
        }
    }

    /// After whatever went before, a command goes to a genuine card and its response comes back.
    fn genuine(mut self) {
        if self.front_end.max_transmit < 7 {
            return;
        }
        let data = vec![0x5A; N];
        let mut card = Card::<N>::new();
        self.send(&data);
        let (mut command, mut response) = ([0; 2100], [0; 2100]);
        let mut length =
            self.device.send(LogicalCommand { header: HEADER, data: &data }, &mut command).unwrap();
        loop {
            let answered = match card.receive(&command[..length], &mut response).unwrap() {
                CardStep::Transmit(answered) => answered,
                CardStep::Command(logical) => {
                    assert!(logical.header == HEADER && logical.data == data);
                    let whole = ResponseApdu { data: &data, status: StatusWord::NORMAL };
                    card.respond(whole, &mut response).unwrap()
                }
            };
            match self.device.receive(&response[..answered], &mut command).unwrap() {
                InterfaceDeviceStep::Transmit(next) => length = next,
                InterfaceDeviceStep::Complete(whole) => {
                    return assert!(whole.data == data && whole.status == StatusWord::NORMAL);
                }
            }
        }
    }
}

/// A response that is in order, or nearly.
fn built(input: &mut Input<'_>, ne: usize) -> Vec<u8> {
    let length = [0, ne, usize::from(input.word()) % (ne + 2)][input.below(3)];
    let low = u16::from(input.octet());
    let status = [0x9000, 0x6100 | low, 0x6C00 | low, 0x6982][input.below(4)];
    let mut octets = vec![0; length.min(4096) + 2];
    let data = vec![input.octet(); length.min(4096)];
    ResponseApdu { data: &data, status: StatusWord(status) }.encode(&mut octets).unwrap();
    octets
}
