//! A Noise handshake with the crate snow: mutual authentication and nothing above it.

use std::time::Duration;

use snow::params::NoiseParams;
use snow::{Builder, Keypair};

use crate::harness::{Bench, Row, timed};

const PATTERN: &str = "Noise_XX_25519_AESGCM_SHA256";

/// One row; returns a line for the foot of the table.
pub(crate) fn add_to(bench: &mut Bench) -> String {
    let params: NoiseParams = PATTERN.parse().unwrap();
    let keys = || Builder::new(params.clone()).generate_keypair().unwrap();
    let (initiator, responder) = (keys(), keys());
    let row =
        |id: &str, label| Row::new(id, format!("{PATTERN} (snow), {label}")).against("aws-lc/full/first");
    let rows = vec![row("noise", "both sides"), row("noise/built", "both sides, building included")];
    bench.case(rows, move |row| {
        let (built, exchanged) = handshake(&params, &initiator, &responder);
        row.copy_from_slice(&[exchanged, built + exchanged]);
    });
    format!(
        "{PATTERN}: the three messages with empty payloads and the change to transport mode; \
         building the two states derives the static public keys. No certificate is verified."
    )
}

fn handshake(params: &NoiseParams, initiator: &Keypair, responder: &Keypair) -> (Duration, Duration) {
    let ((mut a, mut b), built) = timed(|| {
        let initiator = builder(params, initiator).build_initiator().unwrap();
        (initiator, builder(params, responder).build_responder().unwrap())
    });
    let (mut message, mut payload) = ([0; 256], [0; 256]);
    let (sides, exchanged) = timed(|| {
        let length = a.write_message(&[], &mut message).unwrap();
        b.read_message(&message[..length], &mut payload).unwrap();
        let length = b.write_message(&[], &mut message).unwrap();
        a.read_message(&message[..length], &mut payload).unwrap();
        let length = a.write_message(&[], &mut message).unwrap();
        b.read_message(&message[..length], &mut payload).unwrap();
        (a.into_transport_mode().unwrap(), b.into_transport_mode().unwrap())
    });
    assert_eq!(sides.0.get_remote_static(), Some(&*responder.public));
    assert_eq!(sides.1.get_remote_static(), Some(&*initiator.public));
    (built, exchanged)
}

fn builder<'k>(params: &NoiseParams, keys: &'k Keypair) -> Builder<'k> {
    Builder::new(params.clone()).local_private_key(&keys.private).unwrap()
}
