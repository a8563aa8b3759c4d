//! Whether octet strings of several sources can be told from random ones, and from each other.
//!
//! Every statistic is a chi-square over the 256 values of one octet; with fixed seeds the verdict is the same in
//! every run.
//! The threshold lets an honest statistic fail with a probability of 10⁻⁹ (normal deviate 6, by Wilson and
//! Hilferty); a comparison of four kinds makes about 3,000 of them, so that an honest set of seeds fails with a
//! probability below 10⁻⁵.

/// Octet strings of one length that one source made, in the order in which it made them.
pub struct Sample<'a> {
    /// Whose they are.
    pub name: &'a str,
    /// The strings.
    pub strings: Vec<Vec<u8>>,
}

const VALUES: usize = 256;
const DEVIATE: f64 = 6.0;

/// What was found: nothing, if nobody can tell.
pub type Findings = Vec<String>;

/// Each octet in `range` of each string against the uniform distribution, on its own and together with the same
/// octet of the string before (their XOR and their difference).
pub fn against_uniform(sample: &Sample<'_>, range: std::ops::Range<usize>) -> Findings {
    let mut findings = Findings::new();
    for position in range {
        let octets = column(sample, position);
        let pairs = || octets.iter().zip(octets.iter().skip(1));
        let series: [(&str, Vec<u8>); 3] = [
            ("octet", octets.clone()),
            ("XOR with the one before", pairs().map(|(a, b)| a ^ b).collect()),
            ("difference to the one before", pairs().map(|(a, b)| b.wrapping_sub(*a)).collect()),
        ];
        for (what, values) in series {
            let expected = values.len() as f64 / VALUES as f64;
            let statistic: f64 =
                histogram(&values).iter().map(|seen| (seen - expected).powi(2) / expected).sum();
            note(&mut findings, statistic, VALUES - 1, || format!("{}: {what} at {position}", sample.name));
        }
    }
    findings
}

/// Each octet of one source against the same octet of another.
pub fn against_each_other(a: &Sample<'_>, b: &Sample<'_>, range: std::ops::Range<usize>) -> Findings {
    let mut findings = Findings::new();
    for position in range {
        let [seen_a, seen_b] = [a, b].map(|sample| histogram(&column(sample, position)));
        let [total_a, total_b] = [a, b].map(|sample| sample.strings.len() as f64);
        let mut bins = 0_usize;
        let mut statistic = 0.0;
        for (in_a, in_b) in seen_a.iter().zip(&seen_b) {
            let both = in_a + in_b;
            if both > 0.0 {
                bins += 1;
                let balance = in_a * (total_b / total_a).sqrt() - in_b * (total_a / total_b).sqrt();
                statistic += balance.powi(2) / both;
            }
        }
        note(&mut findings, statistic, bins.saturating_sub(1), || {
            format!("{} and {}: octet at {position}", a.name, b.name)
        });
    }
    findings
}

/// Pieces of `width` octets that come more than once in all strings of all sources, at any multiple of `width`
/// from `start` on.
///
/// For 8 octets and 2²⁰ pieces the probability of one by chance is below 10⁻⁷.
pub fn repeated(samples: &[&Sample<'_>], start: usize, width: usize) -> Findings {
    let mut seen = std::collections::HashMap::new();
    let mut findings = Findings::new();
    for sample in samples {
        for (n, string) in sample.strings.iter().enumerate() {
            for piece in string.get(start..).unwrap_or_default().chunks_exact(width) {
                if let Some((name, before)) = seen.insert(piece, (sample.name, n)) {
                    findings.push(format!("{} {n} repeats octets of {name} {before}", sample.name));
                }
            }
        }
    }
    findings
}

/// Whether a bit that should be fair is so: `ones` of `total`, by the same threshold.
pub fn fair(name: &str, ones: usize, total: usize) -> Findings {
    let mut findings = Findings::new();
    let (ones, total) = (ones as f64, total as f64);
    let statistic = (2.0 * ones - total).powi(2) / total;
    // One degree of freedom: the square of a normal deviate.
    if statistic > DEVIATE.powi(2) {
        findings.push(format!("{name}: {ones} of {total}"));
    }
    findings
}

fn column(sample: &Sample<'_>, position: usize) -> Vec<u8> {
    sample.strings.iter().filter_map(|string| string.get(position).copied()).collect()
}

fn histogram(octets: &[u8]) -> Vec<f64> {
    let mut seen = vec![0.0; VALUES];
    for octet in octets {
        if let Some(bin) = seen.get_mut(usize::from(*octet)) {
            *bin += 1.0;
        }
    }
    seen
}

fn note(findings: &mut Findings, statistic: f64, freedom: usize, what: impl FnOnce() -> String) {
    let threshold = chi_square_threshold(freedom);
    if statistic > threshold {
        findings.push(format!("{} (chi-square {statistic:.0}, threshold {threshold:.0})", what()));
    }
}

/// The value that chi-square with so many degrees of freedom exceeds with a probability of about 10⁻⁹.
fn chi_square_threshold(freedom: usize) -> f64 {
    let freedom = freedom as f64;
    if freedom == 0.0 {
        return 0.0;
    }
    let spread = 2.0 / (9.0 * freedom);
    freedom * (1.0 - spread + DEVIATE * spread.sqrt()).powi(3)
}
