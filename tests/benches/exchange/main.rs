//! What a tap costs, in one run and one table:
//! `cargo bench -p tests --features bench --bench exchange [-- --json] [--only p256|taps|enrolled|others|phone]`.
//!
//! `docs/PERFORMANCE.md` says what each row means.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "a benchmark that meets anything unexpected has to stop"
)]

mod backend;
mod enrolled;
mod harness;
mod mdoc;
mod noise;
mod pair;
mod phone;
mod tap;

use backend::Backend;
use credential::crypto::{AwsLc, AwsLcSigner, RustCrypto, SoftwareSigner};
use harness::{Bench, Section};

const RUST: Backend<RustCrypto, SoftwareSigner> =
    Backend { name: "RustCrypto", key: "rustcrypto", crypto: RustCrypto, signer: SoftwareSigner::new };

const AWS: Backend<AwsLc, AwsLcSigner> =
    Backend { name: "AWS-LC", key: "aws-lc", crypto: AwsLc, signer: AwsLcSigner::new };

const ENROLLED: [usize; 3] = [16, 1_000, 100_000];

/// What the command line says.
#[derive(Default)]
struct Options {
    json: bool,
    only: Option<String>,
}

impl Options {
    fn read() -> Self {
        let mut options = Self::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => options.json = true,
                "--only" => {
                    options.only = Some(arguments.next().expect("--only needs the name of a section"))
                }
                // Cargo says it to every benchmark.
                "--bench" => {}
                other => panic!("unknown option {other}"),
            }
        }
        options
    }
}

fn main() {
    let options = Options::read();
    let chosen = |name: &str| options.only.as_ref().is_none_or(|only| name == only);
    let mut bench = Bench::default();
    let counts = tap::counted(&RUST);
    assert_eq!(counts, tap::counted(&AWS), "the backend does not change what a tap does");

    let mut foot = vec![counts.first.to_string(), counts.remembered.to_string(), counts.fast.to_string()];
    if chosen("p256") {
        bench.section(Section::new("P-256 alone"));
        backend::add_to(&mut bench, &RUST, &counts);
        backend::add_to(&mut bench, &AWS, &counts);
    }
    if chosen("taps") {
        bench.section(Section::new("Taps"));
        tap::add_to(&mut bench, &RUST);
        tap::add_to(&mut bench, &AWS);
    }
    if chosen("enrolled") {
        bench.section(Section::new("Fast taps by how many users hold a ticket of this reader"));
        foot.push(enrolled::add_to(&mut bench, &AWS, &ENROLLED));
    }
    if chosen("others") {
        bench.section(Section::new("Others, for comparison"));
        foot.push(noise::add_to(&mut bench));
        foot.push(mdoc::add_to(&mut bench));
    }
    if chosen("phone") {
        bench.section(Section::new("The phone alone: wallet and NFC presenter of the SDK"));
        phone::add_to(&mut bench, &RUST, &counts);
    }

    bench.run();
    if options.json {
        println!("{}", bench.json(&foot));
    } else {
        println!("{}", bench.table(&foot));
    }
}
