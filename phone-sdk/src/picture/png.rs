//! The picture in pixels, for whoever cannot show SVG.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::CardPicture;
use super::drawing::WIDTH;

/// Pixels across, so that each module of a barcode has whole ones.
pub const PNG_WIDTH: u32 = 1280;
/// Pixels across, at most.
pub const PNG_WIDTH_MAX: u32 = 5120;

/// The only fonts that are used: letters of Latin, Greek and Cyrillic.
const FONTS: [&[u8]; 2] = [include_bytes!("../../fonts/regular.ttf"), include_bytes!("../../fonts/bold.ttf")];
const FAMILY: &str = "Ostiary Card";

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PngError {
    /// It would be too large, or nothing.
    #[error("a picture is 1 to {PNG_WIDTH_MAX} pixels wide")]
    Width,
    /// It could not be drawn.
    #[error("the picture could not be drawn")]
    Drawing,
}

impl CardPicture {
    /// As PNG, of so many pixels across; [`PNG_WIDTH`], or a multiple of it, leaves barcodes sharp.
    ///
    /// Letters of other scripts than Latin, Greek and Cyrillic are left out: an app that has them shows the SVG.
    ///
    /// # Errors
    /// [`PngError`].
    pub fn png(&self, width: u32) -> Result<Vec<u8>, PngError> {
        if !(1..=PNG_WIDTH_MAX).contains(&width) {
            return Err(PngError::Width);
        }
        let options = Options { font_family: FAMILY.to_owned(), fontdb: fonts(), ..Options::default() };
        let tree = Tree::from_str(&self.svg, &options).map_err(|_| PngError::Drawing)?;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand pixels")]
        let scale = width as f32 / WIDTH;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is small and positive"
        )]
        let height = (tree.size().height() * scale).ceil() as u32;
        let mut pixels = Pixmap::new(width, height).ok_or(PngError::Width)?;
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().map_err(|_| PngError::Drawing)
    }
}

fn fonts() -> Arc<fontdb::Database> {
    static FOUND: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = fontdb::Database::new();
        FONTS.iter().for_each(|font| fonts.load_font_data(font.to_vec()));
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    };
    Arc::clone(FOUND.get_or_init(load))
}
