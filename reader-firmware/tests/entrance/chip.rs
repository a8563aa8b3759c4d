//! A PN532 as its manual describes it, behind the buses of embedded-hal, with a field in front of it.
//!
//! Source: NXP UM0701-02 §6.2 for frames and links, §7 for the commands

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_hal::{i2c, spi};
use reader_firmware::micros::Micros;

use crate::field::{Fault, Field};

const ACK: [u8; 6] = [0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00];

/// The chip and its wires, shared with the test.
#[derive(Clone)]
pub(crate) struct Chip(pub(crate) Rc<RefCell<Silicon>>);

pub(crate) struct Silicon {
    field: Field,
    /// Frames that the host can fetch.
    out: VecDeque<Vec<u8>>,
    /// Questions after readiness until the frame in front is ready.
    unready: usize,
    targets: u8,
    field_on: bool,
    set_up: u8,
    now: Micros,
    /// Writes that are not taken, as by a chip that sleeps.
    pub(crate) asleep: usize,
    /// Nothing is answered any more.
    pub(crate) dead: bool,
    /// What went over the bus.
    pub(crate) transcript: Vec<String>,
    /// Commands by their code.
    pub(crate) commands: Vec<u8>,
    pub(crate) longest_apdu: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BusError;

impl Chip {
    pub(crate) fn new(field: &Field) -> Self {
        Self(Rc::new(RefCell::new(Silicon {
            field: field.clone(),
            out: VecDeque::new(),
            unready: 0,
            targets: 0,
            field_on: false,
            set_up: 0,
            now: Micros::START,
            asleep: 1,
            dead: false,
            transcript: Vec::new(),
            commands: Vec::new(),
            longest_apdu: 0,
        })))
    }

    pub(crate) fn set_now(&self, now: Micros) {
        self.0.borrow_mut().now = now;
    }
}

impl Silicon {
    fn note(&mut self, direction: &str, octets: &[u8]) {
        let hex: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
        self.transcript.push(format!("{direction} {}", hex.join(" ")));
    }

    fn write(&mut self, frame: &[u8]) -> Result<(), BusError> {
        if self.asleep > 0 {
            self.asleep -= 1;
            return Err(BusError);
        }
        self.note(">", frame);
        if self.dead {
            return Ok(());
        }
        if frame == ACK {
            self.out.clear();
            return Ok(());
        }
        assert_eq!(frame[..3], [0x00, 0x00, 0xFF]);
        assert_eq!(frame[3].wrapping_add(frame[4]), 0, "length checksum");
        let (data, end) = frame[5..].split_at(usize::from(frame[3]));
        assert_eq!(data.iter().chain(&end[..1]).fold(0_u8, |sum, octet| sum.wrapping_add(*octet)), 0);
        assert_eq!((data[0], &end[1..]), (0xD4, [0x00].as_slice()));
        self.out.clear();
        self.out.push_back(ACK.to_vec());
        let fault = self.field.fault();
        match fault {
            Some(Fault::ChipFails) => self.out.clear(),
            _ => {
                if let Some(answer) = self.command(data[1], &data[2..], fault) {
                    self.out.push_back(frame_of(&[&[0xD5, data[1] + 1], answer.as_slice()].concat()));
                }
            }
        }
        self.unready = 1;
        Ok(())
    }

    fn command(&mut self, code: u8, data: &[u8], fault: Option<Fault>) -> Option<Vec<u8>> {
        self.commands.push(code);
        Some(match (code, data) {
            (0x02, []) => vec![0x32, 0x01, 0x06, 0x07],
            (0x14, [0x01, _, _]) => {
                self.set_up += 1;
                Vec::new()
            }
            (0x32, [0x05, _, _, _]) => {
                self.set_up += 1;
                Vec::new()
            }
            (0x32, [0x01, 0x00]) => {
                self.field_on = false;
                self.field.off();
                Vec::new()
            }
            (0x4A, [0x02, 0x00]) => {
                assert!(self.set_up >= 2, "a chip that was not set up would look for ever");
                self.field_on = true;
                self.targets = self.field.look(self.now);
                let mut answer = vec![self.targets];
                for target in 1..=self.targets {
                    answer.extend([target, 0x00, 0x04, 0x20, 4, 0x08, 1, 2, target, 5, 0x78, 0x80, 0x70, 2]);
                }
                answer
            }
            (0x40, [target, apdu @ ..]) if self.field_on && (1..=self.targets).contains(target) => {
                self.longest_apdu = self.longest_apdu.max(apdu.len());
                return self.exchange(target - 1, apdu, fault);
            }
            (0x40, _) => vec![0x27],
            (0x52, [0x00]) => {
                self.targets = 0;
                vec![0x00]
            }
            _ => vec![0x10],
        })
    }

    fn exchange(&mut self, card: u8, apdu: &[u8], fault: Option<Fault>) -> Option<Vec<u8>> {
        match fault {
            Some(Fault::Silent) => return None,
            Some(Fault::CardLost) => return Some(vec![0x01]),
            Some(Fault::Garbled) => return Some(vec![0x02]),
            _ => {}
        }
        let Some(response) = self.field.exchange(card, apdu, self.now) else { return Some(vec![0x01]) };
        assert!(response.len() <= 252, "longer than a normal frame");
        Some([&[0x00], response.as_slice()].concat())
    }

    fn ready(&mut self) -> bool {
        if self.out.is_empty() {
            return false;
        }
        self.unready = self.unready.saturating_sub(1);
        self.unready == 0
    }

    fn read(&mut self, buffer: &mut [u8]) {
        let Some(frame) = self.out.pop_front() else { return buffer.fill(0) };
        self.note("<", &frame);
        self.unready = 3;
        buffer.fill(0);
        let octets = buffer.len().min(frame.len());
        buffer[..octets].copy_from_slice(&frame[..octets]);
    }
}

fn frame_of(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("a normal frame");
    let sum = data.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet));
    let head = [0x00, 0x00, 0xFF, length, length.wrapping_neg()];
    [head.as_slice(), data, &[sum.wrapping_neg(), 0x00]].concat()
}

impl i2c::Error for BusError {
    fn kind(&self) -> i2c::ErrorKind {
        i2c::ErrorKind::NoAcknowledge(i2c::NoAcknowledgeSource::Address)
    }
}

impl i2c::ErrorType for Chip {
    type Error = BusError;
}

impl i2c::I2c for Chip {
    /// Each read begins with the status octet; the first of a transaction that reads twice is that octet.
    fn transaction(&mut self, address: u8, operations: &mut [i2c::Operation<'_>]) -> Result<(), BusError> {
        assert_eq!(address, 0x24);
        let mut silicon = self.0.borrow_mut();
        match operations {
            [i2c::Operation::Write(frame)] => silicon.write(frame),
            [i2c::Operation::Read(status)] if status.len() == 1 => {
                status[0] = u8::from(silicon.ready());
                Ok(())
            }
            [i2c::Operation::Read(status), i2c::Operation::Read(buffer)] if status.len() == 1 => {
                silicon.read(buffer);
                Ok(())
            }
            _ => panic!("not what the manual describes"),
        }
    }
}

impl spi::Error for BusError {
    fn kind(&self) -> spi::ErrorKind {
        spi::ErrorKind::Other
    }
}

impl spi::ErrorType for Chip {
    type Error = BusError;
}

impl spi::SpiDevice for Chip {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), BusError> {
        let mut silicon = self.0.borrow_mut();
        match operations {
            [spi::Operation::Write([0x01]), spi::Operation::Write(frame)] => silicon.write(frame),
            [spi::Operation::TransferInPlace(buffer)] if buffer[0] == 0x02 => {
                buffer[1] = u8::from(silicon.ready());
                Ok(())
            }
            [spi::Operation::Write([0x03]), spi::Operation::Read(buffer)] => {
                silicon.read(buffer);
                Ok(())
            }
            _ => panic!("not what the manual describes"),
        }
    }
}
