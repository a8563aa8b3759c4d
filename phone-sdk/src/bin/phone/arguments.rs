//! The arguments of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use credential::id::ReaderId;
use phone_sdk::CardId;

/// A phone without an app: activates invitations, renews cards, and taps doors over TCP or as a virtual card.
///
/// Exit status: 0 when it was done, 1 when a door denied or a tap came to nothing, 2 for wrong arguments, 3 to try
/// again later, 4 to begin again with something new from the holder or the administrator, 5 when it was denied, 6
/// when the wallet's storage failed.
#[derive(Debug, Parser)]
#[command(name = "phone", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Directory of the wallet; made if it is not there [default: ostiary/phone below the user's data directory].
    #[arg(long, global = true, env = "OSTIARY_WALLET", value_name = "DIR")]
    pub(crate) wallet: Option<PathBuf>,

    /// What the administrator sees this phone called.
    #[arg(long, global = true, default_value = "command line", value_name = "NAME")]
    pub(crate) name: String,

    /// Print one JSON object in place of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Redeem an invitation and keep its card.
    ///
    /// After any failure the same invitation may be tried again; nothing is lost by it.
    Activate(ActivateArguments),
    /// Show the cards, with what stands on them and what their holder should know of them.
    Cards(CardsArguments),
    /// Make a picture of a card to show.
    #[command(subcommand)]
    Card(CardCommand),
    /// Get new credentials, revocation lists and the time from the managers.
    Renew(RenewArguments),
    /// Choose the card that a door is shown.
    Prefer(PreferArguments),
    /// Give one card back: the manager is told, and the card removed with its key.
    Remove(RemoveArguments),
    /// Give all cards back, and remove everything: keys, tickets and started activations.
    Reset(ResetArguments),
    /// Tap a door.
    Present(PresentArguments),
    /// List the readers in Bluetooth range, the nearest first.
    #[cfg(feature = "ble")]
    Readers(ReadersArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ActivateArguments {
    /// The link of the invitation, the text of its QR code, or its code of 27 symbols together with --manager;
    /// - reads it from standard input.
    #[arg(value_name = "LINK|CODE")]
    pub(crate) invitation: String,
    /// Address of the manager, for a code.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) manager: Option<String>,
    #[command(flatten)]
    pub(crate) holder: HolderArguments,
}

/// What a card asks of its holder; what is left out is asked for on the terminal.
#[derive(Debug, Args)]
pub(crate) struct HolderArguments {
    /// The unique identifier.
    #[arg(long, value_name = "TEXT")]
    pub(crate) identifier: Option<String>,
    /// The answer to a security question, in their order; can be given several times.
    #[arg(long = "answer", value_name = "TEXT")]
    pub(crate) answers: Vec<String>,
    /// Accept the terms of this version.
    #[arg(long, value_name = "VERSION")]
    pub(crate) accept_terms: Option<String>,
    /// A photo of the holder: a JPEG, PNG or WebP of at most 512 KiB.
    #[arg(long, value_name = "FILE")]
    pub(crate) photo: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CardsArguments {
    /// Only this card, by its number.
    #[arg(value_name = "CARD", value_parser = card)]
    pub(crate) card: Option<CardId>,
    /// Write the photo of that card to this file.
    #[arg(long, value_name = "FILE", requires = "card")]
    pub(crate) photo_out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Write one side of a card as it looks now.
    ///
    /// What moves in it, a bar and the QR code to check it with, is that of the moment: it is of no use a minute later.
    Show(ShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Number of the card.
    #[arg(value_name = "CARD", value_parser = card)]
    pub(crate) card: CardId,
    /// Where to write it: NAME.svg or NAME.png.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The back in place of the front.
    #[arg(long)]
    pub(crate) back: bool,
    /// The language of what stands on it beside the fields.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub(crate) language: Language,
    /// How many pixels wide a PNG is; a multiple of 640 leaves barcodes sharp.
    #[arg(long, value_name = "PIXELS", default_value_t = phone_sdk::PNG_WIDTH)]
    pub(crate) width: u32,
}

/// A language of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// English.
    En,
    /// German.
    De,
}

#[derive(Debug, Args)]
pub(crate) struct RenewArguments {
    /// The cards, by their numbers; all if none is named.
    #[arg(value_name = "CARD", value_parser = card)]
    pub(crate) cards: Vec<CardId>,
    /// Only those whose time has come.
    #[arg(long, conflicts_with = "cards")]
    pub(crate) due: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PreferArguments {
    /// Number of the door.
    #[arg(value_parser = reader)]
    pub(crate) reader: ReaderId,
    /// Number of the card.
    #[arg(value_parser = card)]
    pub(crate) card: CardId,
    /// Leave the choice to the wallet again.
    #[arg(long)]
    pub(crate) no_longer: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    /// Number of the card.
    #[arg(value_parser = card)]
    pub(crate) card: CardId,
    /// Remove it without telling the manager, where the user then stays Active.
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ResetArguments {
    /// Do it without telling the managers, where the users then stay Active.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Do it without asking.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PresentArguments {
    /// The door: an address to connect to, which `simulator door` prints; over BLE the name or the address of a
    /// reader, and the nearest one if it is left out.
    #[arg(value_name = "ADDRESS:PORT")]
    pub(crate) door: Option<String>,
    /// How the door is reached.
    #[arg(long, value_enum, default_value_t = Over::Tcp)]
    pub(crate) transport: Over,
    /// What the holder has done for this tap.
    #[arg(long, value_enum, default_value_t = Given::Unlocked)]
    pub(crate) presence: Given,
    /// For how long to look for the reader, over BLE.
    #[cfg(feature = "ble")]
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..600))]
    pub(crate) seconds: u64,
    /// How often to tap.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) taps: u32,
}

#[cfg(feature = "ble")]
#[derive(Debug, Args)]
pub(crate) struct ReadersArguments {
    /// For how long to scan.
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..600))]
    pub(crate) seconds: u64,
}

/// A way to a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Over {
    /// The exchange on a TCP connection.
    Tcp,
    /// APDUs, as a virtual card in the slot of vpcd: any PC/SC program then sees this phone as a card.
    PcscCard,
    /// The Bluetooth of this computer, over GATT.
    #[cfg(feature = "ble")]
    Ble,
}

/// What the holder has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Given {
    /// Nothing: the phone may be locked.
    None,
    /// The phone is unlocked.
    Unlocked,
    /// The holder was verified for this tap.
    Verified,
}

impl PresentArguments {
    /// Where the door listens; anything else ends the program as a wrong argument does.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.door.as_deref().and_then(|door| door.parse().ok());
        address.unwrap_or_else(|| {
            let message = "this transport needs the address and port of a door, 127.0.0.1:4000 for example";
            Arguments::command().error(ErrorKind::ValueValidation, message).exit()
        })
    }
}

fn card(text: &str) -> Result<CardId, std::num::ParseIntError> {
    text.parse().map(CardId)
}

fn reader(text: &str) -> Result<ReaderId, std::num::ParseIntError> {
    text.parse().map(ReaderId)
}
