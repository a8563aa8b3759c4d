//! What octets say, field by field, wherever they were seen: pasted from anywhere, or in a trace.
//!
//! Nothing is verified and nothing is opened here: what is sealed is said to be so, and a signature is a field.
//!
//! Spec: `docs/PROTOCOL.md`

mod apdu;
mod conversation;
mod field;
mod kind;
mod link;
mod message;
mod object;
mod print;

pub use conversation::{Conversation, Said};
pub use field::{Field, Wrong};
pub use kind::{Decoded, Kind, decode, decode_as};
pub use print::{as_json, as_text};
