//! Links to the access control system, each a [`ControllerLink`](crate::port::ControllerLink).

mod host;
pub mod keyboard;
#[cfg(feature = "osdp")]
pub mod osdp;
pub mod stand_alone;
pub mod text;
pub mod wiegand;

pub use host::HostLink;
pub use keyboard::{KeyboardLink, KeyboardReports, Layout};
pub use stand_alone::{Admission, AllowList, StandAlone};
pub use text::{LineEnd, TextLink, TextSettings};
pub use wiegand::{Edge, Line, Timing, TimingError, Transmitter, WiegandLink};
