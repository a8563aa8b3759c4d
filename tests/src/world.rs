//! A project with its issuer, and the readers and phones that it has.

use credential::crypto::{Crypto, Point, RustCrypto, Signer, SoftwareSigner};
use credential::id::{IssuerIndex, ProjectId, ReaderId, Serial, UserId};
use credential::object::{
    Credential, IssuerKey, IssuerKeys, Presence, ReaderCertificate, RevocationList, TimeToken,
};
use credential::reader::{Reader, ReaderSettings};
use credential::secret::Secret;
use credential::time::{Instant, Now, UnixTime, Validity};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::wallet::MemoryWallet;

/// The wall clock at which every test begins.
pub const START: UnixTime = UnixTime(1_800_000_000);

/// A week: how long credentials live by default.
pub const WEEK_S: u32 = 7 * 86_400;

/// One project, with everything in it made from a seed.
pub struct World {
    /// Its id.
    pub project: ProjectId,
    /// The issuer key in use.
    pub issuer: SoftwareSigner,
    /// The source of all randomness.
    pub rng: StdRng,
    next_serial: u64,
}

/// The scalar of every project's report key.
pub const REPORT_SCALAR: Secret<32> = Secret::new([0x52; 32]);

/// The report key that readers are told.
pub fn report_point() -> Point {
    CRYPTO.public_point(&CRYPTO.agreement_key(&REPORT_SCALAR).unwrap())
}

/// Both clocks at the start, `ms` milliseconds later.
pub fn at_ms(ms: u64) -> Now {
    let seconds = u32::try_from(ms / 1000).expect("tests stay within a century");
    Now { instant: Instant(ms), unix: Some(UnixTime(START.0 + seconds)) }
}

impl World {
    /// The project that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let (issuer, _) = SoftwareSigner::generate(&mut rng).unwrap();
        Self { project: ProjectId(seed.to_be_bytes()), issuer, rng, next_serial: 1 }
    }

    /// The issuer keys that everybody in the project trusts.
    pub fn issuers(&self) -> IssuerKeys {
        let key = IssuerKey { index: IssuerIndex(0), point: self.issuer.public_key() };
        IssuerKeys::new(self.project, &[key]).unwrap()
    }

    /// A certificate for a reader key.
    pub fn certificate(&self, reader: u32, key: Point, presence: Presence) -> ReaderCertificate {
        ReaderCertificate {
            project: self.project,
            issuer: IssuerIndex(0),
            reader: ReaderId(reader),
            validity: Validity {
                not_before: UnixTime(START.0 - 60),
                not_after: UnixTime(START.0 + 365 * 86_400),
            },
            presence,
            public_key: key,
        }
    }

    /// A reader on the backend `crypto`.
    pub fn reader<C: Crypto>(&mut self, crypto: C, reader: u32) -> Reader<C> {
        self.reader_demanding(crypto, reader, Presence::None)
    }

    /// A reader whose door demands user presence.
    pub fn reader_demanding<C: Crypto>(&mut self, crypto: C, reader: u32, presence: Presence) -> Reader<C> {
        let (scalar, settings) = self.reader_settings_demanding(reader, presence);
        Reader::new(crypto, &scalar, settings, &mut self.rng, at_ms(0)).unwrap()
    }

    /// The key and the settings of a reader.
    pub fn reader_settings(&mut self, reader: u32) -> (Secret<32>, ReaderSettings) {
        self.reader_settings_demanding(reader, Presence::None)
    }

    fn reader_settings_demanding(&mut self, reader: u32, presence: Presence) -> (Secret<32>, ReaderSettings) {
        let scalar = self.scalar();
        let key = CRYPTO.public_point(&CRYPTO.agreement_key(&scalar).unwrap());
        let certificate = self.certificate(reader, key, presence).issue(&self.issuer).unwrap();
        (
            scalar,
            ReaderSettings {
                certificate,
                issuers: self.issuers(),
                tickets: true,
                report_key: Some(report_point()),
            },
        )
    }

    /// A phone with a credential for `user_id`; returns its serial too.
    pub fn phone(&mut self, user_id: &str) -> (MemoryWallet, Serial) {
        let validity = Validity { not_before: UnixTime(START.0 - 60), not_after: UnixTime(START.0 + WEEK_S) };
        self.phone_valid(user_id, validity)
    }

    /// A phone whose credential has a validity of its own.
    pub fn phone_valid(&mut self, user_id: &str, validity: Validity) -> (MemoryWallet, Serial) {
        let (holder, _) = SoftwareSigner::generate(&mut self.rng).unwrap();
        let serial = Serial(self.next_serial);
        self.next_serial += 1;
        let credential = Credential {
            project: self.project,
            issuer: IssuerIndex(0),
            serial,
            validity,
            holder_key: holder.public_key(),
            user_id: UserId::new(user_id.as_bytes()).unwrap(),
        };
        let octets = credential.issue(&self.issuer).unwrap().to_vec();
        let mut wallet = MemoryWallet::empty(holder);
        wallet.issuers.push(self.issuers());
        wallet.credential = Some((self.project, octets));
        (wallet, serial)
    }

    /// A phone that holds nothing at all.
    pub fn empty_phone(&mut self) -> MemoryWallet {
        MemoryWallet::empty(SoftwareSigner::generate(&mut self.rng).unwrap().0)
    }

    /// A revocation list.
    pub fn revocation_list(&self, version: u32, serials: &[Serial], readers: &[ReaderId]) -> Vec<u8> {
        let mut out = vec![0; RevocationList::octets_max(serials.len(), readers.len())];
        let list = RevocationList {
            project: self.project,
            issuer: IssuerIndex(0),
            version,
            issued_at: START,
            serials,
            readers,
        };
        let length = list.issue(&self.issuer, &mut out).unwrap();
        out.truncate(length);
        out
    }

    /// A time token.
    pub fn time_token(&self, time: UnixTime) -> Vec<u8> {
        TimeToken { project: self.project, issuer: IssuerIndex(0), time }
            .issue(&self.issuer)
            .unwrap()
            .to_vec()
    }

    /// A fresh private scalar.
    pub fn scalar(&mut self) -> Secret<32> {
        SoftwareSigner::generate(&mut self.rng).unwrap().1
    }
}

/// The default backend, for tests that do not care.
pub const CRYPTO: RustCrypto = RustCrypto;
