//! Transcript and key schedule of a tap, worked out line for line with the primitives alone.

use std::collections::BTreeMap;

use credential::crypto::{Crypto, Digest, Point, Signer, SoftwareSigner};
use credential::message::SELECT_COMMAND;
use credential::secret::Secret;

use super::check::{Checked, same, same_octets};
use super::taps::{PathName, TapCase};

type Values = BTreeMap<&'static str, Vec<u8>>;

/// Every value of the vector, and nothing that is not worked out.
///
/// # Errors
/// What did not come out.
pub fn values<C: Crypto>(crypto: &C, case: &TapCase) -> Checked {
    let found = work_out(crypto, case)?;
    for (name, octets) in &found {
        let expected = case.values.get(*name).ok_or_else(|| format!("{name} is not in the vector"))?;
        same_octets(name, octets, &expected.0)?;
    }
    let names: Vec<&str> = case.values.keys().map(String::as_str).collect();
    same("values", found.keys().copied().collect::<Vec<_>>(), names)
}

fn work_out<C: Crypto>(crypto: &C, case: &TapCase) -> Result<Values, String> {
    let (m, mut v) = (&case.messages, Values::new());
    let then = |h: &Digest, octets: &[u8]| crypto.sha256(&[h, octets]);
    let h0 = crypto.sha256(&[b"ostiary/1\0", case.transport.transport().name().as_bytes()]);
    let h1 = then(&h0, &SELECT_COMMAND);
    let h2 = then(&h1, &m.select_response.0);
    let h3 = then(&h2, &m.hello.0);
    let hb = then(&h3, m.offer.0.get(..105).unwrap_or_default());
    let h4 = then(&h3, &m.offer.0);
    v.extend([("h0", h0), ("h1", h1), ("h2", h2), ("h3", h3), ("hb", hb), ("h4", h4)].map(owned));

    let key = |octets: &super::octets::Octets| {
        crypto.agreement_key(&Secret::new(octets.array()?)).map_err(|error| error.to_string())
    };
    let reader = key(&case.reader.secret)?;
    let reader_ephemeral = key(case.reader.ephemerals.first().ok_or("an ephemeral key")?)?;
    let device_ephemeral = key(case.device.ephemerals.first().ok_or("an ephemeral key")?)?;
    let device_point = crypto.public_point(&device_ephemeral);
    v.insert("reader_point", crypto.public_point(&reader).0.to_vec());
    v.insert("reader_ephemeral_point", crypto.public_point(&reader_ephemeral).0.to_vec());
    v.insert("device_ephemeral_point", device_point.0.to_vec());
    let agree =
        |key: &C::AgreementKey, point: &Point| crypto.agree(key, point).map_err(|error| error.to_string());
    let ee = agree(&device_ephemeral, &crypto.public_point(&reader_ephemeral))?;
    same("ee from the other side", agree(&reader_ephemeral, &device_point)?, ee.clone())?;
    v.insert("ee", ee.expose().to_vec());

    let psk = match case.device.tickets.first() {
        Some(held) => Some(Secret::new(held.psk.array()?)),
        None => None,
    };
    if let Some(psk) = &psk {
        let binder_key = crypto.expand(psk, &[b"ostiary/1 binder"]);
        let mac = crypto.hmac(&binder_key, &[&hb]);
        v.insert("psk", psk.expose().to_vec());
        v.insert("binder_key", binder_key.expose().to_vec());
        v.insert("binder", mac.expose().iter().take(16).copied().collect());
    }
    let secret = match case.path {
        PathName::Full => {
            let es = agree(&reader, &device_point)?;
            v.insert("es", es.expose().to_vec());
            crypto.extract(&h4, &[ee.expose(), es.expose()])
        }
        PathName::Fast => crypto.extract(&h4, &[psk.ok_or("a ticket")?.expose(), ee.expose()]),
    };
    sealed(crypto, case, &h4, &secret, &mut v)?;
    Ok(v)
}

/// What is derived from the secret, and what is sealed under it.
fn sealed<C: Crypto>(
    crypto: &C,
    case: &TapCase,
    h4: &Digest,
    secret: &Secret<32>,
    v: &mut Values,
) -> Checked {
    let m = &case.messages;
    let reader_key = crypto.expand(secret, &[b"ostiary/1 reader to device"]);
    let device_key = crypto.expand(secret, &[b"ostiary/1 device to reader"]);
    v.insert("secret", secret.expose().to_vec());
    v.insert("reader_key", reader_key.expose().to_vec());
    v.insert("device_key", device_key.expose().to_vec());
    v.insert("exporter", crypto.expand(secret, &[b"ostiary/1 exporter"]).expose().to_vec());
    let (mut before, mut counter) = (*h4, 0);
    if let (Some(confirm), Some(proof)) = (&m.confirm, &m.proof) {
        let confirm_key = crypto.expand(secret, &[b"ostiary/1 confirm"]);
        same_octets("confirm", &crypto.seal(&confirm_key, &[0; 12], h4, &mut []), &confirm.0)?;
        let h5 = crypto.sha256(&[h4, &confirm.0]);
        before = crypto.sha256(&[&h5, &proof.0]);
        counter = 1;
        let plaintext = open(crypto, &device_key, 0, &h5, &proof.0)?;
        let tap: &[&[u8]] =
            &[b"ostiary tap\0", &case.reader.id.to_be_bytes(), &case.reader.clock.to_be_bytes(), &h5];
        let signer = SoftwareSigner::new(&Secret::new(case.device.holder_secret.array()?))
            .map_err(|error| error.to_string())?;
        let signature = signer.sign(tap).map_err(|error| error.to_string())?;
        v.insert("confirm_key", confirm_key.expose().to_vec());
        v.extend([("h5", h5), ("h6", before)].map(owned));
        v.insert("signed_tap", tap.concat());
        v.insert("device_signature", signature.0.to_vec());
        v.insert("proof_plaintext", plaintext);
    }
    let h7 = crypto.sha256(&[&before, &m.outcome.0]);
    v.extend([("h7", h7)].map(owned));
    v.insert("outcome_plaintext", open(crypto, &reader_key, 0, &before, &m.outcome.0)?);
    v.insert("ack_plaintext", open(crypto, &device_key, counter, &h7, &m.ack.0)?);
    if let (Some(report), Some(received)) = (&m.report, &m.received) {
        let h8 = crypto.sha256(&[&h7, &m.ack.0]);
        let h9 = crypto.sha256(&[&h8, &report.0]);
        v.extend([("h8", h8), ("h9", h9)].map(owned));
        v.insert("report_sealed", open(crypto, &reader_key, 1, &h8, &report.0)?);
        let counter = counter.saturating_add(1);
        v.insert("received_plaintext", open(crypto, &device_key, counter, &h9, &received.0)?);
    }
    Ok(())
}

fn open<C: Crypto>(
    crypto: &C,
    key: &Secret<32>,
    counter: u8,
    aad: &Digest,
    sealed: &[u8],
) -> Result<Vec<u8>, String> {
    let mut octets = sealed.to_vec();
    let mut nonce = [0; 12];
    nonce[11] = counter;
    let (in_out, tag) = octets.split_last_chunk_mut().ok_or("a tag")?;
    crypto.open(key, &nonce, aad, in_out, tag).map_err(|error| error.to_string())?;
    Ok(in_out.to_vec())
}

fn owned((name, digest): (&'static str, Digest)) -> (&'static str, Vec<u8>) {
    (name, digest.to_vec())
}
