//! Every golden vector of the second implementation; with the feature `aws-lc` on both backends.

#[cfg(feature = "aws-lc")]
use credential::crypto::AwsLc;
use credential::crypto::{Crypto, RustCrypto};
use tests::vectors::check::every;
use tests::vectors::hostile::Hostile;
use tests::vectors::objects::Objects;
use tests::vectors::primitives::Primitives;
use tests::vectors::reports::Reports;
use tests::vectors::taps::Taps;
use tests::vectors::{configurations, load, objects, primitives, reports, schedule, taps};

#[test]
fn the_primitives_are_those_of_the_vectors() {
    primitives_hold(&RustCrypto);
    #[cfg(feature = "aws-lc")]
    primitives_hold(&AwsLc);
}

#[test]
fn objects_hold_or_are_refused_for_the_reason_of_the_vectors() {
    objects_hold(&RustCrypto);
    #[cfg(feature = "aws-lc")]
    objects_hold(&AwsLc);
}

#[test]
fn taps_go_octet_for_octet_as_in_the_vectors() {
    taps_hold(&RustCrypto);
    #[cfg(feature = "aws-lc")]
    taps_hold(&AwsLc);
}

#[test]
fn reports_are_read_or_refused_as_in_the_vectors() {
    reports_hold(&RustCrypto);
    #[cfg(feature = "aws-lc")]
    reports_hold(&AwsLc);
}

#[test]
fn what_is_hostile_is_refused_as_in_the_vectors() {
    hostile_holds(&RustCrypto);
    #[cfg(feature = "aws-lc")]
    hostile_holds(&AwsLc);
}

// The numbers are those of the files: none may lose a case unnoticed.

fn primitives_hold<C: Crypto>(crypto: &C) {
    let file: Primitives = load("primitives.json");
    every("points", 15, file.points.iter().map(|case| (&*case.name, case)), |case| {
        primitives::point(crypto, case)
    });
    every("ecdh", 6, file.ecdh.iter().map(|case| (&*case.name, case)), |case| primitives::ecdh(crypto, case));
    every("signatures", 19, file.signatures.iter().map(|case| (&*case.name, case)), |case| {
        primitives::signature(crypto, case)
    });
    every("hkdf", 3, file.hkdf.iter().map(|case| (&*case.name, case)), |case| primitives::hkdf(crypto, case));
    every("hmac", 3, file.hmac.iter().map(|case| (&*case.name, case)), |case| primitives::hmac(crypto, case));
    every("gcm", 11, file.gcm.iter().map(|case| (&*case.name, case)), |case| primitives::gcm(crypto, case));
    every("hpke", 1, file.hpke.iter().map(|case| (&*case.name, case)), |case| primitives::hpke(crypto, case));
    every("varints", 17, file.varints.iter().map(|case| (&*case.name, case)), |case| {
        primitives::varint(crypto, case)
    });
}

fn objects_hold<C: Crypto>(crypto: &C) {
    let file: Objects = load("objects.json");
    every("objects", 230, file.cases.iter().map(|case| (&*case.name, case)), |case| {
        objects::object(crypto, case)
    });
    every("sealed", 9, file.sealed.iter().map(|case| (&*case.name, case)), configurations::sealed);
    every("configurations", 12, file.configurations.iter().map(|case| (&*case.name, case)), |case| {
        configurations::configuration(crypto, case)
    });
    every("lists", 4, file.lists.iter().map(|case| (&*case.name, case)), |case| {
        configurations::list(crypto, case)
    });
    every("clocks", 4, file.clocks.iter().map(|case| (&*case.name, case)), |case| {
        configurations::clock(crypto, case)
    });
}

fn taps_hold<C: Crypto + Clone>(crypto: &C) {
    let file: Taps = load("taps.json");
    every("taps, values", 50, file.cases.iter().map(|case| (&*case.name, case)), |case| {
        schedule::values(crypto, case)
    });
    every("taps, device", 50, file.cases.iter().map(|case| (&*case.name, case)), |case| {
        taps::device(crypto.clone(), case)
    });
    let ours = file.cases.iter().filter(|case| case.reader.is_ours());
    every("taps, reader", 46, ours.map(|case| (&*case.name, case)), |case| {
        taps::reader(crypto.clone(), case)
    });
    every("receipts", 7, file.receipts.iter().map(|case| (&*case.name, case)), |case| {
        taps::receipt(crypto, case)
    });
}

fn reports_hold<C: Crypto>(crypto: &C) {
    let file: Reports = load("reports.json");
    let keys = file.keys(crypto);
    every("reports", 22, file.cases.iter().map(|case| (&*case.name, case)), |case| {
        reports::report(crypto, &keys, case)
    });
    every("acknowledgements", 6, file.acknowledgements.iter().map(|case| (&*case.name, case)), |case| {
        reports::acknowledgement(crypto, &keys, case)
    });
}

fn hostile_holds<C: Crypto + Clone>(crypto: &C) {
    let file: Hostile = load("hostile.json");
    every("hostile", 232, file.cases.iter().map(|case| (case.name(), case)), |case| case.play(crypto));
}
