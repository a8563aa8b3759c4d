//! One device at the door, from its arrival to the end of its tap.

use credential::application::{ReaderAction, ReaderIncoming, ReaderOutgoing};
use credential::ble::segment::AttMtu;
use credential::crypto::Crypto;
use credential::error::Error;
use credential::iso7816::{FrontEnd, StatusWord};
use credential::limits::COMMAND_MAX;
use credential::object::HeldRevocationList;
use credential::reader::{Brought, Decision, Outcome, Verdict};
use credential::report::{Blame, Event};
use credential::time::{Instant, UnixTime};
use credential::transport::Transport;
use rand_core::CryptoRng;

use super::{Door, DoorEvent, application, env};
use crate::clock::WallClock;
use crate::link::{GattLink, LinkError, NfcLink, NfcReceived, Sink, StreamLink};
use crate::log::EventLog;
use crate::output::Output;

/// Octets of the longest message that an application sends, its instruction included.
const OUT: usize = COMMAND_MAX + 1;

/// How a device came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A card is in the field of a front end with these limits.
    Nfc(FrontEnd),
    /// A phone has connected and subscribed; its messages come in GATT segments.
    Gatt(AttMtu),
    /// A phone has opened an L2CAP channel.
    L2cap,
    /// A phone has opened a TCP connection.
    Tcp,
}

/// What the radio says about the device.
#[derive(Clone, Copy, Debug)]
pub enum Device<'o> {
    /// It is there.
    Arrived(Arrival),
    /// It sent these octets: a response APDU, a GATT segment, a piece of a stream.
    Sent(&'o [u8]),
    /// It is gone.
    Left,
}

/// The device that is at the door.
pub(super) struct Tap {
    link: Link,
    /// Which application it runs, or is being selected.
    application: usize,
    verdict: Option<(Verdict, Decision)>,
    /// Whether the tap is over and only a report is being handed over.
    reporting: bool,
}

enum Link {
    Nfc { link: NfcLink, selecting: bool },
    Gatt(GattLink),
    Stream(StreamLink),
}

impl<C: Crypto, L: EventLog> Door<'_, C, L> {
    /// Takes what the radio says; `sink` gets what is to be transmitted.
    ///
    /// While a decision waits for [`Door::conclude`] nothing more is taken.
    pub fn handle(&mut self, device: Device<'_>, rng: &mut dyn CryptoRng, instant: Instant, sink: Sink<'_>) {
        let handled = match device {
            Device::Arrived(arrival) => self.arrived(arrival, instant, sink),
            Device::Sent(octets) => self.sent(octets, rng, instant, sink),
            Device::Left => {
                self.left(instant);
                Ok(())
            }
        };
        self.settle(handled);
    }

    /// Whether a decision was reached of which the device has not been told.
    pub fn awaits_conclusion(&self) -> bool {
        self.tap.as_ref().is_some_and(|tap| tap.verdict.is_some())
    }

    /// Tells the device the result, off the critical path; `refused` if the access control system said no.
    pub fn conclude(&mut self, refused: bool, rng: &mut dyn CryptoRng, instant: Instant, sink: Sink<'_>) {
        let concluded = self.concluded(refused, rng, instant, sink);
        self.settle(concluded);
    }

    /// When [`Door::expire`] is to be called; `None` while nobody is there.
    pub fn poll_at(&mut self) -> Option<Instant> {
        let index = self.tap.as_ref()?.application;
        application(&mut self.exchange, &mut self.others, index)?.poll_at()
    }

    /// Gives up a device that does not answer.
    pub fn expire(&mut self, instant: Instant) {
        let Some(index) = self.tap.as_ref().map(|tap| tap.application) else { return };
        let Some(application) = application(&mut self.exchange, &mut self.others, index) else { return };
        if let Err(error) = application.expire(instant) {
            self.settle(Err(Failure::Exchange(error)));
        }
    }

    // Never inlined: a link is as large as a message, and what follows an arrival goes deep into the stack.
    #[inline(never)]
    fn arrived(&mut self, arrival: Arrival, instant: Instant, sink: Sink<'_>) -> Result<(), Failure> {
        self.left(instant);
        let now = self.clock.now(instant);
        let (link, transport) = match arrival {
            Arrival::Nfc(front_end) => {
                let link = Link::Nfc { link: NfcLink::new(front_end), selecting: true };
                self.tap = Some(Tap { link, application: 0, verdict: None, reporting: false });
                return self.select(0, now.instant, sink);
            }
            Arrival::Gatt(att_mtu) => (Link::Gatt(GattLink::new(att_mtu)), Transport::BleGatt),
            Arrival::L2cap => (Link::Stream(StreamLink::new()), Transport::BleL2cap),
            Arrival::Tcp => (Link::Stream(StreamLink::new()), Transport::Tcp),
        };
        self.tap = Some(Tap { link, application: 0, verdict: None, reporting: false });
        if let Some(application) = application(&mut self.exchange, &mut self.others, 0) {
            application.begin(transport, now);
        }
        Ok(())
    }

    /// Selects the application with this index on the card.
    #[inline(never)]
    fn select(&mut self, index: usize, instant: Instant, sink: Sink<'_>) -> Result<(), Failure> {
        let now = self.clock.now(instant);
        let Some(tap) = self.tap.as_mut() else { return Ok(()) };
        let Some(application) = application(&mut self.exchange, &mut self.others, index) else {
            return Err(Failure::NoApplication);
        };
        tap.application = index;
        let Link::Nfc { link, selecting } = &mut tap.link else { return Ok(()) };
        *selecting = true;
        link.select(&application.aid(), sink)?;
        application.begin(Transport::Nfc, now);
        Ok(())
    }

    fn sent(
        &mut self,
        mut octets: &[u8],
        rng: &mut dyn CryptoRng,
        instant: Instant,
        sink: Sink<'_>,
    ) -> Result<(), Failure> {
        let Some(tap) = self.tap.as_mut() else { return Ok(()) };
        if tap.verdict.is_some() {
            return Ok(());
        }
        let (length, status) = match &mut tap.link {
            Link::Nfc { link, selecting } => match link.receive(octets, &mut self.space, sink)? {
                NfcReceived::Pending => return Ok(()),
                NfcReceived::Response(_, StatusWord::FILE_OR_APPLICATION_NOT_FOUND) if *selecting => {
                    let next = tap.application.saturating_add(1);
                    self.reset_application();
                    return self.select(next, instant, sink);
                }
                NfcReceived::Response(length, status) => (length, Some(status)),
            },
            Link::Gatt(link) => match link.receive(octets, &mut self.space)? {
                None => return Ok(()),
                Some(length) => (length, None),
            },
            Link::Stream(link) => match link.receive(&mut octets, &mut self.space)? {
                None => return Ok(()),
                Some(length) => (length, None),
            },
        };
        self.message(length, status, rng, instant, sink)
    }

    /// Hands a whole message in the working space to the application.
    #[inline(never)]
    fn message(
        &mut self,
        length: usize,
        status: Option<StatusWord>,
        rng: &mut dyn CryptoRng,
        instant: Instant,
        sink: Sink<'_>,
    ) -> Result<(), Failure> {
        let Some(tap) = self.tap.as_mut() else { return Ok(()) };
        let Some(application) = application(&mut self.exchange, &mut self.others, tap.application) else {
            return Ok(());
        };
        let data = self.space.get_mut(..length).ok_or(LinkError::Misuse)?;
        let incoming = match status {
            Some(status) => ReaderIncoming::Apdu { data, status },
            None => ReaderIncoming::Message(data),
        };
        let mut out = [0; OUT];
        let mut env = env(&self.list, &self.clock, false, rng, instant);
        match application.receive(&mut env, incoming, &mut out)? {
            ReaderAction::Send(outgoing) => {
                if let Link::Nfc { link, selecting } = &mut tap.link {
                    *selecting = false;
                    link.set_extended(application.extended_length());
                }
                tap.link.send(outgoing, &out, sink)
            }
            ReaderAction::Decided(decision) => {
                self.decided(decision);
                Ok(())
            }
            ReaderAction::Finished(brought) => {
                tap.reporting = true;
                let takes_report = brought.report_room.is_some();
                if let Some(acknowledged) = brought.acknowledged {
                    self.reporting.acknowledged(acknowledged);
                }
                let before = self.clock.now(instant).unix;
                let (version, time) = take(brought, &mut self.list, &mut self.clock, instant);
                if let Some(version) = version {
                    self.note(&Event::ListTaken { version }, instant);
                    self.report(DoorEvent::ListTaken { version });
                }
                if let Some(time) = time {
                    self.note(&Event::TimeTaken { before }, instant);
                    self.report(DoorEvent::TimeTaken { time });
                }
                let handing_over = if takes_report { self.hand_over(rng, instant, sink)? } else { false };
                if !handing_over {
                    self.finished();
                }
                Ok(())
            }
            ReaderAction::Reported { kept } => {
                if kept {
                    self.reporting.handed_over();
                }
                self.finished();
                Ok(())
            }
        }
    }

    /// Hands the device a report; `false` if there is none.
    fn hand_over(
        &mut self,
        rng: &mut dyn CryptoRng,
        instant: Instant,
        sink: Sink<'_>,
    ) -> Result<bool, Failure> {
        self.reporting.settle_failures(self.clock.now(instant).unix);
        let Some(tap) = self.tap.as_mut() else { return Ok(false) };
        let Some(application) = application(&mut self.exchange, &mut self.others, tap.application) else {
            return Ok(false);
        };
        let mut env = env(&self.list, &self.clock, true, rng, instant);
        let reporting = &mut self.reporting;
        let outgoing = application.report(&mut env, &mut |room| reporting.fill(room), &mut self.space)?;
        let Some(outgoing) = outgoing else { return Ok(false) };
        tap.link.send(outgoing, &self.space, sink)?;
        Ok(true)
    }

    /// The link is of no more use to the tap.
    fn finished(&mut self) {
        self.forget();
        self.report(DoorEvent::Finished);
    }

    /// The device is gone; a decision that it was not told stands all the same.
    fn left(&mut self, instant: Instant) {
        if let Some((verdict, decision)) = self.tap.as_mut().and_then(|tap| tap.verdict.take()) {
            self.reporting.decided(self.clock.now(instant).unix, &decision, verdict);
        }
        if self.tap.as_ref().is_some_and(|tap| tap.reporting) {
            self.finished();
        }
        self.forget();
    }

    /// Puts out what a decision gives.
    #[inline(never)]
    fn decided(&mut self, decision: Decision) {
        let Decision { outcome, path, serial, receipt } = decision.clone();
        let (event, verdict) = match outcome {
            Outcome::Grant(user_id) => match Output::new(self.output, &user_id) {
                Ok(output) => (DoorEvent::Granted { output, path, serial, receipt }, Verdict::Stands),
                Err(error) => (DoorEvent::DoesNotFit(error), Verdict::Refused),
            },
            Outcome::Deny(reason) => (DoorEvent::Denied { reason, path, serial }, Verdict::Stands),
        };
        if let Some(tap) = self.tap.as_mut() {
            tap.verdict = Some((verdict, decision));
        }
        self.report(event);
    }

    fn concluded(
        &mut self,
        refused: bool,
        rng: &mut dyn CryptoRng,
        instant: Instant,
        sink: Sink<'_>,
    ) -> Result<(), Failure> {
        let Some(tap) = self.tap.as_mut() else { return Ok(()) };
        let Some((verdict, decision)) = tap.verdict.take() else { return Ok(()) };
        let verdict = if refused { Verdict::Refused } else { verdict };
        let told = self.tell(verdict, rng, instant, sink);
        // Behind the answer: what keeps the log may be slow.
        self.reporting.decided(self.clock.now(instant).unix, &decision, verdict);
        told
    }

    fn tell(
        &mut self,
        verdict: Verdict,
        rng: &mut dyn CryptoRng,
        instant: Instant,
        sink: Sink<'_>,
    ) -> Result<(), Failure> {
        let Some(tap) = self.tap.as_mut() else { return Ok(()) };
        let Some(application) = application(&mut self.exchange, &mut self.others, tap.application) else {
            return Ok(());
        };
        let mut out = [0; OUT];
        let has_report = self.reporting.log.keeps();
        let mut env = env(&self.list, &self.clock, has_report, rng, instant);
        let outgoing = application.conclude(&mut env, verdict, &mut out)?;
        tap.link.send(outgoing, &out, sink)
    }

    /// An error ends the tap and the door waits for the next one.
    #[inline(never)]
    fn settle(&mut self, result: Result<(), Failure>) {
        let Err(failure) = result else { return };
        if self.tap.as_ref().is_some_and(|tap| tap.reporting) {
            // The report is handed over another time.
            return self.finished();
        }
        self.forget();
        self.reporting.failed(match failure {
            Failure::Exchange(error) => Blame::from(error),
            Failure::Link(_) => Blame::Link,
            Failure::NoApplication => Blame::NoApplication,
        });
        self.report(match failure {
            Failure::Exchange(error) => DoorEvent::Failed(error),
            Failure::Link(error) => DoorEvent::LinkFailed(error),
            Failure::NoApplication => DoorEvent::NoApplication,
        });
    }

    fn forget(&mut self) {
        self.reset_application();
        self.tap = None;
    }

    fn reset_application(&mut self) {
        let Some(index) = self.tap.as_ref().map(|tap| tap.application) else { return };
        if let Some(application) = application(&mut self.exchange, &mut self.others, index) {
            application.reset();
        }
    }
}

impl Link {
    fn send(&mut self, outgoing: ReaderOutgoing, out: &[u8], sink: Sink<'_>) -> Result<(), Failure> {
        let octets = out.get(..outgoing.length).ok_or(LinkError::Misuse)?;
        match (self, outgoing.header) {
            (Self::Nfc { link, .. }, Some(header)) => link.send(header, octets, sink)?,
            (Self::Gatt(link), None) => link.send(octets, sink)?,
            (Self::Stream(link), None) => link.send(octets, sink)?,
            _ => return Err(LinkError::Misuse.into()),
        }
        Ok(())
    }
}

/// Puts what a device brought into force: the version of the list and the time that hold from now on.
#[inline(never)]
fn take<const N: usize>(
    brought: Brought<'_>,
    list: &mut HeldRevocationList<N>,
    clock: &mut WallClock,
    instant: Instant,
) -> (Option<u32>, Option<UnixTime>) {
    let taken = brought.revocation_list.filter(|newer| list.replace(newer).is_ok());
    let set = brought.time_token.and_then(|token| clock.set(&token, instant).ok());
    (taken.map(|list| list.version()), set)
}

/// What ends a tap before its time.
enum Failure {
    Exchange(Error),
    Link(LinkError),
    NoApplication,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Exchange(error)
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}
