//! The PN532 of NXP over I2C or SPI, through the crate `pn532`: its frames and links, but none of its waiting.
//!
//! The chip carries at most 252 octets of an APDU; longer commands are chained and longer responses fetched in parts
//! above it.
//!
//! Spec: NXP UM0701-02 (PN532 user manual), chapter and command at each place

mod command;

use core::task::Poll;

use credential::iso7816::FrontEnd;
use heapless::{Deque, Vec};
use pn532::requests::BorrowedRequest;
use pn532::{Interface, Pn532};

use crate::micros::Micros;
use crate::port::{NfcEvent, NfcFrontEnd};
use command::{Answer, CARDS_MAX, Command, DATA_MAX, FRAME};

/// How often the chip is asked whether it is ready.
const ASK_US: u64 = 500;

/// Commands that may wait: the set-up, a release and what comes after.
const QUEUE: usize = 8;

/// How often a command is sent that the chip does not take, because it sleeps or is busy.
const SENDS: u8 = 3;

/// After what time it is sent again.
///
/// Spec: UM0701-02 §7.2.11, wake-up
const RESEND_MS: u64 = 2;

/// A PN532 on a link of the crate `pn532`: `I2CInterface` or `SPIInterface`, with or without the IRQ pin.
pub struct Pn532FrontEnd<I: Interface> {
    chip: Pn532<I, (), FRAME>,
    queue: Deque<Command, QUEUE>,
    /// The APDU of [`Command::Exchange`].
    apdu: Vec<u8, DATA_MAX>,
    flight: Option<Flight>,
    /// The numbers that the chip gave to the cards.
    cards: Vec<u8, CARDS_MAX>,
    /// Set up since the start or the last failure.
    configured: bool,
    poll_at: Option<Micros>,
}

/// A command that is on its way.
#[derive(Clone, Copy)]
struct Flight {
    command: Command,
    phase: Phase,
    deadline: Micros,
}

#[derive(Clone, Copy)]
enum Phase {
    /// The chip has refused it so many times.
    Sending(u8),
    /// It has it, and has not said so.
    Acknowledging,
    /// It works on it.
    Answering,
}

/// The chip does not answer, or answers what it should not.
struct Broken;

/// What a step came to.
enum Stepped {
    /// Nothing can be done now.
    Waits,
    /// There may be more to do.
    Goes,
    /// An operation has ended.
    Ended(NfcEvent),
}

impl<I: Interface> Pn532FrontEnd<I> {
    /// A chip on this link; it is set up before the first look.
    pub fn new(interface: I) -> Self {
        Self {
            chip: Pn532::new_async(interface),
            queue: Deque::new(),
            apdu: Vec::new(),
            flight: None,
            cards: Vec::new(),
            configured: false,
            poll_at: None,
        }
    }

    /// The link, for a board that shares it.
    pub const fn interface_mut(&mut self) -> &mut I {
        &mut self.chip.interface
    }

    /// Gives up what waits and the operation whose end was awaited, and begins these commands.
    fn begin(&mut self, commands: &[Command], now: Micros) {
        self.queue.clear();
        if self.flight.is_some_and(|flight| flight.command.ends_operation()) {
            // Should the chip not hear this, the next command finds out.
            let _ = self.chip.abort();
            self.flight = None;
        }
        for command in commands {
            // The queue is longer than the longest sequence.
            let _ = self.queue.push_back(*command);
        }
        self.poll_at = Some(now);
    }

    fn step(&mut self, now: Micros, response: &mut [u8]) -> Result<Stepped, Broken> {
        if self.flight.is_none()
            && let Some(command) = self.queue.pop_front()
        {
            let deadline = now.after_ms(command.timeout_ms());
            self.flight = Some(Flight { command, phase: Phase::Sending(0), deadline });
        }
        let Some(flight) = self.flight else {
            self.poll_at = None;
            return Ok(Stepped::Waits);
        };
        if let Phase::Sending(refused) = flight.phase {
            return self.send(flight, refused, now);
        }
        match self.chip.interface.wait_ready() {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Err(Broken),
            Poll::Pending if now >= flight.deadline => return Err(Broken),
            Poll::Pending => {
                self.poll_at = Some(now.after_us(ASK_US));
                return Ok(Stepped::Waits);
            }
        }
        if let Phase::Acknowledging = flight.phase {
            self.chip.receive_ack().map_err(|_| Broken)?;
            self.flight = Some(Flight { phase: Phase::Answering, ..flight });
            return Ok(Stepped::Goes);
        }
        self.flight = None;
        self.answered(flight.command, response)
    }

    fn send(&mut self, flight: Flight, refused: u8, now: Micros) -> Result<Stepped, Broken> {
        let mut data = [0; DATA_MAX];
        let length = flight.command.data(&self.apdu, &mut data);
        let data = data.get(..length).ok_or(Broken)?;
        if self.chip.send(BorrowedRequest::new(flight.command.code(), data)).is_ok() {
            self.flight = Some(Flight { phase: Phase::Acknowledging, ..flight });
            return Ok(Stepped::Goes);
        }
        let refused = refused.saturating_add(1);
        if refused >= SENDS {
            return Err(Broken);
        }
        self.flight = Some(Flight { phase: Phase::Sending(refused), ..flight });
        self.poll_at = Some(now.after_ms(RESEND_MS));
        Ok(Stepped::Waits)
    }

    fn answered(&mut self, command: Command, response: &mut [u8]) -> Result<Stepped, Broken> {
        let answer = self.chip.receive_response(command.code(), command.answer_max());
        let answer = match answer {
            Ok(answer) => command.read(answer),
            // More than there is room for: a card with a history that nobody asked for.
            Err(pn532::Error::BufTooSmall) => Answer::CardLost,
            Err(_) => return Err(Broken),
        };
        Ok(match answer {
            Answer::Done => Stepped::Goes,
            Answer::Configured => {
                self.configured = true;
                Stepped::Goes
            }
            Answer::Cards(cards) => {
                let found = u8::try_from(cards.len()).unwrap_or_default();
                self.cards = cards;
                Stepped::Ended(NfcEvent::Cards(found))
            }
            Answer::Response(octets) => match response.get_mut(..octets.len()) {
                Some(front) => {
                    front.copy_from_slice(octets);
                    Stepped::Ended(NfcEvent::Response(octets.len()))
                }
                None => Stepped::Ended(NfcEvent::CardLost),
            },
            Answer::CardLost => Stepped::Ended(NfcEvent::CardLost),
            Answer::Broken => return Err(Broken),
        })
    }
}

impl<I: Interface> NfcFrontEnd for Pn532FrontEnd<I> {
    fn limits(&self) -> FrontEnd {
        command::LIMITS
    }

    fn look(&mut self, now: Micros) {
        let releasing = self.flight.is_some_and(|flight| !flight.command.ends_operation());
        if self.configured {
            // A release that is not over goes first.
            let rest: Vec<Command, QUEUE> = self.queue.iter().copied().filter(|_| releasing).collect();
            self.begin(&[], now);
            for command in rest.iter().chain(&[Command::Look]) {
                let _ = self.queue.push_back(*command);
            }
        } else {
            self.begin(&command::SET_UP, now);
            let _ = self.queue.push_back(Command::Look);
        }
    }

    fn transmit(&mut self, card: u8, apdu: &[u8], now: Micros) {
        self.apdu.clear();
        let target = self.cards.get(usize::from(card)).copied();
        let target = target.filter(|_| self.apdu.extend_from_slice(apdu).is_ok());
        match target {
            Some(target) => self.begin(&[Command::Exchange { target }], now),
            // A card that is not there, or an APDU beyond the limits.
            None => self.begin(&[Command::Nobody], now),
        }
    }

    fn release(&mut self, now: Micros) {
        self.cards.clear();
        self.begin(&[Command::Release, Command::FieldOff], now);
    }

    fn restart(&mut self, now: Micros) {
        self.cards.clear();
        self.flight = None;
        self.configured = false;
        self.begin(&[], now);
        // A chip that waits for the rest of something starts anew at this.
        let _ = self.chip.abort();
    }

    fn poll(&mut self, now: Micros, response: &mut [u8]) -> Option<NfcEvent> {
        if self.poll_at.is_none_or(|at| now < at) {
            return None;
        }
        loop {
            match self.step(now, response) {
                Ok(Stepped::Waits) => return None,
                Ok(Stepped::Goes) => {}
                Ok(Stepped::Ended(event)) => return Some(event),
                Err(Broken) => {
                    self.flight = None;
                    self.queue.clear();
                    (self.configured, self.poll_at) = (false, None);
                    return Some(NfcEvent::Failed);
                }
            }
        }
    }

    fn poll_at(&self) -> Option<Micros> {
        self.poll_at
    }
}
