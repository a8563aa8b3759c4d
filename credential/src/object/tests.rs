//! What holds for every kind of signed object.

use std::vec::Vec;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::crypto::{Crypto, Point, RustCrypto, Signer, SoftwareSigner};
use crate::error::{DecodeError, ObjectError};
use crate::id::{IssuerIndex, ProjectId, ReaderId, Serial, UserId};
use crate::secret::Secret;
use crate::time::{UnixTime, Validity};

const PROJECT: ProjectId = ProjectId(*b"building");
const INDEX: IssuerIndex = IssuerIndex(1);
const NOW: UnixTime = UnixTime(1_800_000_000);
const VALIDITY: Validity = Validity { not_before: UnixTime(NOW.0 - 60), not_after: UnixTime(NOW.0 + 3600) };

fn signer(octet: u8) -> SoftwareSigner {
    SoftwareSigner::new(&Secret::new([octet; 32])).unwrap()
}

fn issuers() -> IssuerKeys {
    let key = |index, octet| IssuerKey { index: IssuerIndex(index), point: signer(octet).public_key() };
    IssuerKeys::new(PROJECT, &[key(0, 9), key(1, 1)]).unwrap()
}

fn reader_key() -> Point {
    RustCrypto.public_point(&RustCrypto.agreement_key(&Secret::new([5; 32])).unwrap())
}

fn certificate() -> ReaderCertificate {
    ReaderCertificate {
        project: PROJECT,
        issuer: INDEX,
        reader: ReaderId(7),
        validity: VALIDITY,
        presence: Presence::Unlocked,
        public_key: reader_key(),
    }
}

fn credential(user_id: &[u8]) -> Credential {
    Credential {
        project: PROJECT,
        issuer: INDEX,
        serial: Serial(42),
        validity: VALIDITY,
        holder_key: signer(3).public_key(),
        user_id: UserId::new(user_id).unwrap(),
    }
}

fn configuration() -> ReaderConfiguration {
    let wiegand =
        Wiegand { base: IdBase::Decimal, bits: 26, facility_bits: 8, facility: 17, parity: Parity::EvenOdd };
    ReaderConfiguration {
        issuer: INDEX,
        version: 3,
        certificate: certificate().issue(&signer(1)).unwrap(),
        issuers: issuers(),
        tickets: true,
        list_version: 12,
        report_key: Some(Point([2; 33])),
        output: OutputFormat::Wiegand(wiegand),
    }
}

fn list(serials: &[u64], version: u32) -> Vec<u8> {
    let serials: Vec<_> = serials.iter().copied().map(Serial).collect();
    let readers = [ReaderId(4), ReaderId(u32::MAX)];
    let mut out = std::vec![0; RevocationList::octets_max(serials.len(), 2)];
    let list = RevocationList {
        project: PROJECT,
        issuer: INDEX,
        version,
        issued_at: NOW,
        serials: &serials,
        readers: &readers,
    };
    let octets = list.issue(&signer(1), &mut out).unwrap();
    out.truncate(octets);
    out
}

/// Every kind, as octets and a verifier that says whether they are believed.
#[expect(clippy::type_complexity, reason = "a table of closures for one test module")]
fn kinds() -> Vec<(Vec<u8>, fn(&[u8]) -> Result<(), ObjectError>)> {
    let mut configured = std::vec![0; ReaderConfiguration::OCTETS_MAX];
    let octets = configuration().issue(&signer(1), &mut configured).unwrap();
    configured.truncate(octets);
    std::vec![
        (certificate().issue(&signer(1)).unwrap().to_vec(), |octets| {
            VerifiedCertificate::verify(&RustCrypto, octets, &issuers(), NOW).map(drop)
        }),
        (credential(b"0004711").issue(&signer(1)).unwrap().to_vec(), |octets| {
            VerifiedCredential::verify(&RustCrypto, octets, &issuers()).map(drop)
        }),
        (list(&[1, 2, 300, u64::MAX], 5), |octets| {
            VerifiedRevocationList::verify(&RustCrypto, octets, &issuers()).map(drop)
        }),
        (
            TimeToken { project: PROJECT, issuer: INDEX, time: NOW }.issue(&signer(1)).unwrap().to_vec(),
            |octets| VerifiedTimeToken::verify(&RustCrypto, octets, &issuers()).map(drop)
        ),
        (configured, |octets| {
            VerifiedConfiguration::verify(&RustCrypto, octets, &issuers(), &reader_key(), Some(2)).map(drop)
        }),
    ]
}

#[test]
fn every_kind_is_believed_as_issued() {
    for (octets, verify) in kinds() {
        assert_eq!(verify(&octets), Ok(()));
    }
}

#[test]
fn every_truncation_is_refused() {
    for (octets, verify) in kinds() {
        for length in 0..octets.len() {
            let refused = verify(&octets[..length]).unwrap_err();
            let by_structure = matches!(refused, ObjectError::Malformed(_));
            // Cutting the end moves the signature into the body: where the body's length is fixed that shows at
            // once, where it varies the signature may be what does not hold.
            assert!(by_structure || refused == ObjectError::BadSignature, "{length}: {refused:?}");
        }
    }
}

#[test]
fn every_bit_flip_is_refused() {
    for (octets, verify) in kinds() {
        for bit in 0..octets.len() * 8 {
            let mut flipped = octets.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(&flipped).is_err(), "bit {bit} of {}", octets.len());
        }
    }
}

#[test]
fn an_octet_too_many_is_refused() {
    for (mut octets, verify) in kinds() {
        octets.push(0);
        assert!(verify(&octets).is_err());
    }
}

#[test]
fn another_label_or_another_key_is_refused() {
    let other_key = certificate().issue(&signer(2)).unwrap();
    let refused = VerifiedCertificate::verify(&RustCrypto, &other_key, &issuers(), NOW);
    assert_eq!(refused, Err(ObjectError::BadSignature));

    let mut octets = certificate().issue(&signer(1)).unwrap();
    let relabelled = signer(1).sign(&[b"ostiary credential", &[0], &octets[..56]]).unwrap();
    octets[56..].copy_from_slice(&relabelled.0);
    let refused = VerifiedCertificate::verify(&RustCrypto, &octets, &issuers(), NOW);
    assert_eq!(refused, Err(ObjectError::BadSignature));
}

#[test]
fn an_issuer_key_of_another_index_or_project_is_unknown() {
    for certificate in [
        ReaderCertificate { issuer: IssuerIndex(2), ..certificate() },
        ReaderCertificate { project: ProjectId([0; 8]), ..certificate() },
    ] {
        let octets = certificate.issue(&signer(1)).unwrap();
        let refused = VerifiedCertificate::verify(&RustCrypto, &octets, &issuers(), NOW);
        assert_eq!(refused, Err(ObjectError::UnknownIssuer));
    }
}

#[test]
fn both_keys_of_a_rotation_are_believed() {
    for (index, octet) in [(0, 9), (1, 1)] {
        let octets =
            ReaderCertificate { issuer: IssuerIndex(index), ..certificate() }.issue(&signer(octet)).unwrap();
        assert!(VerifiedCertificate::verify(&RustCrypto, &octets, &issuers(), NOW).is_ok());
    }
}

#[test]
fn a_certificate_is_refused_outside_its_validity() {
    let octets = certificate().issue(&signer(1)).unwrap();
    let at = |time| VerifiedCertificate::verify(&RustCrypto, &octets, &issuers(), time);
    assert_eq!(at(UnixTime(NOW.0 - 61)), Err(ObjectError::NotYetValid));
    assert_eq!(at(UnixTime(NOW.0 + 3600)), Err(ObjectError::Expired));
}

#[test]
fn user_ids_of_every_length_come_through() {
    for length in 1..=32 {
        let issued = credential(&[b'7'; 32][..length]);
        let octets = issued.issue(&signer(1)).unwrap();
        assert_eq!(octets.len(), 125 + length);
        let verified = VerifiedCredential::verify(&RustCrypto, &octets, &issuers()).unwrap();
        assert_eq!(verified.fields(), &issued);
    }
}

#[test]
fn a_list_names_what_it_revokes_and_nothing_else() {
    let octets = list(&[1, 2, 300, u64::MAX], 5);
    let verified = VerifiedRevocationList::verify(&RustCrypto, &octets, &issuers()).unwrap();
    let serials: Vec<_> = verified.serials().map(|serial| serial.0).collect();
    assert_eq!(serials, [1, 2, 300, u64::MAX]);
    let mut held = HeldRevocationList::<256>::empty();
    assert_eq!((held.version(), held.is_revoked(Serial(1))), (0, false));
    held.replace(&verified).unwrap();
    assert_eq!(held.version(), 5);
    assert!(held.is_revoked(Serial(300)) && !held.is_revoked(Serial(299)));
    assert!(held.is_reader_revoked(ReaderId(4)) && !held.is_reader_revoked(ReaderId(5)));
}

#[test]
fn a_list_is_replaced_only_by_a_newer_one_that_fits() {
    let mut held = HeldRevocationList::<128>::empty();
    let mut replace = |octets: &[u8]| {
        held.replace(&VerifiedRevocationList::verify(&RustCrypto, octets, &issuers()).unwrap())?;
        Ok(held.version())
    };
    assert_eq!(replace(&list(&[1], 5)), Ok(5));
    assert_eq!(replace(&list(&[], 5)), Err(ObjectError::NotNewer));
    assert_eq!(replace(&list(&[], 4)), Err(ObjectError::NotNewer));
    let many: Vec<_> = (0..60).collect();
    assert_eq!(replace(&list(&many, 6)), Err(ObjectError::TooLarge));
    assert_eq!(replace(&list(&[2], 7)), Ok(7));
}

#[test]
fn a_list_that_does_not_ascend_is_neither_issued_nor_believed() {
    let unsorted = [Serial(2), Serial(2)];
    let list = RevocationList {
        project: PROJECT,
        issuer: INDEX,
        version: 1,
        issued_at: NOW,
        serials: &unsorted,
        readers: &[],
    };
    let refused = list.issue(&signer(1), &mut [0; 256]).unwrap_err();
    assert!(matches!(refused, IssueError::Invalid(DecodeError::NotSorted)));

    let mut body = self::list(&[1, 2, 3], 1);
    body.truncate(body.len() - 64);
    body[19 + 1] = 0;
    let signature = signer(1).sign(&[b"ostiary revocation list", &[0], &body]).unwrap();
    body.extend_from_slice(&signature.0);
    let refused = VerifiedRevocationList::verify(&RustCrypto, &body, &issuers());
    assert_eq!(refused, Err(ObjectError::Malformed(DecodeError::NotSorted)));
}

#[test]
fn a_clock_moves_only_forward_by_a_token() {
    let octets = TimeToken { project: PROJECT, issuer: INDEX, time: NOW }.issue(&signer(1)).unwrap();
    let token = VerifiedTimeToken::verify(&RustCrypto, &octets, &issuers()).unwrap();
    assert_eq!(token.forward_from(None), Ok(NOW));
    assert_eq!(token.forward_from(Some(UnixTime(NOW.0 - 1))), Ok(NOW));
    assert_eq!(token.forward_from(Some(NOW)), Err(ObjectError::NotNewer));
}

#[test]
fn a_configuration_is_for_one_reader_and_only_upward() {
    let mut octets = [0; ReaderConfiguration::OCTETS_MAX];
    let length = configuration().issue(&signer(1), &mut octets).unwrap();
    let verify = |key: &Point, held| {
        VerifiedConfiguration::verify(&RustCrypto, &octets[..length], &issuers(), key, held)
    };
    assert_eq!(verify(&reader_key(), None).unwrap().fields(), &configuration());
    assert!(verify(&reader_key(), Some(2)).is_ok());
    assert_eq!(verify(&reader_key(), Some(3)), Err(ObjectError::NotNewer));
    assert_eq!(verify(&signer(3).public_key(), None), Err(ObjectError::NotForThisReader));
}

#[test]
fn what_is_sealed_opens_with_the_readers_key_only() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut sealed = [0; 100];
    let length = seal(&mut rng, &reader_key(), b"configuration", &mut sealed).unwrap();
    assert_eq!(length, 13 + SEAL_OVERHEAD);
    let mut compact = reader_key();
    compact.0[0] = 5;
    assert!(seal(&mut rng, &compact, b"configuration", &mut [0; 200]).is_err());
    let open = |scalar, octets: &[u8]| {
        open_sealed(&Secret::new([scalar; 32]), &mut octets.to_vec()).map(<[u8]>::to_vec)
    };
    assert_eq!(open(5, &sealed[..length]).unwrap(), b"configuration");
    assert_eq!(open(6, &sealed[..length]), Err(ObjectError::Unsealable));
    for cut in 0..length {
        assert_eq!(open(5, &sealed[..cut]), Err(ObjectError::Unsealable));
    }
    for bit in 0..length * 8 {
        let mut flipped = sealed;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(5, &flipped[..length]), Err(ObjectError::Unsealable));
    }
}
