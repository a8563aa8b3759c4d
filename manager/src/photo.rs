//! Photos: what comes in is judged before it is decoded, and what is kept is a new JPEG with nothing else in it.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

/// The longest photo that an administrator brings, in octets.
pub(crate) const PHOTO_OCTETS_MAX: usize = 8 * 1024 * 1024;
/// The longest photo that a holder sends, in octets.
pub(crate) const HOLDER_PHOTO_OCTETS_MAX: usize = 512 * 1024;
/// The longest side of what comes in, in pixels.
const SIDE_MAX: u32 = 8_000;
/// The shortest side, in pixels.
const SIDE_MIN: u32 = 32;
/// Pixels of what comes in: a phone's camera.
const PIXELS_MAX: u64 = 24_000_000;
/// Octets that decoding may take: four for each pixel, and as much again.
const DECODING_OCTETS_MAX: u64 = 192 * 1024 * 1024;
/// The box into which a photo is scaled, in pixels.
const WIDTH: u32 = 480;
const HEIGHT: u32 = 640;
/// The box into which a large photo is scaled quickly, before it is scaled well.
const QUICK_SIDE: u32 = 2 * HEIGHT;
/// Quality of the JPEG.
const QUALITY: u8 = 85;

/// Why a photo is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PhotoError {
    /// Too many octets.
    #[error("the photo has {0} octets, and may have {1}")]
    Octets(usize, usize),
    /// Not one of the three formats, whatever its name says.
    #[error("this is neither a JPEG, a PNG nor a WebP")]
    Format,
    /// Too large, too small, or of an odd shape.
    #[error(
        "the photo has {0} × {1} pixels; each side has {SIDE_MIN} to {SIDE_MAX}, and all are at most 24 million"
    )]
    Pixels(u32, u32),
    /// It does not decode.
    #[error("the photo is damaged")]
    Damaged,
}

/// The photo as it is kept: a JPEG of at most 480 × 640 pixels, upright, without anything else that was in it.
pub(crate) fn prepare(octets: &[u8], octets_max: usize) -> Result<Vec<u8>, PhotoError> {
    if octets.len() > octets_max {
        return Err(PhotoError::Octets(octets.len(), octets_max));
    }
    let format = image::guess_format(octets).map_err(|_| PhotoError::Format)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return Err(PhotoError::Format);
    }
    let reader = || {
        let mut limits = Limits::default();
        limits.max_image_width = Some(SIDE_MAX);
        limits.max_image_height = Some(SIDE_MAX);
        limits.max_alloc = Some(DECODING_OCTETS_MAX);
        let mut reader = ImageReader::with_format(Cursor::new(octets), format);
        reader.limits(limits);
        reader
    };
    // Without limits, so that it can be said how large the photo is; nothing is decoded for it.
    let sizes = ImageReader::with_format(Cursor::new(octets), format).into_dimensions();
    let (width, height) = sizes.map_err(|_| PhotoError::Damaged)?;
    let fits = |side| (SIDE_MIN..=SIDE_MAX).contains(&side);
    if !fits(width) || !fits(height) || u64::from(width).saturating_mul(u64::from(height)) > PIXELS_MAX {
        return Err(PhotoError::Pixels(width, height));
    }
    let mut decoder = reader().into_decoder().map_err(|_| PhotoError::Damaged)?;
    let orientation = decoder.orientation().map_err(|_| PhotoError::Damaged)?;
    let mut photo = DynamicImage::from_decoder(decoder).map_err(|_| PhotoError::Damaged)?;
    if photo.width() > QUICK_SIDE && photo.height() > QUICK_SIDE {
        // Quickly first, so that the good filter has little to do.
        photo = photo.thumbnail(QUICK_SIDE, QUICK_SIDE);
    }
    photo.apply_orientation(orientation);
    if photo.width() > WIDTH || photo.height() > HEIGHT {
        photo = photo.resize(WIDTH, HEIGHT, FilterType::CatmullRom);
    }
    let mut kept = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut kept, QUALITY);
    on_white(&photo).write_with_encoder(encoder).map_err(|_| PhotoError::Damaged)?;
    Ok(kept)
}

/// The photo without transparency.
fn on_white(photo: &DynamicImage) -> RgbImage {
    if !photo.color().has_alpha() {
        return photo.to_rgb8();
    }
    let rgba = photo.to_rgba8();
    let mut flat = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in flat.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let over = |part: u32| {
            let mixed = part
                .saturating_mul(alpha)
                .saturating_add(255_u32.saturating_mul(255_u32.saturating_sub(alpha)));
            u8::try_from(mixed / 255).unwrap_or(255)
        };
        *to = Rgb([over(red), over(green), over(blue)]);
    }
    flat
}

#[cfg(test)]
mod tests {
    use image::RgbaImage;

    use super::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut octets = Cursor::new(Vec::new());
        let photo = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 90]));
        photo.write_to(&mut octets, format).unwrap();
        octets.into_inner()
    }

    fn size(photo: &[u8]) -> (u32, u32) {
        ImageReader::with_format(Cursor::new(photo), ImageFormat::Jpeg).into_dimensions().unwrap()
    }

    #[test]
    fn each_format_becomes_a_small_jpeg() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let kept = prepare(&picture(1200, 900, format), PHOTO_OCTETS_MAX).unwrap();
            assert_eq!(size(&kept), (480, 360), "{format:?}");
            let kept = prepare(&picture(64, 64, format), PHOTO_OCTETS_MAX).unwrap();
            assert_eq!(size(&kept), (64, 64), "{format:?}");
        }
    }

    #[test]
    fn nothing_that_is_said_about_the_photo_is_kept_and_it_stands_upright() {
        // EXIF with orientation 6 (turn right) and a comment, behind the start of the JPEG.
        let exif: &[u8] = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x01\x0e\0\x02\0\0\0\x07\0\0\0\x26\0\0\0\0Hofgut\0";
        let plain = picture(200, 100, ImageFormat::Jpeg);
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let tagged = [&plain[..2], &[0xFF, 0xE1], &length, exif, &plain[2..]].concat();
        let kept = prepare(&tagged, PHOTO_OCTETS_MAX).unwrap();
        assert_eq!(size(&kept), (100, 200));
        assert!(!kept.windows(6).any(|octets| octets == b"Hofgut" || octets == b"Exif\0\0"));
    }

    #[test]
    fn transparency_is_white() {
        let mut octets = Cursor::new(Vec::new());
        RgbaImage::from_pixel(64, 64, image::Rgba([0, 0, 0, 0]))
            .write_to(&mut octets, ImageFormat::Png)
            .unwrap();
        let kept = prepare(&octets.into_inner(), PHOTO_OCTETS_MAX).unwrap();
        assert_eq!(image::load_from_memory(&kept).unwrap().to_rgb8().get_pixel(9, 9), &Rgb([255, 255, 255]));
    }

    #[test]
    fn bombs_and_disguises_are_refused_before_they_are_decoded() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
        assert_eq!(prepare(svg, PHOTO_OCTETS_MAX), Err(PhotoError::Format));
        assert_eq!(prepare(b"GIF89a\x01\0\x01\0\0\0\0;", PHOTO_OCTETS_MAX), Err(PhotoError::Format));
        assert_eq!(prepare(b"", PHOTO_OCTETS_MAX), Err(PhotoError::Format));
        // A JPEG's first octets before something else.
        let disguised = [b"\xFF\xD8\xFF\xE0".as_slice(), svg].concat();
        assert_eq!(prepare(&disguised, PHOTO_OCTETS_MAX), Err(PhotoError::Damaged));
        // A small PNG that says it is 50,000 × 50,000.
        let mut bomb = picture(64, 64, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
        let refused = prepare(&bomb, PHOTO_OCTETS_MAX);
        assert!(
            matches!(refused, Err(PhotoError::Pixels(50_000, 50_000) | PhotoError::Damaged)),
            "{refused:?}"
        );
        assert_eq!(
            prepare(&picture(31, 64, ImageFormat::Png), PHOTO_OCTETS_MAX),
            Err(PhotoError::Pixels(31, 64))
        );
        let large = picture(64, 64, ImageFormat::Png);
        assert_eq!(prepare(&large, 10), Err(PhotoError::Octets(large.len(), 10)));
        let cut = picture(64, 64, ImageFormat::Png);
        assert_eq!(prepare(&cut[..cut.len() / 2], PHOTO_OCTETS_MAX), Err(PhotoError::Damaged));
    }
}
