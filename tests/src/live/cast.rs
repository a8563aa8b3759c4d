//! A reader and a device that either implementation can be.

use credential::crypto::{Crypto, RustCrypto, Signer, SoftwareSigner};
use credential::id::{IssuerIndex, ReaderId, Serial, UserId};
use credential::object::{Credential, Presence};
use credential::reader::{Reader, ReaderSettings};
use credential::report::{Acknowledgement, ReportKeys};
use credential::secret::Secret;
use credential::time::{UnixTime, Validity};
use serde_json::{Value, json};

use crate::pair::{Door, Phone};
use crate::vectors::octets::hex;
use crate::wallet::MemoryWallet;
use crate::world::{CRYPTO, REPORT_SCALAR, START, WEEK_S, World, at_ms, report_point};

/// The user ID of everybody here.
pub const USER_ID: &str = "0004927716253811";

const READER: u32 = 7;

/// What both sides of a tap are made of.
pub struct Cast {
    /// The project.
    pub world: World,
    /// The serial of the credential.
    pub serial: Serial,
    /// A list that the device brings: version and octets.
    pub list: Option<(u32, Vec<u8>)>,
    /// A token that the device brings.
    pub time_token: Option<Vec<u8>>,
    /// Whether the reader asks for a token.
    pub wants_time: bool,
    /// What the reader has to report.
    pub contents: Option<Vec<u8>>,
    /// The longest report that the device takes.
    pub report_room: Option<u16>,
    /// The acknowledgement that it brings.
    pub acknowledgement: Option<Acknowledgement>,
    reader: Secret<32>,
    certificate: [u8; 120],
    holder: Secret<32>,
    credential: Vec<u8>,
}

impl Cast {
    /// The one that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let (reader, holder) = (world.scalar(), world.scalar());
        let key = CRYPTO.public_point(&CRYPTO.agreement_key(&reader).unwrap());
        let certificate = world.certificate(READER, key, Presence::Verified).issue(&world.issuer).unwrap();
        let serial = Serial(u64::MAX);
        let credential = Credential {
            project: world.project,
            issuer: IssuerIndex(0),
            serial,
            validity: Validity { not_before: START, not_after: UnixTime(START.0.saturating_add(WEEK_S)) },
            holder_key: SoftwareSigner::new(&holder).unwrap().public_key(),
            user_id: UserId::new(USER_ID.as_bytes()).unwrap(),
        };
        let credential = credential.issue(&world.issuer).unwrap().to_vec();
        Self {
            world,
            serial,
            list: None,
            time_token: None,
            wants_time: false,
            contents: None,
            report_room: None,
            acknowledgement: None,
            reader,
            certificate,
            holder,
            credential,
        }
    }

    /// The report keys of the project's manager for the reader.
    pub fn report_keys(&self) -> ReportKeys {
        let own = CRYPTO.agreement_key(&REPORT_SCALAR).unwrap();
        let reader = CRYPTO.public_point(&CRYPTO.agreement_key(&self.reader).unwrap());
        ReportKeys::derive(&CRYPTO, &own, &reader, self.world.project, ReaderId(READER)).unwrap()
    }

    /// The reader of this implementation.
    pub fn door(&mut self) -> Door<RustCrypto> {
        let issuers = self.world.issuers();
        let settings = ReaderSettings {
            certificate: self.certificate,
            issuers,
            tickets: true,
            report_key: Some(report_point()),
        };
        let reader = Reader::new(CRYPTO, &self.reader, settings, &mut self.world.rng, at_ms(0)).unwrap();
        let to_report = self.contents.clone();
        Door { wants_time: self.wants_time, to_report, ..Door::new(reader) }
    }

    /// The device of this implementation.
    pub fn phone(&self) -> Phone<RustCrypto> {
        let mut wallet = MemoryWallet::empty(SoftwareSigner::new(&self.holder).unwrap());
        wallet.issuers.push(self.world.issuers());
        wallet.credential = Some((self.world.project, self.credential.clone()));
        wallet.list.clone_from(&self.list);
        wallet.time_token.clone_from(&self.time_token);
        wallet.report_room = self.report_room;
        wallet.acknowledgement = self.acknowledgement;
        let mut phone = Phone::new(CRYPTO, wallet);
        phone.presence = Presence::Verified;
        phone
    }

    /// Both sides as the second implementation is given them.
    pub fn material(&self) -> Value {
        let issuers = self.world.issuers();
        let key =
            |key: &credential::object::IssuerKey| json!({ "index": key.index.0, "point": hex(&key.point.0) });
        json!({
            "project": hex(&self.world.project.0),
            "issuer_keys": issuers.keys().iter().map(key).collect::<Vec<_>>(),
            "now": START.0,
            "reader": {
                "id": READER,
                "secret": hex(self.reader.expose()),
                "certificate": hex(&self.certificate),
                "wants_time": self.wants_time,
                "report_key": hex(&report_point().0),
                "report": self.contents.as_ref().map(|contents| json!({ "contents": hex(contents) })),
            },
            "device": {
                "credential": hex(&self.credential),
                "holder_secret": hex(self.holder.expose()),
                "revocation_list": self.list.as_ref().map(|(_, octets)| hex(octets)),
                "time_token": self.time_token.as_deref().map(hex),
                "report_room": self.report_room,
                "report_acknowledgement": self.acknowledgement.map(|held| hex(&held.0)),
            },
        })
    }
}
