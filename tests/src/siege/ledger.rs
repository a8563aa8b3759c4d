//! What the managers said that has to stay true for everybody.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use credential::crypto::{Point, RustCrypto};
use credential::id::{IssuerIndex, ProjectId};
use credential::object::{IssuerKey, IssuerKeys, VerifiedCredential, VerifiedRevocationList};
use manager::domain::from_base64url;
use serde_json::Value;

/// Serials and list versions, as they were told.
#[derive(Debug)]
pub struct Ledger {
    project: ProjectId,
    issuers: OnceLock<IssuerKeys>,
    book: Mutex<Book>,
}

/// What every list has to satisfy that is asked for from now on.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// The list is at least this one.
    pub version: u32,
    /// These serials stand on it.
    pub revoked: BTreeSet<u64>,
}

#[derive(Debug, Default)]
struct Book {
    credentials: HashMap<u64, Vec<u8>>,
    demand: Demand,
}

impl Ledger {
    /// An empty ledger of a project, whose id is given in hexadecimal.
    ///
    /// # Panics
    /// When it is not an id.
    pub fn new(project: &str) -> Self {
        let id = u64::from_str_radix(project, 16).unwrap().to_be_bytes();
        Self { project: ProjectId(id), issuers: OnceLock::new(), book: Mutex::default() }
    }

    /// Takes the credential of an answer: it is genuine and for this key and user, and its serial was never seen with
    /// another credential. The serial.
    ///
    /// # Panics
    /// When it is not so.
    pub fn issued(&self, answer: &Value, key: &Point, user_id: &str) -> u64 {
        let octets = octets(&answer["credential"]);
        let issuers = self.issuers.get_or_init(|| issuer_keys(self.project, answer));
        let credential =
            VerifiedCredential::verify(&RustCrypto, &octets, issuers).expect("a genuine credential");
        let credential = credential.fields();
        assert_eq!(&credential.holder_key, key, "the credential is for another key");
        assert_eq!(credential.user_id.as_bytes(), user_id.as_bytes(), "the credential is for another user");
        let serial = credential.serial.0;
        let known = self.book().credentials.insert(serial, octets.clone());
        assert!(known.is_none_or(|known| known == octets), "serial {serial} was used twice");
        if answer["revocation_list"].is_string() {
            self.listed(&self::octets(&answer["revocation_list"]), &Demand::default());
        }
        serial
    }

    /// Notes serials that the manager said are revoked.
    pub fn revoked(&self, serials: impl IntoIterator<Item = u64>) {
        self.book().demand.revoked.extend(serials);
    }

    /// What a list must satisfy that is asked for now.
    pub fn demand(&self) -> Demand {
        self.book().demand.clone()
    }

    /// Takes a list that was asked for when `demand` was made.
    ///
    /// # Panics
    /// When it is not genuine, older than one seen before, or lacks a serial.
    pub fn listed(&self, list: &[u8], demand: &Demand) {
        let issuers = self.issuers.get().expect("a list comes after a credential");
        let list = VerifiedRevocationList::verify(&RustCrypto, list, issuers).expect("a genuine list");
        assert!(list.version() >= demand.version, "list {} after {}", list.version(), demand.version);
        let serials: BTreeSet<u64> = list.serials().map(|serial| serial.0).collect();
        let missing: Vec<_> = demand.revoked.difference(&serials).collect();
        assert!(missing.is_empty(), "revoked serials {missing:?} are not on list {}", list.version());
        let version = &mut self.book().demand.version;
        *version = list.version().max(*version);
    }

    /// How many credentials were seen, and how many of them are revoked.
    pub fn seen(&self) -> (usize, usize) {
        let book = self.book();
        (book.credentials.len(), book.demand.revoked.len())
    }

    /// The issuer keys, once a credential was seen.
    pub fn issuers(&self) -> Option<&IssuerKeys> {
        self.issuers.get()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Octets of any length in base64url.
///
/// # Panics
/// When they are something else.
pub fn octets(text: &Value) -> Vec<u8> {
    use base64ct::{Base64UrlUnpadded, Encoding};
    Base64UrlUnpadded::decode_vec(text.as_str().unwrap()).unwrap()
}

fn issuer_keys(project: ProjectId, answer: &Value) -> IssuerKeys {
    let keys = answer["issuer_keys"].as_array().unwrap().iter();
    let keys: Vec<IssuerKey> = keys
        .map(|key| IssuerKey {
            index: IssuerIndex(key["index"].as_u64().unwrap().try_into().unwrap()),
            point: Point(from_base64url(key["public_key"].as_str().unwrap()).unwrap()),
        })
        .collect();
    IssuerKeys::new(project, &keys).unwrap()
}
