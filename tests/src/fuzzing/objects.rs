//! Everything that an issuer signs, and the sealed configuration.

use credential::crypto::{Crypto, Point, Signer};
use credential::id::{IssuerIndex, ReaderId, Serial, UserId};
use credential::object::{
    Credential, HeldRevocationList, IdBase, IssuerKey, IssuerKeys, OutputFormat, Parity, Presence,
    ReaderCertificate, ReaderConfiguration, RevocationList, Revocations, SEAL_OVERHEAD, VerifiedCertificate,
    VerifiedConfiguration, VerifiedCredential, VerifiedRevocationList, VerifiedTimeToken, Wiegand,
    open_sealed, seal,
};
use credential::secret::Secret;
use credential::time::UnixTime;

use super::input::Input;
use super::remembering::{Remembering, RememberingSigner};
use super::stage::Draws;
use crate::world::{START, World};

/// What the objects are about: one of each kind, and the keys.
struct Project {
    issuer: RememberingSigner,
    issuers: IssuerKeys,
    scalar: Secret<32>,
    own_key: Point,
    certificate: Vec<u8>,
    credential: Vec<u8>,
    list: Vec<u8>,
    token: Vec<u8>,
    configuration: Vec<u8>,
}

thread_local! {
    static PROJECT: Project = Project::new();
}

/// The labels, in the order of the first octet.
const LABELS: [&str; 5] = [
    "ostiary reader certificate",
    "ostiary credential",
    "ostiary revocation list",
    "ostiary time token",
    "ostiary reader configuration",
];

/// Never panics; what verifies comes out again octet for octet, and keeps what its type promises.
pub fn objects(octets: &[u8]) {
    PROJECT.with(|project| {
        let mut input = Input::new(octets);
        let kind = input.octet();
        match kind % 6 {
            0 => certificate(project, &made(project, 0, &project.certificate, &mut input)),
            1 => credential(project, &made(project, 1, &project.credential, &mut input)),
            2 => list(project, &made(project, 2, &project.list, &mut input)),
            3 => token(project, &made(project, 3, &project.token, &mut input)),
            4 => {
                let held = input.flag().then(|| u32::from(input.octet()));
                configuration(project, &made(project, 4, &project.configuration, &mut input), held);
            }
            _ => sealed(project, &mut input),
        }
    });
}

/// The object to decode: the fuzzer's, a body of the fuzzer's under the issuer's signature, or a genuine one changed.
fn made(project: &Project, kind: usize, genuine: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let sign = |mut body: Vec<u8>| {
        let signature = project.issuer.sign(&[LABELS[kind].as_bytes(), &[0], &body]).unwrap();
        body.extend_from_slice(&signature.0);
        body
    };
    match input.below(4) {
        0 => input.rest().to_vec(),
        1 => sign(input.rest().to_vec()),
        2 => {
            let mut body = genuine[..genuine.len() - 64].to_vec();
            input.mutate(&mut body);
            sign(body)
        }
        _ => {
            let mut object = genuine.to_vec();
            input.mutate(&mut object);
            object
        }
    }
}

fn certificate(project: &Project, octets: &[u8]) {
    let decoded = ReaderCertificate::decode(octets);
    let at = decoded.map_or(START, |fields| fields.validity.not_before);
    let Ok(verified) = VerifiedCertificate::verify(&Remembering, octets, &project.issuers, at) else {
        return;
    };
    let fields = verified.fields();
    assert_eq!(decoded, Ok(*fields));
    assert_eq!(fields.issue(&project.issuer).unwrap(), octets);
    assert!(
        VerifiedCertificate::verify(&Remembering, octets, &project.issuers, fields.validity.not_after)
            .is_err()
    );
}

fn credential(project: &Project, octets: &[u8]) {
    let decoded = Credential::decode(octets);
    let Ok(verified) = VerifiedCredential::verify(&Remembering, octets, &project.issuers) else { return };
    let fields = verified.fields();
    assert_eq!(decoded.as_ref(), Ok(fields));
    let user_id = fields.user_id.as_bytes();
    assert!((1..=32).contains(&user_id.len()) && user_id.iter().all(|octet| (0x20..=0x7E).contains(octet)));
    assert_eq!(fields.user_id.as_str().as_bytes(), user_id);
    assert_eq!(UserId::new(user_id).as_ref(), Ok(&fields.user_id));
    assert_eq!(fields.issue(&project.issuer).unwrap(), octets);
}

fn list(project: &Project, octets: &[u8]) {
    let Ok(verified) = VerifiedRevocationList::verify(&Remembering, octets, &project.issuers) else { return };
    assert_eq!(verified.octets(), octets);
    let serials: Vec<Serial> = verified.serials().collect();
    let readers: Vec<ReaderId> = verified.readers().collect();
    assert!(serials.is_sorted_by(|a, b| a < b) && readers.is_sorted_by(|a, b| a < b));
    // Not octet for octet, because a varint has more than one form.
    let fields = RevocationList {
        project: verified.project(),
        issuer: IssuerIndex(0),
        version: verified.version(),
        issued_at: verified.issued_at(),
        serials: &serials,
        readers: &readers,
    };
    let mut again = vec![0; RevocationList::octets_max(serials.len(), readers.len())];
    let length = fields.issue(&project.issuer, &mut again).unwrap();
    assert!(length <= octets.len(), "no form is shorter than the shortest");
    let again = VerifiedRevocationList::verify(&Remembering, &again[..length], &project.issuers).unwrap();
    assert!(again.serials().eq(serials.iter().copied()) && again.readers().eq(readers.iter().copied()));
    hold::<128>(&verified, &serials, &readers);
    hold::<2048>(&verified, &serials, &readers);
}

fn hold<const N: usize>(list: &VerifiedRevocationList<'_>, serials: &[Serial], readers: &[ReaderId]) {
    let mut held = HeldRevocationList::<N>::empty();
    let taken = held.replace(list).is_ok();
    assert_eq!(taken, list.version() > 0 && list.octets().len() <= N);
    assert_eq!(held.octets(), if taken { list.octets() } else { &[] });
    assert_eq!(held.version(), if taken { list.version() } else { 0 });
    // The ends stand for the rest: walking a long list for each of its entries takes too long.
    for serial in serials.iter().take(3).chain(serials.last()) {
        assert_eq!(held.is_revoked(*serial), taken);
        let next = Serial(serial.0.wrapping_add(1));
        assert_eq!(held.is_revoked(next), taken && serials.binary_search(&next).is_ok());
    }
    for reader in readers.iter().take(3).chain(readers.last()) {
        assert_eq!(held.is_reader_revoked(*reader), taken);
    }
    assert!(held.replace(list).is_err(), "the same version is not newer");
}

fn token(project: &Project, octets: &[u8]) {
    let Ok(verified) = VerifiedTimeToken::verify(&Remembering, octets, &project.issuers) else { return };
    let fields = verified.fields();
    assert_eq!(fields.issue(&project.issuer).unwrap(), octets);
    assert_eq!(verified.forward_from(None), Ok(fields.time));
    assert!(verified.forward_from(Some(fields.time)).is_err());
    assert_eq!(verified.forward_from(Some(UnixTime(0))).is_ok(), fields.time.0 > 0);
}

fn configuration(project: &Project, octets: &[u8], held: Option<u32>) {
    let decoded = ReaderConfiguration::decode(octets);
    let verified =
        VerifiedConfiguration::verify(&Remembering, octets, &project.issuers, &project.own_key, held);
    let Ok(verified) = verified else { return };
    let fields = verified.fields();
    assert_eq!(decoded.as_ref(), Ok(fields));
    assert!(held.is_none_or(|held| fields.version > held));
    let certificate = ReaderCertificate::decode(&fields.certificate).unwrap();
    assert_eq!((certificate.public_key, certificate.project), (project.own_key, project.issuers.project()));
    assert!((1..=4).contains(&fields.issuers.keys().len()));
    let mut again = [0; ReaderConfiguration::OCTETS_MAX];
    let length = fields.issue(&project.issuer, &mut again).unwrap();
    assert_eq!(&again[..length], octets);
}

/// What was sealed opens, and nothing else does.
fn sealed(project: &Project, input: &mut Input<'_>) {
    if input.flag() {
        let mut sealed = input.rest().to_vec();
        assert!(open_sealed(&project.scalar, &mut sealed).is_err());
        return;
    }
    let plaintext = made(project, 4, &project.configuration, input);
    let mut sealed = vec![0; plaintext.len() + SEAL_OVERHEAD];
    let length = seal(&mut Draws::new(4), &project.own_key, &plaintext, &mut sealed).unwrap();
    assert_eq!(length, sealed.len());
    let mut changed = sealed.clone();
    input.mutate(&mut changed);
    let same = changed == sealed;
    match open_sealed(&project.scalar, &mut changed) {
        Ok(opened) => {
            assert!(same && opened == plaintext);
            configuration(project, opened, None);
        }
        Err(_) => assert!(!same),
    }
}

impl Project {
    fn new() -> Self {
        let mut world = World::new(3);
        let scalar = world.scalar();
        let own_key = Remembering.public_point(&Remembering.agreement_key(&scalar).unwrap());
        let certificate = world.certificate(7, own_key, Presence::Unlocked).issue(&world.issuer).unwrap();
        let (wallet, _) = world.phone("0004711");
        let (_, credential) = wallet.credential.unwrap();
        let list = world.revocation_list(5, &[Serial(1), Serial(300), Serial(u64::MAX)], &[ReaderId(8)]);
        let second = IssuerKey { index: IssuerIndex(1), point: own_key };
        let keys: Vec<IssuerKey> = world.issuers().keys().iter().copied().chain([second]).collect();
        let configuration = ReaderConfiguration {
            issuer: IssuerIndex(0),
            version: 3,
            certificate,
            issuers: IssuerKeys::new(world.project, &keys).unwrap(),
            tickets: true,
            list_version: 5,
            report_key: Some(own_key),
            output: OutputFormat::Wiegand(Wiegand {
                base: IdBase::Decimal,
                bits: 26,
                facility_bits: 8,
                facility: 17,
                parity: Parity::EvenOdd,
            }),
        };
        let mut issued = vec![0; ReaderConfiguration::OCTETS_MAX];
        let length = configuration.issue(&world.issuer, &mut issued).unwrap();
        issued.truncate(length);
        Self {
            issuers: world.issuers(),
            scalar,
            own_key,
            certificate: certificate.to_vec(),
            credential,
            list,
            token: world.time_token(START),
            configuration: issued,
            issuer: RememberingSigner(world.issuer),
        }
    }
}
