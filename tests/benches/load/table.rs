//! The table.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::generator::Window;

/// One line of it.
pub(crate) struct Row {
    setup: &'static str,
    what: &'static str,
    rate: f64,
    /// To the bare rate around each window, and the median of that.
    bare: Option<(f64, f64)>,
    /// CPU microseconds a piece: of everything that serves, and of the generator.
    cpu_us: Option<(f64, f64)>,
    done: u64,
    took: Duration,
}

impl Row {
    /// A line from its windows; `bares` were measured before and after each.
    pub(crate) fn new(setup: &'static str, what: &'static str, windows: &[Window], bares: &[f64]) -> Self {
        let ratios: Vec<f64> = windows
            .iter()
            .zip(bares.windows(2))
            .map(|(window, around)| window.rate() / ((around[0] + around[1]) / 2.0))
            .collect();
        let bare = (!ratios.is_empty()).then(|| (median(&ratios), median(bares)));
        let rates: Vec<f64> = windows.iter().map(Window::rate).collect();
        let done = windows.iter().map(|window| window.done).sum();
        let took = windows.iter().map(|window| window.took).sum();
        Self { setup, what, rate: median(&rates), bare, cpu_us: None, done, took }
    }

    /// With the CPU time that all of it took.
    pub(crate) fn with_cpu(self, serving: Duration, generating: Duration) -> Self {
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / self.done as f64;
        Self { cpu_us: Some((each(serving), each(generating))), ..self }
    }

    /// How many cores were busy on average.
    fn cores(&self) -> Option<f64> {
        let (serving, generating) = self.cpu_us?;
        Some((serving + generating) * self.done as f64 / 1e6 / self.took.as_secs_f64())
    }
}

/// For people.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| installation | what | per second | of the bare rate | bare rate | CPU µs serving | CPU µs generating | cores busy |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for row in rows {
        let Row { setup, what, rate, bare, cpu_us, .. } = row;
        let cores = row.cores().map(|cores| format!("{cores:.2}")).unwrap_or_default();
        let (ratio, bare) =
            bare.map(|(ratio, bare)| (format!("{ratio:.2}"), format!("{bare:.0}"))).unwrap_or_default();
        let (serving, generating) = cpu_us
            .map(|(serving, generating)| (format!("{serving:.0}"), format!("{generating:.0}")))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "| {setup} | {what} | {rate:.0} | {ratio} | {bare} | {serving} | {generating} | {cores} |"
        );
    }
    text
}

/// For machines.
pub(crate) fn json(rows: &[Row]) -> Value {
    rows.iter()
        .map(|row| {
            json!({
                "installation": row.setup,
                "what": row.what,
                "per_second": row.rate,
                "ratio": row.bare.map(|(ratio, _)| ratio),
                "bare_per_second": row.bare.map(|(_, bare)| bare),
                "cpu_us_serving": row.cpu_us.map(|(serving, _)| serving),
                "cpu_us_generating": row.cpu_us.map(|(_, generating)| generating),
                "cores_busy": row.cores(),
            })
        })
        .collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
