//! Says what is happening while it happens, on standard error.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Tells the story to whoever watches; silent when a machine does.
pub(super) struct Narrator {
    silent: bool,
}

impl Narrator {
    pub(super) const fn new(silent: bool) -> Self {
        Self { silent }
    }

    /// One thing that was done.
    pub(super) fn chapter(&self, text: &str) {
        if !self.silent {
            eprintln!("• {text}");
        }
    }

    /// Work on each of `count` people; shows nothing where nobody could see it move.
    pub(super) fn progress(&self, count: usize) -> ProgressBar {
        if self.silent {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
        let style = ProgressStyle::with_template("  {bar:30} {pos}/{len} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}
