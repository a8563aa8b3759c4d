//! The octets of OFFER cannot be told from random ones, nor those of one kind of device from those of another.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

use credential::crypto::{Crypto, Point};
use credential::id::ReaderId;
use credential::transport::Transport;
use tests::distribution::{Findings, Sample, against_each_other, against_uniform, fair, repeated};
use tests::pair::{Phone, tap};
use tests::raw;
use tests::strangers::{KINDS, Scene};
use tests::world::{CRYPTO, at_ms};

/// OFFERs of each kind of device.
const OFFERS: usize = 3_000;

/// Tries everything there is to tell OFFERs of several kinds from random octets and from each other.
fn tell_apart(samples: &[&Sample<'_>]) -> Findings {
    const X_AND_ALL_BEHIND: std::ops::Range<usize> = 1..121;
    let mut findings = repeated(samples, 1, 8);
    for (n, sample) in samples.iter().enumerate() {
        findings.extend(against_uniform(sample, X_AND_ALL_BEHIND));
        let prefixes: Vec<_> = sample.strings.iter().map(|offer| offer[0]).collect();
        let odd = prefixes.iter().filter(|prefix| **prefix == 3).count();
        if prefixes.iter().any(|prefix| !matches!(prefix, 2 | 3)) {
            findings.push(format!("{}: a prefix that is neither 02 nor 03", sample.name));
        }
        findings.extend(fair(&format!("{}: prefix 03", sample.name), odd, prefixes.len()));
        for other in &samples[n + 1..] {
            findings.extend(against_each_other(sample, other, X_AND_ALL_BEHIND));
        }
    }
    findings
}

/// OFFERs of one device to a reader that says `hello`.
fn offers(scene: &mut Scene, device: usize, count: usize, hello: &[u8]) -> Sample<'static> {
    let strings = (0..count).map(|_| {
        scene.devices[device].session.select(Transport::Nfc, at_ms(0));
        scene.send(device, 0x10, hello).1
    });
    Sample { name: KINDS[device], strings: strings.collect() }
}

/// So many real tickets of the door for the device that has some.
fn stock_tickets(scene: &mut Scene, count: usize) {
    let mut phone = Phone::new(CRYPTO, scene.world.phone("with many tickets").0);
    let mut held = Vec::new();
    while held.len() < count {
        tap(&mut scene.door, &mut phone, Transport::Nfc, at_ms(0), &mut scene.rng);
        let tickets = phone.wallet.tickets.get_mut(&ReaderId(7)).expect("tickets of the door");
        // One is left for the next tap.
        held.append(&mut tickets.split_off(1));
    }
    scene.devices[0].wallet.tickets.insert(ReaderId(7), held);
}

#[test]
fn the_offers_of_all_devices_to_a_reader_with_a_stolen_certificate_cannot_be_told_apart() {
    let mut scene = Scene::new();
    stock_tickets(&mut scene, OFFERS);
    let hello = scene.strangers()[0].1.clone();
    let samples = [0, 1, 2, 3].map(|device| offers(&mut scene, device, OFFERS, &hello));
    assert!(scene.devices[0].wallet.tickets_held() < 2, "every OFFER had a real ticket");
    assert_eq!(tell_apart(&samples.each_ref()), Findings::new());
    let own = raw::ephemeral(&mut scene.rng);
    for sample in &samples {
        for offer in sample.strings.iter().step_by(8) {
            assert!(CRYPTO.agree(&own, &Point(offer[..33].try_into().unwrap())).is_ok(), "{}", sample.name);
        }
    }
}

#[test]
fn the_offers_of_all_devices_to_a_reader_of_an_unknown_issuer_cannot_be_told_apart() {
    let mut scene = Scene::new();
    let hello = scene.strangers()[1].1.clone();
    let samples = [0, 1, 2, 3].map(|device| offers(&mut scene, device, OFFERS / 2, &hello));
    assert!(!scene.devices[0].wallet.tickets.is_empty(), "no ticket is presented to it");
    assert_eq!(tell_apart(&samples.each_ref()), Findings::new());
}

#[test]
fn a_sabotaged_device_is_told_from_the_others() {
    let mut scene = Scene::new();
    let hello = scene.strangers()[1].1.clone();
    let honest = offers(&mut scene, 2, OFFERS / 2, &hello);
    let made = offers(&mut scene, 3, OFFERS / 2, &hello);
    assert_eq!(tell_apart(&[&honest, &made]), Findings::new());
    type Sabotage = (&'static str, fn(usize, &mut [u8]));
    let sabotages: [Sabotage; 8] = [
        ("a counter in the place of the nonce", |n, offer| {
            offer[33..45].copy_from_slice(&[&[0; 4][..], &n.to_be_bytes()].concat());
        }),
        ("a counter in one octet of it", |n, offer| offer[44] = n.to_be_bytes()[7].wrapping_mul(77)),
        ("a static octet", |_, offer| offer[104] = 0x5A),
        ("a bit of the binder that is mostly set", |n, offer| offer[120] |= u8::from(n % 4 != 0)),
        ("text in the place of random octets", |_, offer| {
            offer[45..105].iter_mut().for_each(|octet| *octet = b'a' + *octet % 26);
        }),
        ("a binder that is part of the ticket", |_, offer| offer.copy_within(33..49, 105)),
        ("one ticket in two taps", |n, offer| {
            if n % (OFFERS / 4) == 5 {
                offer[33..105].copy_from_slice(&[9; 72]);
            }
        }),
        ("only even points", |_, offer| offer[0] = 2),
    ];
    for (name, sabotage) in sabotages {
        let mut strings = made.strings.clone();
        strings.iter_mut().enumerate().for_each(|(n, offer)| sabotage(n, offer));
        let sabotaged = Sample { name, strings };
        assert_ne!(tell_apart(&[&honest, &sabotaged]), Findings::new(), "{name}");
    }
}
