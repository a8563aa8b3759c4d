//! What the demo found, as a table and as JSON.

use std::fmt;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use reader_firmware::serial::Footprint;
use serde::Serialize;

/// The result of one run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether every tap came out as it must.
    pub(super) ok: bool,
    /// Where everything was left.
    pub(super) directory: String,
    /// What the firmware of a board takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) board: Option<Footprint>,
    /// Taps that the manager knows of, as the door reported them through the phones.
    pub(super) reported: usize,
    /// Of these, how many a device signature proves.
    pub(super) proven: usize,
    /// All taps in their order.
    pub(super) taps: Vec<TapRow>,
    /// What was not as it must be.
    pub(super) failures: Vec<String>,
}

/// One tap.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TapRow {
    /// The ID of the user, as in the file.
    pub(super) user: String,
    /// First and last name.
    pub(super) name: String,
    /// What happened before it.
    pub(super) occasion: &'static str,
    /// `nfc` or `ble`.
    pub(super) transport: &'static str,
    /// `full` or `fast`.
    pub(super) path: Option<&'static str>,
    /// Message pairs to the decision, SELECT included.
    pub(super) pairs: usize,
    /// Octets to the decision, both ways, headers and status words included.
    pub(super) octets: usize,
    /// Of these, from the reader to the phone.
    pub(super) octets_to_phone: usize,
    /// Of these, from the phone to the reader.
    pub(super) octets_to_reader: usize,
    /// Microseconds that the reader computed to the decision.
    pub(super) reader_us: u64,
    /// Instructions of a door on a microcontroller to the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reader_instructions: Option<u64>,
    /// Instructions of a door on a microcontroller to the end of the tap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reader_instructions_whole: Option<u64>,
    /// Microseconds that the phone computed to the decision.
    pub(super) phone_us: u64,
    /// `grant` or `deny`; `none` if the tap did not come to a decision.
    pub(super) decision: &'static str,
    /// Why it was denied.
    pub(super) reason: Option<String>,
    /// What the reader put out.
    pub(super) output: Option<String>,
    /// Whether the output, if there is one, carries the user's ID.
    #[serde(skip)]
    pub(super) carries_user: bool,
    /// What the phone was told: `grant`, or the reason for denying.
    pub(super) phone_told: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", table(&self.taps))?;
        writeln!(f, "Octets and times are those to the reader's decision; > to the phone, < to the reader.")?;
        if let Some(board) = self.board {
            writeln!(
                f,
                "The board takes {} octets of flash, {} of static memory and {} of stack at the deepest.",
                board.flash_octets, board.static_octets, board.stack_octets
            )?;
        }
        writeln!(
            f,
            "The manager knows of {} taps, as the door reported them through the phones; {} are proven by a signature.",
            self.reported, self.proven
        )?;
        writeln!(f, "Left for inspection: {}", self.directory)?;
        for failure in &self.failures {
            writeln!(f, "NOT AS IT MUST BE: {failure}")?;
        }
        let verdict =
            if self.ok { "Everything was as it must be." } else { "Something was not as it must be." };
        write!(f, "{verdict}")
    }
}

fn table(taps: &[TapRow]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "who", "occasion", "over", "path", "pairs", "octets >", "octets <", "reader", "phone", "decision",
        "output",
    ]);
    for tap in taps {
        let number = |number: String| Cell::new(number).set_alignment(CellAlignment::Right);
        let decision = match &tap.reason {
            Some(reason) => format!("{}: {reason}", tap.decision),
            None => tap.decision.to_owned(),
        };
        table.add_row([
            Cell::new(&tap.name),
            Cell::new(tap.occasion),
            Cell::new(tap.transport),
            Cell::new(tap.path.unwrap_or("-")),
            number(tap.pairs.to_string()),
            number(tap.octets_to_phone.to_string()),
            number(tap.octets_to_reader.to_string()),
            number(tap.reader_instructions.map_or_else(|| milliseconds(tap.reader_us), instructions)),
            number(milliseconds(tap.phone_us)),
            Cell::new(decision),
            Cell::new(tap.output.as_deref().unwrap_or("-")),
        ]);
    }
    table
}

#[expect(clippy::cast_precision_loss, reason = "a few seconds in microseconds are exact")]
fn milliseconds(us: u64) -> String {
    format!("{:.2} ms", us as f64 / 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "some millions are exact")]
fn instructions(count: u64) -> String {
    format!("{:.3} M instr.", count as f64 / 1_000_000.0)
}
