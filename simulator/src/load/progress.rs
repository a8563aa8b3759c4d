//! Progress, which is drawn on a terminal and nowhere else.

use indicatif::{ProgressBar, ProgressStyle};

/// What is under way, and how far it is.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{msg:<28} {wide_bar} {pos}/{len}");
        Self(style.map(|style| bar.clone().with_style(style)).unwrap_or(bar))
    }

    /// Something else is under way, which has so many pieces.
    pub(super) fn begin(&self, what: impl Into<String>, pieces: usize) {
        self.0.reset();
        self.0.set_length(u64::try_from(pieces).unwrap_or(u64::MAX));
        self.0.set_message(what.into());
    }

    /// So many pieces are done.
    pub(super) fn done(&self, pieces: usize) {
        self.0.inc(u64::try_from(pieces).unwrap_or(0));
    }

    pub(super) fn end(self) {
        self.0.finish_and_clear();
    }
}
