//! `primitives.json`: suite 1 and varints.

use credential::crypto::{Crypto, Point, Signature, Signer, SoftwareSigner};
use credential::error::{DecodeError, ObjectError};
use credential::id::{IssuerIndex, ProjectId, Serial};
use credential::object::{
    IssuerKey, IssuerKeys, RevocationList, SEAL_OVERHEAD, VerifiedRevocationList, open_sealed, seal,
};
use credential::secret::Secret;
use credential::time::UnixTime;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Deserialize;

use super::check::{Checked, same, same_octets};
use super::octets::Octets;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is a group of cases of the type below")]
pub struct Primitives {
    #[serde(rename = "about")]
    _about: String,
    pub points: Vec<PointCase>,
    pub ecdh: Vec<EcdhCase>,
    pub signatures: Vec<SignatureCase>,
    pub hkdf: Vec<HkdfCase>,
    pub hmac: Vec<HmacCase>,
    pub gcm: Vec<GcmCase>,
    pub hpke: Vec<HpkeCase>,
    pub varints: Vec<VarintCase>,
}

/// A point that is on the curve, or octets that are none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointCase {
    /// The name.
    pub name: String,
    octets: Octets,
    valid: bool,
}

/// An agreement.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EcdhCase {
    /// The name.
    pub name: String,
    secret: Octets,
    secret_point: Octets,
    point: Octets,
    shared: Octets,
}

/// A signature that holds, or one that does not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureCase {
    /// The name.
    pub name: String,
    secret: Octets,
    point: Octets,
    message: Octets,
    signature: Octets,
    valid: bool,
}

/// Extract, then Expand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HkdfCase {
    /// The name.
    pub name: String,
    salt: Octets,
    ikm: Octets,
    extracted: Octets,
    info: Octets,
    expanded: Octets,
}

/// A tag of HMAC.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HmacCase {
    /// The name.
    pub name: String,
    key: Octets,
    message: Octets,
    tag: Octets,
}

/// What opens, or does not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GcmCase {
    /// The name.
    pub name: String,
    key: Octets,
    nonce: Octets,
    aad: Octets,
    sealed: Octets,
    plaintext: Option<Octets>,
}

/// What was sealed to a key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HpkeCase {
    /// The name.
    pub name: String,
    recipient_secret: Octets,
    #[serde(rename = "ephemeral_secret")]
    _ephemeral_secret: Octets,
    info: Octets,
    plaintext: Octets,
    sealed: Octets,
}

/// A varint that is read, or refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VarintCase {
    /// The name.
    pub name: String,
    octets: Octets,
    value: Option<String>,
    shortest: bool,
}

/// A point is refused by agreement and by verification alike.
///
/// # Errors
/// What did not come out.
pub fn point<C: Crypto>(crypto: &C, case: &PointCase) -> Checked {
    // Octets of another length cannot become a point at all.
    let Ok(octets) = case.octets.array() else { return same("valid", false, case.valid) };
    same("valid", is_usable(crypto, &Point(octets))?, case.valid)
}

/// Whether agreement takes the point; verification under one that it refuses has to fail too.
///
/// # Errors
/// When the two disagree.
pub fn is_usable<C: Crypto>(crypto: &C, point: &Point) -> Result<bool, String> {
    let key = crypto.agreement_key(&Secret::new([1; 32])).map_err(|error| error.to_string())?;
    let agreed = crypto.agree(&key, point).is_ok();
    let mut signature = Signature([0; 64]);
    (signature.0[31], signature.0[63]) = (1, 1);
    if !agreed && crypto.verify(point, &[b"message"], &signature).is_ok() {
        return Err("verification takes what agreement refuses".to_owned());
    }
    Ok(agreed)
}

/// Both points and the shared secret.
///
/// # Errors
/// What did not come out.
pub fn ecdh<C: Crypto>(crypto: &C, case: &EcdhCase) -> Checked {
    let key = crypto.agreement_key(&Secret::new(case.secret.array()?)).map_err(|error| error.to_string())?;
    same_octets("point", &crypto.public_point(&key).0, &case.secret_point.0)?;
    let shared = crypto.agree(&key, &Point(case.point.array()?)).map_err(|error| error.to_string())?;
    same_octets("shared", shared.expose(), &case.shared.0)
}

/// Verification, and the software signer for what holds.
///
/// # Errors
/// What did not come out.
pub fn signature<C: Crypto>(crypto: &C, case: &SignatureCase) -> Checked {
    let message = [case.message.0.as_slice()];
    let holds = case.signature.array().is_ok_and(|octets| {
        let point = case.point.array().map(Point);
        point.is_ok_and(|point| crypto.verify(&point, &message, &Signature(octets)).is_ok())
    });
    same("valid", holds, case.valid)?;
    let signer =
        SoftwareSigner::new(&Secret::new(case.secret.array()?)).map_err(|error| error.to_string())?;
    same_octets("point", &signer.public_key().0, &case.point.0)?;
    let made = signer.sign(&message).map_err(|error| error.to_string())?;
    if case.valid { same_octets("signature", &made.0, &case.signature.0) } else { Ok(()) }
}

/// Both steps of HKDF.
///
/// # Errors
/// What did not come out.
pub fn hkdf<C: Crypto>(crypto: &C, case: &HkdfCase) -> Checked {
    // No salt is a salt of zero octets of the hash's length (RFC 5869 §2.2).
    let salt = if case.salt.0.is_empty() { [0; 32] } else { case.salt.array()? };
    let extracted = crypto.extract(&salt, &[&case.ikm.0]);
    same_octets("extracted", extracted.expose(), &case.extracted.0)?;
    same_octets("expanded", crypto.expand(&extracted, &[&case.info.0]).expose(), &case.expanded.0)
}

/// The tag, in one part and in two.
///
/// # Errors
/// What did not come out.
pub fn hmac<C: Crypto>(crypto: &C, case: &HmacCase) -> Checked {
    // A key that is longer than the block is hashed first (RFC 2104 §2).
    let key = if case.key.0.len() > 64 { crypto.sha256(&[&case.key.0]) } else { case.key.array()? };
    let key = Secret::new(key);
    same_octets("tag", crypto.hmac(&key, &[&case.message.0]).expose(), &case.tag.0)?;
    let (front, back) = case.message.0.split_at(case.message.0.len() / 2);
    same_octets("tag in parts", crypto.hmac(&key, &[front, back]).expose(), &case.tag.0)
}

/// Opening, and sealing what opens.
///
/// # Errors
/// What did not come out.
pub fn gcm<C: Crypto>(crypto: &C, case: &GcmCase) -> Checked {
    let (key, nonce) = (Secret::new(case.key.array()?), case.nonce.array()?);
    let mut octets = case.sealed.0.clone();
    // What is shorter than a tag cannot be given to `open` at all.
    let opened = octets.split_last_chunk_mut().and_then(|(in_out, tag)| {
        crypto.open(&key, &nonce, &case.aad.0, in_out, tag).ok()?;
        Some(in_out.to_vec())
    });
    same("plaintext", opened.map(Octets), case.plaintext.clone())?;
    let Some(plaintext) = &case.plaintext else { return Ok(()) };
    let mut sealed = plaintext.0.clone();
    let tag = crypto.seal(&key, &nonce, &case.aad.0, &mut sealed);
    sealed.extend(tag);
    same_octets("sealed", &sealed, &case.sealed.0)
}

/// Opening; and what is sealed here opens too, under an ephemeral key that cannot be chosen.
///
/// # Errors
/// What did not come out.
pub fn hpke<C: Crypto>(crypto: &C, case: &HpkeCase) -> Checked {
    same_octets("info", b"ostiary reader configuration", &case.info.0)?;
    let scalar = Secret::new(case.recipient_secret.array()?);
    let mut octets = case.sealed.0.clone();
    let opened = open_sealed(&scalar, &mut octets).map_err(|error| error.to_string())?;
    same_octets("plaintext", opened, &case.plaintext.0)?;
    let key = crypto.agreement_key(&scalar).map_err(|error| error.to_string())?;
    let mut again = vec![0; case.plaintext.0.len().saturating_add(SEAL_OVERHEAD)];
    let mut rng = StdRng::seed_from_u64(1);
    seal(&mut rng, &crypto.public_point(&key), &case.plaintext.0, &mut again)
        .map_err(|error| error.to_string())?;
    let opened = open_sealed(&scalar, &mut again).map_err(|error| error.to_string())?;
    same_octets("plaintext of its own", opened, &case.plaintext.0)
}

/// A varint as the one serial of a revocation list.
///
/// # Errors
/// What did not come out.
pub fn varint<C: Crypto>(crypto: &C, case: &VarintCase) -> Checked {
    let signer = SoftwareSigner::new(&Secret::new([7; 32])).map_err(|error| error.to_string())?;
    let (project, issuer) = (ProjectId(*b"varints."), IssuerIndex(0));
    let issuers = IssuerKeys::new(project, &[IssuerKey { index: issuer, point: signer.public_key() }])
        .ok_or("one issuer key")?;
    let front = [&[1][..], &project.0, &[0], &[0; 8], &[1]].concat();
    let body = [&front[..], &case.octets.0, &[0]].concat();
    let signature = signer.sign(&[b"ostiary revocation list\0", &body]).map_err(|error| error.to_string())?;
    let octets = [&body[..], &signature.0].concat();
    let list = match (VerifiedRevocationList::verify(crypto, &octets, &issuers), &case.value) {
        (Ok(list), Some(_)) => list,
        (Err(ObjectError::Malformed(DecodeError::Varint | DecodeError::Truncated)), None) => return Ok(()),
        (other, value) => return Err(format!("{other:?} and not {value:?}")),
    };
    let serials: Vec<Serial> = list.serials().collect();
    let read: Vec<String> = serials.iter().map(|serial| serial.0.to_string()).collect();
    same("value", read, Vec::from_iter(case.value.clone()))?;
    let mut written = vec![0; RevocationList::octets_max(1, 0)];
    let issued = RevocationList {
        project,
        issuer,
        version: 0,
        issued_at: UnixTime(0),
        serials: &serials,
        readers: &[],
    };
    let length = issued.issue(&signer, &mut written).map_err(|error| error.to_string())?;
    same("shortest", written.get(..length) == Some(&octets), case.shortest)
}
