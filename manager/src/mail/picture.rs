//! The QR code of a link as a PNG.

use base64ct::{Base64, Encoding};
use qrcode::{Color, EcLevel, QrCode};

/// Pixels of a module: a phone reads it from a screen at arm's length.
const MODULE_PX: usize = 6;
/// Modules of quiet zone (ISO/IEC 18004 §5.3.8).
const QUIET: usize = 4;

/// A picture and its width and height in pixels.
pub(super) struct Picture {
    pub(super) png: Vec<u8>,
    pub(super) side_px: usize,
}

/// The QR code of `text`; `None` if it is too long for one.
pub(super) fn qr_code(text: &str) -> Option<Picture> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).ok()?;
    let modules = code.width();
    let side_px = modules.checked_add(QUIET.checked_mul(2)?)?.checked_mul(MODULE_PX)?;
    let colors = code.to_colors();
    let is_dark = |x: usize, y: usize| {
        let module = |pixel: usize| (pixel / MODULE_PX).checked_sub(QUIET).filter(|place| *place < modules);
        let place =
            module(y).zip(module(x)).and_then(|(row, column)| row.checked_mul(modules)?.checked_add(column));
        place.and_then(|place| colors.get(place)).is_some_and(|color| *color == Color::Dark)
    };
    let mut rows = Vec::with_capacity(side_px.checked_mul(side_px.div_ceil(8))?);
    for y in 0..side_px {
        for first in (0..side_px).step_by(8) {
            let octet = (0..8).fold(0_u8, |octet, bit| {
                let x = first.saturating_add(bit);
                // A set bit is white, also beyond the edge.
                (octet << 1) | u8::from(!is_dark(x, y))
            });
            rows.push(octet);
        }
    }
    let side = u32::try_from(side_px).ok()?;
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&rows).ok()?;
    writer.finish().ok()?;
    Some(Picture { png, side_px })
}

/// An HTML part that has its QR code in itself, for where there is no message with the picture beside it.
pub(crate) fn with_picture(html: &str, link: &str) -> String {
    let Some(Picture { png, side_px }) = qr_code(link) else { return html.to_owned() };
    let picture = Base64::encode_string(&png);
    let place = format!("src=\"data:image/png;base64,{picture}\" width=\"{side_px}\" height=\"{side_px}\"");
    html.replace("src=\"cid:qr\"", &place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_the_modules_of_the_code_and_a_white_margin() {
        let text = "https://doors.example/activate#0024H36H2NCSVG04926D25ASKQ*";
        let picture = qr_code(text).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&picture.png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let row_octets = picture.side_px.div_ceil(8);
        let is_dark = |x: usize, y: usize| pixels[y * row_octets + x / 8] & (0x80 >> (x % 8)) == 0;
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        for row in 0..code.width() {
            for column in 0..code.width() {
                let middle = |place: usize| (place + QUIET) * MODULE_PX + MODULE_PX / 2;
                let dark = code[(column, row)] == Color::Dark;
                assert_eq!(is_dark(middle(column), middle(row)), dark, "{column} {row}");
            }
        }
        assert!((0..picture.side_px).all(|place| !is_dark(place, 0) && !is_dark(0, place)));
        assert!(picture.png.len() < 4000, "{}", picture.png.len());
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(qr_code(&"x".repeat(3000)).is_none());
    }
}
