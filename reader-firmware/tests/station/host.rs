//! The host at the line: commands in frames, reports as words.

use credential::crypto::{Point, RustCrypto};
use credential::id::IssuerIndex;
use credential::object::{OutputFormat, Presence, ReaderConfiguration, SEAL_OVERHEAD, seal};
use reader_firmware::micros::Micros;
use reader_firmware::serial::{
    Arrived, Command, DoorState, Event, FrameReader, Numbered, Report, SelfTest, Status, Trouble,
};
use reader_firmware::storage::Storage;

use crate::board::{Outside, TestBoard, TestStation};
use crate::flash::SharedFlash;
use crate::phone::{InField, Phone};
use crate::world::{World, report_point};

/// What a station says, in words of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Done,
    Refused(String),
    Status(Box<Status>),
    Transmit(Vec<u8>),
    Granted(String),
    Denied(String),
    Finished,
    ListTaken(u32),
    TimeTaken(u32),
    NotKept,
    NotPutOut,
    Tamper(bool),
    Failed(String),
    SelfTest(SelfTest),
    Other(String),
}

/// A station and whoever speaks with it.
pub(crate) struct Host {
    pub(crate) station: TestStation,
    pub(crate) flash: SharedFlash,
    pub(crate) now: Micros,
    /// Everything that was said, with the numbers of the commands.
    pub(crate) heard: Vec<(u8, Said)>,
    number: u8,
}

pub(crate) fn station(flash: &SharedFlash) -> TestStation {
    let storage = Storage::new(flash.clone(), SharedFlash::DOOR).unwrap();
    TestStation::new(RustCrypto, TestBoard::new(flash.clone()), storage)
}

impl Host {
    /// A board that has never been started, and has its seed.
    pub(crate) fn new() -> Self {
        Self::with(SharedFlash::erased())
    }

    pub(crate) fn with(flash: SharedFlash) -> Self {
        let station = station(&flash);
        let mut host = Self { station, flash, now: Micros::from_ms(1), heard: Vec::new(), number: 0 };
        host.tell(Command::Seed([9; 32]));
        host
    }

    /// A door of the project that knows the time.
    pub(crate) fn enrolled(world: &mut World) -> Self {
        let mut host = Self::new();
        let sealed = host.configuration(world, 1);
        assert_eq!(host.tell(Command::Configure(&sealed)), [Said::Done]);
        assert_eq!(host.tell(Command::TimeToken(&world.time_token(crate::world::START))), [Said::Done]);
        host
    }

    /// The power was lost, and is back.
    pub(crate) fn restarted(self) -> Self {
        Self::with(self.flash.back())
    }

    /// Gives a command; what was said until it was answered.
    pub(crate) fn tell(&mut self, command: Command<'_>) -> Vec<Said> {
        self.number = self.number.checked_add(1).unwrap_or(1);
        let number = self.number;
        let mut frame = Vec::new();
        Numbered { number, content: command }.send(&mut |octet| frame.push(octet)).unwrap();
        let heard = self.feed(&frame);
        assert!(heard.iter().all(|(said, _)| *said == number), "{heard:?}");
        heard.into_iter().map(|(_, said)| said).collect()
    }

    /// Puts octets on the line.
    pub(crate) fn feed(&mut self, octets: &[u8]) -> Vec<(u8, Said)> {
        let mut reader: FrameReader = FrameReader::new();
        let mut line = Vec::new();
        for octet in octets {
            if let Some(content) = reader.push(*octet) {
                self.station.take(content, 0, self.now, &mut |octet| line.push(octet));
            }
        }
        self.hear(&line)
    }

    /// Lets time pass, polling when the station wants it.
    pub(crate) fn wait_ms(&mut self, ms: u64) -> Vec<Said> {
        let (end, mut line) = (self.now.after_ms(ms), Vec::new());
        while self.now < end {
            self.station.poll(self.now, &mut |octet| line.push(octet));
            let next = self.station.poll_at();
            self.now = next.max(self.now.after_us(1)).min(end);
        }
        let heard = self.hear(&line);
        assert!(heard.iter().all(|(number, _)| *number == 0), "nobody has asked: {heard:?}");
        heard.into_iter().map(|(_, said)| said).collect()
    }

    fn hear(&mut self, line: &[u8]) -> Vec<(u8, Said)> {
        let mut reader: FrameReader = FrameReader::new();
        let mut heard = Vec::new();
        for octet in line {
            if let Some(content) = reader.push(*octet) {
                let Numbered { number, content } = Numbered::<Report<'_>>::decode(content).unwrap();
                heard.push((number, words(content)));
            }
        }
        self.heard.extend(heard.iter().cloned());
        heard
    }

    pub(crate) fn status(&mut self) -> Status {
        match self.tell(Command::Status).as_slice() {
            [Said::Status(status), Said::Done] => **status,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn public_key(&mut self) -> Point {
        match self.status().state {
            DoorState::Keyed { public_key } | DoorState::Enrolled { public_key, .. } => public_key.into(),
            DoorState::Unseeded => panic!("no key yet"),
        }
    }

    pub(crate) fn outside(&mut self) -> Outside {
        self.station.board().outside.clone()
    }

    /// A sealed configuration for the board's key.
    pub(crate) fn configuration(&mut self, world: &mut World, version: u32) -> Vec<u8> {
        let key = self.public_key();
        let configuration = ReaderConfiguration {
            issuer: IssuerIndex(0),
            version,
            certificate: world.certificate(7, key, Presence::None).issue(&world.issuer).unwrap(),
            issuers: world.issuers(),
            tickets: true,
            list_version: 0,
            report_key: Some(report_point()),
            output: OutputFormat::Text,
        };
        let mut plain = [0; ReaderConfiguration::OCTETS_MAX];
        let length = configuration.issue(&world.issuer, &mut plain).unwrap();
        let mut sealed = vec![0; length + SEAL_OVERHEAD];
        seal(&mut world.rng, &key, &plain[..length], &mut sealed).unwrap();
        sealed
    }

    /// A phone comes as a card, answers until nobody says anything, and goes: all that was said.
    pub(crate) fn tap(&mut self, card: &mut InField) -> Vec<Said> {
        self.tap_until(card, usize::MAX)
    }

    /// The same for a phone that is taken away after so many answers.
    pub(crate) fn tap_until(&mut self, card: &mut InField, answers: usize) -> Vec<Said> {
        let nfc = Arrived::Nfc { max_transmit: 261, max_receive: 258 };
        let mut all = self.tell(Command::Arrived(nfc));
        for _ in 0..answers {
            let Some(Said::Transmit(apdu)) = all.iter().rev().find(|said| matches!(said, Said::Transmit(_)))
            else {
                break;
            };
            let answer = card.command(&apdu.clone(), self.now.instant().0);
            let said = self.tell(Command::Sent(&answer));
            let goes_on = said.iter().any(|said| matches!(said, Said::Transmit(_)));
            all.extend(said);
            if !goes_on {
                break;
            }
        }
        all.extend(self.tell(Command::Left));
        card.field_off();
        all
    }
}

/// A phone of the project.
pub(crate) fn phone(world: &mut World, user_id: &str) -> InField {
    let (wallet, _) = world.phone(user_id);
    InField::Phone(Box::new(Phone::new(user_id, wallet)))
}

fn words(report: Report<'_>) -> Said {
    match report {
        Report::Done => Said::Done,
        Report::Refused(Trouble::Object(why) | Trouble::Storage(why)) => Said::Refused(why.to_owned()),
        Report::Refused(trouble) => Said::Refused(format!("{trouble:?}")),
        Report::Status(status) => Said::Status(Box::new(status)),
        Report::SelfTest(found) => Said::SelfTest(found),
        Report::Transmit(octets) => Said::Transmit(octets.to_vec()),
        Report::Event(event) => match event {
            Event::Granted { output, .. } => Said::Granted(output.to_owned()),
            Event::Denied { reason, .. } => Said::Denied(reason.to_owned()),
            Event::Finished => Said::Finished,
            Event::ListTaken(version) => Said::ListTaken(version),
            Event::TimeTaken(time) => Said::TimeTaken(time),
            Event::NotKept(_) => Said::NotKept,
            Event::NotPutOut => Said::NotPutOut,
            Event::Tamper(open) => Said::Tamper(open),
            Event::Failed(why) | Event::LinkFailed(why) => Said::Failed(why.to_owned()),
            other => Said::Other(format!("{other:?}")),
        },
        other => Said::Other(format!("{other:?}")),
    }
}
