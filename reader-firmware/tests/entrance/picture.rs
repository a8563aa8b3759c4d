//! The picture of the patterns in the documentation.

use std::fmt::Write as _;
use std::path::Path;

use reader_firmware::indicator::{Light, LightPattern, Signal, SoundPattern, Status};

const SECONDS: u64 = 3;
const PX_PER_SECOND: u64 = 200;
const LEFT: u64 = 310;
const ROW: u64 = 34;

#[test]
fn the_picture_of_the_patterns_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/indicator.svg");
    let drawn = drawn();
    if std::env::var_os("OSTIARY_DRAW").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap();
    assert!(stored == drawn, "docs/indicator.svg is old: run this test with OSTIARY_DRAW=1");
}

fn drawn() -> String {
    let mut rows = String::new();
    let mut y = 30;
    let silent = SoundPattern::steady(false);
    for status in Status::ALL {
        row(&mut rows, &format!("{status:?}"), status.light(), silent, y);
        y += ROW;
    }
    for signal in Signal::ALL {
        row(&mut rows, &name(signal), signal.light(), signal.sound(), y);
        y += ROW;
    }
    let width = LEFT + SECONDS * PX_PER_SECOND + 10;
    let mut axis = String::new();
    for second in 0..=SECONDS {
        let x = LEFT + second * PX_PER_SECOND;
        writeln!(axis, r##"<line x1="{x}" y1="22" x2="{x}" y2="{y}" stroke="#bbb"/>"##).unwrap();
        writeln!(axis, r#"<text x="{x}" y="16" text-anchor="middle">{second} s</text>"#).unwrap();
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{y}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{axis}{rows}</svg>\n"
    )
}

fn name(signal: Signal) -> String {
    match signal {
        Signal::Denied(reason) => format!("Denied: {reason}"),
        other => format!("{other:?}"),
    }
}

/// The lamp as a broad bar, the buzzer as a black line below it.
fn row(out: &mut String, name: &str, light: LightPattern, sound: SoundPattern, y: u64) {
    let text = y + 17;
    writeln!(out, r#"<text x="8" y="{text}">{name}</text>"#).unwrap();
    for (from, ms, shows) in spans(|ms| light.at(ms)) {
        bar(out, from, ms, y, 18, colour(shows));
    }
    for (from, ms, _) in spans(|ms| sound.at(ms)).into_iter().filter(|(.., on)| *on) {
        bar(out, from, ms, y + 21, 4, "black");
    }
}

fn spans<T: Copy>(at: impl Fn(u64) -> Option<(T, u64)>) -> Vec<(u64, u64, T)> {
    let (mut spans, mut from) = (Vec::new(), 0);
    while let Some((shows, ms)) = at(from).filter(|_| from < SECONDS * 1_000) {
        spans.push((from, ms.min(SECONDS * 1_000 - from), shows));
        from += ms;
    }
    spans
}

fn bar(out: &mut String, from: u64, ms: u64, y: u64, height: u64, fill: &str) {
    let x = LEFT + from * PX_PER_SECOND / 1_000;
    let width = ms * PX_PER_SECOND / 1_000;
    writeln!(out, r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"/>"#).unwrap();
}

const fn colour(light: Light) -> &'static str {
    match light {
        Light::Off => "#e4e4e4",
        Light::Red => "#d62728",
        Light::Green => "#2ca02c",
        Light::Amber => "#ff9d0a",
        Light::Blue => "#1f4fd6",
        Light::Magenta => "#c724c7",
        Light::Cyan => "#17becf",
        Light::White => "#fff3b0",
    }
}
