//! SVG, written element by element; whatever comes from outside is escaped.

use std::fmt::Write;

use base64ct::{Base64, Encoding};

use super::text::Type;

/// Families with the measures that lines were broken for.
const FAMILY: &str = "Ostiary Card, Liberation Sans, Arimo, Arial, Helvetica, sans-serif";

/// The width of every picture.
pub(super) const WIDTH: f32 = 640.0;

/// A drawing that grows downwards.
pub(super) struct Drawing {
    body: String,
}

/// Where something is, from the upper left corner.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl Drawing {
    pub(super) const fn new() -> Self {
        Self { body: String::new() }
    }

    pub(super) fn rectangle(&mut self, area: Area, fill: &str) {
        let Area { x, y, width, height } = area;
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
        ));
    }

    /// A line of text on a base line.
    pub(super) fn text(&mut self, (x, y): (f32, f32), set: Type, fill: &str, text: &str) {
        let weight = if set.is_bold { " font-weight=\"bold\"" } else { "" };
        let (size, text) = (set.size, escaped(text));
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{weight} fill=\"{fill}\">{text}</text>"
        ));
    }

    /// A photo that fills an area, cut where it has another shape.
    pub(super) fn photo(&mut self, area: Area, octets: &[u8], about: &str) {
        let Area { x, y, width, height } = area;
        let (data, about) = (Base64::encode_string(octets), escaped(about));
        self.add(format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"xMidYMid slice\" \
             href=\"data:image/jpeg;base64,{data}\"><title>{about}</title></image>"
        ));
    }

    /// Dark modules, as a path whose units are modules.
    pub(super) fn modules(&mut self, (x, y): (f32, f32), module: (f32, f32), path: &str, about: &str) {
        let ((across, down), about) = (module, escaped(about));
        self.add(format_args!(
            "<path transform=\"translate({x} {y}) scale({across} {down})\" shape-rendering=\"crispEdges\" \
             fill=\"#000\" d=\"{path}\"><title>{about}</title></path>"
        ));
    }

    /// A bar that empties until a moment, and moves meanwhile.
    pub(super) fn bar(&mut self, area: Area, fill: &str, (elapsed_s, step_s): (u32, u32)) {
        let Area { x, y, width, height } = area;
        let left_s = step_s.saturating_sub(elapsed_s);
        #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
        let now = if step_s == 0 { 0.0 } else { width * left_s as f32 / step_s as f32 };
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{now}\" height=\"{height}\" fill=\"{fill}\">\
             <animate attributeName=\"width\" from=\"{now}\" to=\"0\" dur=\"{left_s}s\" fill=\"freeze\"/></rect>"
        ));
    }

    /// The whole picture.
    pub(super) fn finish(self, height: f32, language: &str, about: &str) -> String {
        let about = escaped(about);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" role=\"img\" xml:lang=\"{language}\" font-family=\"{FAMILY}\"><title>{about}</title>\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>{}</svg>",
            self.body
        )
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // A string takes whatever is written to it.
        let _ = self.body.write_fmt(element);
    }
}

/// Text as XML has it; what XML cannot have is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other if other.is_control() || matches!(other, '\u{FFFE}' | '\u{FFFF}') => {}
            other => escaped.push(other),
        }
    }
    escaped
}
