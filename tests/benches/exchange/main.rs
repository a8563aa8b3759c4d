//! What a tap costs, in one run and one table: `cargo bench -p tests --features bench [-- --json]`.
//!
//! `docs/PERFORMANCE.md` says what each row means.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
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
mod tap;

use backend::Backend;
use credential::crypto::{AwsLc, AwsLcSigner, RustCrypto, SoftwareSigner};
use harness::{Bench, Section};

const RUST: Backend<RustCrypto, SoftwareSigner> =
    Backend { name: "RustCrypto", key: "rustcrypto", crypto: RustCrypto, signer: SoftwareSigner::new };

const AWS: Backend<AwsLc, AwsLcSigner> =
    Backend { name: "AWS-LC", key: "aws-lc", crypto: AwsLc, signer: AwsLcSigner::new };

const ENROLLED: [usize; 3] = [16, 1_000, 100_000];

fn main() {
    let mut bench = Bench::default();
    let counts = tap::counted(&RUST);
    assert_eq!(counts, tap::counted(&AWS), "the backend does not change what a tap does");

    bench.section(Section::new("P-256 alone"));
    backend::add_to(&mut bench, &RUST, &counts);
    backend::add_to(&mut bench, &AWS, &counts);
    bench.section(Section::new("Taps"));
    tap::add_to(&mut bench, &RUST);
    tap::add_to(&mut bench, &AWS);
    bench.section(Section::new("Fast taps by how many users hold a ticket of this reader"));
    let mut foot = vec![counts.first.to_string(), counts.remembered.to_string(), counts.fast.to_string()];
    foot.push(enrolled::add_to(&mut bench, &AWS, &ENROLLED));
    bench.section(Section::new("Others, for comparison"));
    foot.push(noise::add_to(&mut bench));
    foot.push(mdoc::add_to(&mut bench));

    bench.run();
    if std::env::args().any(|argument| argument == "--json") {
        println!("{}", bench.json(&foot));
    } else {
        println!("{}", bench.table(&foot));
    }
}
