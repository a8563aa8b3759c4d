//! `objects.json`: signed objects that hold, and each way in which one can be bad.

use credential::crypto::{Crypto, Point};
use credential::error::{DecodeError, ObjectError};
use credential::object::{
    Credential, IdBase, IssuerKeys, OutputFormat, Parity, Presence, ReaderCertificate, ReaderConfiguration,
    VerifiedCertificate, VerifiedConfiguration, VerifiedCredential, VerifiedRevocationList,
    VerifiedTimeToken,
};
use credential::time::{OutsideValidity, UnixTime};
use serde::Deserialize;
use serde_json::{Value, json};

use super::blocks::{IssuerKeyBlock, keys_for};
use super::check::{Checked, same};
use super::configurations::{ClockCase, ConfigurationCase, ListCase, SealedCase};
use super::octets::{Octets, hex};
use super::primitives::is_usable;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is a group of cases of the type below")]
pub struct Objects {
    #[serde(rename = "about")]
    _about: String,
    pub cases: Vec<ObjectCase>,
    pub sealed: Vec<SealedCase>,
    pub configurations: Vec<ConfigurationCase>,
    pub lists: Vec<ListCase>,
    pub clocks: Vec<ClockCase>,
}

/// One object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectCase {
    /// The name.
    pub name: String,
    kind: Kind,
    octets: Octets,
    issuer_keys: Vec<IssuerKeyBlock>,
    now: u32,
    expect: Expect,
    fields: Option<Value>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    ReaderCertificate,
    Credential,
    RevocationList,
    TimeToken,
    ReaderConfiguration,
}

/// Whether an object holds, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the vectors' own and explained with them")]
pub enum Expect {
    Valid,
    Truncated,
    Trailing,
    UnknownFormat,
    UnknownValue,
    UnknownIssuer,
    BadSignature,
    NotYetValid,
    Expired,
    NotSorted,
    BadUserId,
    BadPoint,
    BadCount,
    NotOwn,
    NotNewer,
    Taken,
}

/// Decodes, verifies, and compares the fields.
///
/// # Errors
/// What did not come out.
pub fn object<C: Crypto>(crypto: &C, case: &ObjectCase) -> Checked {
    let issuers = keys_for(&case.issuer_keys, &case.octets.0)?;
    let verified = fields(crypto, case.kind, &case.octets.0, &issuers, UnixTime(case.now));
    if case.expect == Expect::BadPoint {
        return bad_point(crypto, case, verified);
    }
    let got = verified.as_ref().map_or_else(|error| refusal(*error), |_| Expect::Valid);
    same("expect", got, case.expect)?;
    same("fields", verified.ok(), case.fields.clone())
}

/// The word for a refusal.
pub fn refusal(error: ObjectError) -> Expect {
    match error {
        ObjectError::Malformed(DecodeError::Truncated) => Expect::Truncated,
        ObjectError::Malformed(DecodeError::Trailing) => Expect::Trailing,
        ObjectError::Malformed(DecodeError::Format) => Expect::UnknownFormat,
        ObjectError::Malformed(DecodeError::NotSorted) => Expect::NotSorted,
        ObjectError::Malformed(DecodeError::UserId) => Expect::BadUserId,
        ObjectError::Malformed(DecodeError::Count | DecodeError::Varint) => Expect::BadCount,
        ObjectError::UnknownIssuer => Expect::UnknownIssuer,
        ObjectError::BadSignature => Expect::BadSignature,
        ObjectError::NotYetValid => Expect::NotYetValid,
        ObjectError::Expired => Expect::Expired,
        ObjectError::NotForThisReader => Expect::NotOwn,
        ObjectError::NotNewer => Expect::NotNewer,
        _ => Expect::UnknownValue,
    }
}

/// This implementation checks a point when it computes with it: whoever does is refused.
fn bad_point<C: Crypto>(crypto: &C, case: &ObjectCase, verified: Result<Value, ObjectError>) -> Checked {
    let octets = &case.octets.0;
    let malformed = |error: DecodeError| error.to_string();
    let points: Vec<Point> = match case.kind {
        Kind::ReaderCertificate => vec![ReaderCertificate::decode(octets).map_err(malformed)?.public_key],
        Kind::Credential => vec![Credential::decode(octets).map_err(malformed)?.holder_key],
        Kind::ReaderConfiguration => {
            let configuration = ReaderConfiguration::decode(octets).map_err(malformed)?;
            match configuration.report_key {
                Some(key) => vec![key],
                None => {
                    // The certificate in it would have to hold under the bad key.
                    same("verified", verified.map_err(refusal), Err::<Value, _>(Expect::BadSignature))?;
                    configuration.issuers.keys().iter().map(|key| key.point).collect()
                }
            }
        }
        Kind::RevocationList | Kind::TimeToken => return Err("there is no point in it".to_owned()),
    };
    for point in points {
        same("the point is usable", is_usable(crypto, &point)?, false)?;
    }
    Ok(())
}

fn fields<C: Crypto>(
    crypto: &C,
    kind: Kind,
    octets: &[u8],
    issuers: &IssuerKeys,
    now: UnixTime,
) -> Result<Value, ObjectError> {
    match kind {
        Kind::ReaderCertificate => {
            let verified = VerifiedCertificate::verify(crypto, octets, issuers, now)?;
            Ok(certificate_fields(verified.fields()))
        }
        Kind::Credential => {
            let verified = VerifiedCredential::verify(crypto, octets, issuers)?;
            verified.fields().validity.contains(now).map_err(|side| match side {
                OutsideValidity::NotYetValid => ObjectError::NotYetValid,
                OutsideValidity::Expired => ObjectError::Expired,
            })?;
            Ok(credential_fields(verified.fields()))
        }
        Kind::RevocationList => {
            let list = VerifiedRevocationList::verify(crypto, octets, issuers)?;
            Ok(json!({
                "project": hex(&list.project().0),
                "issuer": octets.get(9),
                "version": list.version(),
                "issued_at": list.issued_at().0,
                "serials": list.serials().map(|serial| serial.0.to_string()).collect::<Vec<_>>(),
                "reader_ids": list.readers().map(|reader| reader.0).collect::<Vec<_>>(),
            }))
        }
        Kind::TimeToken => {
            let verified = VerifiedTimeToken::verify(crypto, octets, issuers)?;
            let token = verified.fields();
            Ok(json!({ "project": hex(&token.project.0), "issuer": token.issuer.0, "time": token.time.0 }))
        }
        Kind::ReaderConfiguration => {
            let decoded = ReaderConfiguration::decode(octets)?;
            let own = ReaderCertificate::decode(&decoded.certificate)
                .map_or(Point([0; 33]), |certificate| certificate.public_key);
            let verified = VerifiedConfiguration::verify(crypto, octets, issuers, &own, None)?;
            Ok(configuration_fields(verified.fields()))
        }
    }
}

fn certificate_fields(certificate: &ReaderCertificate) -> Value {
    json!({
        "project": hex(&certificate.project.0),
        "issuer": certificate.issuer.0,
        "reader_id": certificate.reader.0,
        "not_before": certificate.validity.not_before.0,
        "not_after": certificate.validity.not_after.0,
        "presence": match certificate.presence {
            Presence::None => 0,
            Presence::Unlocked => 1,
            Presence::Verified => 2,
        },
        "point": hex(&certificate.public_key.0),
    })
}

fn credential_fields(credential: &Credential) -> Value {
    json!({
        "project": hex(&credential.project.0),
        "issuer": credential.issuer.0,
        "serial": credential.serial.0.to_string(),
        "not_before": credential.validity.not_before.0,
        "not_after": credential.validity.not_after.0,
        "flags": 0,
        "holder": hex(&credential.holder_key.0),
        "user_id": credential.user_id.as_str(),
    })
}

fn configuration_fields(configuration: &ReaderConfiguration) -> Value {
    let key =
        |key: &credential::object::IssuerKey| json!({ "index": key.index.0, "point": hex(&key.point.0) });
    json!({
        "project": hex(&configuration.issuers.project().0),
        "issuer": configuration.issuer.0,
        "version": configuration.version,
        "certificate": hex(&configuration.certificate),
        "issuer_keys": configuration.issuers.keys().iter().map(key).collect::<Vec<_>>(),
        "flags": u8::from(configuration.tickets) | u8::from(configuration.report_key.is_some()) << 1,
        "list_version": configuration.list_version,
        "report_key": configuration.report_key.map(|key| hex(&key.0)),
        "output": match configuration.output {
            OutputFormat::Text => json!({ "format": "text" }),
            OutputFormat::Wiegand(wiegand) => json!({
                "format": "wiegand",
                "number": match wiegand.base { IdBase::Decimal => 0, IdBase::Hexadecimal => 1 },
                "bits": wiegand.bits,
                "facility_bits": wiegand.facility_bits,
                "facility_code": wiegand.facility,
                "parity": match wiegand.parity { Parity::None => 0, Parity::EvenOdd => 1 },
            }),
        },
    })
}
