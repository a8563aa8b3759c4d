//! QR codes as SVG that stands in the page.

use qrcode::{Color, QrCode};

/// A QR code as the path of an SVG and the length of its side in modules, with the quiet zone that scanners need.
#[derive(Clone, Debug)]
pub(super) struct Qr {
    /// The length of a side.
    pub(super) side: usize,
    /// What is dark, as the `d` of a path.
    pub(super) path: String,
}

/// Modules of the quiet zone on each side.
const QUIET: usize = 4;

impl Qr {
    /// The QR code of a text that is not too long for one.
    pub(super) fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text.as_bytes()).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (place, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (place.checked_rem(width)?, place.checked_div(width)?);
                let (x, y) = (x.saturating_add(QUIET), y.saturating_add(QUIET));
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Some(Self { side: width.saturating_add(QUIET.saturating_mul(2)), path })
    }
}
