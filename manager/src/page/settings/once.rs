//! What is shown once and never again: links and secrets.

use askama::Template;

use crate::page::failure::Answer;
use crate::page::frame::{Frame, show};
use crate::page::pictures::Qr;

/// Something secret, with what to do with it.
#[derive(Template)]
#[template(path = "settings/once.html")]
pub(super) struct Once {
    pub(super) f: Frame,
    pub(super) tab: &'static str,
    pub(super) title: String,
    /// What to do with it.
    pub(super) lead: String,
    /// What people call each value, and the value.
    pub(super) values: Vec<(&'static str, String)>,
    pub(super) qr: Option<Qr>,
    /// Where to go on, from the root of the page.
    pub(super) back: String,
}

impl Once {
    pub(super) fn show(self) -> Answer {
        show(&self)
    }
}
