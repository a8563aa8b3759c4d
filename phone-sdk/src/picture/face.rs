//! What is where on a card.

use super::barcode::Barcode;
use super::drawing::{Area, Drawing, WIDTH};
use super::text::Type;
use super::words::Words;
use super::{Moving, Shown};
use crate::wallet::IdField;

const MARGIN: f32 = 28.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
const GAP: f32 = 20.0;
const HEAD: f32 = 84.0;
/// A card has the shape of one in a purse, unless more stands on it.
const HEIGHT_MIN: f32 = 404.0;
const PHOTO: (f32, f32) = (150.0, 200.0);
/// The code to check with, and the barcode beside it.
const CODE: f32 = 190.0;
const BARCODE_HEIGHT: f32 = 300.0;

const INK: &str = "#14202e";
const SOFT: &str = "#4a5868";
const HEAD_FILL: &str = "#1d3a5c";
const ALARM: &str = "#a3161a";
const PAPER: &str = "#ffffff";
const SHEET: &str = "#eef2f6";

const LABEL: Type = Type { size: 14.0, is_bold: false };
const VALUE: Type = Type { size: 20.0, is_bold: false };
const LINE: f32 = 25.0;

/// The front.
pub(super) fn front(shown: &Shown<'_>) -> String {
    let words = shown.language.words();
    let mut drawing = Drawing::new();
    let mut y = head(&mut drawing, shown, words) + GAP;
    let mut left = MARGIN;
    let mut photo_end = y;
    if let Some(photo) = shown.photo {
        let area = Area { x: MARGIN, y, width: PHOTO.0, height: PHOTO.1 };
        drawing.photo(area, photo, words.photo);
        left += PHOTO.0 + GAP;
        photo_end = y + PHOTO.1 + GAP;
    }
    let column = (left, WIDTH - MARGIN - left);
    y = field(&mut drawing, column, y, words.number, &shown.card.card_id);
    for IdField { label, value, .. } in &shown.card.front {
        y = field(&mut drawing, column, y, label, value);
    }
    y = y.max(photo_end);
    y = pairs(&mut drawing, y, &shown.card.secondary);
    if let Some(end) = &shown.card.ends {
        y = field(&mut drawing, (MARGIN, INNER), y, words.valid_until, end);
    }
    y = barcode(&mut drawing, shown, y);
    if let Some(moving) = &shown.validation {
        y = code(&mut drawing, moving, words, y);
    }
    whole(drawing, y, shown, words, words.front)
}

/// The back.
pub(super) fn back(shown: &Shown<'_>) -> String {
    let words = shown.language.words();
    let mut drawing = Drawing::new();
    let mut y = head(&mut drawing, shown, words) + GAP;
    y = field(&mut drawing, (MARGIN, INNER), y, words.number, &shown.card.card_id);
    for IdField { label, value, .. } in &shown.card.back {
        y = field(&mut drawing, (MARGIN, INNER), y, label, value);
    }
    if let Some(end) = &shown.card.ends {
        y = field(&mut drawing, (MARGIN, INNER), y, words.valid_until, end);
    }
    whole(drawing, y, shown, words, words.back)
}

/// The whole picture, now that its height is known.
fn whole(drawing: Drawing, y: f32, shown: &Shown<'_>, words: &Words, side: &str) -> String {
    let height = y.max(HEIGHT_MIN).ceil();
    let about = format!("{} {} ({side})", shown.card.kind, shown.card.card_id);
    drawing.finish(height, words.code, &about)
}

/// The kind of card, whose it is, and whether it holds.
fn head(drawing: &mut Drawing, shown: &Shown<'_>, words: &Words) -> f32 {
    let title = Type { size: 28.0, is_bold: true };
    let lines = title.lines(&shown.card.kind, INNER);
    let rows: f32 = lines.iter().map(|_| 32.0).sum();
    let height = HEAD - 32.0 + rows.max(32.0);
    drawing.rectangle(Area { x: 0.0, y: 0.0, width: WIDTH, height }, HEAD_FILL);
    let mut y = 40.0;
    for line in &lines {
        drawing.text((MARGIN, y), title, PAPER, line);
        y += 32.0;
    }
    let project = Type { size: 16.0, is_bold: false };
    if let Some(line) = project.lines(shown.project, INNER).first() {
        drawing.text((MARGIN, y - 6.0), project, PAPER, line);
    }
    let is_over = shown.card.expires_at.zip(shown.now).is_some_and(|(end, now)| end <= now);
    let alarm = match (shown.card.is_valid, is_over) {
        (false, _) => words.not_valid,
        (true, true) => words.expired,
        (true, false) => return height,
    };
    drawing.rectangle(Area { x: 0.0, y: height, width: WIDTH, height: 56.0 }, ALARM);
    let loud = Type { size: 32.0, is_bold: true };
    let x = ((WIDTH - loud.width(alarm)) / 2.0).max(MARGIN);
    drawing.text((x, height + 39.0), loud, PAPER, alarm);
    height + 56.0
}

/// A label and its value in a column; where the next begins.
fn field(drawing: &mut Drawing, (x, width): (f32, f32), mut y: f32, label: &str, value: &str) -> f32 {
    for line in LABEL.lines(label, width) {
        drawing.text((x, y + 12.0), LABEL, SOFT, &line);
        y += 18.0;
    }
    for line in VALUE.lines(value, width) {
        drawing.text((x, y + 18.0), VALUE, INK, &line);
        y += LINE;
    }
    y + 8.0
}

/// Fields side by side, two in a row.
fn pairs(drawing: &mut Drawing, mut y: f32, fields: &[IdField]) -> f32 {
    let width = (INNER - GAP) / 2.0;
    for row in fields.chunks(2) {
        let ends = row
            .iter()
            .zip([MARGIN, MARGIN + width + GAP])
            .map(|(one, x)| field(drawing, (x, width), y, &one.label, &one.value));
        y = ends.fold(y, f32::max);
    }
    y
}

/// The barcode, with its value below it.
fn barcode(drawing: &mut Drawing, shown: &Shown<'_>, y: f32) -> f32 {
    let Some(barcode) = &shown.card.barcode else { return y };
    let small = Type { size: 14.0, is_bold: false };
    let mut y = y;
    if let Some(drawn) = Barcode::draw(&barcode.symbology, &barcode.value, (INNER, BARCODE_HEIGHT)) {
        let x = ((WIDTH - drawn.width) / 2.0).round();
        y = put(drawing, &drawn, (x, y.ceil()), &barcode.value);
    }
    for line in small.lines(&barcode.value, INNER) {
        let x = ((WIDTH - small.width(&line)) / 2.0).max(MARGIN);
        drawing.text((x, y + 16.0), small, INK, &line);
        y += 20.0;
    }
    y + GAP
}

/// The code that moves, on a sheet of its own at the foot.
fn code(drawing: &mut Drawing, moving: &Moving, words: &Words, y: f32) -> f32 {
    let Some(drawn) = Barcode::draw("qr", &moving.link, (CODE, CODE)) else { return y };
    let y = y.ceil();
    let height = drawn.height.ceil() + 2.0 * 14.0;
    drawing.rectangle(Area { x: 0.0, y, width: WIDTH, height }, SHEET);
    drawing.rectangle(Area { x: MARGIN, y: y + 14.0, width: drawn.width, height: drawn.height }, PAPER);
    let below = put(drawing, &drawn, (MARGIN, y + 14.0), words.scan);
    let left = MARGIN + drawn.width.ceil() + GAP;
    let set = Type { size: 22.0, is_bold: true };
    let mut line_y = y + 46.0;
    for line in set.lines(words.scan, WIDTH - MARGIN - left) {
        drawing.text((left, line_y), set, INK, &line);
        line_y += 28.0;
    }
    let bar = Area { x: left, y: line_y, width: WIDTH - MARGIN - left, height: 12.0 };
    drawing.rectangle(bar, "#c5d0dc");
    drawing.bar(bar, HEAD_FILL, (moving.elapsed_s, moving.step_s));
    below + 14.0
}

/// Puts a barcode with its quiet zone somewhere; where it ends.
fn put(drawing: &mut Drawing, drawn: &Barcode, (x, y): (f32, f32), about: &str) -> f32 {
    drawing.modules((x + drawn.quiet.0, y + drawn.quiet.1), drawn.module, &drawn.path, about);
    y + drawn.height
}
