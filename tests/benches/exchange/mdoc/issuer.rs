//! An issuing authority for one licence: root, document signer, and the licence itself.

use std::time::Duration;

use ciborium::Value;
use isomdl::definitions::x509::X5Chain;
use isomdl::definitions::x509::trust_anchor::{TrustAnchor, TrustAnchorRegistry, TrustPurpose};
use isomdl::definitions::{CoseKey, DeviceKeyInfo, DigestAlgorithm, EC2Curve, EC2Y, ValidityInfo};
use isomdl::issuance::Mdoc;
use isomdl_p256::ecdsa::{DerSignature, Signature, SigningKey};
use isomdl_x509::Certificate;
use isomdl_x509::builder::{Builder, CertificateBuilder, Profile};
use isomdl_x509::der::oid::ObjectIdentifier;
use isomdl_x509::der::referenced::OwnedToRef;
use isomdl_x509::ext::pkix::crl::dp::DistributionPoint;
use isomdl_x509::ext::pkix::name::{DistributionPointName, GeneralName};
use isomdl_x509::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, IssuerAltName,
    KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use isomdl_x509::name::Name;
use isomdl_x509::spki::SubjectPublicKeyInfoOwned;
use isomdl_x509::time::Validity;
use time::OffsetDateTime;

const DAY: Duration = Duration::from_secs(86_400);

/// Extended key usage of a document signer (ISO/IEC 18013-5, Annex B).
const DOCUMENT_SIGNER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.0.18013.5.1.2");

/// A licence with two elements, whom to trust for it, and the key of the device that holds it.
pub(super) fn licence() -> (Mdoc, TrustAnchorRegistry, SigningKey) {
    let [root, signer, device] = [1, 2, 3].map(|octet| SigningKey::from_slice(&[octet; 32]).unwrap());
    let anchor = TrustAnchor { certificate: root_certificate(&root), purpose: TrustPurpose::Iaca };
    let chain =
        X5Chain::builder().with_certificate(signer_certificate(&signer, &root)).unwrap().build().unwrap();
    let elements = [("age_over_18", true), ("age_over_21", true)];
    let elements = elements.map(|(name, value)| (name.to_owned(), Value::Bool(value))).into();
    let now = OffsetDateTime::now_utc();
    let licence = Mdoc::builder()
        .doc_type(super::DOC_TYPE.into())
        .namespaces([(super::NAMESPACE.to_owned(), elements)].into())
        .validity_info(ValidityInfo {
            signed: now,
            valid_from: now,
            valid_until: now + DAY,
            expected_update: None,
        })
        .digest_algorithm(DigestAlgorithm::SHA256)
        .device_key_info(device_key_info(&device))
        .issue::<SigningKey, Signature>(chain, signer)
        .unwrap();
    (licence, TrustAnchorRegistry { anchors: vec![anchor] }, device)
}

fn device_key_info(device: &SigningKey) -> DeviceKeyInfo {
    let point = device.verifying_key().to_encoded_point(false);
    let device_key = CoseKey::EC2 {
        crv: EC2Curve::P256,
        x: point.x().unwrap().to_vec(),
        y: EC2Y::Value(point.y().unwrap().to_vec()),
    };
    DeviceKeyInfo { device_key, key_authorizations: None, key_info: None }
}

fn root_certificate(root: &SigningKey) -> Certificate {
    let mut builder = certificate(1, None, authority(), root, root);
    builder.add_extension(&KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)).unwrap();
    builder.add_extension(&BasicConstraints { ca: true, path_len_constraint: Some(0) }).unwrap();
    builder.build::<DerSignature>().unwrap()
}

fn signer_certificate(signer: &SigningKey, root: &SigningKey) -> Certificate {
    let subject = "CN=document signer,C=US".parse().unwrap();
    let mut builder = certificate(2, Some(authority()), subject, signer, root);
    let root_identifier = SubjectKeyIdentifier::try_from(public(root).owned_to_ref()).unwrap();
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(root_identifier.0),
        ..AuthorityKeyIdentifier::default()
    };
    builder.add_extension(&authority).unwrap();
    builder.add_extension(&KeyUsage(KeyUsages::DigitalSignature.into())).unwrap();
    builder.add_extension(&ExtendedKeyUsage(vec![DOCUMENT_SIGNER])).unwrap();
    builder.build::<DerSignature>().unwrap()
}

/// What both certificates have.
fn certificate<'k>(
    serial: u8,
    issuer: Option<Name>,
    subject: Name,
    key: &SigningKey,
    root: &'k SigningKey,
) -> CertificateBuilder<'k, SigningKey> {
    let profile = Profile::Manual { issuer };
    let validity = Validity::from_now(DAY).unwrap();
    let mut builder =
        CertificateBuilder::new(profile, serial.into(), validity, subject, public(key), root).unwrap();
    let identifier = SubjectKeyIdentifier::try_from(public(key).owned_to_ref()).unwrap();
    builder.add_extension(&identifier).unwrap();
    let contact = GeneralName::Rfc822Name("authority@example.com".to_owned().try_into().unwrap());
    builder.add_extension(&IssuerAltName(vec![contact])).unwrap();
    let list =
        GeneralName::UniformResourceIdentifier("http://example.com/list".to_owned().try_into().unwrap());
    let point = DistributionPointName::FullName(vec![list]);
    let point = DistributionPoint { distribution_point: Some(point), reasons: None, crl_issuer: None };
    builder.add_extension(&CrlDistributionPoints(vec![point])).unwrap();
    builder
}

fn authority() -> Name {
    "CN=issuing authority,C=US".parse().unwrap()
}

fn public(key: &SigningKey) -> SubjectPublicKeyInfoOwned {
    SubjectPublicKeyInfoOwned::from_key(*key.verifying_key()).unwrap()
}
