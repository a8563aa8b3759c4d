//! Cards as pictures.

use anyhow::{Context, bail};
use phone_sdk::{CardSide, PictureOptions, Wallet};
use serde_json::json;

use crate::arguments::{Language, ShowArguments};
use crate::output::{self, Ended};

pub(crate) fn show(wallet: &Wallet, arguments: &ShowArguments, json: bool) -> anyhow::Result<Ended> {
    let options = PictureOptions {
        side: if arguments.back { CardSide::Back } else { CardSide::Front },
        language: match arguments.language {
            Language::En => phone_sdk::Language::English,
            Language::De => phone_sdk::Language::German,
        },
    };
    let picture = wallet.picture(arguments.card, options)?;
    let picture = picture.context("this card opens doors and is not one to show")?;
    let extension = arguments.out.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let octets = match extension.to_ascii_lowercase().as_str() {
        "svg" => picture.svg.into_bytes(),
        "png" => picture.png(arguments.width)?,
        _ => bail!("say --out NAME.svg or --out NAME.png"),
    };
    let out = arguments.out.display();
    std::fs::write(&arguments.out, octets).with_context(|| out.to_string())?;
    if json {
        output::object(&json!({ "written": arguments.out, "changes_at": picture.changes_at }))?;
    } else {
        output::line(match picture.changes_at {
            Some(at) => format!("{out} is written; it changes at {} (Unix time).", at.0),
            None => format!("{out} is written."),
        });
    }
    Ok(Ended::Done)
}
