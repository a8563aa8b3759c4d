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
    let row = Row::new("noise", format!("{PATTERN} (snow), both sides")).against("aws-lc/full/first");
    bench.case(vec![row], move |row| row[0] = handshake(&params, &initiator, &responder));
    format!(
        "{PATTERN}: the three messages with empty payloads and the change to transport mode; \
         building the states, which derives the static public keys, is left out in its favour."
    )
}

fn handshake(params: &NoiseParams, initiator: &Keypair, responder: &Keypair) -> Duration {
    let mut a = builder(params, initiator).build_initiator().unwrap();
    let mut b = builder(params, responder).build_responder().unwrap();
    let (mut message, mut payload) = ([0; 256], [0; 256]);
    let (sides, time) = timed(|| {
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
    time
}

fn builder<'k>(params: &NoiseParams, keys: &'k Keypair) -> Builder<'k> {
    Builder::new(params.clone()).local_private_key(&keys.private).unwrap()
}
