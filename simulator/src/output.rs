//! Words for people and machines: how a door writes the user ID, and what a path is called.

use std::fmt;
use std::str::FromStr;

use credential::reader::Path;
use manager::domain::{OutputFormat, Parity, WiegandFormat, WiegandNumber};

/// How the door writes the user ID.
#[derive(Clone, Copy, Debug)]
pub struct DoorOutput(OutputFormat);

impl DoorOutput {
    /// As it stands in a configuration.
    pub(crate) const fn format(self) -> OutputFormat {
        self.0
    }

    /// Whether an output carries this user ID, read back from the bits and not made the same way again.
    pub(crate) fn carries(self, output: &str, user_id: &str) -> bool {
        let OutputFormat::Wiegand(format) = self.0 else { return output == user_id };
        let number = usize::from(format.facility_bits).saturating_add(1)..output.len().saturating_sub(1);
        let sent = output.get(number).and_then(|bits| u128::from_str_radix(bits, 2).ok());
        sent.is_some() && sent == user_id.parse().ok() && output.len() == usize::from(format.bits)
    }
}

impl Default for DoorOutput {
    fn default() -> Self {
        Self(OutputFormat::Text)
    }
}

impl FromStr for DoorOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let format = match text.split(':').collect::<Vec<_>>().as_slice() {
            ["text"] => OutputFormat::Text,
            ["wiegand", bits] => wiegand(bits, "0")?,
            ["wiegand", bits, facility] => wiegand(bits, facility)?,
            _ => return Err("give `text`, `wiegand:BITS` or `wiegand:BITS:FACILITY`".to_owned()),
        };
        Ok(Self(format))
    }
}

impl fmt::Display for DoorOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            OutputFormat::Text => f.write_str("text"),
            OutputFormat::Wiegand(format) => write!(f, "wiegand:{}:{}", format.bits, format.facility_code),
        }
    }
}

/// The usual split of a frame of this length.
fn wiegand(bits: &str, facility_code: &str) -> Result<OutputFormat, String> {
    let bits = bits.parse().map_err(|_| format!("{bits:?} is not a number of bits"))?;
    let facility_code =
        facility_code.parse().map_err(|_| format!("{facility_code:?} is not a facility code"))?;
    let facility_bits = match bits {
        26 => 8,
        34 | 37 => 16,
        56 => 24,
        _ => return Err("the simulator knows frames of 26, 34, 37 and 56 bits".to_owned()),
    };
    let format = WiegandFormat {
        number: WiegandNumber::Decimal,
        bits,
        facility_bits,
        facility_code,
        parity: Parity::EvenOdd,
    };
    Ok(OutputFormat::Wiegand(format))
}

/// The name of a path in tables and JSON.
pub(crate) const fn path_name(path: Path) -> &'static str {
    match path {
        Path::Full => "full",
        Path::Fast => "fast",
    }
}
