//! What was seen of a tap: every piece on the air, and what came of it.

use credential::reader::Path;
use phone_sdk::TapEvent;

use super::link::{End, LinkSettings};
use crate::handset;
use crate::output::path_name;
use crate::unit::Happened;

/// Everything about one tap.
#[derive(Clone, Debug)]
pub struct TapRecord {
    /// Counts the taps of a world, from 1.
    pub number: u64,
    /// The phone's name.
    pub phone: String,
    /// The door's name.
    pub door: String,
    /// The link.
    pub link: LinkSettings,
    /// When the phone came.
    pub began_us: u64,
    /// When the link was up.
    pub up_us: Option<u64>,
    /// When the tap was over.
    pub ended_us: Option<u64>,
    /// What went over the link.
    pub pieces: Vec<Piece>,
    /// What happened at the door, each with its moment.
    pub at_door: Vec<(u64, Happened)>,
    /// What the phone told its holder, each with its moment.
    pub at_phone: Vec<(u64, TapEvent)>,
    /// Why the tap ended before its time, if it did.
    pub broken: Option<&'static str>,
    /// Responses that were complete, before the decision.
    pub pairs: usize,
}

/// Some octets on the air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// When they were sent.
    pub sent_us: u64,
    /// When they arrived; `None` if they never did.
    pub arrived_us: Option<u64>,
    /// To whom.
    pub to: End,
    /// The octets, as they arrived.
    pub octets: Vec<u8>,
}

impl TapRecord {
    /// What the door decided, and when.
    pub fn decision(&self) -> Option<&(u64, Happened)> {
        self.at_door.iter().find(|(_, happened)| happened.decides())
    }

    /// One word for what came of it: `granted`, `denied`, `failed` or `none` if nothing was said at all.
    pub fn result(&self) -> &'static str {
        match self.decision() {
            Some((_, Happened::Granted { .. })) => "granted",
            Some(_) => "denied",
            None if self.pieces.is_empty() && self.at_door.is_empty() => "none",
            None => "failed",
        }
    }

    /// How the decision was reached.
    pub fn path(&self) -> Option<&'static str> {
        match self.decision() {
            Some((_, Happened::Granted { path, .. } | Happened::Denied { path, .. })) => {
                Some(path_name(*path))
            }
            _ => None,
        }
    }

    /// What went to the access control system.
    pub fn output(&self) -> Option<&str> {
        match self.decision() {
            Some((_, Happened::Granted { output, .. })) => Some(output),
            _ => None,
        }
    }

    /// Why there was no grant, as the door knows it.
    pub fn reason(&self) -> Option<String> {
        let failed = || {
            self.at_door.iter().find_map(|(_, happened)| match happened {
                Happened::Failed(why) | Happened::LinkFailed(why) => Some(why.clone()),
                Happened::NoApplication => Some("the phone has no such application".to_owned()),
                _ => None,
            })
        };
        match self.decision() {
            Some((_, Happened::Granted { .. })) => None,
            Some((_, Happened::Denied { reason, .. } | Happened::DoesNotFit(reason))) => Some(reason.clone()),
            _ => failed().or_else(|| self.broken.map(str::to_owned)),
        }
    }

    /// One word for what the phone told its holder.
    pub fn told(&self) -> Option<&'static str> {
        self.told_event().map(TapEvent::code)
    }

    /// The same in words.
    pub fn told_in_words(&self) -> Option<String> {
        self.told_event().map(handset::in_words)
    }

    /// Why the phone refused the reader, which says more than how the tap then ended; or how it ended.
    fn told_event(&self) -> Option<&TapEvent> {
        let refused = self.at_phone.iter().find(|(_, event)| matches!(event, TapEvent::ReaderRefused(_)));
        refused.or(self.at_phone.last()).map(|(_, event)| event)
    }

    /// Microseconds from the moment at which the link was up to the decision.
    pub fn decided_after_us(&self) -> Option<u64> {
        Some(self.decision()?.0.saturating_sub(self.up_us?))
    }

    /// Octets on the air before the decision; all of them if there was none.
    pub fn octets(&self) -> usize {
        let until = self.decision().map_or(u64::MAX, |(at, _)| *at);
        let before =
            |piece: &&Piece| piece.arrived_us.unwrap_or(piece.sent_us) <= until && piece.sent_us < until;
        self.pieces.iter().filter(before).map(|piece| piece.octets.len()).sum()
    }

    /// The version of the list that the phone brought.
    pub fn list_taken(&self) -> Option<u32> {
        self.at_door.iter().find_map(|(_, happened)| match happened {
            Happened::ListTaken(version) => Some(*version),
            _ => None,
        })
    }

    /// Whether the phone brought the time.
    pub fn time_taken(&self) -> bool {
        self.at_door.iter().any(|(_, happened)| matches!(happened, Happened::TimeTaken(_)))
    }

    /// Whether the decision needed no public-key operation.
    pub fn is_fast(&self) -> bool {
        self.path() == Some(path_name(Path::Fast))
    }
}
