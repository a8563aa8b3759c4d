//! QR codes and barcodes as SVG that stands in the page.

use qrcode::{Color, QrCode};

use crate::domain::Symbology;

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

/// A barcode as the path of an SVG, with the quiet zone that scanners need.
#[derive(Clone, Debug)]
pub(super) struct Bars {
    /// Width and height of the picture, in modules.
    pub(super) size: (usize, usize),
    /// What is dark, as the `d` of a path.
    pub(super) path: String,
    /// Whether it is much wider than high.
    pub(super) is_wide: bool,
}

/// The height of lines, for four modules of their width.
const WIDTH_OF_LINES: usize = 4;

impl Bars {
    /// The barcode of a value that its symbology carries.
    pub(super) fn of(symbology: Symbology, value: &str) -> Option<Self> {
        let modules = symbology.modules(value).ok()?;
        let columns = modules.first()?.len();
        let height = if symbology.is_of_lines() { columns.checked_div(WIDTH_OF_LINES)?.max(1) } else { 1 };
        let mut path = String::new();
        for (row, dark) in modules.iter().enumerate() {
            let y = row.saturating_add(QUIET);
            for (column, _) in dark.iter().enumerate().filter(|(_, dark)| **dark) {
                path.push_str(&format!("M{} {y}h1v{height}h-1z", column.saturating_add(QUIET)));
            }
        }
        let around = |side: usize| side.saturating_add(QUIET.saturating_mul(2));
        let rows = modules.len().saturating_mul(height);
        Some(Self { size: (around(columns), around(rows)), path, is_wide: columns >= rows.saturating_mul(2) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_barcode_has_a_zone_around_it_and_its_shape() {
        let bars = Bars::of(Symbology::Ean13, "4006381333931").unwrap();
        assert_eq!((bars.size, bars.is_wide), ((95 + 8, 23 + 8), true));
        assert!(bars.path.starts_with("M4 4h1v23h-1z"), "{}", bars.path);
        let square = Bars::of(Symbology::Qr, "S-4711").unwrap();
        assert_eq!((square.size, square.is_wide), ((29, 29), false));
        assert!(Bars::of(Symbology::Ean13, "no digits").is_none());
    }
}
