//! What a door reports, on its way through phones, and what it forgets.
#![expect(clippy::unwrap_used, reason = "tests")]

use credential::crypto::{Crypto, RustCrypto};
use credential::device::DeviceEvent;
use credential::id::ReaderId;
use credential::object::{OutputFormat, Presence};
use credential::report::{Acknowledged, Acknowledgement, Event, ReportContents, ReportKeys};
use credential::secret::Secret;
use credential::time::Instant;
use credential::transport::Transport;
use phone_sdk::{TapEvent, Wallet};
use rand::SeedableRng;
use rand::rngs::StdRng;
use reader_firmware::door::{Arrival, Device, Door};
use reader_firmware::enrolment::Configured;
use reader_firmware::log::{EventLog, RingLog};
use tests::pair::Phone;
use tests::phone::{self, invitation};
use tests::world::{CRYPTO, REPORT_SCALAR, World, at_ms};

const READER: u32 = 7;

/// A door that reports, and the manager's keys for it.
struct Reporting {
    door: Door<'static, RustCrypto, RingLog<4096>>,
    manager: ReportKeys,
    rng: StdRng,
}

impl Reporting {
    fn new(world: &mut World) -> Self {
        let mut rng = StdRng::seed_from_u64(5);
        let (scalar, settings) = world.reader_settings(READER);
        let point = CRYPTO.public_point(&CRYPTO.agreement_key(&scalar).unwrap());
        let own = CRYPTO.agreement_key(&REPORT_SCALAR).unwrap();
        let manager = ReportKeys::derive(&CRYPTO, &own, &point, world.project, ReaderId(READER)).unwrap();
        let configured = Configured { version: 1, settings, output: OutputFormat::Text, list_version: 0 };
        let log = RingLog::new(&mut rng);
        let scalar = Secret::new(*scalar.expose());
        let mut door = Door::logging(CRYPTO, scalar, configured, log, &mut rng, Instant(0)).unwrap();
        door.take_time_token(&world.time_token(at_ms(0).unix.unwrap()), Instant(0)).unwrap();
        Self { door, manager, rng }
    }

    /// Hands one thing to the door; what it transmits, a decision told at once.
    fn hand(&mut self, device: Device<'_>) -> Vec<u8> {
        let mut sent = Vec::new();
        self.door.handle(device, &mut self.rng, Instant(0), &mut |octets| sent.extend_from_slice(octets));
        if self.door.awaits_conclusion() {
            self.door
                .conclude(false, &mut self.rng, Instant(0), &mut |octets| sent.extend_from_slice(octets));
        }
        sent
    }

    /// A visit of a phone, which is gone after so many answers.
    fn visit(&mut self, phone: &mut Phone<RustCrypto>, answers: usize) {
        let frame = |message: &[u8]| {
            let length = u16::try_from(message.len()).unwrap().to_be_bytes();
            [&length[..], message].concat()
        };
        self.hand(Device::Arrived(Arrival::Tcp));
        let opening = [&phone.session.select(Transport::Tcp, at_ms(0))[..], &[0x90, 0x00]].concat();
        let mut sent = self.hand(Device::Sent(&frame(&opening)));
        for _ in 0..answers {
            let Some((instruction, data)) = sent.get(2..).and_then(<[u8]>::split_first) else { break };
            let (data, status, event) = phone.answer(at_ms(0), &mut self.rng, *instruction, data.to_vec());
            assert!(!matches!(event, Some(DeviceEvent::Failed(_))), "{event:?}");
            sent = self.hand(Device::Sent(&frame(&[&data[..], &status.to_be_bytes()].concat())));
        }
        self.hand(Device::Left);
    }

    /// A visit of a phone with the real wallet.
    fn visit_of(&mut self, wallet: &Wallet) {
        let mut presenter = wallet.stream(std::sync::Arc::new(Presence::None), Transport::Tcp);
        self.hand(Device::Arrived(Arrival::Tcp));
        let mut answer = presenter.opened().unwrap();
        loop {
            let sent = self.hand(Device::Sent(&answer));
            if sent.is_empty() {
                break;
            }
            answer = presenter.received(&sent).unwrap();
        }
        presenter.closed();
        let events: Vec<TapEvent> = std::iter::from_fn(|| presenter.poll_event()).collect();
        assert!(matches!(&events[..], [TapEvent::Finished(tap)] if tap.result.is_ok()), "{events:?}");
    }

    /// The numbers of the entries in a report.
    fn numbers(&self, report: &[u8]) -> Vec<u32> {
        let mut report = report.to_vec();
        let contents = ReportContents::decode(self.manager.open(&CRYPTO, &mut report).unwrap()).unwrap();
        assert_eq!(contents.log, self.door.log().id());
        contents.entries().map(|entry| entry.sequence).collect()
    }

    fn acknowledgement(&self, up_to: u32) -> Acknowledgement {
        let said = Acknowledged { log: self.door.log().id(), up_to };
        Acknowledgement::make(&CRYPTO, &self.manager, said)
    }
}

fn carrier(world: &mut World) -> Phone<RustCrypto> {
    let mut phone = Phone::new(CRYPTO, world.phone("0004711").0);
    phone.wallet.report_room = Some(1024);
    phone
}

/// All that a phone carries, in the order in which it was handed over.
fn carried(reporting: &Reporting, phone: &Phone<RustCrypto>) -> Vec<Vec<u32>> {
    phone.wallet.reports.iter().map(|(_, report)| reporting.numbers(report)).collect()
}

#[test]
fn phones_in_a_row_carry_different_entries_and_lost_ones_come_again() {
    let mut world = World::new(1);
    let mut reporting = Reporting::new(&mut world);
    let (mut one, mut other) = (carrier(&mut world), carrier(&mut world));
    // Started, the time, and this visit.
    reporting.visit(&mut one, 9);
    assert_eq!(carried(&reporting, &one), [[1, 2, 3]]);
    reporting.visit(&mut other, 9);
    assert_eq!(carried(&reporting, &other), [[4]]);
    // Both are lost; what is behind the newest begins anew with the oldest.
    reporting.visit(&mut one, 9);
    reporting.visit(&mut one, 9);
    assert_eq!(carried(&reporting, &one)[1..], [[5], [6]]);
    one.wallet.report_room = Some(16);
    reporting.visit(&mut one, 9);
    one.wallet.report_room = Some(1024);
    reporting.visit(&mut one, 9);
    assert_eq!(carried(&reporting, &one)[3..], [[7, 8]]);
    assert_eq!(reporting.door.log().oldest(), 1);
}

#[test]
fn a_device_that_is_gone_before_received_costs_a_repeat() {
    let mut world = World::new(1);
    let mut reporting = Reporting::new(&mut world);
    let mut phone = carrier(&mut world);
    // HELLO, CONFIRM and OUTCOME are answered, REPORT is not.
    reporting.visit(&mut phone, 3);
    assert!(carried(&reporting, &phone).is_empty());
    reporting.visit(&mut phone, 9);
    assert_eq!(carried(&reporting, &phone), [[1, 2, 3, 4]]);
}

#[test]
fn a_door_forgets_only_what_its_manager_acknowledged() {
    let mut world = World::new(1);
    let mut reporting = Reporting::new(&mut world);
    let mut phone = carrier(&mut world);
    reporting.visit(&mut phone, 9);
    let mut forged = reporting.acknowledgement(2);
    forged.0[27] ^= 1;
    let mut of_another_log = Acknowledged { log: reporting.door.log().id(), up_to: 2 };
    of_another_log.log.0[0] ^= 1;
    let of_another_log = Acknowledgement::make(&CRYPTO, &reporting.manager, of_another_log);
    for (brought, oldest) in [
        (forged, 1),
        (of_another_log, 1),
        (reporting.acknowledgement(2), 3),
        // One that is old says nothing new.
        (reporting.acknowledgement(1), 3),
    ] {
        phone.wallet.acknowledgement = Some(brought);
        reporting.visit(&mut phone, 9);
        assert_eq!(reporting.door.log().oldest(), oldest);
    }
}

#[test]
fn a_decision_that_the_device_was_not_told_and_failures_are_in_the_log() {
    let mut world = World::new(1);
    let mut reporting = Reporting::new(&mut world);
    let mut phone = carrier(&mut world);
    for _ in 0..3 {
        // Gone behind HELLO: nothing happened but that a device was there.
        reporting.visit(&mut phone, 0);
    }
    reporting.hand(Device::Arrived(Arrival::Tcp));
    reporting.hand(Device::Sent(&[0, 3, 1, 0x6A, 0x82]));
    reporting.visit(&mut phone, 2);
    phone.wallet.report_room = Some(1024);
    reporting.visit(&mut phone, 9);
    let (_, report) = phone.wallet.reports.first().unwrap();
    let mut report = report.clone();
    let contents = ReportContents::decode(reporting.manager.open(&CRYPTO, &mut report).unwrap()).unwrap();
    let events: Vec<_> = contents.entries().map(|entry| entry.event).collect();
    let granted =
        events.iter().filter(|event| matches!(event, Event::GrantedFull(_) | Event::GrantedFast { .. }));
    assert_eq!(granted.count(), 2);
    let failed = |event: &&Event<'_>| matches!(event, Event::Failed { count: 1, .. });
    assert_eq!(events.iter().filter(failed).count(), 1);
}

#[test]
fn a_wallet_keeps_reports_over_a_restart_delivers_them_and_brings_the_word_back() {
    let mut world = World::new(1);
    let mut reporting = Reporting::new(&mut world);
    let phone = phone::Phone::new(world);
    let wallet = phone.open();
    wallet.activate(&invitation(1)).unwrap();
    reporting.visit_of(&wallet);
    assert_eq!(wallet.reports_held(), 1);
    drop(wallet);
    let wallet = phone.open();
    assert_eq!(wallet.reports_held(), 1);

    phone.manager.faults([Some(phone::Fault::RequestLost)]);
    assert!(wallet.deliver_reports().is_err());
    assert_eq!(wallet.reports_held(), 1);
    let acknowledgement = reporting.acknowledgement(3);
    phone.manager.script().acknowledgement = Some(acknowledgement.0);
    assert_eq!(wallet.deliver_reports(), Ok(1));
    let reports = phone.manager.script().reports.clone();
    assert_eq!((reports[0].0, reporting.numbers(&reports[0].1)), (READER, vec![1, 2, 3]));
    assert_eq!(wallet.reports_held(), 0);

    assert_eq!(reporting.door.log().oldest(), 1);
    reporting.visit_of(&wallet);
    assert_eq!(reporting.door.log().oldest(), 4);
}

#[test]
fn reports_go_along_by_themselves_and_what_a_manager_refuses_is_dropped() {
    let mut world = World::new(1);
    let mut reporting = Reporting::new(&mut world);
    let phone = phone::Phone::new(world);
    let wallet = phone.open();
    wallet.activate(&invitation(1)).unwrap();
    reporting.visit_of(&wallet);
    let next = wallet.next_renewal_at().unwrap();
    assert_eq!(next.0, at_ms(0).unix.unwrap().0 + 300);
    assert_eq!(wallet.renew_due().unwrap().delivered, 0);
    phone.clock.advance_s(300);
    assert_eq!(wallet.renew_due().unwrap().delivered, 1);
    assert_eq!((wallet.reports_held(), phone.manager.script().reports.len()), (0, 1));
}

#[test]
fn a_wallet_that_carries_nothing_takes_no_report_and_a_full_one_drops_its_oldest() {
    let mut world = World::new(1);
    let mut reporting = Reporting::new(&mut world);
    let phone = phone::Phone::new(world);
    let wallet = phone.open();
    wallet.activate(&invitation(1)).unwrap();
    for _ in 0..18 {
        reporting.visit_of(&wallet);
    }
    assert_eq!(wallet.reports_held(), 16);
    wallet.set_carries_reports(false).unwrap();
    assert_eq!(wallet.reports_held(), 0);
    reporting.visit_of(&wallet);
    assert_eq!(wallet.reports_held(), 0);
    assert!(!wallet.carries_reports());
}
