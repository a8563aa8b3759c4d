//! Barcodes as modules.

use std::fmt::Write;

use rxing::{BarcodeFormat, EncodeHints, MultiFormatWriter, Writer};

/// How high a barcode of lines is, in units.
const LINE_HEIGHT: f32 = 80.0;
/// The smallest module, in units: a pixel of a picture that is twice as wide.
const MODULE_MIN: f32 = 0.5;
/// The largest.
const MODULE_MAX: f32 = 5.0;

/// A barcode in its size.
pub(super) struct Barcode {
    /// Dark modules, as the path of an SVG in modules.
    pub(super) path: String,
    /// Of one module.
    pub(super) module: (f32, f32),
    /// With the quiet zone around it.
    pub(super) width: f32,
    pub(super) height: f32,
    /// Of that zone.
    pub(super) quiet: (f32, f32),
}

impl Barcode {
    /// Draws a value so that it is at most so wide and so high, if a symbology of this name carries it.
    pub(super) fn draw(symbology: &str, value: &str, most: (f32, f32)) -> Option<Self> {
        let (format, quiet) = symbology_of(symbology)?;
        let is_text =
            matches!(format, BarcodeFormat::QR_CODE | BarcodeFormat::PDF_417 | BarcodeFormat::AZTEC);
        let hints = EncodeHints {
            // No zone of the encoder's own: they differ, and some have none.
            Margin: Some("0".to_owned()),
            CharacterSet: is_text.then(|| "UTF-8".to_owned()),
            ..EncodeHints::default()
        };
        let drawn = MultiFormatWriter.encode_with_hints(value, &format, 0, 0, &hints).ok()?;
        let is_dark = |x: u32, y: u32| drawn.try_get(x, y).unwrap_or(false);
        let columns = drawn.getWidth();
        let rows = if is_of_lines(format) { 1 } else { drawn.getHeight() };
        let path = path(columns, rows, is_dark);
        let (across, down) = (units(columns), units(rows));
        let zone = 2.0 * quiet;
        let widest = most.0 / (across + zone);
        let (module, quiet) = if is_of_lines(format) {
            (halves(widest), (quiet, 0.0))
        } else {
            (halves(widest.min(most.1 / (down + zone))), (quiet, quiet))
        };
        let height = if is_of_lines(format) { LINE_HEIGHT } else { module };
        Some(Self {
            path,
            module: (module, height),
            width: (across + zone) * module,
            height: down * height + 2.0 * quiet.1 * module,
            quiet: (quiet.0 * module, quiet.1 * module),
        })
    }
}

/// The symbology of a name, and the quiet zone that it wants on each side, in modules.
fn symbology_of(name: &str) -> Option<(BarcodeFormat, f32)> {
    Some(match name {
        "qr" => (BarcodeFormat::QR_CODE, 4.0),
        "code_128" => (BarcodeFormat::CODE_128, 10.0),
        "code_39" => (BarcodeFormat::CODE_39, 10.0),
        "pdf417" => (BarcodeFormat::PDF_417, 2.0),
        "aztec" => (BarcodeFormat::AZTEC, 2.0),
        "data_matrix" => (BarcodeFormat::DATA_MATRIX, 2.0),
        "ean_13" => (BarcodeFormat::EAN_13, 11.0),
        "ean_8" => (BarcodeFormat::EAN_8, 7.0),
        "upc_a" => (BarcodeFormat::UPC_A, 9.0),
        "upc_e" => (BarcodeFormat::UPC_E, 9.0),
        "itf" => (BarcodeFormat::ITF, 10.0),
        _ => return None,
    })
}

const fn is_of_lines(format: BarcodeFormat) -> bool {
    !matches!(
        format,
        BarcodeFormat::QR_CODE | BarcodeFormat::PDF_417 | BarcodeFormat::AZTEC | BarcodeFormat::DATA_MATRIX
    )
}

/// Runs of dark modules, row by row.
fn path(columns: u32, rows: u32, is_dark: impl Fn(u32, u32) -> bool) -> String {
    let mut path = String::new();
    for y in 0..rows {
        let mut began = None;
        for x in 0..=columns {
            match (began, x < columns && is_dark(x, y)) {
                (None, true) => began = Some(x),
                (Some(first), false) => {
                    let length = x.saturating_sub(first);
                    // A string takes whatever is written to it.
                    let _ = write!(path, "M{first} {y}h{length}v1h-{length}z");
                    began = None;
                }
                _ => {}
            }
        }
    }
    path
}

/// A size of modules that pixels can be whole for.
fn halves(size: f32) -> f32 {
    ((size * 2.0).floor() / 2.0).clamp(MODULE_MIN, MODULE_MAX)
}

#[expect(clippy::cast_precision_loss, reason = "no barcode has so many modules")]
const fn units(modules: u32) -> f32 {
    modules as f32
}
